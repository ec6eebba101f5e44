// SPDX-License-Identifier: GPL-2.0
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/slab.h>

#define COUNTS	64
#define TICK	(100 * NSEC_PER_USEC)

struct clock {
	struct hrtimer timer;
	unsigned int next;
	u32 *counts;
};

static enum hrtimer_restart clock_tick(struct hrtimer *timer)
{
	struct clock *clock = container_of(timer, struct clock, timer);

	clock->counts[clock->next]++;
	clock->next = (clock->next + 1) % COUNTS;
	hrtimer_forward_now(timer, ns_to_ktime(TICK));
	return HRTIMER_RESTART;
}

/* A clock that counts in counts, or NULL. */
static struct clock *clock_start(u32 *counts)
{
	struct clock *clock = kzalloc_obj(*clock);

	if (!clock)
		return NULL;
	clock->counts = counts;
	hrtimer_setup(&clock->timer, clock_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	hrtimer_start(&clock->timer, ns_to_ktime(TICK), HRTIMER_MODE_REL);
	return clock;
}

static void clock_stop(struct clock *clock)
{
	hrtimer_cancel(&clock->timer);
	kfree(clock);
}
DEFINE_FREE(clock_stop, struct clock *, if (_T) clock_stop(_T))

static int __init clocks_init(void)
{
	u32 *counts __free(kfree) = kzalloc_objs(*counts, COUNTS);

	if (!counts)
		return -ENOMEM;

	struct clock *clock __free(clock_stop) = clock_start(counts);

	if (!clock)
		return -ENOMEM;
	fsleep(USEC_PER_MSEC);
	return 0;
}
module_init(clocks_init);

static void __exit clocks_exit(void)
{
}
module_exit(clocks_exit);

MODULE_DESCRIPTION("A clock that runs for a millisecond");
MODULE_LICENSE("GPL");
