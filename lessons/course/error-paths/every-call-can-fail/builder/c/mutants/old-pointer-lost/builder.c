// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/builder: every open file collects parts, and builds one text of them.
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

#define BUILDER_ROOM	4	/* parts that a new file has room for */
#define BUILDER_PARTS	32
#define BUILDER_BYTES	64

#define BUILDER_BUILD	_IO('b', 1)

struct part {
	size_t length;
	char *bytes;
};

struct builder {
	struct mutex lock;	/* protects everything below */
	size_t count;
	size_t room;
	struct part *parts;	/* room for so many, count of them in use */
	size_t length;
	char *text;		/* what was built last, or NULL */
};

static int builder_grow(struct builder *builder)
{
	size_t room = builder->room * 2;

	builder->parts = krealloc_array(builder->parts, room,
					sizeof(*builder->parts),
					GFP_KERNEL | __GFP_ZERO);
	if (!builder->parts)
		return -ENOMEM;
	builder->room = room;
	return 0;
}

static ssize_t builder_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct builder *builder = file->private_data;
	struct part *part;

	if (size < 1 || size > BUILDER_BYTES)
		return -EINVAL;

	char *bytes __free(kfree) = memdup_user(buf, size);	// FERRULE: here

	if (IS_ERR(bytes))
		return PTR_ERR(bytes);

	guard(mutex)(&builder->lock);
	if (builder->count == BUILDER_PARTS)
		return -ENOSPC;
	if (builder->count == builder->room) {
		int err = builder_grow(builder);

		if (err)
			return err;
	}

	part = &builder->parts[builder->count];
	part->bytes = no_free_ptr(bytes);
	part->length = size;
	builder->count++;
	return size;
}

static long builder_build(struct builder *builder)
{
	size_t length = 0;
	char *text, *end;

	guard(mutex)(&builder->lock);
	if (!builder->count)
		return -ENODATA;

	for (size_t i = 0; i < builder->count; i++)
		length += builder->parts[i].length;
	text = kmalloc(length, GFP_KERNEL);
	if (!text)
		return -ENOMEM;

	end = text;
	for (size_t i = 0; i < builder->count; i++) {
		struct part *part = &builder->parts[i];

		memcpy(end, part->bytes, part->length);
		end += part->length;
		kfree(part->bytes);
	}
	builder->count = 0;

	kfree(builder->text);
	builder->text = text;
	builder->length = length;
	return length;
}

static ssize_t builder_read(struct file *file, char __user *buf,
			    size_t size, loff_t *pos)
{
	struct builder *builder = file->private_data;

	guard(mutex)(&builder->lock);
	size = min(size, builder->length);
	if (copy_to_user(buf, builder->text, size))
		return -EFAULT;
	return size;
}

static long builder_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct builder *builder = file->private_data;

	switch (cmd) {
	case BUILDER_BUILD:
		return builder_build(builder);
	default:
		return -ENOTTY;
	}
}

static int builder_open(struct inode *inode, struct file *file)
{
	struct builder *builder __free(kfree) = kzalloc_obj(*builder);

	if (!builder)
		return -ENOMEM;
	builder->parts = kmalloc_objs(*builder->parts, BUILDER_ROOM);	// FERRULE: here
	if (!builder->parts)
		return -ENOMEM;
	builder->room = BUILDER_ROOM;
	mutex_init(&builder->lock);
	file->private_data = no_free_ptr(builder);
	return 0;
}

static int builder_release(struct inode *inode, struct file *file)
{
	struct builder *builder = file->private_data;

	for (size_t i = 0; i < builder->count; i++)
		kfree(builder->parts[i].bytes);
	kfree(builder->parts);
	kfree(builder->text);
	kfree(builder);
	return 0;
}

static const struct file_operations builder_fops = {
	.owner = THIS_MODULE,
	.open = builder_open,
	.release = builder_release,
	.read = builder_read,
	.write = builder_write,
	.unlocked_ioctl = builder_ioctl,
};

static struct miscdevice builder_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "builder",
	.fops = &builder_fops,
};
module_misc_device(builder_misc);

MODULE_DESCRIPTION("Builds a text of parts");
MODULE_LICENSE("GPL");
