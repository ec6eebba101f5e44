// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/wait.h>

static struct task_struct *thread;
static DECLARE_WAIT_QUEUE_HEAD(wake);
static unsigned int count;

static int tally_run(void *unused)
{
	while (!kthread_should_stop() && count < 3) {
		count++;
		wait_event_interruptible_timeout(wake, kthread_should_stop(), 2);
	}
	return 0;
}

static int __init tally_init(void)
{
	thread = kthread_run(tally_run, NULL, "tally");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	msleep(200);
	return 0;
}

static void __exit tally_exit(void)
{
	kthread_stop(thread);	// FERRULE: here
}

module_init(tally_init);
module_exit(tally_exit);

MODULE_DESCRIPTION("a thread");
MODULE_LICENSE("GPL");
