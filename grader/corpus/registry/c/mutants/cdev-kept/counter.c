// SPDX-License-Identifier: GPL-2.0
#include <linux/cdev.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#define COUNTER_PORT 0x5f0

static dev_t number;
static struct cdev cdev;
static struct class *class;
static struct device *node;
static struct dentry *folder;
static struct kobject *kobject;

static int counter_show(struct seq_file *file, void *unused)
{
	seq_puts(file, "0\n");
	return 0;
}

static irqreturn_t counter_irq(int irq, void *data)
{
	return IRQ_NONE;
}

static const struct file_operations counter_fops = { .owner = THIS_MODULE };

static int __init counter_init(void)
{
	int err;

	err = alloc_chrdev_region(&number, 0, 1, "counter");
	if (err)
		return err;
	cdev_init(&cdev, &counter_fops);
	err = cdev_add(&cdev, number, 1);	// FERRULE: here
	if (err)
		goto no_cdev;
	class = class_create("counter");
	if (IS_ERR(class)) {
		err = PTR_ERR(class);
		goto no_class;
	}
	node = device_create(class, NULL, number, NULL, "counter");
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto no_node;
	}
	err = -ENOMEM;
	if (!proc_create_single("counter", 0444, NULL, counter_show))
		goto no_proc;
	kobject = kobject_create_and_add("counter", kernel_kobj);
	if (!kobject)
		goto no_kobject;
	err = request_irq(5, counter_irq, 0, "counter", &cdev);
	if (err)
		goto no_irq;
	err = -EBUSY;
	if (!request_region(COUNTER_PORT, 4, "counter"))
		goto no_region;
	folder = debugfs_create_dir("counter", NULL);
	return 0;

no_region:
	free_irq(5, &cdev);
no_irq:
	kobject_put(kobject);
no_kobject:
	remove_proc_entry("counter", NULL);
no_proc:
	device_destroy(class, number);
no_node:
	class_destroy(class);
no_class:
	cdev_del(&cdev);
no_cdev:
	unregister_chrdev_region(number, 1);
	return err;
}

static void __exit counter_exit(void)
{
	debugfs_remove(folder);
	release_region(COUNTER_PORT, 4);
	free_irq(5, &cdev);
	kobject_put(kobject);
	remove_proc_entry("counter", NULL);
	device_destroy(class, number);
	class_destroy(class);
	unregister_chrdev_region(number, 1);
}

module_init(counter_init);
module_exit(counter_exit);

MODULE_DESCRIPTION("registrations");
MODULE_LICENSE("GPL");
