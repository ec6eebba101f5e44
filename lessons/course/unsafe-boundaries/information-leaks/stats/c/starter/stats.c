// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/stats: statistics of 32-bit samples. Every open file has its own; all
 * open files share the device's one transfer buffer of 64 bytes, which is
 * where samples arrive and where answers are made.
 *
 * write       takes 1 to 16 samples into the statistics. Returns the bytes
 *             taken. EINVAL: another length.
 * STATS_NAME  gives the statistics a name: 0 to 15 characters and a 0 behind
 *             them. What the program has behind that 0 is not part of the
 *             name. EINVAL: there is no 0 in the 16 bytes.
 * STATS_GET   gives the program a struct stats_info: version is 1, count and
 *             sum are those of all samples so far, last is the newest. name
 *             is the name, filled up with zeros. Without samples count, sum
 *             and last are 0; without a name all of name is 0.
 *
 * STATS_NAME and STATS_GET return 0. Every byte that a program gets is one of
 * these, or 0: also those between and behind the fields. EFAULT: the pointer
 * leads nowhere. ENOMEM: no memory. Another command: ENOTTY.
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
	/* TODO: is it a name? And which bytes of it are kept? */
	memcpy(stats->name, stats_buffer.name, STATS_NAME_LEN);
	return 0;
}

static long stats_get(struct stats *stats, void __user *arg)
{
	struct stats_info *info = &stats_buffer.info;

	guard(mutex)(&stats_lock);
	/* TODO: who wrote the bytes that are not written here? */
	info->version = 1;
	info->count = stats->count;
	strscpy(info->name, stats->name);
	/* TODO: sum and last */
	if (copy_to_user(arg, info, sizeof(*info)))
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
