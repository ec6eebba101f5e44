// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/pair: every open file keeps its last write, and the one before.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define PAIR_MAX	64

#define PAIR_SIZE	_IO('P', 1)

struct pair {
	struct mutex lock;	/* protects everything below */
	size_t size;
	char *left;	/* the last write */
	char *right;	/* the one before */
};

static long pair_size(struct pair *pair, unsigned long size)
{
	char *left, *right;

	if (size < 1 || size > PAIR_MAX)
		return -EINVAL;
	left = kzalloc(size, GFP_KERNEL);
	right = kzalloc(size, GFP_KERNEL);
	if (!left || !right) {
		kfree(left);
		kfree(right);
		kfree(pair->left);
		kfree(pair->right);
		return -ENOMEM;
	}

	guard(mutex)(&pair->lock);
	kfree(pair->left);	// FERRULE: here
	kfree(pair->right);
	pair->left = left;
	pair->right = right;
	pair->size = size;
	return 0;
}

static long pair_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != PAIR_SIZE)
		return -ENOTTY;
	return pair_size(file->private_data, arg);
}

static ssize_t pair_write(struct file *file, const char __user *buf,
			  size_t size, loff_t *pos)
{
	struct pair *pair = file->private_data;

	guard(mutex)(&pair->lock);
	if (!size || size != pair->size)
		return -EINVAL;
	memcpy(pair->right, pair->left, pair->size);
	if (copy_from_user(pair->left, buf, size))
		return -EFAULT;
	return size;
}

static ssize_t pair_read(struct file *file, char __user *buf, size_t size,
			 loff_t *pos)
{
	struct pair *pair = file->private_data;

	guard(mutex)(&pair->lock);
	size = min(size, pair->size);
	if (copy_to_user(buf, pair->right, size))
		return -EFAULT;
	return size;
}

static int pair_open(struct inode *inode, struct file *file)
{
	struct pair *pair = kzalloc_obj(*pair);

	if (!pair)
		return -ENOMEM;
	mutex_init(&pair->lock);
	file->private_data = pair;
	return 0;
}

static int pair_release(struct inode *inode, struct file *file)
{
	struct pair *pair = file->private_data;

	kfree(pair->left);
	kfree(pair->right);
	kfree(pair);
	return 0;
}

static const struct file_operations pair_fops = {
	.owner = THIS_MODULE,
	.open = pair_open,
	.release = pair_release,
	.read = pair_read,
	.write = pair_write,
	.unlocked_ioctl = pair_ioctl,
};

static struct miscdevice pair_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pair",
	.fops = &pair_fops,
};
module_misc_device(pair_misc);

MODULE_DESCRIPTION("Two buffers");
MODULE_LICENSE("GPL");
