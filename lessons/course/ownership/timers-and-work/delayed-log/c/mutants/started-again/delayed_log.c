// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/delayed-log: every open file is a log whose lines are stored later.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#define LOG_LINES	8
#define LOG_WIDTH	32

#define LOG_DELAY_MS	300
#define LOG_STORE_MS	60

struct line {
	size_t len;
	char text[LOG_WIDTH];
};

struct log {
	struct timer_list timer;
	struct work_struct work;
	struct mutex lock;	/* protects everything below */
	unsigned int stored;	/* so many of the lines can be read */
	unsigned int count;
	struct line lines[LOG_LINES];
};

/* Stores the next line, for which the timer asked. */
static void log_store(struct work_struct *work)
{
	struct log *log = container_of(work, struct log, work);

	msleep(LOG_STORE_MS);	/* in place of a slow medium */

	guard(mutex)(&log->lock);
	log->stored++;
	if (log->stored < log->count)
		mod_timer(&log->timer, jiffies + msecs_to_jiffies(LOG_DELAY_MS));
}

/* A timer must not sleep, and storing does: that is left to the work. */
static void log_tick(struct timer_list *timer)
{
	struct log *log = timer_container_of(log, timer, timer);

	schedule_work(&log->work);
}

static ssize_t log_write(struct file *file, const char __user *buf,
			 size_t size, loff_t *pos)
{
	struct log *log = file->private_data;
	struct line line = { .len = size };

	if (size < 1 || size > LOG_WIDTH)
		return -EINVAL;
	if (copy_from_user(line.text, buf, size))
		return -EFAULT;

	guard(mutex)(&log->lock);
	if (log->count == LOG_LINES)
		return -ENOSPC;
	log->lines[log->count++] = line;
	if (log->count - log->stored == 1)
		mod_timer(&log->timer, jiffies + msecs_to_jiffies(LOG_DELAY_MS));
	return size;
}

static ssize_t log_read(struct file *file, char __user *buf,
			size_t size, loff_t *pos)
{
	struct log *log = file->private_data;
	struct line *line = &log->lines[0];
	size_t len;

	guard(mutex)(&log->lock);
	if (!log->stored)
		return -EAGAIN;
	len = line->len;
	if (size < len)
		return -EINVAL;
	if (copy_to_user(buf, line->text, len))
		return -EFAULT;
	log->stored--;
	log->count--;
	memmove(line, line + 1, log->count * sizeof(*line));
	return len;
}

static int log_open(struct inode *inode, struct file *file)
{
	struct log *log = kzalloc_obj(*log);

	if (!log)
		return -ENOMEM;
	timer_setup(&log->timer, log_tick, 0);
	INIT_WORK(&log->work, log_store);
	mutex_init(&log->lock);
	file->private_data = log;
	return 0;
}

static int log_release(struct inode *inode, struct file *file)
{
	struct log *log = file->private_data;

	timer_delete_sync(&log->timer);
	cancel_work_sync(&log->work);
	kfree(log);	// FERRULE: here
	return 0;
}

static const struct file_operations log_fops = {
	.owner = THIS_MODULE,
	.open = log_open,
	.release = log_release,
	.read = log_read,
	.write = log_write,
};

static struct miscdevice log_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "delayed-log",
	.fops = &log_fops,
};
module_misc_device(log_misc);

MODULE_DESCRIPTION("A log that is written later");
MODULE_LICENSE("GPL");
