// SPDX-License-Identifier: GPL-2.0
/*
 * A class of lamps, and one lamp in it.
 */
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/device/class.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

struct lamp {
	struct device dev;
	int number;
};

static DEFINE_IDA(lamp_numbers);

static struct lamp *to_lamp(struct device *dev)
{
	return container_of(dev, struct lamp, dev);
}

static ssize_t number_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", to_lamp(dev)->number);
}
static DEVICE_ATTR_RO(number);

static struct attribute *lamp_attrs[] = {
	&dev_attr_number.attr,
	NULL
};
ATTRIBUTE_GROUPS(lamp);

static void lamp_release(struct device *dev)
{
	struct lamp *lamp = container_of(dev, struct lamp, dev);

	ida_free(&lamp_numbers, lamp->number);
	kfree(lamp);
}

static const struct class lamp_class = {
	.name = "lamp",
	.dev_groups = lamp_groups,
	.dev_release = lamp_release,
};

static struct lamp *lamp_add(void)
{
	struct lamp *lamp __free(kfree) = kzalloc_obj(*lamp);
	struct device *dev;
	int err;

	if (!lamp)
		return ERR_PTR(-ENOMEM);
	lamp->number = ida_alloc(&lamp_numbers, GFP_KERNEL);
	if (lamp->number < 0)
		return ERR_PTR(lamp->number);	/* frees: no device yet */

	dev = &no_free_ptr(lamp)->dev;	/* from here on it is one */
	device_initialize(dev);
	dev->class = &lamp_class;
	err = dev_set_name(dev, "lamp%d", to_lamp(dev)->number);
	if (!err)
		err = device_add(dev);
	if (err) {
		put_device(dev);		/* calls lamp_release() */
		return ERR_PTR(err);
	}
	return to_lamp(dev);
}

static struct lamp *only_lamp;

static int __init lamp_init(void)
{
	int err = class_register(&lamp_class);

	if (err)
		return err;
	only_lamp = lamp_add();
	if (IS_ERR(only_lamp)) {
		class_unregister(&lamp_class);
		return PTR_ERR(only_lamp);
	}
	return 0;
}

static void __exit lamp_exit(void)
{
	device_unregister(&only_lamp->dev);
	class_unregister(&lamp_class);
}

module_init(lamp_init);
module_exit(lamp_exit);

MODULE_DESCRIPTION("A lamp");
MODULE_LICENSE("GPL");
