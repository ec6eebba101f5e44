// SPDX-License-Identifier: GPL-2.0
/*
 * How long the last put of a kobject is held back before its release runs
 * (CONFIG_DEBUG_KOBJECT_RELEASE; the kernel's own delay is 1 to 4 s, for every
 * kobject there is). <debugfs>/ferrule/release-delay, in milliseconds; 0: not
 * at all. A kobject whose memory is freed meanwhile is found by debugobjects.
 * A module stays until all releases have run.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/ferrule_release.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/module.h>

#include "ferrule.h"

static u32 delay_ms;
static atomic_t pending;

unsigned long ferrule_release_delay(const struct kobject *kobj)
{
	/* Unloading waits for the module's own: nothing would be left to run after it. */
	if (kobj->ktype == &module_ktype || !READ_ONCE(delay_ms))
		return 0;
	atomic_inc(&pending);
	return msecs_to_jiffies(READ_ONCE(delay_ms)) + 1;
}

void ferrule_release_runs(void)
{
	atomic_dec(&pending);
}

void ferrule_await_releases(void)
{
	/* Memory that was freed too early takes its release with it: then this waits in vain, and not for ever. */
	unsigned long end = jiffies + msecs_to_jiffies(2 * READ_ONCE(delay_ms)) + HZ / 2;

	while (atomic_read(&pending) > 0 && time_before(jiffies, end))
		msleep(5);
	atomic_set(&pending, 0);
}

static int __init release_init(void)
{
	debugfs_create_u32("release-delay", 0600, ferrule_folder(), &delay_ms);
	return 0;
}
late_initcall_sync(release_init);
