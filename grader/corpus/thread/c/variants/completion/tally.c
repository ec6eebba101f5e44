// SPDX-License-Identifier: GPL-2.0
// The thread ends by itself and says so; nobody waits longer than needed.
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>

static struct task_struct *thread;
static DECLARE_COMPLETION(started);
static DECLARE_COMPLETION(ended);
static unsigned int count;

static int tally_run(void *unused)
{
	complete(&started);
	while (!wait_for_completion_timeout(&ended, 2))
		count++;
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int __init tally_init(void)
{
	reinit_completion(&started);
	reinit_completion(&ended);
	thread = kthread_run(tally_run, NULL, "tally");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wait_for_completion(&started);
	return 0;
}

static void __exit tally_exit(void)
{
	complete(&ended);
	kthread_stop(thread);
}

module_init(tally_init);
module_exit(tally_exit);

MODULE_DESCRIPTION("a thread");
MODULE_LICENSE("GPL");
