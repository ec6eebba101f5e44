// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for pumps, and two devices to try it with: pump.0 and pump.1.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/sprintf.h>

#define PUMP_MAX	1000

#define PUMP_FILL	_IO('p', 1)
#define PUMP_LEVEL	_IO('p', 2)

static unsigned int tank0 = 100;
module_param(tank0, uint, 0444);
MODULE_PARM_DESC(tank0, "litres that the tank of pump.0 holds (1 to 1000)");

static unsigned int tank1 = 100;
module_param(tank1, uint, 0444);
MODULE_PARM_DESC(tank1, "litres that the tank of pump.1 holds (1 to 1000)");

/* One for each bound device, until the last file of it is closed as well. */
struct pump {
	struct kref ref;
	struct miscdevice misc;
	char name[8];		/* misc's */
	unsigned int tank;
	struct mutex lock;	/* protects everything below */
	unsigned int level;
	bool gone;
};

/* Whether pump.0 is bound, which gives pump.1 its power. */
static atomic_t power = ATOMIC_INIT(0);

static void pump_free(struct kref *ref)
{
	kfree(container_of(ref, struct pump, ref));
}

static long pump_fill(struct pump *pump, unsigned long litres)
{
	if (litres > pump->tank - pump->level)
		return -ENOSPC;
	pump->level += litres;
	return pump->level;
}

static long pump_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pump *pump = file->private_data;

	guard(mutex)(&pump->lock);
	if (pump->gone)
		return -ENODEV;

	switch (cmd) {
	case PUMP_FILL:
		return pump_fill(pump, arg);
	case PUMP_LEVEL:
		return pump->level;
	default:
		return -ENOTTY;
	}
}

static int pump_open(struct inode *inode, struct file *file)
{
	struct pump *pump = container_of(file->private_data, struct pump, misc);

	/* misc_deregister() waits for this, so the device is still bound. */
	kref_get(&pump->ref);
	file->private_data = pump;
	return 0;
}

static int pump_release(struct inode *inode, struct file *file)
{
	struct pump *pump = file->private_data;

	kref_put(&pump->ref, pump_free);
	return 0;
}

static const struct file_operations pump_fops = {
	.owner = THIS_MODULE,
	.open = pump_open,
	.release = pump_release,
	.unlocked_ioctl = pump_ioctl,
};

static int pump_probe(struct platform_device *pdev)
{
	unsigned int tank = pdev->id == 0 ? tank0 : tank1;
	struct pump *pump;
	int err;

	if (tank < 1 || tank > PUMP_MAX)
		return -EINVAL;
	pump = kzalloc_obj(*pump);	// FERRULE: here
	if (!pump)
		return -ENOMEM;
	if (pdev->id != 0 && !atomic_read(&power))
		return -EPROBE_DEFER;

	kref_init(&pump->ref);
	mutex_init(&pump->lock);
	pump->tank = tank;
	platform_set_drvdata(pdev, pump);

	snprintf(pump->name, sizeof(pump->name), "pump%d", pdev->id);
	pump->misc.minor = MISC_DYNAMIC_MINOR;
	pump->misc.name = pump->name;
	pump->misc.fops = &pump_fops;
	pump->misc.parent = &pdev->dev;
	err = misc_register(&pump->misc);
	if (err) {
		kref_put(&pump->ref, pump_free);
		return err;
	}

	if (pdev->id == 0)
		atomic_set(&power, 1);
	return 0;
}

static void pump_remove(struct platform_device *pdev)
{
	struct pump *pump = platform_get_drvdata(pdev);

	if (pdev->id == 0)
		atomic_set(&power, 0);
	misc_deregister(&pump->misc);
	scoped_guard(mutex, &pump->lock)
		pump->gone = true;
	kref_put(&pump->ref, pump_free);
}

static struct platform_driver pump_driver = {
	.driver.name = "pump",
	.probe = pump_probe,
	.remove = pump_remove,
};

/* There is no hardware, so the module makes the devices, in no special order. */
static struct platform_device *pump_devices[2];

static int __init pump_init(void)
{
	int err;

	err = platform_driver_register(&pump_driver);
	if (err)
		return err;
	for (int id = 1; id >= 0; id--) {
		struct platform_device *pdev =
			platform_device_register_simple("pump", id, NULL, 0);

		if (IS_ERR(pdev)) {
			err = PTR_ERR(pdev);
			goto unregister;
		}
		pump_devices[id] = pdev;
	}
	return 0;

unregister:
	platform_device_unregister(pump_devices[1]);
	platform_driver_unregister(&pump_driver);
	return err;
}
module_init(pump_init);

static void __exit pump_exit(void)
{
	for (int id = 0; id < 2; id++)
		platform_device_unregister(pump_devices[id]);
	platform_driver_unregister(&pump_driver);
}
module_exit(pump_exit);

MODULE_DESCRIPTION("Fills tanks");
MODULE_LICENSE("GPL");
