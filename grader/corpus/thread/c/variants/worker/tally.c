// SPDX-License-Identifier: GPL-2.0
// A kthread worker with a delayed work that queues itself again.
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>

static struct kthread_worker *worker;
static struct kthread_delayed_work work;
static unsigned int count;

static void tally_work(struct kthread_work *item)
{
	count++;
	kthread_queue_delayed_work(worker, &work, 2);
}

static int __init tally_init(void)
{
	worker = kthread_run_worker(0, "tally");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	kthread_init_delayed_work(&work, tally_work);
	kthread_queue_delayed_work(worker, &work, 1);
	msleep(20);
	return 0;
}

static void __exit tally_exit(void)
{
	kthread_cancel_delayed_work_sync(&work);
	kthread_destroy_worker(worker);
}

module_init(tally_init);
module_exit(tally_exit);

MODULE_DESCRIPTION("a thread");
MODULE_LICENSE("GPL");
