// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/batch: every open file keeps one batch of records.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define BATCH_RECORDS	8
#define BATCH_BYTES	128

struct batch_in {
	__u32 count;
	__u32 lens[BATCH_RECORDS];
	__u8 data[BATCH_BYTES];
};

#define BATCH_PUT	_IOW('b', 1, struct batch_in)

struct batch {
	struct mutex lock;	/* protects all below */
	u32 used;
	u8 *bytes;		/* BATCH_BYTES: the records, each padded to 4 */
};

/* The bytes that the records take when each is padded; more than fits is E2BIG. */
static long batch_size(const struct batch_in *in)
{
	u32 size = 0;

	for (u32 i = 0; i < in->count; i++) {
		if (in->lens[i] > BATCH_BYTES - size)
			return -E2BIG;
		size += in->lens[i];
	}
	return size;
}

static long batch_put(struct batch *batch, void __user *arg)
{
	struct batch_in *in __free(kfree) = memdup_user(arg, sizeof(*in));
	const u8 *from;
	long size;

	if (IS_ERR(in))
		return PTR_ERR(in);
	if (in->count > BATCH_RECORDS)
		return -EINVAL;
	size = batch_size(in);
	if (size < 0)
		return size;

	guard(mutex)(&batch->lock);
	memset(batch->bytes, 0, BATCH_BYTES);
	batch->used = 0;
	from = in->data;
	for (u32 i = 0; i < in->count; i++) {
		memcpy(batch->bytes + batch->used, from, in->lens[i]);	// FERRULE: here
		from += in->lens[i];
		batch->used += ALIGN(in->lens[i], 4);
	}
	return size;
}

static long batch_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != BATCH_PUT)
		return -ENOTTY;
	return batch_put(file->private_data, (void __user *)arg);
}

static ssize_t batch_read(struct file *file, char __user *to, size_t size,
			  loff_t *at)
{
	struct batch *batch = file->private_data;

	guard(mutex)(&batch->lock);
	return simple_read_from_buffer(to, size, at, batch->bytes, batch->used);
}

static int batch_open(struct inode *inode, struct file *file)
{
	struct batch *batch __free(kfree) = kzalloc_obj(*batch);

	if (!batch)
		return -ENOMEM;
	batch->bytes = kzalloc(BATCH_BYTES, GFP_KERNEL);
	if (!batch->bytes)
		return -ENOMEM;
	mutex_init(&batch->lock);
	file->private_data = no_free_ptr(batch);
	return 0;
}

static int batch_release(struct inode *inode, struct file *file)
{
	struct batch *batch = file->private_data;

	kfree(batch->bytes);
	kfree(batch);
	return 0;
}

static const struct file_operations batch_fops = {
	.owner = THIS_MODULE,
	.open = batch_open,
	.release = batch_release,
	.read = batch_read,
	.unlocked_ioctl = batch_ioctl,
};

static struct miscdevice batch_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "batch",
	.fops = &batch_fops,
};
module_misc_device(batch_misc);

MODULE_DESCRIPTION("Records in one go");
MODULE_LICENSE("GPL");
