// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/twins: every open file keeps some bytes, forwards and backwards.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define TWINS_MAX	64

struct twins {
	struct mutex lock;	/* protects everything below */
	size_t length;
	u8 *first;
	u8 *second;
};

/* Makes both buffers, or none. */
static int twins_make(struct twins *twins)
{
	twins->first = kmalloc(TWINS_MAX, GFP_KERNEL);
	if (!twins->first)
		return -ENOMEM;
	twins->second = kmalloc(TWINS_MAX, GFP_KERNEL);
	if (!twins->second) {
		kfree(twins->first);
		return -ENOMEM;
	}
	return 0;
}

static void twins_free(struct twins *twins)
{
	kfree(twins->first);
	kfree(twins->second);
	kfree(twins);
}

static int twins_open(struct inode *inode, struct file *file)
{
	struct twins *twins = kzalloc_obj(*twins);
	int err;

	if (!twins)
		return -ENOMEM;
	mutex_init(&twins->lock);
	err = twins_make(twins);
	if (err) {
		kfree(twins);
		return err;
	}
	file->private_data = twins;
	return 0;
}

static int twins_release(struct inode *inode, struct file *file)
{
	twins_free(file->private_data);
	return 0;
}

static ssize_t twins_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct twins *twins = file->private_data;

	if (size < 1 || size > TWINS_MAX)
		return -EINVAL;

	guard(mutex)(&twins->lock);
	twins->length = 0;
	if (copy_from_user(twins->first, buf, size))
		return -EFAULT;
	for (size_t i = 0; i < size; i++)
		twins->second[i] = twins->first[size - 1 - i];
	twins->length = size;
	return size;
}

static ssize_t twins_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	struct twins *twins = file->private_data;

	guard(mutex)(&twins->lock);
	if (size < 2 * twins->length)
		return -EINVAL;
	if (copy_to_user(buf, twins->first, twins->length) ||
	    copy_to_user(buf + twins->length, twins->second, twins->length))
		return -EFAULT;
	return 2 * twins->length;
}

static const struct file_operations twins_fops = {
	.owner = THIS_MODULE,
	.open = twins_open,
	.release = twins_release,
	.read = twins_read,
	.write = twins_write,
};

static struct miscdevice twins_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "twins",
	.fops = &twins_fops,
};
module_misc_device(twins_misc);

MODULE_DESCRIPTION("Bytes, forwards and backwards");
MODULE_LICENSE("GPL");
