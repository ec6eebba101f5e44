// SPDX-License-Identifier: GPL-2.0
/*
 * A platform driver for a heater: /dev/heater sets how strongly it heats.
 *
 * The platform device "heater", which this module makes itself, stands for the
 * hardware. The driver is bound to it when it is loaded, and may be unbound and
 * bound again at any time (/sys/bus/platform/drivers/heater/unbind and bind).
 * There is a /dev/heater while it is bound.
 *
 * write  takes a u32, 0 to 100: how strongly to heat. Returns 4.
 *        EINVAL: another size than four bytes, or more than 100.
 * read   gives the level that was written last, as a u32. Returns 4.
 *        EINVAL: there is no room for four bytes.
 *
 * Both   EFAULT: the pointer leads nowhere. ENODEV: the device was unbound
 *        after this file had been opened, even if it is bound again by now.
 *
 * The heater has power while the driver is bound, and at no other time: not
 * after it was unbound, not when probe has failed. It is cold when it is bound.
 * If the heater does not pass its self-test (the module's parameter "broken"
 * sees to that), probe fails with EIO, as often as it is tried.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
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

static void __maybe_unused hw_power_off(void)
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

struct heater {
	struct miscdevice misc;
	struct mutex lock;	/* one at a time may change the level */
};

static int heater_open(struct inode *inode, struct file *file)
{
	struct heater *heater = container_of(file->private_data,
					     struct heater, misc);

	/* TODO: how long does the file need the heater, and who knows that? */
	file->private_data = heater;
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

	/* TODO: is the level too high? Is the heater still this driver's? */

	guard(mutex)(&heater->lock);
	hw_heat(level);
	return size;
}

static ssize_t heater_read(struct file *file, char __user *buf,
			   size_t size, loff_t *pos)
{
	/* TODO: give the level. */
	return -EIO;
}

static const struct file_operations heater_fops = {
	.owner = THIS_MODULE,
	.open = heater_open,
	.read = heater_read,
	.write = heater_write,
};

static int heater_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct heater *heater;
	int err;

	heater = devm_kzalloc(dev, sizeof(*heater), GFP_KERNEL);
	if (!heater)
		return -ENOMEM;
	mutex_init(&heater->lock);
	platform_set_drvdata(pdev, heater);

	err = hw_power_on();
	if (err)
		return err;
	/* TODO: who switches it off again, on every way out from here? */
	err = hw_self_test();
	if (err)
		return err;

	heater->misc.minor = MISC_DYNAMIC_MINOR;
	heater->misc.fops = &heater_fops;
	heater->misc.parent = dev;
	heater->misc.name = devm_kstrdup(dev, dev_name(dev), GFP_KERNEL);
	if (!heater->misc.name)
		return -ENOMEM;
	return misc_register(&heater->misc);
}

static void heater_remove(struct platform_device *pdev)
{
	struct heater *heater = platform_get_drvdata(pdev);

	misc_deregister(&heater->misc);
}

static struct platform_driver heater_driver = {
	.probe = heater_probe,
	.remove = heater_remove,
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
