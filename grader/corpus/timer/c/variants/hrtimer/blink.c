// SPDX-License-Identifier: GPL-2.0
// A high resolution timer that runs in hard interrupt context, and a spinlock that knows it.
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct blink {
	struct hrtimer timer;
	raw_spinlock_t lock;
	unsigned int count;
};

static struct blink *blink;

static enum hrtimer_restart blink_tick(struct hrtimer *timer)
{
	struct blink *at = container_of(timer, struct blink, timer);

	raw_spin_lock(&at->lock);
	at->count++;
	raw_spin_unlock(&at->lock);
	hrtimer_forward_now(timer, ms_to_ktime(2));
	return HRTIMER_RESTART;
}

static int __init blink_init(void)
{
	unsigned int count;

	blink = kzalloc_obj(*blink);
	if (!blink)
		return -ENOMEM;
	raw_spin_lock_init(&blink->lock);
	hrtimer_setup(&blink->timer, blink_tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	hrtimer_start(&blink->timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	msleep(20);
	raw_spin_lock_irq(&blink->lock);
	count = blink->count;
	raw_spin_unlock_irq(&blink->lock);
	pr_info("%u ticks\n", count);
	return 0;
}

static void __exit blink_exit(void)
{
	hrtimer_cancel(&blink->timer);
	kfree(blink);
}

module_init(blink_init);
module_exit(blink_exit);

MODULE_DESCRIPTION("a timer");
MODULE_LICENSE("GPL");
