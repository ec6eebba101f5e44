// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/kiosk: one kiosk for all programs, with the orders that wait.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define KIOSK_DISHES	4
#define KIOSK_PORTIONS	1000

struct kiosk_order {
	__u32 dish;
	__u32 portions;
};

#define KIOSK_ORDER	_IOW('K', 1, struct kiosk_order)
#define KIOSK_SERVE	_IO('K', 2)
#define KIOSK_SHUT	_IO('K', 3)

static DEFINE_MUTEX(kiosk_lock);	/* protects all below */
static bool kiosk_closed;
static u32 kiosk_waiting[KIOSK_DISHES];	/* portions; 0 while closed */

static long kiosk_order(const void __user *arg)
{
	struct kiosk_order order;

	scoped_guard(mutex, &kiosk_lock) {
		if (kiosk_closed)
			return -ESHUTDOWN;
	}
	if (copy_from_user(&order, arg, sizeof(order)))
		return -EFAULT;
	if (order.dish >= KIOSK_DISHES)
		return -EINVAL;
	if (order.portions < 1 || order.portions > KIOSK_PORTIONS)
		return -EINVAL;

	guard(mutex)(&kiosk_lock);
	if (order.portions > KIOSK_PORTIONS - kiosk_waiting[order.dish])
		return -ENOSPC;
	kiosk_waiting[order.dish] += order.portions;
	return 0;
}

static long kiosk_serve(unsigned long dish)
{
	if (dish >= KIOSK_DISHES)
		return -EINVAL;

	guard(mutex)(&kiosk_lock);
	if (!kiosk_waiting[dish])
		return -ENOENT;
	return --kiosk_waiting[dish];
}

static long kiosk_shut(unsigned long shut)
{
	if (shut > 1)
		return -EINVAL;

	guard(mutex)(&kiosk_lock);
	kiosk_closed = shut;
	if (shut)
		memset(kiosk_waiting, 0, sizeof(kiosk_waiting));
	return 0;
}

static long kiosk_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KIOSK_ORDER:
		return kiosk_order((const void __user *)arg);
	case KIOSK_SERVE:
		return kiosk_serve(arg);
	case KIOSK_SHUT:
		return kiosk_shut(arg);
	default:
		return -ENOTTY;
	}
}

static ssize_t kiosk_read(struct file *file, char __user *to, size_t size,
			  loff_t *at)
{
	u32 waiting[KIOSK_DISHES];

	if (size < sizeof(waiting))
		return -EINVAL;

	scoped_guard(mutex, &kiosk_lock)
		memcpy(waiting, kiosk_waiting, sizeof(waiting));

	if (copy_to_user(to, waiting, sizeof(waiting)))
		return -EFAULT;
	return sizeof(waiting);
}

static const struct file_operations kiosk_fops = {
	.owner = THIS_MODULE,
	.read = kiosk_read,
	.unlocked_ioctl = kiosk_ioctl,
};

static struct miscdevice kiosk_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kiosk",
	.fops = &kiosk_fops,
};
module_misc_device(kiosk_misc);

MODULE_DESCRIPTION("Orders that wait");
MODULE_LICENSE("GPL");
