// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define BOX_STORE _IOW('b', 1, u32)
#define BOX_FETCH _IOR('b', 2, u32)
#define BOX_DROP _IO('b', 3)
#define BOX_PARTS 64

struct box {
	u32 parts[BOX_PARTS];
	struct rcu_head rcu;
};

static struct box __rcu *box;

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
	old = unrcu_pointer(xchg(&box, RCU_INITIALIZER(fresh)));
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static long box_fetch(u32 __user *to)
{
	struct box *at;
	u32 sum = 0;
	int i;

	rcu_read_lock();
	at = rcu_dereference(box);
	for (i = 0; at && i < BOX_PARTS; i++)
		sum += at->parts[i];
	rcu_read_unlock();
	if (!at)
		return -ENOENT;
	return put_user(sum, to);
}

static long box_drop(void)
{
	struct box *old;

	old = unrcu_pointer(xchg(&box, NULL));
	if (!old)
		return -ENOENT;
	kfree_rcu(old, rcu);
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
	kfree(rcu_dereference_protected(box, true));
	rcu_barrier();
}

module_init(box_init);
module_exit(box_exit);

MODULE_DESCRIPTION("an object behind a pointer");
MODULE_LICENSE("GPL");
