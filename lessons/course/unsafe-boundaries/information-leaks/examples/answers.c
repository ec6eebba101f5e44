// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/answers: statistics, made anew for each answer.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define STATS_NAME_LEN	16

struct stats_info {
	__u8 version;
	__u32 count;
	char name[STATS_NAME_LEN];
	__u64 sum;
	__u32 last;
};

#define STATS_GET	_IOR('s', 2, struct stats_info)
#define STATS_COUNT	_IOR('s', 3, struct stats_info)

struct stats {
	u32 count;
	u64 sum;
	u32 last;
	char name[STATS_NAME_LEN];
};

static long stats_get(struct stats *stats, void __user *arg)
{
	struct stats_info info;

	memset(&info, 0, sizeof(info));
	info.version = 1;
	info.count = stats->count;
	strscpy(info.name, stats->name);	/* the rest is 0 already */
	info.sum = stats->sum;
	info.last = stats->last;
	if (copy_to_user(arg, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}

/* Wrong on purpose: C promises nothing about the padding. */
static long stats_count(struct stats *stats, void __user *arg)
{
	struct stats_info info = { .version = 1, .count = stats->count };

	if (copy_to_user(arg, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}

static long stats_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case STATS_GET:
		return stats_get(file->private_data, (void __user *)arg);
	case STATS_COUNT:
		return stats_count(file->private_data, (void __user *)arg);
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
	.unlocked_ioctl = stats_ioctl,
};

static struct miscdevice stats_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "answers",
	.fops = &stats_fops,
};
module_misc_device(stats_misc);

MODULE_DESCRIPTION("Answers without old bytes");
MODULE_LICENSE("GPL");
