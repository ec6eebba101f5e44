// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/doorbell: every open file is a doorbell. A timer's interrupt rings it.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/ioctl.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define DOORBELL_ROOM		16
#define DOORBELL_MAX		1000
#define DOORBELL_PERIOD_US	200

#define DOORBELL_PRESS		_IO('d', 1)
#define DOORBELL_LOST		_IO('d', 2)

struct doorbell {
	/* The interrupt takes it: everybody else with interrupts off. */
	spinlock_t lock;
	u32 rings[DOORBELL_ROOM];	/* these wait, the oldest first */
	size_t waiting;
	u32 number;			/* of the last ring */
	u32 lost;
	u64 left;			/* still to ring; 0: silent */

	struct hrtimer timer;
};

/* In hard interrupt context. */
static enum hrtimer_restart doorbell_ring(struct hrtimer *timer)
{
	struct doorbell *bell = container_of(timer, struct doorbell, timer);

	guard(spinlock)(&bell->lock);	// FERRULE: here
	bell->number++;
	if (bell->waiting < DOORBELL_ROOM)
		bell->rings[bell->waiting++] = bell->number;
	else
		bell->lost++;
	if (!--bell->left)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, us_to_ktime(DOORBELL_PERIOD_US));
	return HRTIMER_RESTART;
}

static ssize_t doorbell_read(struct file *file, char __user *buf,
			     size_t size, loff_t *pos)
{
	struct doorbell *bell = file->private_data;
	u32 rings[DOORBELL_ROOM];
	size_t count;

	if (size < sizeof(u32))
		return -EINVAL;

	scoped_guard(spinlock_irqsave, &bell->lock) {
		count = min(size / sizeof(u32), bell->waiting);
		memcpy(rings, bell->rings, count * sizeof(u32));
		bell->waiting -= count;
		memmove(bell->rings, bell->rings + count,
			bell->waiting * sizeof(u32));
	}

	if (!count)
		return -EAGAIN;
	if (copy_to_user(buf, rings, count * sizeof(u32)))
		return -EFAULT;
	return count * sizeof(u32);
}

static long doorbell_press(struct doorbell *bell, unsigned long count)
{
	if (count < 1 || count > DOORBELL_MAX)
		return -EINVAL;

	guard(spinlock_bh)(&bell->lock);	// FERRULE: here
	if (!bell->left)
		hrtimer_start(&bell->timer, us_to_ktime(DOORBELL_PERIOD_US),
			      HRTIMER_MODE_REL);
	bell->left += count;
	return 0;
}

static long doorbell_lost(struct doorbell *bell)
{
	u32 lost;

	guard(spinlock_irqsave)(&bell->lock);
	lost = bell->lost;
	bell->lost = 0;
	return lost;
}

static long doorbell_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	switch (cmd) {
	case DOORBELL_PRESS:
		return doorbell_press(file->private_data, arg);
	case DOORBELL_LOST:
		return doorbell_lost(file->private_data);
	default:
		return -ENOTTY;
	}
}

static int doorbell_open(struct inode *inode, struct file *file)
{
	struct doorbell *bell = kzalloc_obj(*bell);

	if (!bell)
		return -ENOMEM;
	spin_lock_init(&bell->lock);
	hrtimer_setup(&bell->timer, doorbell_ring, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	file->private_data = bell;
	return 0;
}

static int doorbell_release(struct inode *inode, struct file *file)
{
	struct doorbell *bell = file->private_data;

	/* Waits for the interrupt, so never with the lock held. */
	hrtimer_cancel(&bell->timer);
	kfree(bell);
	return 0;
}

static const struct file_operations doorbell_fops = {
	.owner = THIS_MODULE,
	.open = doorbell_open,
	.release = doorbell_release,
	.read = doorbell_read,
	.unlocked_ioctl = doorbell_ioctl,
};

static struct miscdevice doorbell_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "doorbell",
	.fops = &doorbell_fops,
};
module_misc_device(doorbell_misc);

MODULE_DESCRIPTION("A doorbell rung by an interrupt");
MODULE_LICENSE("GPL");
