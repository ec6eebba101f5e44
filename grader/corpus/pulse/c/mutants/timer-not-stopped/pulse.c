// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define PULSE_START _IO('p', 1)
#define PULSE_COUNT _IO('p', 2)

struct pulse {
	struct hrtimer timer;
	struct work_struct work;
	ktime_t times[64];
	unsigned int next;
	atomic_t count;
	int last;
};

static void pulse_work(struct work_struct *work)
{
	struct pulse *pulse = container_of(work, struct pulse, work);

	WRITE_ONCE(pulse->last, atomic_read(&pulse->count));
}

static enum hrtimer_restart pulse_tick(struct hrtimer *timer)
{
	struct pulse *pulse = container_of(timer, struct pulse, timer);
	ktime_t now = ktime_get();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pulse->times); i++)
		if (i >= pulse->next)
			pulse->times[i] = now;
	atomic_inc(&pulse->count);
	schedule_work(&pulse->work); // FERRULE: here
	return HRTIMER_NORESTART;
}

static int pulse_open(struct inode *inode, struct file *file)
{
	struct pulse *pulse = kzalloc_obj(*pulse);

	if (!pulse)
		return -ENOMEM;
	hrtimer_setup(&pulse->timer, pulse_tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	INIT_WORK(&pulse->work, pulse_work);
	file->private_data = pulse;
	return 0;
}

static long pulse_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	struct pulse *pulse = file->private_data;

	switch (cmd) {
	case PULSE_START:
		if (argument > 1000000)
			return -EINVAL;
		hrtimer_start(&pulse->timer, us_to_ktime(argument), HRTIMER_MODE_REL);
		return 0;
	case PULSE_COUNT:
		return atomic_read(&pulse->count);
	}
	return -ENOTTY;
}

static int pulse_release(struct inode *inode, struct file *file)
{
	struct pulse *pulse = file->private_data;

	cancel_work_sync(&pulse->work);
	kfree(pulse); // FERRULE: here
	return 0;
}

static const struct file_operations pulse_fops = {
	.owner = THIS_MODULE,
	.open = pulse_open,
	.unlocked_ioctl = pulse_ioctl,
	.release = pulse_release,
};

static struct miscdevice pulse_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pulse",
	.fops = &pulse_fops,
};

module_misc_device(pulse_device);

MODULE_DESCRIPTION("a timer and its work");
MODULE_LICENSE("GPL");
