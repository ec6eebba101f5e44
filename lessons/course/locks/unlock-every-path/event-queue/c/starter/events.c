// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/events: every open file is a queue of numbers, first in, first out.
 *
 * In a real driver the numbers come from an interrupt handler, which must not
 * sleep: so the queue is under a spinlock.
 *
 * write   takes one number of exactly 4 bytes and returns 4.
 *         EINVAL: another size. ENOSPC: the queue is full.
 * read    gives the oldest number and returns 4.
 *         EINVAL: room for less than 4 bytes. EAGAIN: the queue is empty.
 * EVENTS_RESIZE  the argument itself is the new capacity, 1 to 64; returns 0.
 *         What is waiting stays. EINVAL: not 1 to 64. ENOMEM: no memory.
 *         EBUSY: more is waiting than would fit; nothing changes.
 *
 * A new queue has room for 4. A bad pointer: EFAULT. Another command: ENOTTY.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define EVENTS_DEFAULT	4
#define EVENTS_MAX	64

#define EVENTS_RESIZE	_IO('e', 1)

struct events {
	spinlock_t lock;	/* protects everything below */
	u32 *items;
	size_t count;
	size_t capacity;
};

static ssize_t events_write(struct file *file, const char __user *buf,
			    size_t size, loff_t *pos)
{
	struct events *events = file->private_data;
	u32 item;

	if (size != sizeof(item))
		return -EINVAL;
	if (copy_from_user(&item, buf, sizeof(item)))
		return -EFAULT;

	spin_lock(&events->lock);
	if (events->count == events->capacity)
		return -ENOSPC;
	events->items[events->count++] = item;
	spin_unlock(&events->lock);
	return sizeof(item);
}

static ssize_t events_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	struct events *events = file->private_data;
	ssize_t ret = sizeof(u32);

	if (size < sizeof(u32))
		return -EINVAL;

	/* TODO: may this copy be made while a spinlock is held? */
	spin_lock(&events->lock);
	if (!events->count) {
		ret = -EAGAIN;
	} else if (copy_to_user(buf, &events->items[0], sizeof(u32))) {
		ret = -EFAULT;
	} else {
		events->count--;
		memmove(events->items, events->items + 1,
			events->count * sizeof(u32));
	}
	spin_unlock(&events->lock);
	return ret;
}

static long events_resize(struct events *events, unsigned long capacity)
{
	/* TODO: allocate, move what is waiting, free the old array. */
	return -ENOTTY;
}

static long events_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case EVENTS_RESIZE:
		return events_resize(file->private_data, arg);
	default:
		return -ENOTTY;
	}
}

static int events_open(struct inode *inode, struct file *file)
{
	struct events *events __free(kfree) = kzalloc_obj(*events);

	if (!events)
		return -ENOMEM;
	events->items = kmalloc_objs(*events->items, EVENTS_DEFAULT);
	if (!events->items)
		return -ENOMEM;
	events->capacity = EVENTS_DEFAULT;
	spin_lock_init(&events->lock);
	file->private_data = no_free_ptr(events);
	return 0;
}

static int events_release(struct inode *inode, struct file *file)
{
	struct events *events = file->private_data;

	kfree(events->items);
	kfree(events);
	return 0;
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.release = events_release,
	.read = events_read,
	.write = events_write,
	.unlocked_ioctl = events_ioctl,
};

static struct miscdevice events_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "events",
	.fops = &events_fops,
};
module_misc_device(events_misc);

MODULE_DESCRIPTION("A queue of numbers");
MODULE_LICENSE("GPL");
