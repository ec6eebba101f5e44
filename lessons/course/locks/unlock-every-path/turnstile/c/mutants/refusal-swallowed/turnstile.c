// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/turnstile: every open file is a hall with room for 100 people.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define TURNSTILE_ROOM	100

struct turnstile_group {
	__u32 people;
	__u32 inside;
};

#define TURNSTILE_ENTER		_IOWR('t', 1, struct turnstile_group)
#define TURNSTILE_LEAVE		_IO('t', 2)
#define TURNSTILE_REFUSED	_IO('t', 3)

struct hall {
	struct mutex lock;	/* protects everything below */
	u32 inside;
	u32 refused;
};

static long hall_enter(struct hall *hall, struct turnstile_group __user *arg)
{
	struct turnstile_group group;
	long ret = 0;

	if (copy_from_user(&group, arg, sizeof(group)))
		return -EFAULT;
	if (!group.people)
		return -EINVAL;

	mutex_lock(&hall->lock);
	if (group.people > TURNSTILE_ROOM - hall->inside) {
		hall->refused++;
		ret = -ENOSPC;
	} else {
		hall->inside += group.people;
		group.inside = hall->inside;
	}
	mutex_unlock(&hall->lock);

	if (!ret && copy_to_user(arg, &group, sizeof(group)))
		ret = -EFAULT;
	return ret;
}

static long hall_leave(struct hall *hall, unsigned long people)
{
	long ret = 0;

	if (!people)
		return -EINVAL;

	mutex_lock(&hall->lock);
	if (people > hall->inside)
		goto unlock;
	hall->inside -= people;
unlock:
	mutex_unlock(&hall->lock);
	return ret;
}

static long hall_refused(struct hall *hall)
{
	long refused;

	mutex_lock(&hall->lock);
	refused = hall->refused;
	mutex_unlock(&hall->lock);
	return refused;
}

static long turnstile_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct hall *hall = file->private_data;

	switch (cmd) {
	case TURNSTILE_ENTER:
		return hall_enter(hall, (struct turnstile_group __user *)arg);
	case TURNSTILE_LEAVE:
		return hall_leave(hall, arg);
	case TURNSTILE_REFUSED:
		return hall_refused(hall);
	default:
		return -ENOTTY;
	}
}

static int turnstile_open(struct inode *inode, struct file *file)
{
	struct hall *hall = kzalloc_obj(*hall);

	if (!hall)
		return -ENOMEM;
	mutex_init(&hall->lock);
	file->private_data = hall;
	return 0;
}

static int turnstile_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations turnstile_fops = {
	.owner = THIS_MODULE,
	.open = turnstile_open,
	.release = turnstile_release,
	.unlocked_ioctl = turnstile_ioctl,
};

static struct miscdevice turnstile_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "turnstile",
	.fops = &turnstile_fops,
};
module_misc_device(turnstile_misc);

MODULE_DESCRIPTION("A turnstile");
MODULE_LICENSE("GPL");
