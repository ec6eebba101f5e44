// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/builder: every open file collects parts, and builds one text of them.
 *
 * write          takes a part of 1 to 64 bytes, and returns its length.
 *                EINVAL: another length. ENOSPC: 32 parts are there already.
 *                EFAULT: a bad pointer.
 * BUILDER_BUILD  puts the parts together, in the order in which they came;
 *                that is the text now, and an earlier one gives way. The parts
 *                are used up. Returns the length of the text.
 *                ENODATA: there is no part.
 * read           gives the text from its first byte on, as much as is asked
 *                for, and returns how much; 0: there is no text.
 *
 * Any of them, and open, may answer ENOMEM. A call that fails changes nothing:
 * the parts and the text are what they were, and the call can be made again.
 * Another command: ENOTTY.
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
#define BUILDER_PARTS	32	/* that there may be */
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

static ssize_t builder_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct builder *builder = file->private_data;
	struct part *part;

	if (size < 1 || size > BUILDER_BYTES)
		return -EINVAL;

	guard(mutex)(&builder->lock);
	/* TODO: there may be 32 parts. How does the array grow? */
	if (builder->count == builder->room)
		return -ENOSPC;
	part = &builder->parts[builder->count++];

	/* TODO: this can fail. What was changed already? */
	part->bytes = memdup_user(buf, size);
	part->length = size;
	return size;
}

static long builder_build(struct builder *builder)
{
	/* TODO: put the parts together, in memory that may not be there. */
	return -ENOTTY;
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
	struct builder *builder = kzalloc_obj(*builder);

	if (!builder)
		return -ENOMEM;
	/* TODO: this can fail, too. */
	builder->parts = kmalloc_objs(*builder->parts, BUILDER_ROOM);
	builder->room = BUILDER_ROOM;
	mutex_init(&builder->lock);
	file->private_data = builder;
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
