// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/saver: every open file has a value, and a work item that saves it.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#define SAVER_MEDIUM_MS	40
#define SAVER_MAX_MS	1000

#define SAVER_EVERY	_IO('v', 1)
#define SAVER_SYNC	_IO('v', 2)

struct saver_saved {
	__u32 value;
	__u32 times;
};

struct saver {
	struct delayed_work work;
	struct mutex lock;	/* protects everything below */
	u32 value;
	unsigned int every;	/* milliseconds; 0: not by itself */
	struct saver_saved saved;
};

static void saver_save(struct work_struct *work)
{
	struct saver *saver = container_of(to_delayed_work(work),
					   struct saver, work);
	u32 value;

	scoped_guard(mutex, &saver->lock)
		value = saver->value;

	msleep(SAVER_MEDIUM_MS);

	guard(mutex)(&saver->lock);
	saver->saved.value = value;
	saver->saved.times++;
	if (saver->every)
		queue_delayed_work(system_dfl_wq, &saver->work,
				   msecs_to_jiffies(saver->every));
}

static ssize_t saver_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct saver *saver = file->private_data;
	u32 value;

	if (size != sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, buf, sizeof(value)))
		return -EFAULT;

	guard(mutex)(&saver->lock);
	saver->value = value;
	return sizeof(value);
}

static ssize_t saver_read(struct file *file, char __user *buf,
			  size_t size, loff_t *pos)
{
	struct saver *saver = file->private_data;
	struct saver_saved saved;

	if (size < sizeof(saved))
		return -EINVAL;

	scoped_guard(mutex, &saver->lock)
		saved = saver->saved;

	if (copy_to_user(buf, &saved, sizeof(saved)))
		return -EFAULT;
	return sizeof(saved);
}

static long saver_every(struct saver *saver, unsigned long every)
{
	if (every > SAVER_MAX_MS)
		return -EINVAL;

	scoped_guard(mutex, &saver->lock) {
		saver->every = every;
		if (every)
			mod_delayed_work(system_dfl_wq, &saver->work,
					 msecs_to_jiffies(every));
	}

	/* The work takes the lock: wait for it without. */
	if (!every)
		cancel_delayed_work_sync(&saver->work);
	return 0;
}

static long saver_sync(struct saver *saver)
{
	mod_delayed_work(system_dfl_wq, &saver->work, 0);
	flush_delayed_work(&saver->work);
	return 0;
}

static long saver_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct saver *saver = file->private_data;

	switch (cmd) {
	case SAVER_EVERY:
		return saver_every(saver, arg);
	case SAVER_SYNC:
		return saver_sync(saver);
	default:
		return -ENOTTY;
	}
}

static int saver_open(struct inode *inode, struct file *file)
{
	struct saver *saver = kzalloc_obj(*saver);

	if (!saver)
		return -ENOMEM;
	mutex_init(&saver->lock);
	INIT_DELAYED_WORK(&saver->work, saver_save);
	file->private_data = saver;
	return 0;
}

static int saver_release(struct inode *inode, struct file *file)
{
	struct saver *saver = file->private_data;

	flush_delayed_work(&saver->work);
	kfree(saver);	// FERRULE: here
	return 0;
}

static const struct file_operations saver_fops = {
	.owner = THIS_MODULE,
	.open = saver_open,
	.release = saver_release,
	.read = saver_read,
	.write = saver_write,
	.unlocked_ioctl = saver_ioctl,
};

static struct miscdevice saver_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "saver",
	.fops = &saver_fops,
};
module_misc_device(saver_misc);

MODULE_DESCRIPTION("Saves values later");
MODULE_LICENSE("GPL");
