// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define PULSE_START _IO('p', 1)
#define PULSE_COUNT _IO('p', 2)

struct pulse {
	struct delayed_work work;
	atomic_t count;
	int last;
};

static void pulse_work(struct work_struct *work)
{
	struct pulse *pulse = container_of(work, struct pulse, work.work);

	WRITE_ONCE(pulse->last, atomic_inc_return(&pulse->count));
}

static int pulse_open(struct inode *inode, struct file *file)
{
	struct pulse *pulse = kzalloc_obj(*pulse);

	if (!pulse)
		return -ENOMEM;
	INIT_DELAYED_WORK(&pulse->work, pulse_work);
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
		schedule_delayed_work(&pulse->work, usecs_to_jiffies(argument));
		return 0;
	case PULSE_COUNT:
		return atomic_read(&pulse->count);
	}
	return -ENOTTY;
}

static int pulse_release(struct inode *inode, struct file *file)
{
	struct pulse *pulse = file->private_data;

	cancel_delayed_work_sync(&pulse->work);
	kfree(pulse);
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
