// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/postbox: every open file is a box with room for one letter, which all
 * tasks that have the file share. Readers and writers wait for each other.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define POSTBOX_SHUT	_IO('p', 1)

struct postbox {
	spinlock_t lock;	/* protects letter, full and shut */
	u64 letter;
	bool full;
	bool shut;
	wait_queue_head_t changed;	/* woken after each change */
};

/* 8: there was a letter. 0: there will be none. -EAGAIN: not yet. */
static int postbox_take(struct postbox *box, u64 *letter)
{
	scoped_guard(spinlock, &box->lock) {
		if (!box->full)
			return box->shut ? 0 : -EAGAIN;
		*letter = box->letter;
		box->full = false;
	}
	wake_up_interruptible(&box->changed);
	return sizeof(*letter);
}

/* 8: the letter is in the box. -EAGAIN: there is no room yet. */
static int postbox_put(struct postbox *box, u64 letter)
{
	scoped_guard(spinlock, &box->lock) {
		if (box->shut)
			return -EPIPE;
		if (box->full)
			return -EAGAIN;
		box->letter = letter;
		box->full = true;
	}
	wake_up_interruptible(&box->changed);
	return sizeof(letter);
}

static bool postbox_readable(struct postbox *box)
{
	guard(spinlock)(&box->lock);
	return box->full || box->shut;
}

static bool postbox_writable(struct postbox *box)
{
	guard(spinlock)(&box->lock);
	return !box->full || box->shut;
}

static ssize_t postbox_read(struct file *file, char __user *buf,
			    size_t size, loff_t *pos)
{
	struct postbox *box = file->private_data;
	u64 letter;
	int ret;

	if (size < sizeof(letter))
		return -EINVAL;

	while ((ret = postbox_take(box, &letter)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(box->changed,
					       postbox_readable(box));
		if (ret)
			return ret;
	}

	if (ret > 0 && copy_to_user(buf, &letter, sizeof(letter)))
		return -EFAULT;
	return ret;
}

static ssize_t postbox_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct postbox *box = file->private_data;
	u64 letter;
	int ret;

	if (size != sizeof(letter))
		return -EINVAL;
	if (copy_from_user(&letter, buf, sizeof(letter)))
		return -EFAULT;

	while ((ret = postbox_put(box, letter)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(box->changed,
					       postbox_writable(box));
		if (ret)
			return ret;
	}
	return ret;
}

static long postbox_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct postbox *box = file->private_data;

	if (cmd != POSTBOX_SHUT)
		return -ENOTTY;

	scoped_guard(spinlock, &box->lock)
		box->shut = true;
	wake_up_interruptible(&box->changed);
	return 0;
}

static int postbox_open(struct inode *inode, struct file *file)
{
	struct postbox *box = kzalloc_obj(*box);

	if (!box)
		return -ENOMEM;
	spin_lock_init(&box->lock);
	init_waitqueue_head(&box->changed);
	file->private_data = box;
	return 0;
}

static int postbox_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations postbox_fops = {
	.owner = THIS_MODULE,
	.open = postbox_open,
	.release = postbox_release,
	.read = postbox_read,
	.write = postbox_write,
	.unlocked_ioctl = postbox_ioctl,
};

static struct miscdevice postbox_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "postbox",
	.fops = &postbox_fops,
};
module_misc_device(postbox_misc);

MODULE_DESCRIPTION("A box for one letter");
MODULE_LICENSE("GPL");
