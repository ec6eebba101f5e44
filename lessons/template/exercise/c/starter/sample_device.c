// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sample-device: every open file keeps one text of up to 64 bytes.
 *
 * TODO: This comment is the learner's whole specification: what each call
 * answers, limits and error codes. What is not written here is not tested.
 *
 * write takes a text in place of the one that is there, and returns its
 *       length. EMSGSIZE: more than 64 bytes. EFAULT: the pointer leads
 *       nowhere. ENOMEM: no memory. What is refused changes nothing.
 * read  gives the text, from the file's position on; 0 at its end.
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

	/* TODO: how long may a text be? */
	text = memdup_user(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);

	guard(mutex)(&device->lock);
	/* TODO: what if there is a text already? */
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
