// SPDX-License-Identifier: GPL-2.0
// Work that is done once, after all readers are through; the work frees its own memory.
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct chore {
	struct rcu_work work;
	struct completion *done;
};

static struct workqueue_struct *queue;

static void chore_do(struct work_struct *work)
{
	struct chore *chore = container_of(to_rcu_work(work), struct chore, work);
	struct completion *done = chore->done;

	kfree(chore);
	complete(done);
}

static int __init chores_init(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct chore *chore;

	queue = alloc_ordered_workqueue("chores", WQ_MEM_RECLAIM);
	if (!queue)
		return -ENOMEM;
	chore = kzalloc_obj(*chore);
	if (!chore) {
		destroy_workqueue(queue);
		return -ENOMEM;
	}
	chore->done = &done;
	INIT_RCU_WORK(&chore->work, chore_do);
	queue_rcu_work(queue, &chore->work);
	wait_for_completion(&done);
	return 0;
}

static void __exit chores_exit(void)
{
	destroy_workqueue(queue);
}

module_init(chores_init);
module_exit(chores_exit);

MODULE_DESCRIPTION("a work item");
MODULE_LICENSE("GPL");
