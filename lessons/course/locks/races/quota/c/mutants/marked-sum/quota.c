// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/quota: every open file is an account of units, which all tasks that
 * have the file share.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define QUOTA_USERS	64
#define QUOTA_MAX	1000000

#define QUOTA_LIMIT	_IO('q', 1)
#define QUOTA_TAKE	_IO('q', 2)
#define QUOTA_GIVE	_IO('q', 3)
#define QUOTA_PASS	_IO('q', 4)
#define QUOTA_IN_USE	_IO('q', 5)

struct quota {
	struct mutex lock;	/* protects everything below */
	u32 limit;
	u32 units[QUOTA_USERS];
};

static u32 quota_sum(struct quota *quota)
{
	u32 sum = 0;

	for (int i = 0; i < QUOTA_USERS; i++)
		sum += READ_ONCE(quota->units[i]);
	return sum;
}

static long quota_limit(struct quota *quota, unsigned long limit)
{
	if (limit < 1 || limit > QUOTA_MAX)
		return -EINVAL;

	guard(mutex)(&quota->lock);
	if (quota_sum(quota) > limit)
		return -EBUSY;
	quota->limit = limit;
	return 0;
}

static long quota_take(struct quota *quota, unsigned long user)
{
	u32 sum;

	if (user >= QUOTA_USERS)
		return -EINVAL;

	guard(mutex)(&quota->lock);
	sum = quota_sum(quota);
	if (sum >= quota->limit)
		return -ENOSPC;
	WRITE_ONCE(quota->units[user], quota->units[user] + 1);
	return sum + 1;
}

static long quota_give(struct quota *quota, unsigned long user)
{
	if (user >= QUOTA_USERS)
		return -EINVAL;

	guard(mutex)(&quota->lock);
	if (!quota->units[user])
		return -ENOENT;
	WRITE_ONCE(quota->units[user], quota->units[user] - 1);
	return 0;
}

static long quota_pass(struct quota *quota, unsigned long arg)
{
	unsigned long from = arg / QUOTA_USERS;
	unsigned long to = arg % QUOTA_USERS;

	if (from >= QUOTA_USERS)
		return -EINVAL;

	guard(mutex)(&quota->lock);
	if (!quota->units[from])
		return -ENOENT;
	WRITE_ONCE(quota->units[from], quota->units[from] - 1);
	WRITE_ONCE(quota->units[to], quota->units[to] + 1);
	return 0;
}

static long quota_in_use(struct quota *quota)
{
	return quota_sum(quota);
}

static long quota_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct quota *quota = file->private_data;

	switch (cmd) {
	case QUOTA_LIMIT:
		return quota_limit(quota, arg);
	case QUOTA_TAKE:
		return quota_take(quota, arg);
	case QUOTA_GIVE:
		return quota_give(quota, arg);
	case QUOTA_PASS:
		return quota_pass(quota, arg);
	case QUOTA_IN_USE:
		return quota_in_use(quota);
	default:
		return -ENOTTY;
	}
}

static int quota_open(struct inode *inode, struct file *file)
{
	struct quota *quota = kzalloc_obj(*quota);

	if (!quota)
		return -ENOMEM;
	mutex_init(&quota->lock);
	quota->limit = QUOTA_MAX;
	file->private_data = quota;
	return 0;
}

static int quota_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations quota_fops = {
	.owner = THIS_MODULE,
	.open = quota_open,
	.release = quota_release,
	.unlocked_ioctl = quota_ioctl,
};

static struct miscdevice quota_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "quota",
	.fops = &quota_fops,
};
module_misc_device(quota_misc);

MODULE_DESCRIPTION("Accounts of units");
MODULE_LICENSE("GPL");
