// SPDX-License-Identifier: GPL-2.0
/*
 * A platform driver for a heater: /dev/heater sets how strongly it heats.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define HEATER_MAX	100

static bool broken;
module_param(broken, bool, 0444);
MODULE_PARM_DESC(broken, "The heater does not pass its self-test");

/* The hardware: in a real driver a regulator and a register. */
static atomic_t hw_on;
static atomic_t hw_level;

static int hw_power_on(void)
{
	return atomic_cmpxchg(&hw_on, 0, 1) ? -EBUSY : 0;
}

static void hw_power_off(void)
{
	atomic_set(&hw_level, 0);
	atomic_set(&hw_on, 0);
	msleep(20);	/* until it has discharged */
}

static int hw_self_test(void)
{
	return broken ? -EIO : 0;
}

static void hw_heat(u32 level)
{
	WARN_ON(!atomic_read(&hw_on));	/* a register without power */
	atomic_set(&hw_level, level);
}

/* The device has one reference while it is bound, and each open file one. */
struct heater {
	struct kref ref;
	struct miscdevice misc;
	struct mutex lock;	/* protects gone */
	bool gone;		/* the device is not ours any more */
};

static void heater_free(struct kref *ref)
{
	struct heater *heater = container_of(ref, struct heater, ref);

	kfree(heater->misc.name);	// FERRULE: here
	kfree(heater);
}

static int heater_open(struct inode *inode, struct file *file)
{
	struct heater *heater = container_of(file->private_data,
					     struct heater, misc);

	kref_get(&heater->ref);
	file->private_data = heater;
	return 0;
}

static int heater_release(struct inode *inode, struct file *file)
{
	struct heater *heater = file->private_data;

	kref_put(&heater->ref, heater_free);
	return 0;
}

static ssize_t heater_write(struct file *file, const char __user *buf,
			    size_t size, loff_t *pos)
{
	struct heater *heater = file->private_data;
	u32 level;

	if (size != sizeof(level))
		return -EINVAL;
	if (copy_from_user(&level, buf, sizeof(level)))
		return -EFAULT;
	if (level > HEATER_MAX)
		return -EINVAL;

	guard(mutex)(&heater->lock);
	if (heater->gone)
		return -ENODEV;
	hw_heat(level);
	return size;
}

static ssize_t heater_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	struct heater *heater = file->private_data;
	u32 level;

	if (size < sizeof(level))
		return -EINVAL;
	scoped_guard(mutex, &heater->lock) {
		if (heater->gone)
			return -ENODEV;
		level = atomic_read(&hw_level);
	}
	if (copy_to_user(buf, &level, sizeof(level)))
		return -EFAULT;
	return sizeof(level);
}

static const struct file_operations heater_fops = {
	.owner = THIS_MODULE,
	.open = heater_open,
	.release = heater_release,
	.read = heater_read,
	.write = heater_write,
};

static void heater_put(void *data)
{
	struct heater *heater = data;

	kref_put(&heater->ref, heater_free);
}

static void heater_off(void *data)
{
	hw_power_off();
}

static void heater_retire(void *data)
{
	struct heater *heater = data;

	misc_deregister(&heater->misc);
	guard(mutex)(&heater->lock);
	heater->gone = true;
}

/* What is acquired first is released last: the file, the power, the memory. */
static int heater_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct heater *heater;
	int err;

	/* Not devm_kzalloc(): a file may stay open when the device has gone. */
	heater = kzalloc_obj(*heater);
	if (!heater)
		return -ENOMEM;
	kref_init(&heater->ref);
	mutex_init(&heater->lock);
	err = devm_add_action_or_reset(dev, heater_put, heater);
	if (err)
		return err;

	err = hw_power_on();
	if (err)
		return err;
	err = devm_add_action_or_reset(dev, heater_off, NULL);
	if (err)
		return err;
	err = hw_self_test();
	if (err)
		return err;

	heater->misc.minor = MISC_DYNAMIC_MINOR;
	heater->misc.fops = &heater_fops;
	heater->misc.parent = dev;
	heater->misc.name = devm_kstrdup(dev, dev_name(dev), GFP_KERNEL);
	if (!heater->misc.name)
		return -ENOMEM;
	err = misc_register(&heater->misc);
	if (err)
		return err;
	return devm_add_action_or_reset(dev, heater_retire, heater);
}

static struct platform_driver heater_driver = {
	.probe = heater_probe,
	.driver = { .name = "heater" },
};

static struct platform_device *heater_device;

static int __init heater_init(void)
{
	int err = platform_driver_register(&heater_driver);

	if (err)
		return err;
	heater_device = platform_device_register_simple("heater",
							PLATFORM_DEVID_NONE,
							NULL, 0);
	if (IS_ERR(heater_device)) {
		platform_driver_unregister(&heater_driver);
		return PTR_ERR(heater_device);
	}
	return 0;
}

static void __exit heater_exit(void)
{
	platform_device_unregister(heater_device);
	platform_driver_unregister(&heater_driver);
}

module_init(heater_init);
module_exit(heater_exit);

MODULE_DESCRIPTION("A heater");
MODULE_LICENSE("GPL");
