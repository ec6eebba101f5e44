// SPDX-License-Identifier: GPL-2.0
/*
 * Known bugs on demand: writing a detector's name to <debugfs>/ferrule/canary
 * makes a mistake in ferrule_canary_NAME that this detector has to report on the
 * console. EINVAL: the kernel was built without that detector.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/ferrule_kcsan.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#include "ferrule.h"

static noinline void ferrule_canary_kasan(void)
{
	char *p = kmalloc(24, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	(void)READ_ONCE(p[3]);
}

static DEFINE_MUTEX(canary_a);
static DEFINE_MUTEX(canary_b);

static noinline void ferrule_canary_lockdep(void)
{
	mutex_lock(&canary_a);
	mutex_lock(&canary_b);
	mutex_unlock(&canary_b);
	mutex_unlock(&canary_a);
	mutex_lock(&canary_b);
	mutex_lock(&canary_a);
	mutex_unlock(&canary_a);
	mutex_unlock(&canary_b);
}

static noinline void ferrule_canary_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void canary_timer(struct timer_list *timer)
{
}

static noinline void ferrule_canary_objects(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, canary_timer, 0);
	mod_timer(timer, jiffies + 600 * HZ);
	/* debugobjects deletes the timer before the memory goes. */
	kfree(timer);
}

static noinline void ferrule_canary_ubsan(void)
{
	int one = 1, bits = 40;

	OPTIMIZER_HIDE_VAR(bits);
	OPTIMIZER_HIDE_VAR(one);
	one <<= bits;
	OPTIMIZER_HIDE_VAR(one);
}

static int canary_count;

static noinline void ferrule_canary_kcsan(void)
{
	canary_count++;
}

static int canary_thread(void *unused)
{
	while (!kthread_should_stop()) {
		ferrule_canary_kcsan();
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *task = kthread_run(canary_thread, NULL, "ferrule-canary");
	unsigned long end = jiffies + HZ / 4;

	if (IS_ERR(task))
		return;
	ferrule_kcsan_everywhere(true);
	while (time_before(jiffies, end)) {
		ferrule_canary_kcsan();
		cond_resched();
	}
	ferrule_kcsan_everywhere(false);
	kthread_stop(task);
}

static const struct {
	const char *name;
	bool there;
	void (*make)(void);
} canaries[] = {
	{ "kasan", IS_ENABLED(CONFIG_KASAN), ferrule_canary_kasan },
	{ "lockdep", IS_ENABLED(CONFIG_PROVE_LOCKING), ferrule_canary_lockdep },
	{ "sleep", IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP), ferrule_canary_sleep },
	{ "objects", IS_ENABLED(CONFIG_DEBUG_OBJECTS_FREE), ferrule_canary_objects },
	{ "ubsan", IS_ENABLED(CONFIG_UBSAN_SHIFT), ferrule_canary_ubsan },
	{ "kcsan", IS_ENABLED(CONFIG_KCSAN), race },
};

static ssize_t canary_write(struct file *file, const char __user *buffer, size_t count, loff_t *offset)
{
	char word[16] = { };

	if (count >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buffer, count))
		return -EFAULT;
	strim(word);
	for (int i = 0; i < ARRAY_SIZE(canaries); i++)
		if (!strcmp(word, canaries[i].name) && canaries[i].there) {
			canaries[i].make();
			return count;
		}
	return -EINVAL;
}

static const struct file_operations canary_operations = {
	.owner = THIS_MODULE,
	.write = canary_write,
};

static int __init canary_init(void)
{
	debugfs_create_file("canary", 0200, ferrule_folder(), NULL, &canary_operations);
	return 0;
}
late_initcall_sync(canary_init);
