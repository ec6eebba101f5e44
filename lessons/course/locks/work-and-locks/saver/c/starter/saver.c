// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/saver: every open file has a value, and a work item that saves it. To save
 * means to note it down on a slow medium, which takes 40 ms.
 *
 * write  sets the value, a number of exactly 4 bytes; returns 4.
 *        EINVAL: another size.
 * read   gives 8 bytes and returns 8: the value that was saved last, and how
 *        often it was saved; both are 0 at first.
 *        EINVAL: room for less than 8 bytes.
 * SAVER_EVERY  the argument is a number of milliseconds, 1 to 1000: from now on
 *        the value is saved again and again, with so long a pause in between.
 *        0: no more; nothing is saved by itself once this has returned.
 *        Returns 0. EINVAL: more than 1000.
 * SAVER_SYNC   saves now: returns 0 when what was written before is saved.
 *
 * A new file has the value 0 and is not saved by itself. Closing it ends the
 * saving. A bad pointer: EFAULT. No memory: ENOMEM. Another command: ENOTTY.
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
	/* TODO: once more, after a pause, if the program wants that. */
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

	/* TODO: what does the work need that this function has, while it waits? */
	guard(mutex)(&saver->lock);
	saver->every = every;
	if (every)
		mod_delayed_work(system_dfl_wq, &saver->work,
				 msecs_to_jiffies(every));
	else
		cancel_delayed_work_sync(&saver->work);
	return 0;
}

static long saver_sync(struct saver *saver)
{
	/* TODO: save now, and wait until it is done. */
	return -ENOTTY;
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

	/* TODO: may the work still be queued, or running, here? */
	kfree(saver);
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
