// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ballot: every open file has a ballot with up to 8 names on it.
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

#define BALLOT_NAMES	8
#define BALLOT_LENGTH	16

#define BALLOT_NOMINATE	_IOW('B', 1, char[BALLOT_LENGTH])
#define BALLOT_VOTE	_IOW('B', 2, char[BALLOT_LENGTH])

struct ballot {
	struct mutex lock;	/* protects all below */
	int names;
	struct {
		char name[BALLOT_LENGTH];
		int votes;
	} on[BALLOT_NAMES];
};

/* Takes a name from the program. Returns 0 or an errno. */
static int ballot_name(char *name, const char __user *arg)
{
	size_t length = strncpy_from_user(name, arg, BALLOT_LENGTH);

	if (length < 0)
		return length;
	if (length >= BALLOT_LENGTH)
		return -ENAMETOOLONG;
	if (length == 0)
		return -EINVAL;
	return 0;
}

/* The number of this name on the ballot, or -ENOENT. */
static int ballot_find(const struct ballot *ballot, const char *name)
{
	for (int i = 0; i < ballot->names; i++) {
		if (!strcmp(ballot->on[i].name, name))
			return i;
	}
	return -ENOENT;
}

static long ballot_nominate(struct ballot *ballot, const char *name)
{
	guard(mutex)(&ballot->lock);
	if (ballot_find(ballot, name) >= 0)
		return -EEXIST;
	if (ballot->names == BALLOT_NAMES)
		return -ENOSPC;
	strscpy(ballot->on[ballot->names].name, name);
	return ballot->names++;
}

static long ballot_vote(struct ballot *ballot, const char *name)
{
	int i;

	guard(mutex)(&ballot->lock);
	i = ballot_find(ballot, name);
	if (i < 0)
		return i;
	if (ballot->on[i].votes == INT_MAX)
		return -EOVERFLOW;
	return ++ballot->on[i].votes;
}

static long ballot_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	char name[BALLOT_LENGTH];
	int err;

	if (cmd != BALLOT_NOMINATE && cmd != BALLOT_VOTE)
		return -ENOTTY;

	err = ballot_name(name, (const char __user *)arg);
	if (err)
		return err;
	if (cmd == BALLOT_NOMINATE)
		return ballot_nominate(file->private_data, name);
	return ballot_vote(file->private_data, name);
}

static int ballot_open(struct inode *inode, struct file *file)
{
	struct ballot *ballot = kzalloc_obj(*ballot);

	if (!ballot)
		return -ENOMEM;
	mutex_init(&ballot->lock);
	file->private_data = ballot;
	return 0;
}

static int ballot_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations ballot_fops = {
	.owner = THIS_MODULE,
	.open = ballot_open,
	.release = ballot_release,
	.unlocked_ioctl = ballot_ioctl,
};

static struct miscdevice ballot_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ballot",
	.fops = &ballot_fops,
};
module_misc_device(ballot_misc);

MODULE_DESCRIPTION("Votes for names");
MODULE_LICENSE("GPL");
