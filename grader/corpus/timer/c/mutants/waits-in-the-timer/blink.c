// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>

struct blink {
	spinlock_t lock;
	struct timer_list timer;
	unsigned int count;
};

static struct blink *blink;

static void blink_tick(struct timer_list *timer)
{
	struct blink *at = timer_container_of(at, timer, timer);

	spin_lock(&at->lock);
	at->count++;
	spin_unlock(&at->lock);
	mod_timer(&at->timer, jiffies + 2);
}

static int __init blink_init(void)
{
	blink = kzalloc_obj(*blink);
	if (!blink)
		return -ENOMEM;
	spin_lock_init(&blink->lock);
	timer_setup(&blink->timer, blink_tick, 0);
	mod_timer(&blink->timer, jiffies + 1);
	msleep(30);
	return 0;
}

static void __exit blink_exit(void)
{
	spin_lock_bh(&blink->lock);	// FERRULE: here
	timer_shutdown_sync(&blink->timer);	// FERRULE: here
	spin_unlock_bh(&blink->lock);
	kfree(blink);
}

module_init(blink_init);
module_exit(blink_exit);

MODULE_DESCRIPTION("a timer");
MODULE_LICENSE("GPL");
