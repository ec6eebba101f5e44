// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct chore {
	struct delayed_work work;
	unsigned int *done;
};

static struct workqueue_struct *queue;
static struct chore *chore;
static DEFINE_MUTEX(lock);

static void chore_do(struct work_struct *work)
{
	struct chore *at = container_of(to_delayed_work(work), struct chore, work);

	mutex_lock(&lock);
	(*at->done)++;	// FERRULE: here
	mutex_unlock(&lock);
	queue_delayed_work(queue, &at->work, 1);
}

static int __init chores_init(void)
{
	queue = alloc_workqueue("chores", WQ_UNBOUND, 1);
	if (!queue)
		return -ENOMEM;
	chore = kzalloc_obj(*chore);
	if (!chore) {
		destroy_workqueue(queue);
		return -ENOMEM;
	}
	chore->done = kzalloc_obj(*chore->done);
	if (!chore->done) {
		kfree(chore);
		destroy_workqueue(queue);
		return -ENOMEM;
	}
	INIT_DELAYED_WORK(&chore->work, chore_do);
	queue_delayed_work(queue, &chore->work, 1);
	msleep(30);
	return 0;
}

static void __exit chores_exit(void)
{
	kfree(chore->done);
	msleep(30);
	cancel_delayed_work_sync(&chore->work);
	destroy_workqueue(queue);
	kfree(chore);
}

module_init(chores_init);
module_exit(chores_exit);

MODULE_DESCRIPTION("a work item");
MODULE_LICENSE("GPL");
