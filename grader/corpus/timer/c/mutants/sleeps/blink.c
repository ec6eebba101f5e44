// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>

struct blink {
	struct timer_list timer;
	unsigned int count;
};

static struct blink *blink;

static void blink_tick(struct timer_list *timer)
{
	struct blink *at = timer_container_of(at, timer, timer);

	at->count++;
	msleep(5);	// FERRULE: here
	mod_timer(&at->timer, jiffies + 2);
}

static int __init blink_init(void)
{
	blink = kzalloc_obj(*blink);
	if (!blink)
		return -ENOMEM;
	timer_setup(&blink->timer, blink_tick, 0);
	mod_timer(&blink->timer, jiffies + 1);
	msleep(30);
	return 0;
}

static void __exit blink_exit(void)
{
	timer_shutdown_sync(&blink->timer);
	kfree(blink);
}

module_init(blink_init);
module_exit(blink_exit);

MODULE_DESCRIPTION("a timer");
MODULE_LICENSE("GPL");
