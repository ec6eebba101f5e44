// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/stage: every open file can run a stage, in one of four places. A stage
 * has a clock, and counts its ticks.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define STAGE_PLACES	4
#define STAGE_COUNTS	64
#define STAGE_TICK_NS	(100 * NSEC_PER_USEC)

#define STAGE_START	_IO('s', 1)
#define STAGE_STOP	_IO('s', 2)
#define STAGE_LOOK	_IO('s', 3)
#define STAGE_UNBOOKED	_IO('s', 4)

struct stage {
	struct hrtimer clock;
	unsigned int next;	/* the clock's: which count is the next */
	atomic_t *counts;	/* STAGE_COUNTS of them */
	unsigned long place;
};

struct stage_file {
	struct mutex lock;	/* protects stage; taken before table_lock */
	struct stage *stage;
};

static DEFINE_MUTEX(table_lock);
static struct stage *table[STAGE_PLACES];

static atomic_t ticked = ATOMIC_INIT(0);
static atomic_t booked = ATOMIC_INIT(0);

static enum hrtimer_restart stage_tick(struct hrtimer *clock)
{
	struct stage *stage = container_of(clock, struct stage, clock);

	atomic_inc(&ticked);
	atomic_inc(&stage->counts[stage->next]);
	stage->next = (stage->next + 1) % STAGE_COUNTS;
	hrtimer_forward_now(clock, ns_to_ktime(STAGE_TICK_NS));
	return HRTIMER_RESTART;
}

static void stage_start_clock(struct stage *stage)
{
	hrtimer_setup(&stage->clock, stage_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	hrtimer_start(&stage->clock, ns_to_ktime(STAGE_TICK_NS),
		      HRTIMER_MODE_REL);
}

static int stage_sum(const struct stage *stage)
{
	int sum = 0;

	for (int i = 0; i < STAGE_COUNTS; i++)
		sum += atomic_read(&stage->counts[i]);
	return sum;
}

/* Books are slow: this takes a millisecond. */
static void stage_book(int sum)
{
	fsleep(USEC_PER_MSEC);
	atomic_add(sum, &booked);
}

static int stage_list(struct stage *stage)
{
	guard(mutex)(&table_lock);
	if (table[stage->place])
		return -EBUSY;
	table[stage->place] = stage;
	return 0;
}

static void stage_unlist(struct stage *stage)
{
	guard(mutex)(&table_lock);
	table[stage->place] = NULL;
}

static int stage_build(struct stage_file *file, unsigned long place)
{
	struct stage *stage;
	int err = -ENOMEM;

	stage = kzalloc_obj(*stage);
	if (!stage)
		return -ENOMEM;
	stage->place = place;

	stage->counts = kzalloc_objs(*stage->counts, STAGE_COUNTS);
	if (!stage->counts)
		goto free_stage;

	stage_start_clock(stage);

	err = stage_list(stage);
	if (err)
		goto stop_clock;

	file->stage = stage;
	return 0;

stop_clock:
	hrtimer_cancel(&stage->clock);
	stage_book(stage_sum(stage));
	kfree(stage->counts);
free_stage:
	kfree(stage);
	return err;
}

static void stage_take_down(struct stage_file *file)
{
	struct stage *stage = file->stage;

	file->stage = NULL;
	stage_unlist(stage);
	hrtimer_cancel(&stage->clock);
	stage_book(stage_sum(stage));
	kfree(stage->counts);
	kfree(stage);
}

static long stage_start(struct stage_file *file, unsigned long place)
{
	if (place >= STAGE_PLACES)
		return -EINVAL;

	guard(mutex)(&file->lock);
	if (file->stage)
		return -EBUSY;
	return stage_build(file, place);
}

static long stage_stop(struct stage_file *file)
{
	guard(mutex)(&file->lock);
	if (!file->stage)
		return -ENOENT;
	stage_take_down(file);
	return 0;
}

static long stage_look(unsigned long place)
{
	long hit = 0;

	if (place >= STAGE_PLACES)
		return -EINVAL;

	guard(mutex)(&table_lock);
	if (!table[place])
		return -ENOENT;
	for (int i = 0; i < STAGE_COUNTS; i++)
		if (atomic_read(&table[place]->counts[i]))
			hit++;
	return hit;
}

static long stage_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case STAGE_START:
		return stage_start(file->private_data, arg);
	case STAGE_STOP:
		return stage_stop(file->private_data);
	case STAGE_LOOK:
		return stage_look(arg);
	case STAGE_UNBOOKED:
		return atomic_read(&ticked) - atomic_read(&booked);
	default:
		return -ENOTTY;
	}
}

static int stage_open(struct inode *inode, struct file *file)
{
	struct stage_file *state = kzalloc_obj(*state);

	if (!state)
		return -ENOMEM;
	mutex_init(&state->lock);
	file->private_data = state;
	return 0;
}

static int stage_release(struct inode *inode, struct file *file)
{
	struct stage_file *state = file->private_data;

	if (state->stage)
		stage_take_down(state);
	kfree(state);
	return 0;
}

static const struct file_operations stage_fops = {
	.owner = THIS_MODULE,
	.open = stage_open,
	.release = stage_release,
	.unlocked_ioctl = stage_ioctl,
};

static struct miscdevice stage_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "stage",
	.fops = &stage_fops,
};
module_misc_device(stage_misc);

MODULE_DESCRIPTION("Counts the ticks of clocks");
MODULE_LICENSE("GPL");
