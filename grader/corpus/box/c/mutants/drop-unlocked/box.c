// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define BOX_STORE _IOW('b', 1, u32)
#define BOX_FETCH _IOR('b', 2, u32)
#define BOX_DROP _IO('b', 3)
#define BOX_PARTS 64

struct box {
	u32 parts[BOX_PARTS];
};

static DEFINE_MUTEX(box_lock);
static struct box *box;

static long box_store(u32 __user *from)
{
	struct box *fresh, *old;
	u32 value;

	if (get_user(value, from))
		return -EFAULT;
	fresh = kmalloc_obj(*fresh);
	if (!fresh)
		return -ENOMEM;
	memset32(fresh->parts, value, BOX_PARTS);
	mutex_lock(&box_lock);
	old = box;
	box = fresh;
	mutex_unlock(&box_lock);
	kfree(old);
	return 0;
}

static long box_fetch(u32 __user *to)
{
	u32 sum = 0;
	int i;

	mutex_lock(&box_lock);
	if (!box) {
		mutex_unlock(&box_lock);
		return -ENOENT;
	}
	for (i = 0; i < BOX_PARTS; i++)
		sum += box->parts[i]; // FERRULE: here
	mutex_unlock(&box_lock);
	return put_user(sum, to);
}

static long box_drop(void)
{
	struct box *old = xchg(&box, NULL);

	if (!old)
		return -ENOENT;
	kfree(old);
	return 0;
}

static long box_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	switch (cmd) {
	case BOX_STORE:
		return box_store((u32 __user *)argument);
	case BOX_FETCH:
		return box_fetch((u32 __user *)argument);
	case BOX_DROP:
		return box_drop();
	}
	return -ENOTTY;
}

static const struct file_operations box_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = box_ioctl,
};

static struct miscdevice box_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "box",
	.fops = &box_fops,
};

static int __init box_init(void)
{
	return misc_register(&box_device);
}

static void __exit box_exit(void)
{
	misc_deregister(&box_device);
	kfree(box);
}

module_init(box_init);
module_exit(box_exit);

MODULE_DESCRIPTION("an object behind a pointer");
MODULE_LICENSE("GPL");
