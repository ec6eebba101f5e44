// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct parcel_in {
	u32 length;
	u8 bytes[256];
};

#define PARCEL_PUT _IOW('l', 1, struct parcel_in)
#define PARCEL_MAX 32

struct parcel {
	struct mutex lock;
	u32 length;
	u8 *bytes;
};

static int parcel_open(struct inode *inode, struct file *file)
{
	struct parcel *parcel = kzalloc_obj(*parcel);

	if (!parcel)
		return -ENOMEM;
	parcel->bytes = kmalloc(PARCEL_MAX, GFP_KERNEL);
	if (!parcel->bytes) {
		kfree(parcel);
		return -ENOMEM;
	}
	mutex_init(&parcel->lock);
	file->private_data = parcel;
	return stream_open(inode, file);
}

static long parcel_put(struct parcel *parcel, const struct parcel_in __user *from)
{
	struct parcel_in *in;
	u32 length;
	long result;

	if (get_user(length, &from->length))
		return -EFAULT;
	if (length > PARCEL_MAX)
		return -EINVAL;
	in = memdup_user(from, offsetof(struct parcel_in, bytes) + sizeof(in->bytes));
	if (IS_ERR(in))
		return PTR_ERR(in);
	mutex_lock(&parcel->lock);
	memcpy(parcel->bytes, in->bytes, in->length); // FERRULE: here
	parcel->length = in->length;
	result = in->length;
	kfree(in);
	mutex_unlock(&parcel->lock);
	return result;
}

static long parcel_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	if (cmd != PARCEL_PUT)
		return -ENOTTY;
	return parcel_put(file->private_data, (const struct parcel_in __user *)argument);
}

static ssize_t parcel_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct parcel *parcel = file->private_data;

	mutex_lock(&parcel->lock);
	size = min_t(size_t, size, parcel->length);
	if (copy_to_user(to, parcel->bytes, size))
		size = -EFAULT;
	mutex_unlock(&parcel->lock);
	return size;
}

static int parcel_release(struct inode *inode, struct file *file)
{
	struct parcel *parcel = file->private_data;

	kfree(parcel->bytes);
	kfree(parcel);
	return 0;
}

static const struct file_operations parcel_fops = {
	.owner = THIS_MODULE,
	.open = parcel_open,
	.read = parcel_read,
	.unlocked_ioctl = parcel_ioctl,
	.release = parcel_release,
};

static struct miscdevice parcel_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "parcel",
	.fops = &parcel_fops,
};

module_misc_device(parcel_device);

MODULE_DESCRIPTION("bytes with a length in front");
MODULE_LICENSE("GPL");
