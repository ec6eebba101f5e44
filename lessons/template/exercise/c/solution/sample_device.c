// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sample-device: every open file keeps one text.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define SAMPLE_DEVICE_MAX	64

struct sample_device {
	struct mutex lock;	/* protects text and len */
	char *text;
	size_t len;
};

static ssize_t device_write(struct file *file, const char __user *buf,
			    size_t len, loff_t *pos)
{
	struct sample_device *device = file->private_data;
	char *text;

	if (len > SAMPLE_DEVICE_MAX)
		return -EMSGSIZE;
	text = memdup_user(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);

	guard(mutex)(&device->lock);
	kfree(device->text);
	device->text = text;
	device->len = len;
	return len;
}

static ssize_t device_read(struct file *file, char __user *buf, size_t len,
			   loff_t *pos)
{
	struct sample_device *device = file->private_data;

	guard(mutex)(&device->lock);
	return simple_read_from_buffer(buf, len, pos, device->text,
				       device->len);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct sample_device *device = kzalloc_obj(*device);

	if (!device)
		return -ENOMEM;
	mutex_init(&device->lock);
	file->private_data = device;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct sample_device *device = file->private_data;

	kfree(device->text);
	kfree(device);
	return 0;
}

static const struct file_operations sample_device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.write = device_write,
};

static struct miscdevice sample_device_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sample-device",
	.fops = &sample_device_fops,
};
module_misc_device(sample_device_misc);

MODULE_DESCRIPTION("Keeps a text");
MODULE_LICENSE("GPL");
