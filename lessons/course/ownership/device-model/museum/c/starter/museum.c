// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/museum: a file sets up an exhibit, which is a device of its own.
 *
 * MUSEUM_SET_UP  takes a label, 32 bytes of which at least the last is zero,
 *                and sets up an exhibit with it. EBUSY: this file has set up
 *                one already. EFAULT: the pointer leads nowhere. EINVAL: the
 *                first byte is zero, or the last is not. ENOMEM: no memory.
 *                What fails sets nothing up. Returns 0.
 * MUSEUM_NUMBER  returns the number of the exhibit that this file has set up.
 *                ENOENT: it has not.
 * MUSEUM_VISIT   the argument is an exhibit's number: this file visits it from
 *                now on, and none that it may have visited before. Returns 0.
 *                ENOENT: there is no such exhibit; nothing changes.
 * read           gives the whole label of the exhibit that this file visits,
 *                without zero bytes, and returns its length. It does so even
 *                when that exhibit has been taken down. ENOENT: this file
 *                visits none. EINVAL: there is no room for the label.
 * close          takes down the exhibit that this file has set up.
 *
 * Another command: ENOTTY.
 *
 * Exhibit 3 is a device "exhibit3" of the class "museum", without a parent. The
 * attribute "label" in /sys/class/museum/exhibit3 gives the label and a line
 * break, for reading.
 * No two exhibits have the same number at the same time.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/device/class.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#define MUSEUM_LABEL	32

#define MUSEUM_SET_UP	_IOW('u', 1, char[MUSEUM_LABEL])
#define MUSEUM_NUMBER	_IO('u', 2)
#define MUSEUM_VISIT	_IO('u', 3)

struct exhibit {
	struct device dev;
	int number;
	char label[MUSEUM_LABEL];	/* ends with a zero byte */
};

struct visitor {
	struct mutex lock;	/* protects everything below */
	struct exhibit *own;
	struct exhibit *visited;
};

static DEFINE_IDA(numbers);

static struct exhibit *to_exhibit(struct device *dev)
{
	return container_of(dev, struct exhibit, dev);
}

/* TODO: the attribute "label" for each device of the class. */

static const struct class museum_class = {
	.name = "museum",
	/* TODO: who frees an exhibit, and its number? */
};

/* A device with a name, which nobody sees yet. */
static struct exhibit *exhibit_alloc(void)
{
	struct exhibit *exhibit __free(kfree) = kzalloc_obj(*exhibit);
	struct device *dev;
	int err;

	if (!exhibit)
		return ERR_PTR(-ENOMEM);
	exhibit->number = ida_alloc(&numbers, GFP_KERNEL);
	if (exhibit->number < 0)
		return ERR_PTR(exhibit->number);

	dev = &no_free_ptr(exhibit)->dev;
	device_initialize(dev);
	dev->class = &museum_class;
	err = dev_set_name(dev, "exhibit%d", to_exhibit(dev)->number);
	if (err) {
		put_device(dev);
		return ERR_PTR(err);
	}
	return to_exhibit(dev);
}

static long museum_set_up(struct visitor *visitor, const char __user *label)
{
	struct exhibit *exhibit;
	long err = -EFAULT;

	guard(mutex)(&visitor->lock);
	if (visitor->own)
		return -EBUSY;
	exhibit = exhibit_alloc();
	if (IS_ERR(exhibit))
		return PTR_ERR(exhibit);
	if (copy_from_user(exhibit->label, label, MUSEUM_LABEL))
		goto free;
	/* TODO: check the label. */
	err = device_add(&exhibit->dev);
	if (err)
		goto free;
	visitor->own = exhibit;
	return 0;

free:
	/* TODO: is this memory still ours? */
	kfree(exhibit);
	return err;
}

static ssize_t museum_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	/* TODO: give the label of the exhibit that this file visits. */
	return -ENOENT;
}

static long museum_visit(struct visitor *visitor, unsigned long number)
{
	/* TODO: class_find_device_by_name() finds a device. */
	return -ENOENT;
}

static long museum_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct visitor *visitor = file->private_data;

	switch (cmd) {
	case MUSEUM_SET_UP:
		return museum_set_up(visitor, (const char __user *)arg);
	case MUSEUM_NUMBER:
		scoped_guard(mutex, &visitor->lock)
			return visitor->own ? visitor->own->number : -ENOENT;
	case MUSEUM_VISIT:
		return museum_visit(visitor, arg);
	default:
		return -ENOTTY;
	}
}

static int museum_open(struct inode *inode, struct file *file)
{
	struct visitor *visitor = kzalloc_obj(*visitor);

	if (!visitor)
		return -ENOMEM;
	mutex_init(&visitor->lock);
	file->private_data = visitor;
	return 0;
}

static int museum_release(struct inode *inode, struct file *file)
{
	struct visitor *visitor = file->private_data;

	if (visitor->own)
		device_unregister(&visitor->own->dev);
	kfree(visitor);
	return 0;
}

static const struct file_operations museum_fops = {
	.owner = THIS_MODULE,
	.open = museum_open,
	.release = museum_release,
	.read = museum_read,
	.unlocked_ioctl = museum_ioctl,
};

static struct miscdevice museum_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "museum",
	.fops = &museum_fops,
};

static int __init museum_init(void)
{
	int err = class_register(&museum_class);

	if (err)
		return err;
	err = misc_register(&museum_misc);
	if (err)
		class_unregister(&museum_class);
	return err;
}

static void __exit museum_exit(void)
{
	misc_deregister(&museum_misc);
	class_unregister(&museum_class);
}

module_init(museum_init);
module_exit(museum_exit);

MODULE_DESCRIPTION("A museum");
MODULE_LICENSE("GPL");
