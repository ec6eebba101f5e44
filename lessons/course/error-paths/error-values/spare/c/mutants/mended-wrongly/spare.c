// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/spare: every open file keeps a text, and a spare copy of it.
 */
#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define SPARE_UPPER	_IO('S', 1)
#define SPARE_RESTORE	_IO('S', 2)

struct spare {
	struct mutex lock;	/* protects everything below */
	size_t length;		/* of both */
	char *text;
	char *copy;
};

static ssize_t spare_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct spare *spare = file->private_data;
	char *text, *copy;

	if (size < 1 || size > 64)
		return -EINVAL;
	text = memdup_user(buf, size);	// FERRULE: here
	if (IS_ERR(text))
		return PTR_ERR(text);
	copy = kmemdup(text, size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	guard(mutex)(&spare->lock);
	kfree(spare->text);
	kfree(spare->copy);
	spare->text = text;
	spare->copy = copy;
	spare->length = size;
	return size;
}

static ssize_t spare_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	struct spare *spare = file->private_data;

	guard(mutex)(&spare->lock);
	size = min(size, spare->length);
	if (copy_to_user(buf, spare->text, size))
		return -EFAULT;
	return size;
}

static long spare_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct spare *spare = file->private_data;

	guard(mutex)(&spare->lock);
	if (cmd != SPARE_UPPER && cmd != SPARE_RESTORE)
		return -ENOTTY;
	if (!spare->length)
		return -ENODATA;
	if (cmd == SPARE_RESTORE) {
		memcpy(spare->text, spare->copy, spare->length);
		return 0;
	}
	for (size_t i = 0; i < spare->length; i++)
		spare->text[i] = toupper(spare->text[i]);
	return 0;
}

static int spare_open(struct inode *inode, struct file *file)
{
	struct spare *spare = kzalloc_obj(*spare);

	if (!spare)
		return -ENOMEM;
	mutex_init(&spare->lock);
	file->private_data = spare;
	return 0;
}

static int spare_release(struct inode *inode, struct file *file)
{
	struct spare *spare = file->private_data;

	kfree(spare->text);
	kfree(spare->copy);
	kfree(spare);
	return 0;
}

static const struct file_operations spare_fops = {
	.owner = THIS_MODULE,
	.open = spare_open,
	.release = spare_release,
	.read = spare_read,
	.write = spare_write,
	.unlocked_ioctl = spare_ioctl,
};

static struct miscdevice spare_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "spare",
	.fops = &spare_fops,
};
module_misc_device(spare_misc);

MODULE_DESCRIPTION("A text and its spare copy");
MODULE_LICENSE("GPL");
