// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/pad: memory that programs write in pieces, checked in two ways.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define SIZE	256

struct pad_io {
	__u32 offset;
	__u32 len;
	__u8 data[64];
};

#define PAD_WRITE	_IOW('p', 1, struct pad_io)

static DEFINE_MUTEX(pad_lock);
static u8 pad_memory[SIZE];	/* protected by pad_lock */

static long pad_write(const void __user *arg)
{
	struct pad_io io;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;

	/* wrong: wraps */
	if (io.offset + io.len > SIZE)
		return -EINVAL;

	/* right: no sum, unsigned, both limits */
	if (io.len > sizeof(io.data) || io.offset > SIZE - io.len)
		return -EINVAL;

	guard(mutex)(&pad_lock);
	memcpy(pad_memory + io.offset, io.data, io.len);
	return io.len;
}

static long pad_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != PAD_WRITE)
		return -ENOTTY;
	return pad_write((void __user *)arg);
}

static const struct file_operations pad_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = pad_ioctl,
};

static struct miscdevice pad_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pad",
	.fops = &pad_fops,
};
module_misc_device(pad_misc);

MODULE_DESCRIPTION("Memory that is written in pieces");
MODULE_LICENSE("GPL");
