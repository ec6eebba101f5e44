// SPDX-License-Identifier: GPL-2.0
/* Wrong on purpose: postbox_read(), which can miss a wake-up. */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

struct postbox {
	spinlock_t lock;	/* protects letter and full */
	u64 letter;
	bool full;
	wait_queue_head_t changed;	/* woken after each change */
};

static bool postbox_readable(struct postbox *box)
{
	guard(spinlock)(&box->lock);
	return box->full;
}

static bool postbox_writable(struct postbox *box)
{
	guard(spinlock)(&box->lock);
	return !box->full;
}

static ssize_t postbox_read(struct file *file, char __user *buf, size_t size,
			    loff_t *pos)
{
	struct postbox *box = file->private_data;
	DEFINE_WAIT(wait);
	u64 letter;

	if (size < sizeof(letter))
		return -EINVAL;

	if (!READ_ONCE(box->full)) {
		/* the writer comes here, fills the box, and wakes nobody */
		prepare_to_wait(&box->changed, &wait, TASK_INTERRUPTIBLE);
		schedule();		/* for ever */
		finish_wait(&box->changed, &wait);
	}

	scoped_guard(spinlock, &box->lock) {
		if (!box->full)
			return -EAGAIN;
		letter = box->letter;
		WRITE_ONCE(box->full, false);
	}
	wake_up_interruptible(&box->changed);
	if (copy_to_user(buf, &letter, sizeof(letter)))
		return -EFAULT;
	return sizeof(letter);
}

static ssize_t postbox_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct postbox *box = file->private_data;
	u64 letter;

	if (size != sizeof(letter))
		return -EINVAL;
	if (copy_from_user(&letter, buf, sizeof(letter)))
		return -EFAULT;

	scoped_guard(spinlock, &box->lock) {
		if (box->full)
			return -EAGAIN;
		box->letter = letter;
		WRITE_ONCE(box->full, true);
	}
	wake_up_interruptible(&box->changed);
	return sizeof(letter);
}

static __poll_t postbox_poll(struct file *file, poll_table *wait)
{
	struct postbox *box = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &box->changed, wait);
	if (postbox_readable(box))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (postbox_writable(box))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
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
	.poll = postbox_poll,
};

static struct miscdevice postbox_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "box",
	.fops = &postbox_fops,
};
module_misc_device(postbox_misc);

MODULE_DESCRIPTION("A box that can be polled");
MODULE_LICENSE("GPL");
