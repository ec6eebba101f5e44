// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/relay: what is written to an open file can be read from it again, in
 * order; and it counts how often each byte went in.
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

	guard(mutex)(&relay->lock);
	size = min(size, capacity - relay->used);
	if (!size)
		return -ENOSPC;
	if (copy_from_user(relay->buffer + relay->used, buf, size))
		return -EFAULT;
	for (size_t i = 0; i < size; i++)
		relay->counts[relay->buffer[relay->used + i]]++;
	relay->used += size;
	return size;
}

static ssize_t relay_read(struct file *file, char __user *buf,
			  size_t size, loff_t *pos)
{
	struct relay *relay = file->private_data;

	guard(mutex)(&relay->lock);
	size = min(size, relay->used);
	if (copy_to_user(buf, relay->buffer, size))
		return -EFAULT;
	relay->used -= size;
	memmove(relay->buffer, relay->buffer + size, relay->used);
	return size;
}

static long relay_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct relay *relay = file->private_data;

	if (cmd != RELAY_COUNT)
		return -ENOTTY;
	if (arg >= RELAY_VALUES)
		return -EINVAL;

	guard(mutex)(&relay->lock);
	return relay->counts[arg];
}

static int relay_open(struct inode *inode, struct file *file)
{
	struct relay *relay;

	relay = kzalloc_obj(*relay);
	if (!relay)
		return -ENOMEM;

	relay->buffer = kmalloc(capacity, GFP_KERNEL);
	if (!relay->buffer)
		goto free_relay;

	relay->counts = kzalloc_objs(*relay->counts, RELAY_VALUES);
	if (!relay->counts)
		goto free_buffer;

	mutex_init(&relay->lock);
	file->private_data = relay;
	return 0;

free_buffer:
	kfree(relay->buffer);
free_relay:
	kfree(relay);
	return -ENOMEM;
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
	if (capacity < 1 || capacity > RELAY_MAX)
		return -EINVAL;
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
