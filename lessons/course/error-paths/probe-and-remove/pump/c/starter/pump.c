// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for pumps, and two devices to try it with: pump.0 and pump.1. The
 * module makes them when it is loaded, in no special order, and takes them away
 * when it is unloaded; this part is finished. The parameters tank0 and tank1 say
 * how many litres their tanks hold.
 *
 * probe fails, leaves nothing behind, and has no device in /dev:
 *  - with EINVAL, when the tank holds less than 1 litre, or more than 1000;
 *  - of pump.1, with EPROBE_DEFER, when pump.0 is not bound, which gives it its
 *    power. (It is looked at in probe only: pump.1 stays bound when pump.0
 *    goes.)
 *  - with the error of what failed.
 *
 * A device that is bound is /dev/pump0 or /dev/pump1. Its tank is empty when it
 * is bound.
 *
 * PUMP_FILL   puts as many litres into the tank as the argument says, and
 *             returns how many are in it then. ENOSPC: it does not hold so many;
 *             nothing is put into it.
 * PUMP_LEVEL  returns how many litres are in it.
 *
 * Another command: ENOTTY. A file may stay open when its device is unbound. From
 * then on every command on it fails with ENODEV, also when the device has been
 * bound again.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sprintf.h>

#define PUMP_FILL	_IO('p', 1)
#define PUMP_LEVEL	_IO('p', 2)

static unsigned int tank0 = 100;
module_param(tank0, uint, 0444);
MODULE_PARM_DESC(tank0, "litres that the tank of pump.0 holds (1 to 1000)");

static unsigned int tank1 = 100;
module_param(tank1, uint, 0444);
MODULE_PARM_DESC(tank1, "litres that the tank of pump.1 holds (1 to 1000)");

/* TODO: how long does it have to be there, and who knows when it can go? */
struct pump {
	struct miscdevice misc;
	char name[8];		/* misc's */
	unsigned int tank;
	struct mutex lock;	/* protects everything below */
	unsigned int level;
};

/* Whether pump.0 is bound, which gives pump.1 its power. */
static atomic_t power = ATOMIC_INIT(0);

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

	/* TODO: what if the device is not there any more? */

	guard(mutex)(&pump->lock);
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
	file->private_data = pump;
	return 0;
}

static const struct file_operations pump_fops = {
	.owner = THIS_MODULE,
	.open = pump_open,
	.unlocked_ioctl = pump_ioctl,
};

static int pump_probe(struct platform_device *pdev)
{
	unsigned int tank = pdev->id == 0 ? tank0 : tank1;
	struct pump *pump;
	int err;

	/* TODO: check the tank. */

	/* TODO: what does the kernel make of this error, if pump.0 comes later? */
	if (pdev->id != 0 && !atomic_read(&power))
		return -ENODEV;

	pump = devm_kzalloc(&pdev->dev, sizeof(*pump), GFP_KERNEL);
	if (!pump)
		return -ENOMEM;
	mutex_init(&pump->lock);
	pump->tank = tank;
	platform_set_drvdata(pdev, pump);

	snprintf(pump->name, sizeof(pump->name), "pump%d", pdev->id);
	pump->misc.minor = MISC_DYNAMIC_MINOR;
	pump->misc.name = pump->name;
	pump->misc.fops = &pump_fops;
	pump->misc.parent = &pdev->dev;
	err = misc_register(&pump->misc);
	if (err)
		return err;

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
