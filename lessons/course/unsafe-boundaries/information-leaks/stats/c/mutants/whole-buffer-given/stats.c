// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/stats: statistics of samples, for each open file.
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

#define STATS_SAMPLES	16
#define STATS_NAME_LEN	16

struct stats_info {
	__u8 version;
	__u32 count;
	char name[STATS_NAME_LEN];
	__u64 sum;
	__u32 last;
};

#define STATS_NAME	_IOW('s', 1, char[STATS_NAME_LEN])
#define STATS_GET	_IOR('s', 2, struct stats_info)

/* The one transfer buffer of the device, for all open files. */
static DEFINE_MUTEX(stats_lock);
static union {
	u32 samples[STATS_SAMPLES];
	char name[STATS_NAME_LEN];
	struct stats_info info;
} stats_buffer;

struct stats {
	u32 count;		/* all of it is protected by stats_lock */
	u64 sum;
	u32 last;
	char name[STATS_NAME_LEN];
};

static ssize_t stats_write(struct file *file, const char __user *from,
			   size_t size, loff_t *at)
{
	struct stats *stats = file->private_data;

	if (!size || size % sizeof(u32) || size > sizeof(stats_buffer.samples))
		return -EINVAL;

	guard(mutex)(&stats_lock);
	if (copy_from_user(stats_buffer.samples, from, size))
		return -EFAULT;
	for (size_t i = 0; i < size / sizeof(u32); i++) {
		stats->last = stats_buffer.samples[i];
		stats->sum += stats->last;
		stats->count++;
	}
	return size;
}

static long stats_name(struct stats *stats, void __user *arg)
{
	guard(mutex)(&stats_lock);
	if (copy_from_user(stats_buffer.name, arg, STATS_NAME_LEN))
		return -EFAULT;
	if (strnlen(stats_buffer.name, STATS_NAME_LEN) == STATS_NAME_LEN)
		return -EINVAL;
	strscpy_pad(stats->name, stats_buffer.name);
	return 0;
}

static long stats_get(struct stats *stats, void __user *arg)
{
	struct stats_info *info = &stats_buffer.info;

	guard(mutex)(&stats_lock);
	memset(info, 0, sizeof(*info));
	info->version = 1;
	info->count = stats->count;
	strscpy(info->name, stats->name);
	info->sum = stats->sum;
	info->last = stats->last;
	if (copy_to_user(arg, &stats_buffer, sizeof(stats_buffer)))	// FERRULE: here
		return -EFAULT;
	return 0;
}

static long stats_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case STATS_NAME:
		return stats_name(file->private_data, (void __user *)arg);
	case STATS_GET:
		return stats_get(file->private_data, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int stats_open(struct inode *inode, struct file *file)
{
	struct stats *stats = kzalloc_obj(*stats);

	if (!stats)
		return -ENOMEM;
	file->private_data = stats;
	return 0;
}

static int stats_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.open = stats_open,
	.release = stats_release,
	.write = stats_write,
	.unlocked_ioctl = stats_ioctl,
};

static struct miscdevice stats_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "stats",
	.fops = &stats_fops,
};
module_misc_device(stats_misc);

MODULE_DESCRIPTION("Statistics of samples");
MODULE_LICENSE("GPL");
