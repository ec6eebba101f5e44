// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/window: the last 32 samples of each open file, and means of them.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define WINDOW_SAMPLES	32

struct window_mean {
	__u32 at;
	__u32 half;
	__u32 mean;
};

#define WINDOW_MEAN	_IOWR('w', 1, struct window_mean)

struct window {
	struct mutex lock;		/* protects samples */
	u16 samples[WINDOW_SAMPLES];	/* the newest is the last */
};

static ssize_t window_write(struct file *file, const char __user *from,
			    size_t size, loff_t *at)
{
	struct window *window = file->private_data;
	u16 sample;

	if (size != sizeof(sample))
		return -EINVAL;
	if (copy_from_user(&sample, from, sizeof(sample)))
		return -EFAULT;

	guard(mutex)(&window->lock);
	memmove(&window->samples[0], &window->samples[1],
		(WINDOW_SAMPLES - 1) * sizeof(sample));
	window->samples[WINDOW_SAMPLES - 1] = sample;
	return sizeof(sample);
}

static long window_mean(struct window *window, void __user *arg)
{
	struct window_mean mean;
	u32 sum = 0;

	if (copy_from_user(&mean, arg, sizeof(mean)))
		return -EFAULT;
	if (mean.at >= WINDOW_SAMPLES || mean.half >= WINDOW_SAMPLES)
		return -EINVAL;
	if (mean.at < mean.half || mean.at + mean.half > WINDOW_SAMPLES)
		return -ERANGE;

	scoped_guard(mutex, &window->lock) {
		for (u32 i = mean.at - mean.half; i < mean.at + mean.half; i++)
			sum += window->samples[i];
	}
	mean.mean = sum / (2 * mean.half + 1);
	if (copy_to_user(arg, &mean, sizeof(mean)))
		return -EFAULT;
	return 0;
}

static long window_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != WINDOW_MEAN)
		return -ENOTTY;
	return window_mean(file->private_data, (void __user *)arg);
}

static int window_open(struct inode *inode, struct file *file)
{
	struct window *window = kzalloc_obj(*window);

	if (!window)
		return -ENOMEM;
	mutex_init(&window->lock);
	file->private_data = window;
	return 0;
}

static int window_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.open = window_open,
	.release = window_release,
	.write = window_write,
	.unlocked_ioctl = window_ioctl,
};

static struct miscdevice window_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "window",
	.fops = &window_fops,
};
module_misc_device(window_misc);

MODULE_DESCRIPTION("Means of samples");
MODULE_LICENSE("GPL");
