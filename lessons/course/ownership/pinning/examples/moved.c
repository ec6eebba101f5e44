// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong on purpose: a wait queue is copied, and then used.
 */
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait.h>

struct room {
	wait_queue_head_t entered;
	int count;
};

static int __init moved_init(void)
{
	struct room *room __free(kfree) = kzalloc_obj(*room);
	struct room *bigger __free(kfree) = kzalloc_obj(*bigger);

	if (!room || !bigger)
		return -ENOMEM;
	init_waitqueue_head(&room->entered);
	*bigger = *room;
	wait_event_timeout(bigger->entered, bigger->count, 2);
	return 0;
}

static void __exit moved_exit(void)
{
}

module_init(moved_init);
module_exit(moved_exit);

MODULE_DESCRIPTION("Moves a room");
MODULE_LICENSE("GPL");
