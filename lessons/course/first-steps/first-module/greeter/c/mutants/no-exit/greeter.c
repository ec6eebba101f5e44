// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/greeter: whoever reads it is greeted.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>

static const char greeting[] = "Hello from the kernel\n";

static ssize_t greeter_read(struct file *file, char __user *buf, size_t size,
			    loff_t *pos)
{
	return simple_read_from_buffer(buf, size, pos, greeting,
				       strlen(greeting));
}

static const struct file_operations greeter_fops = {
	.owner = THIS_MODULE,
	.read = greeter_read,
};

static struct miscdevice greeter_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "greeter",
	.fops = &greeter_fops,
};

static int __init greeter_init(void)
{
	return misc_register(&greeter_misc);
}

module_init(greeter_init); // FERRULE: here

MODULE_DESCRIPTION("Greets whoever reads it");
MODULE_LICENSE("GPL");
