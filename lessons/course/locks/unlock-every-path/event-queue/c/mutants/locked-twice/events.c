// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/events: every open file is a queue of numbers, first in, first out.
 *
 * In a real driver the numbers come from an interrupt handler, which must not
 * sleep: so the queue is under a spinlock.
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

	guard(spinlock)(&events->lock);
	if (events->count == events->capacity)
		return -ENOSPC;
	events->items[events->count++] = item;
	return sizeof(item);
}

static ssize_t events_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	struct events *events = file->private_data;
	u32 item;

	if (size < sizeof(item))
		return -EINVAL;

	scoped_guard(spinlock, &events->lock) {
		if (!events->count)
			return -EAGAIN;
		item = events->items[0];
		events->count--;
		memmove(events->items, events->items + 1,
			events->count * sizeof(item));
	}

	if (copy_to_user(buf, &item, sizeof(item)))
		return -EFAULT;
	return sizeof(item);
}

static size_t events_count(struct events *events)
{
	guard(spinlock)(&events->lock);	// FERRULE: here
	return events->count;
}

static long events_resize(struct events *events, unsigned long capacity)
{
	u32 *items __free(kfree) = NULL;

	if (capacity < 1 || capacity > EVENTS_MAX)
		return -EINVAL;
	items = kmalloc_objs(*items, capacity);
	if (!items)
		return -ENOMEM;

	guard(spinlock)(&events->lock);
	if (events_count(events) > capacity)	// FERRULE: here
		return -EBUSY;
	memcpy(items, events->items, events->count * sizeof(*items));
	swap(items, events->items);
	events->capacity = capacity;
	return 0;
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
