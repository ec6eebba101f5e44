// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/frame-pool: every open file keeps messages, first in, first out. Each
 * waits in a frame, and a file has only so many frames: 4 to begin with. They
 * belong to a pool of the kernel's, <linux/mempool.h>, which makes and frees
 * frames by calling back.
 *
 * FRAMES_PUT    takes a message of 1 to 64 bytes, which waits in a frame.
 *               EFAULT: the pointer leads nowhere. EINVAL: another length.
 *               EAGAIN: no frame is free.
 * read          gives the first message and its length; its frame is free.
 *               EAGAIN: no message waits. EINVAL: the message has more bytes
 *               than the program has room for; it stays.
 * FRAMES_MAKE   the argument itself is a number, 1 to 8: the file has so many
 *               frames from now on, in a new pool. What waits still waits, in
 *               its order. EINVAL: another number. EBUSY: more messages wait.
 *               ENOMEM: no memory.
 * FRAMES_COUNT  returns how many frames exist, full or free. The callbacks
 *               count them.
 *
 * PUT and MAKE return 0. A call that is refused changes nothing. Opening may
 * fail with ENOMEM. Another command: ENOTTY.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define FRAMES_MAX	8
#define FRAMES_FIRST	4
#define FRAMES_BYTES	64

struct frames_message {
	__u32 len;
	__u8 data[FRAMES_BYTES];
};

#define FRAMES_PUT	_IOW('f', 1, struct frames_message)
#define FRAMES_MAKE	_IO('f', 2)
#define FRAMES_COUNT	_IO('f', 3)

struct frame {
	struct list_head list;
	struct frames_message message;
};

struct frames {
	struct mutex lock;		/* protects pool and queue */
	mempool_t *pool;
	struct list_head queue;		/* frames that hold a message */
	atomic_t count;			/* frames that exist */
};

static void *frame_alloc(gfp_t gfp, void *data)
{
	struct frame *frame = kzalloc_obj(*frame, gfp);

	/* TODO: data is what the pool was made with. Count the frame there. */
	return frame;
}

static void frame_free(void *element, void *data)
{
	kfree(element);
}

static mempool_t *frames_pool(struct frames *frames, unsigned long n)
{
	return mempool_create(n, frame_alloc, frame_free, frames);
}

static long frames_put(struct frames *frames, void __user *arg)
{
	struct frame *frame;

	guard(mutex)(&frames->lock);
	frame = mempool_alloc_preallocated(frames->pool);
	if (!frame)
		return -EAGAIN;
	/* TODO: whose is the frame when the message is refused? */
	if (copy_from_user(&frame->message, arg, sizeof(frame->message)))
		return -EFAULT;
	if (!frame->message.len || frame->message.len > FRAMES_BYTES)
		return -EINVAL;
	list_add_tail(&frame->list, &frames->queue);
	return 0;
}

static long frames_make(struct frames *frames, unsigned long n)
{
	/* TODO: a new pool, and a frame of it for each message that waits. */
	return -ENOTTY;
}

static long frames_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct frames *frames = file->private_data;

	switch (cmd) {
	case FRAMES_PUT:
		return frames_put(frames, (void __user *)arg);
	case FRAMES_MAKE:
		return frames_make(frames, arg);
	case FRAMES_COUNT: {
		guard(mutex)(&frames->lock);
		return atomic_read(&frames->count);
	}
	default:
		return -ENOTTY;
	}
}

static ssize_t frames_read(struct file *file, char __user *buf, size_t size,
			   loff_t *pos)
{
	struct frames *frames = file->private_data;
	struct frame *frame;
	u32 len;

	guard(mutex)(&frames->lock);
	frame = list_first_entry_or_null(&frames->queue, struct frame, list);
	if (!frame)
		return -EAGAIN;
	len = frame->message.len;
	if (size < len)
		return -EINVAL;
	if (copy_to_user(buf, frame->message.data, len))
		return -EFAULT;
	list_del(&frame->list);
	/* TODO: whose is the frame now? */
	return len;
}

static int frames_open(struct inode *inode, struct file *file)
{
	struct frames *frames __free(kfree) = kzalloc_obj(*frames);

	if (!frames)
		return -ENOMEM;
	mutex_init(&frames->lock);
	INIT_LIST_HEAD(&frames->queue);
	frames->pool = frames_pool(frames, FRAMES_FIRST);
	if (IS_ERR(frames->pool))	/* TODO: how does this call say no? */
		return PTR_ERR(frames->pool);
	file->private_data = no_free_ptr(frames);
	return 0;
}

static int frames_release(struct inode *inode, struct file *file)
{
	struct frames *frames = file->private_data;

	/* TODO: what is left, and in which order does it go? */
	kfree(frames);
	return 0;
}

static const struct file_operations frames_fops = {
	.owner = THIS_MODULE,
	.open = frames_open,
	.release = frames_release,
	.read = frames_read,
	.unlocked_ioctl = frames_ioctl,
};

static struct miscdevice frames_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "frame-pool",
	.fops = &frames_fops,
};
module_misc_device(frames_misc);

MODULE_DESCRIPTION("Messages in frames from a pool");
MODULE_LICENSE("GPL");
