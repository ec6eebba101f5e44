// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ring_buffer: every open file is a ring of 64 bytes. What is written to
 * it can be read from it again, in order.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define RING_SIZE	64

#define RING_END	_IO('R', 1)
#define RING_USED	_IO('R', 2)

struct ring {
	wait_queue_head_t wait;	/* for bytes, for room, for the end */
	struct mutex lock;	/* protects everything below */
	u8 *data;		/* RING_SIZE bytes */
	size_t head;		/* where the oldest byte is */
	size_t used;		/* how many bytes there are */
	bool ended;
};

/* Asked while waiting without the lock, thus the READ_ONCE() */
static bool ring_readable(const struct ring *ring)
{
	return READ_ONCE(ring->used) > 0 || READ_ONCE(ring->ended);
}

static bool ring_writable(const struct ring *ring)
{
	return READ_ONCE(ring->used) < RING_SIZE || READ_ONCE(ring->ended);
}

/* On success the lock is held, and ready() is true. */
static int ring_lock_when(struct ring *ring, const struct file *file,
			  bool (*ready)(const struct ring *ring))
{
	mutex_lock(&ring->lock);
	while (!ready(ring)) {
		mutex_unlock(&ring->lock);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(ring->wait, ready(ring)))
			return -ERESTARTSYS;
		mutex_lock(&ring->lock);
	}
	return 0;
}

static ssize_t ring_read(struct file *file, char __user *buf,
			 size_t size, loff_t *pos)
{
	struct ring *ring = file->private_data;
	size_t done = 0;
	size_t left = 0;
	int err;

	if (!size)
		return 0;
	err = ring_lock_when(ring, file, ring_readable);
	if (err)
		return err;

	while (!left && done < size && ring->used) {
		size_t part = min3(size - done, ring->used,
				   RING_SIZE - ring->head);

		left = copy_to_user(buf + done, ring->data + ring->head, part);
		ring->head = (ring->head + part) % RING_SIZE;
		WRITE_ONCE(ring->used, ring->used - part);
		done += part - left;
	}
	mutex_unlock(&ring->lock);

	if (done)
		wake_up_interruptible(&ring->wait);
	else if (left)
		return -EFAULT;
	return done;
}

static ssize_t ring_write(struct file *file, const char __user *buf,
			  size_t size, loff_t *pos)
{
	struct ring *ring = file->private_data;
	size_t done = 0;
	size_t left = 0;
	int err;

	if (!size)
		return 0;
	err = ring_lock_when(ring, file, ring_writable);
	if (err)
		return err;
	if (ring->ended) {
		mutex_unlock(&ring->lock);
		return -EPIPE;
	}

	while (!left && done < size && ring->used < RING_SIZE) {
		size_t tail = (ring->head + ring->used) % RING_SIZE;
		size_t part = min3(size - done, RING_SIZE - ring->used,
				   RING_SIZE - tail);

		left = copy_from_user(ring->data + tail, buf + done, part);
		part -= left;
		WRITE_ONCE(ring->used, ring->used + part);
		done += part;
	}
	mutex_unlock(&ring->lock);

	if (!done)
		return -EFAULT;
	wake_up_interruptible(&ring->wait);
	return done;
}

static long ring_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ring *ring = file->private_data;
	long used;

	switch (cmd) {
	case RING_END:
		mutex_lock(&ring->lock);
		WRITE_ONCE(ring->ended, true);
		mutex_unlock(&ring->lock);
		wake_up_interruptible(&ring->wait);
		return 0;
	case RING_USED:
		mutex_lock(&ring->lock);
		used = ring->used;
		mutex_unlock(&ring->lock);
		return used;
	default:
		return -ENOTTY;
	}
}

static int ring_open(struct inode *inode, struct file *file)
{
	struct ring *ring = kzalloc_obj(*ring);

	if (!ring)
		return -ENOMEM;
	ring->data = kmalloc(RING_SIZE, GFP_KERNEL);
	if (!ring->data) {
		kfree(ring);
		return -ENOMEM;
	}
	init_waitqueue_head(&ring->wait);
	mutex_init(&ring->lock);
	file->private_data = ring;
	return stream_open(inode, file);
}

static int ring_release(struct inode *inode, struct file *file)
{
	struct ring *ring = file->private_data;

	kfree(ring->data);
	kfree(ring);
	return 0;
}

static const struct file_operations ring_fops = {
	.owner = THIS_MODULE,
	.open = ring_open,
	.release = ring_release,
	.read = ring_read,
	.write = ring_write,
	.unlocked_ioctl = ring_ioctl,
};

static struct miscdevice ring_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ring_buffer",
	.fops = &ring_fops,
};
module_misc_device(ring_misc);

MODULE_DESCRIPTION("A ring of bytes");
MODULE_LICENSE("GPL");
