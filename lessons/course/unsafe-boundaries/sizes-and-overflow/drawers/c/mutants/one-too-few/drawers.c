// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/drawers: every open file has a chest of 16 drawers with labels.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define DRAWERS		16
#define DRAWERS_LABEL	12

struct drawer {
	__u8 label[DRAWERS_LABEL];
};

struct drawers_insert {
	__u32 at;
	struct drawer drawer;
};

#define DRAWERS_INSERT	_IOW('D', 1, struct drawers_insert)
#define DRAWERS_REMOVE	_IO('D', 2)

struct chest {
	struct mutex lock;		/* protects all below */
	u32 used;
	struct drawer drawers[DRAWERS];	/* those in use come first */
};

static long drawers_insert(struct chest *chest, const void __user *arg)
{
	struct drawers_insert insert;

	if (copy_from_user(&insert, arg, sizeof(insert)))
		return -EFAULT;

	guard(mutex)(&chest->lock);
	if (insert.at > chest->used)
		return -EINVAL;
	if (chest->used == DRAWERS)
		return -ENOSPC;
	for (u32 i = chest->used; i > insert.at; i--)
		chest->drawers[i] = chest->drawers[i - 1];
	chest->drawers[insert.at] = insert.drawer;
	return ++chest->used;
}

static long drawers_remove(struct chest *chest, unsigned long at)
{
	guard(mutex)(&chest->lock);
	if (at >= chest->used)
		return -EINVAL;
	chest->used--;
	for (u32 i = at; i + 1 < chest->used; i++)
		chest->drawers[i] = chest->drawers[i + 1];
	return chest->used;
}

static long drawers_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	switch (cmd) {
	case DRAWERS_INSERT:
		return drawers_insert(file->private_data, (void __user *)arg);
	case DRAWERS_REMOVE:
		return drawers_remove(file->private_data, arg);
	default:
		return -ENOTTY;
	}
}

static ssize_t drawers_read(struct file *file, char __user *to, size_t size,
			    loff_t *at)
{
	struct chest *chest = file->private_data;

	guard(mutex)(&chest->lock);
	return simple_read_from_buffer(to, size, at, chest->drawers,
				       chest->used * sizeof(struct drawer));
}

static int drawers_open(struct inode *inode, struct file *file)
{
	struct chest *chest = kzalloc_obj(*chest);

	if (!chest)
		return -ENOMEM;
	mutex_init(&chest->lock);
	file->private_data = chest;
	return 0;
}

static int drawers_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations drawers_fops = {
	.owner = THIS_MODULE,
	.open = drawers_open,
	.release = drawers_release,
	.read = drawers_read,
	.unlocked_ioctl = drawers_ioctl,
};

static struct miscdevice drawers_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "drawers",
	.fops = &drawers_fops,
};
module_misc_device(drawers_misc);

MODULE_DESCRIPTION("Labels in a row");
MODULE_LICENSE("GPL");
