// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/frame-pool: every open file keeps messages in frames out of a pool.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
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
	struct frames *frames = data;
	struct frame *frame = kzalloc_obj(*frame, gfp);

	if (frame)
		atomic_inc(&frames->count);
	return frame;
}

static void frame_free(void *element, void *data)
{
	struct frames *frames = data;

	kfree(element);
	atomic_dec(&frames->count);	// FERRULE: here
}

static mempool_t *frames_pool(struct frames *frames, unsigned long n)
{
	return mempool_create(n, frame_alloc, frame_free, frames);
}

/* Empties the queue into the pool, and destroys both. */
static void frames_drop(struct list_head *queue, mempool_t *pool)
{
	struct frame *frame, *next;

	list_for_each_entry_safe(frame, next, queue, list) {
		list_del(&frame->list);
		mempool_free(frame, pool);
	}
	mempool_destroy(pool);
}

static long frames_put(struct frames *frames, void __user *arg)
{
	struct frame *frame;
	long ret;

	guard(mutex)(&frames->lock);
	frame = mempool_alloc_preallocated(frames->pool);
	if (!frame)
		return -EAGAIN;
	if (copy_from_user(&frame->message, arg, sizeof(frame->message))) {
		ret = -EFAULT;
		goto give_back;
	}
	if (!frame->message.len || frame->message.len > FRAMES_BYTES) {
		ret = -EINVAL;
		goto give_back;
	}
	list_add_tail(&frame->list, &frames->queue);
	return 0;

give_back:
	mempool_free(frame, frames->pool);
	return ret;
}

static long frames_make(struct frames *frames, unsigned long n)
{
	LIST_HEAD(queue);
	struct frame *old, *frame;
	mempool_t *pool;

	if (n < 1 || n > FRAMES_MAX)
		return -EINVAL;

	guard(mutex)(&frames->lock);
	if (list_count_nodes(&frames->queue) > n)
		return -EBUSY;
	pool = frames_pool(frames, n);
	if (!pool)
		return -ENOMEM;
	list_for_each_entry(old, &frames->queue, list) {
		/* Never NULL: there are not more messages than frames. */
		frame = mempool_alloc_preallocated(pool);
		frame->message = old->message;
		list_add_tail(&frame->list, &queue);
	}
	frames_drop(&frames->queue, frames->pool);
	list_splice(&queue, &frames->queue);
	frames->pool = pool;
	return 0;
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
	mempool_free(frame, frames->pool);
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
	if (!frames->pool)
		return -ENOMEM;
	file->private_data = no_free_ptr(frames);
	return 0;
}

static int frames_release(struct inode *inode, struct file *file)
{
	struct frames *frames = file->private_data;

	mempool_t *pool = frames->pool;
	struct frame *frame, *next;

	list_for_each_entry_safe(frame, next, &frames->queue, list)
		mempool_free(frame, pool);
	kfree(frames);
	mempool_destroy(pool);
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
