// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

struct entry {
	char name[16];
	__u32 number;
};

#define ENTRIES_CHECK	_IOW('e', 1, struct entry)

static long entries_check(const void __user *arg)
{
	struct entry *entry;
	bool ended;

	entry = memdup_user(arg, sizeof(*entry));
	if (IS_ERR(entry))
		return PTR_ERR(entry);		/* -EFAULT or -ENOMEM */

	ended = strnlen(entry->name, sizeof(entry->name)) < sizeof(entry->name);
	kfree(entry);
	return ended ? 0 : -EINVAL;
}

static long entries_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	if (cmd != ENTRIES_CHECK)
		return -ENOTTY;
	return entries_check((const void __user *)arg);
}

static const struct file_operations entries_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = entries_ioctl,
};

static struct miscdevice entries_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "entries",
	.fops = &entries_fops,
};
module_misc_device(entries_misc);

MODULE_DESCRIPTION("Checks names");
MODULE_LICENSE("GPL");
