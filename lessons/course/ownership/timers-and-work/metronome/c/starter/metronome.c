// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/metronome: one metronome, whose beats go round among its listeners.
 *
 * Every open file is a listener. Each beat goes to one of them, and the next
 * beat to the listener who opened the device after that one; behind the last
 * it is the first one's turn again.
 *
 * METRONOME_TEMPO  the argument is the time between two beats in milliseconds,
 *                  0 to 1000; 0, as in the beginning, stops the metronome.
 *                  EINVAL: more than that.
 * METRONOME_BEATS  returns how many beats this listener has got.
 *
 * Everything here works, and one thing is wrong. Find it and mend it.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#define METRONOME_TEMPO	_IO('m', 1)
#define METRONOME_BEATS	_IO('m', 2)

struct listener {
	struct list_head node;
	int beats;
};

static void metronome_beat(struct timer_list *timer);

static DEFINE_SPINLOCK(lock);	/* protects everything below */
static LIST_HEAD(listeners);
static struct listener *next;	/* who gets the next beat */
static unsigned long period;	/* in jiffies; 0: stopped */
static DEFINE_TIMER(ticker, metronome_beat);

static void metronome_beat(struct timer_list *timer)
{
	guard(spinlock)(&lock);
	if (!period)
		return;
	if (next) {
		next->beats++;
		next = list_next_entry_circular(next, &listeners, node);
	}
	mod_timer(&ticker, jiffies + period);
}

static long metronome_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct listener *listener = file->private_data;

	switch (cmd) {
	case METRONOME_TEMPO:
		if (arg > 1000)
			return -EINVAL;
		scoped_guard(spinlock_bh, &lock) {
			period = msecs_to_jiffies(arg);
			if (period)
				mod_timer(&ticker, jiffies + period);
		}
		return 0;
	case METRONOME_BEATS:
		scoped_guard(spinlock_bh, &lock)
			return listener->beats;
	default:
		return -ENOTTY;
	}
}

static int metronome_open(struct inode *inode, struct file *file)
{
	struct listener *listener = kzalloc_obj(*listener);

	if (!listener)
		return -ENOMEM;
	guard(spinlock_bh)(&lock);
	list_add_tail(&listener->node, &listeners);
	if (!next)
		next = listener;
	file->private_data = listener;
	return 0;
}

static int metronome_release(struct inode *inode, struct file *file)
{
	struct listener *listener = file->private_data;

	scoped_guard(spinlock_bh, &lock) {
		list_del(&listener->node);
		if (list_empty(&listeners))
			next = NULL;
	}
	kfree(listener);
	return 0;
}

static const struct file_operations metronome_fops = {
	.owner = THIS_MODULE,
	.open = metronome_open,
	.release = metronome_release,
	.unlocked_ioctl = metronome_ioctl,
};

static struct miscdevice metronome_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "metronome",
	.fops = &metronome_fops,
};

static int __init metronome_init(void)
{
	return misc_register(&metronome_misc);
}

static void __exit metronome_exit(void)
{
	misc_deregister(&metronome_misc);
	timer_shutdown_sync(&ticker);
}

module_init(metronome_init);
module_exit(metronome_exit);

MODULE_DESCRIPTION("A metronome");
MODULE_LICENSE("GPL");
