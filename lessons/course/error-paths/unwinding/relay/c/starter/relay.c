// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/relay: what is written to an open file can be read from it again, in
 * order; and it counts how often each byte went in.
 *
 * capacity  a parameter of the module: how many bytes an open file can hold,
 *           1 to 4096. Another value: loading fails with EINVAL.
 * open      ENOMEM when any of the memory cannot be had, and nothing is left.
 * write     takes as many bytes as fit and returns how many that were.
 *           ENOSPC: not one fits.
 * read      gives the oldest bytes, as many as there are and as are asked for;
 *           returns how many, 0 when there is nothing.
 * RELAY_COUNT  the argument itself is a byte, 0 to 255; returns how often it
 *           was written to this open file. EINVAL: not a byte.
 *
 * A bad pointer: EFAULT. Another command: ENOTTY.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define RELAY_MAX	4096
#define RELAY_VALUES	256

#define RELAY_COUNT	_IO('r', 1)

static unsigned int capacity = 64;
module_param(capacity, uint, 0444);
MODULE_PARM_DESC(capacity, "bytes that an open file can hold (1 to 4096)");

struct relay {
	struct mutex lock;	/* protects everything below */
	size_t used;
	u8 *buffer;		/* of capacity bytes */
	u32 *counts;		/* one for each value of a byte */
};

static ssize_t relay_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct relay *relay = file->private_data;

	mutex_lock(&relay->lock);
	/* TODO: take what fits, and count it. */
	mutex_unlock(&relay->lock);
	return -ENOSPC;
}

static ssize_t relay_read(struct file *file, char __user *buf,
			  size_t size, loff_t *pos)
{
	struct relay *relay = file->private_data;

	mutex_lock(&relay->lock);
	/* TODO: give the oldest bytes, and move up the others. */
	mutex_unlock(&relay->lock);
	return 0;
}

static long relay_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	/* TODO: RELAY_COUNT. */
	return -ENOTTY;
}

static int relay_open(struct inode *inode, struct file *file)
{
	struct relay *relay;

	/* TODO: any of these can fail. What has to be undone then? */
	relay = kzalloc_obj(*relay);
	relay->buffer = kmalloc(capacity, GFP_KERNEL);
	relay->counts = kzalloc_objs(*relay->counts, RELAY_VALUES);
	if (!relay->counts)
		return -ENOMEM;

	mutex_init(&relay->lock);
	file->private_data = relay;
	return 0;
}

static int relay_release(struct inode *inode, struct file *file)
{
	struct relay *relay = file->private_data;

	kfree(relay->counts);
	kfree(relay->buffer);
	kfree(relay);
	return 0;
}

static const struct file_operations relay_fops = {
	.owner = THIS_MODULE,
	.open = relay_open,
	.release = relay_release,
	.read = relay_read,
	.write = relay_write,
	.unlocked_ioctl = relay_ioctl,
};

static struct miscdevice relay_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "relay",
	.fops = &relay_fops,
};

static int __init relay_init(void)
{
	/* TODO: which values of capacity may be used? */
	return misc_register(&relay_misc);
}
module_init(relay_init);

static void __exit relay_exit(void)
{
	misc_deregister(&relay_misc);
}
module_exit(relay_exit);

MODULE_DESCRIPTION("Passes bytes on and counts them");
MODULE_LICENSE("GPL");
