// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/museum: a file sets up an exhibit, which is a device of its own.
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

/* Freed by the last put_device(), whoever makes it. */
struct exhibit {
	struct device dev;
	int number;
	char label[MUSEUM_LABEL];	/* ends with a zero byte */
};

struct visitor {
	struct mutex lock;	/* protects everything below */
	struct exhibit *own;
	struct exhibit *visited;	/* a reference of this file */
};

static DEFINE_IDA(numbers);

static struct exhibit *to_exhibit(struct device *dev)
{
	return container_of(dev, struct exhibit, dev);
}

static void exhibit_release(struct device *dev)
{
	struct exhibit *exhibit = to_exhibit(dev);

	ida_free(&numbers, exhibit->number);
	kfree(exhibit);
}

static ssize_t label_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", to_exhibit(dev)->label);
}
static DEVICE_ATTR_RO(label);

static struct attribute *exhibit_attrs[] = {
	&dev_attr_label.attr,
	NULL
};
ATTRIBUTE_GROUPS(exhibit);

static const struct class museum_class = {
	.name = "museum",
	.dev_groups = exhibit_groups,
	.dev_release = exhibit_release,
};

/* A device with a name, which nobody sees yet. Give it up with put_device(). */
static struct exhibit *exhibit_alloc(void)
{
	struct exhibit *exhibit __free(kfree) = kzalloc_obj(*exhibit);	// FERRULE: here
	struct device *dev;
	int err;

	if (!exhibit)
		return ERR_PTR(-ENOMEM);
	exhibit->number = ida_alloc(&numbers, GFP_KERNEL);	// FERRULE: here
	if (exhibit->number < 0)
		return ERR_PTR(exhibit->number);

	/* From here on the memory is the device's: no kfree() any more. */
	dev = &no_free_ptr(exhibit)->dev;
	device_initialize(dev);
	dev->class = &museum_class;
	err = dev_set_name(dev, "exhibit%d", to_exhibit(dev)->number);	// FERRULE: here
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
		goto put;
	err = -EINVAL;
	if (!exhibit->label[0] || exhibit->label[MUSEUM_LABEL - 1])
		goto put;
	err = device_add(&exhibit->dev);	// FERRULE: here
	if (err)
		goto put;
	visitor->own = exhibit;
	return 0;

put:
	put_device(&exhibit->dev);
	return err;
}

static ssize_t museum_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	struct visitor *visitor = file->private_data;
	size_t len;

	guard(mutex)(&visitor->lock);
	if (!visitor->visited)
		return -ENOENT;
	len = strlen(visitor->visited->label);
	if (size < len)
		return -EINVAL;
	if (copy_to_user(buf, visitor->visited->label, len))
		return -EFAULT;
	return len;
}

static long museum_visit(struct visitor *visitor, unsigned long number)
{
	char name[32];
	struct device *dev;

	snprintf(name, sizeof(name), "exhibit%lu", number);
	dev = class_find_device_by_name(&museum_class, name);
	if (!dev)
		return -ENOENT;

	guard(mutex)(&visitor->lock);
	visitor->visited = to_exhibit(dev);
	return 0;
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
	if (visitor->visited)
		put_device(&visitor->visited->dev);
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
