// SPDX-License-Identifier: GPL-2.0
/*
 * Stalls in the midst of the module's code, for races. What is left unprotected
 * for a microsecond is hardly ever hit by another cpu whose calls take a
 * hundred of them. So a timer looks every now and then where its cpu was: in
 * the module's own code it holds it there for the time of a few calls, as a
 * long interrupt would.
 *
 * <debugfs>/ferrule/stalls: how many microseconds at most; 0: no more. It lasts
 * two seconds from the last write, and starts on the cpu that writes and on no
 * other: one that answers to no interrupt any more must not make the writer
 * wait.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/timekeeping.h>
#include <asm/irq_regs.h>
#include <asm/ptrace.h>

#include "ferrule.h"

#define LOOK_LEAST_NS 40000u
#define LOOK_SPREAD_NS 120000u
#define STALL_MOST_US 5000u

static u64 until_ns;
static u32 most_us;
static DEFINE_PER_CPU(struct hrtimer, look);
static DEFINE_PER_CPU(struct rnd_state, chance); /* get_random_u32() takes locks that a hard interrupt may not take */

static enum hrtimer_restart look_where(struct hrtimer *timer)
{
	struct rnd_state *random = this_cpu_ptr(&chance);
	struct pt_regs *regs = get_irq_regs();
	u32 most = READ_ONCE(most_us);

	if (!most || ktime_get_mono_fast_ns() >= READ_ONCE(until_ns))
		return HRTIMER_NORESTART;
	if (regs && !user_mode(regs) && ferrule_in_module(instruction_pointer(regs)))
		udelay(1 + prandom_u32_state(random) % most);
	/* From now, after a stall too: else the next look would find the same place at once. */
	hrtimer_set_expires(timer, ktime_add_ns(hrtimer_cb_get_time(timer),
						LOOK_LEAST_NS + prandom_u32_state(random) % LOOK_SPREAD_NS));
	return HRTIMER_RESTART;
}

static int set_stalls(void *data, u64 us)
{
	struct hrtimer *timer;

	WRITE_ONCE(until_ns, ktime_get_mono_fast_ns() + 2 * NSEC_PER_SEC);
	WRITE_ONCE(most_us, min(us, STALL_MOST_US));
	if (!us)
		return 0;
	timer = get_cpu_ptr(&look);
	if (!hrtimer_active(timer))
		hrtimer_start(timer, ns_to_ktime(LOOK_LEAST_NS), HRTIMER_MODE_REL_PINNED_HARD);
	put_cpu_ptr(&look);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stalls_fops, NULL, set_stalls, "%llu\n");

static int __init stalls_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		hrtimer_setup(per_cpu_ptr(&look, cpu), look_where, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
		prandom_seed_state(per_cpu_ptr(&chance, cpu), cpu + 1);
	}
	debugfs_create_file_unsafe("stalls", 0200, ferrule_folder(), NULL, &stalls_fops);
	return 0;
}
late_initcall_sync(stalls_init);
