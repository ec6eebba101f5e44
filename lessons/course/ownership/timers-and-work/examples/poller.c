// SPDX-License-Identifier: GPL-2.0
/*
 * A timer queues a work item, and the work item starts the timer.
 */
#include <linux/atomic.h>
#include <linux/container_of.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

struct poller {
	struct timer_list timer;
	struct work_struct work;
	atomic_t polls;
};

/* In a real driver: asks the device, which may sleep. */
static void poll_device(struct poller *poller)
{
	atomic_inc(&poller->polls);
}

static void poll_tick(struct timer_list *timer)
{
	struct poller *poller = timer_container_of(poller, timer, timer);

	schedule_work(&poller->work);
}

static void poll_work(struct work_struct *work)
{
	struct poller *poller = container_of(work, struct poller, work);

	poll_device(poller);
	mod_timer(&poller->timer, jiffies + HZ);
}

static struct poller *poller_new(void)
{
	struct poller *poller = kzalloc_obj(*poller);

	if (!poller)
		return NULL;
	timer_setup(&poller->timer, poll_tick, 0);
	INIT_WORK(&poller->work, poll_work);
	mod_timer(&poller->timer, jiffies + HZ);
	return poller;
}

static void poller_free(struct poller *poller)
{
	timer_shutdown_sync(&poller->timer);	/* no mod_timer() any more */
	cancel_work_sync(&poller->work);	/* nobody queues it again */
	kfree(poller);
}

static struct poller *only_poller;

static int __init poller_init(void)
{
	only_poller = poller_new();
	return only_poller ? 0 : -ENOMEM;
}

static void __exit poller_exit(void)
{
	poller_free(only_poller);
}

module_init(poller_init);
module_exit(poller_exit);

MODULE_DESCRIPTION("Polls once a second");
MODULE_LICENSE("GPL");
