// SPDX-License-Identifier: GPL-2.0
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

struct fifo_dev {
	struct mutex lock;	/* protects fifo */
	DECLARE_KFIFO(fifo, u8, 64);
};

/* With the lock held. */
static ssize_t fifo_take(struct fifo_dev *dev, char __user *buf, size_t size)
{
	unsigned int copied;
	int err = kfifo_to_user(&dev->fifo, buf, size, &copied);

	if (!copied)
		return err;
	return copied;			/* err would lose bytes */
}

static ssize_t fifo_read(struct file *file, char __user *buf, size_t size,
			 loff_t *pos)
{
	struct fifo_dev *dev = file->private_data;

	guard(mutex)(&dev->lock);
	return fifo_take(dev, buf, size);
}

static int fifo_open(struct inode *inode, struct file *file)
{
	struct fifo_dev *dev = kzalloc_obj(*dev);

	if (!dev)
		return -ENOMEM;
	mutex_init(&dev->lock);
	INIT_KFIFO(dev->fifo);
	file->private_data = dev;
	return stream_open(inode, file);
}

static int fifo_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations fifo_fops = {
	.owner = THIS_MODULE,
	.open = fifo_open,
	.release = fifo_release,
	.read = fifo_read,
};

static struct miscdevice fifo_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fifo",
	.fops = &fifo_fops,
};
module_misc_device(fifo_misc);

MODULE_DESCRIPTION("Reads from a kfifo");
MODULE_LICENSE("GPL");
