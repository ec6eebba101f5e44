// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/divide: divides for programs.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/limits.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#define DIVIDE	_IOWR('d', 1, __s32[2])

/* The first number becomes the result. */
static long divide(s32 __user *arg)
{
	s32 a, b, result;

	if (get_user(a, &arg[0]) || get_user(b, &arg[1]))
		return -EFAULT;
	if (!b)
		return -EDOM;
	if (a == S32_MIN && b == -1)
		return -EOVERFLOW;
	result = a / b;
	return put_user(result, &arg[0]);
}

static long divide_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != DIVIDE)
		return -ENOTTY;
	return divide((s32 __user *)arg);
}

static const struct file_operations divide_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = divide_ioctl,
};

static struct miscdevice divide_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "divide",
	.fops = &divide_fops,
};
module_misc_device(divide_misc);

MODULE_DESCRIPTION("Divides for programs");
MODULE_LICENSE("GPL");
