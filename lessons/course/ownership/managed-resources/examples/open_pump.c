// SPDX-License-Identifier: GPL-2.0
/*
 * A pump whose files may be open for longer than it is bound.
 */
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/device/devres.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define PUMP_SPEED	0x0c

struct pump {
	struct kref users;	/* the binding, and each open file */
	struct miscdevice misc;
	struct mutex lock;	/* protects gone */
	bool gone;
	void __iomem *regs;
};

static void pump_free(struct kref *users)
{
	kfree(container_of(users, struct pump, users));
}

static void pump_put(void *data)
{
	struct pump *pump = data;

	kref_put(&pump->users, pump_free);
}

static void pump_retire(void *data)
{
	struct pump *pump = data;

	misc_deregister(&pump->misc);
	guard(mutex)(&pump->lock);
	pump->gone = true;
}

static void pump_set_speed(struct pump *pump, u32 speed)
{
	writel(speed, pump->regs + PUMP_SPEED);
}

static int pump_open(struct inode *inode, struct file *file)
{
	struct pump *pump = container_of(file->private_data, struct pump, misc);

	kref_get(&pump->users);
	file->private_data = pump;
	return 0;
}

static int pump_release(struct inode *inode, struct file *file)
{
	pump_put(file->private_data);
	return 0;
}

static ssize_t pump_write(struct file *file, const char __user *buf,
			  size_t size, loff_t *pos)
{
	struct pump *pump = file->private_data;
	u32 speed;

	if (size != sizeof(speed))
		return -EINVAL;
	if (copy_from_user(&speed, buf, sizeof(speed)))
		return -EFAULT;

	guard(mutex)(&pump->lock);
	if (pump->gone)
		return -ENODEV;
	pump_set_speed(pump, speed);	/* cannot go before we unlock */
	return size;
}

static const struct file_operations pump_fops = {
	.owner = THIS_MODULE,
	.open = pump_open,
	.release = pump_release,
	.write = pump_write,
};

static int pump_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct pump *pump;
	int err;

	pump = kzalloc_obj(*pump);
	if (!pump)
		return -ENOMEM;
	kref_init(&pump->users);
	mutex_init(&pump->lock);
	err = devm_add_action_or_reset(dev, pump_put, pump);
	if (err)
		return err;
	pump->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(pump->regs))
		return PTR_ERR(pump->regs);

	pump->misc.minor = MISC_DYNAMIC_MINOR;
	pump->misc.name = "pump";
	pump->misc.fops = &pump_fops;
	pump->misc.parent = dev;
	err = misc_register(&pump->misc);
	if (err)
		return err;
	return devm_add_action_or_reset(dev, pump_retire, pump);
}

static struct platform_driver pump_driver = {
	.probe = pump_probe,
	.driver = { .name = "open_pump" },
};
module_platform_driver(pump_driver);

MODULE_DESCRIPTION("A pump with files");
MODULE_LICENSE("GPL");
