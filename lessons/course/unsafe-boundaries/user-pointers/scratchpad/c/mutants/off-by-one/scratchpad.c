// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/scratchpad: every open file has 256 bytes of memory of its own, which
 * programs write and read in pieces.
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

#define SCRATCH_SIZE	256
#define SCRATCH_PIECE	64

struct scratch_io {
	__u32 offset;
	__u32 len;
	__u8 data[SCRATCH_PIECE];
};

#define SCRATCH_WRITE	_IOW('x', 1, struct scratch_io)
#define SCRATCH_READ	_IOWR('x', 2, struct scratch_io)

struct scratchpad {
	struct mutex lock;	/* protects memory */
	u8 *memory;		/* SCRATCH_SIZE bytes */
};

static bool scratch_fits(u32 offset, u32 len)
{
	return len <= SCRATCH_PIECE && offset <= SCRATCH_SIZE - len + 1;
}

static long scratch_write(struct scratchpad *pad, struct scratch_io __user *arg)
{
	struct scratch_io io;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	if (!scratch_fits(io.offset, io.len))
		return -EINVAL;

	guard(mutex)(&pad->lock);
	memcpy(pad->memory + io.offset, io.data, io.len);	// FERRULE: here
	return io.len;
}

static long scratch_read(struct scratchpad *pad, struct scratch_io __user *arg)
{
	u32 offset, len;

	if (get_user(offset, &arg->offset) || get_user(len, &arg->len))
		return -EFAULT;
	if (!scratch_fits(offset, len))
		return -EINVAL;

	guard(mutex)(&pad->lock);
	if (copy_to_user(arg->data, pad->memory + offset, len))
		return -EFAULT;
	return len;
}

static long scratch_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct scratch_io __user *io = (struct scratch_io __user *)arg;

	switch (cmd) {
	case SCRATCH_WRITE:
		return scratch_write(file->private_data, io);
	case SCRATCH_READ:
		return scratch_read(file->private_data, io);
	default:
		return -ENOTTY;
	}
}

static int scratch_open(struct inode *inode, struct file *file)
{
	struct scratchpad *pad __free(kfree) = kzalloc_obj(*pad);

	if (!pad)
		return -ENOMEM;
	pad->memory = kzalloc(SCRATCH_SIZE, GFP_KERNEL);
	if (!pad->memory)
		return -ENOMEM;
	mutex_init(&pad->lock);
	file->private_data = no_free_ptr(pad);
	return 0;
}

static int scratch_release(struct inode *inode, struct file *file)
{
	struct scratchpad *pad = file->private_data;

	kfree(pad->memory);
	kfree(pad);
	return 0;
}

static const struct file_operations scratch_fops = {
	.owner = THIS_MODULE,
	.open = scratch_open,
	.release = scratch_release,
	.unlocked_ioctl = scratch_ioctl,
};

static struct miscdevice scratch_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "scratchpad",
	.fops = &scratch_fops,
};
module_misc_device(scratch_misc);

MODULE_DESCRIPTION("Memory to scribble in");
MODULE_LICENSE("GPL");
