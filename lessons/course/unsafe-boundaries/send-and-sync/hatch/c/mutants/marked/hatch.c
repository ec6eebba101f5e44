// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/hatch: every open file is a serving hatch, for one dish at a time.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

struct dish {
	__u32 table;
	__u8 food[60];
};

#define HATCH_PUT	_IOW('h', 1, struct dish)
#define HATCH_TAKE	_IOR('h', 2, struct dish)

struct hatch {
	struct dish *dish;	/* NULL: empty */
};

static long hatch_put(struct hatch *hatch, const void __user *arg)
{
	struct dish *dish;

	if (READ_ONCE(hatch->dish))
		return -EBUSY;
	dish = memdup_user(arg, sizeof(*dish));	// FERRULE: here
	if (IS_ERR(dish))
		return PTR_ERR(dish);
	WRITE_ONCE(hatch->dish, dish);
	return 0;
}

static long hatch_take(struct hatch *hatch, void __user *arg)
{
	struct dish *dish __free(kfree) = xchg(&hatch->dish, NULL);

	if (!dish)
		return -EAGAIN;
	if (copy_to_user(arg, dish, sizeof(*dish)))
		return -EFAULT;
	return 0;
}

static long hatch_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct hatch *hatch = file->private_data;

	switch (cmd) {
	case HATCH_PUT:
		return hatch_put(hatch, (void __user *)arg);
	case HATCH_TAKE:
		return hatch_take(hatch, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int hatch_open(struct inode *inode, struct file *file)
{
	struct hatch *hatch = kzalloc_obj(*hatch);

	if (!hatch)
		return -ENOMEM;
	file->private_data = hatch;
	return 0;
}

static int hatch_release(struct inode *inode, struct file *file)
{
	struct hatch *hatch = file->private_data;

	kfree(hatch->dish);
	kfree(hatch);
	return 0;
}

static const struct file_operations hatch_fops = {
	.owner = THIS_MODULE,
	.open = hatch_open,
	.release = hatch_release,
	.unlocked_ioctl = hatch_ioctl,
};

static struct miscdevice hatch_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hatch",
	.fops = &hatch_fops,
};
module_misc_device(hatch_misc);

MODULE_DESCRIPTION("Passes dishes from one task to another");
MODULE_LICENSE("GPL");
