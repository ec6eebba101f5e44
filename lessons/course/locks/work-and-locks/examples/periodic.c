// SPDX-License-Identifier: GPL-2.0
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define PERIODIC_MAX_MS	1000

#define PERIODIC_START	_IO('p', 1)
#define PERIODIC_STOP	_IO('p', 2)

struct saver {
	struct delayed_work work;
	struct mutex lock;	/* protects everything below */
	unsigned int every;	/* milliseconds; 0: not by itself */
	unsigned int times;
};

static void saver_save(struct work_struct *work)
{
	struct saver *saver = container_of(to_delayed_work(work),
					   struct saver, work);

	guard(mutex)(&saver->lock);
	saver->times++;
	if (saver->every)
		queue_delayed_work(system_dfl_wq, &saver->work,
				   msecs_to_jiffies(saver->every));
}

static void saver_stop(struct saver *saver)
{
	scoped_guard(mutex, &saver->lock)
		saver->every = 0;
	cancel_delayed_work_sync(&saver->work);
}

static void saver_start(struct saver *saver, unsigned int every)
{
	scoped_guard(mutex, &saver->lock) {
		saver->every = every;
		mod_delayed_work(system_dfl_wq, &saver->work,
				 msecs_to_jiffies(every));
	}
}

static long saver_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case PERIODIC_START:
		if (arg < 1 || arg > PERIODIC_MAX_MS)
			return -EINVAL;
		saver_start(file->private_data, arg);
		return 0;
	case PERIODIC_STOP:
		saver_stop(file->private_data);
		return 0;
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

	saver_stop(saver);
	kfree(saver);
	return 0;
}

static const struct file_operations saver_fops = {
	.owner = THIS_MODULE,
	.open = saver_open,
	.release = saver_release,
	.unlocked_ioctl = saver_ioctl,
};

static struct miscdevice saver_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "periodic",
	.fops = &saver_fops,
};
module_misc_device(saver_misc);

MODULE_DESCRIPTION("Starts and stops a work item");
MODULE_LICENSE("GPL");
