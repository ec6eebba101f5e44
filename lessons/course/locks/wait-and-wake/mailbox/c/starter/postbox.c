// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/postbox: every open file is a box with room for one letter of 8 bytes.
 * All tasks that have the file share the box.
 *
 * write  puts a letter of exactly 8 bytes into the box and returns 8. While
 *        there is a letter in the box, it waits.
 *        EINVAL: another size. EPIPE: the box is shut.
 * read   takes the letter out of the box and returns 8. While the box is empty,
 *        it waits; when the box is empty and shut, it returns 0.
 *        EINVAL: room for less than 8 bytes.
 * POSTBOX_SHUT  shuts the box for good: who waits goes on. Returns 0, also when
 *        the box is shut already.
 *
 * With O_NONBLOCK, read and write answer EAGAIN where they would wait. A signal
 * ends the wait with ERESTARTSYS. A bad pointer: EFAULT. Another command: ENOTTY.
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
	return sizeof(letter);
}

static bool postbox_readable(struct postbox *box)
{
	guard(spinlock)(&box->lock);
	return box->full || box->shut;
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
		/* TODO: who ends this wait? And what if a signal comes? */
		wait_event(box->changed, postbox_readable(box));
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

	if (size != sizeof(letter))
		return -EINVAL;
	if (copy_from_user(&letter, buf, sizeof(letter)))
		return -EFAULT;

	/* TODO: wait for room, unless the file is O_NONBLOCK. */
	return postbox_put(box, letter);
}

static long postbox_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	/* TODO: shut the box. Who has to know? */
	return -ENOTTY;
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
