// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/greeter: whoever reads it is greeted.
 *
 * The device's whole content is the text of `greeting`, 22 bytes. It reads
 * like a file with that content:
 *
 * read   gives the bytes from the file's position on: as many as the program
 *        asked for, or as there are left, and moves the position behind them.
 *        At the end of the text, and anywhere after it: 0 bytes.
 *
 * When the module has been loaded, /dev/greeter is there. When it has been
 * unloaded, it is gone, and the module can be loaded again.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>

static const char greeting[] = "Hello from the kernel\n";

/* Called for each read of an open /dev/greeter. */
static ssize_t greeter_read(struct file *file, char __user *buf, size_t size,
			    loff_t *pos)
{
	/*
	 * TODO: give the program its part of the greeting, and return how
	 * many bytes that were. simple_read_from_buffer() does all of it:
	 * see its description in fs/libfs.c.
	 */
	return 0;
}

/* What the kernel calls when a program uses the device. */
static const struct file_operations greeter_fops = {
	.owner = THIS_MODULE,
	.read = greeter_read,
};

static struct miscdevice greeter_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "greeter",
	.fops = &greeter_fops,
};

/* Called once, when the module is loaded: 0, or a negative error. */
static int __init greeter_init(void)
{
	return misc_register(&greeter_misc);
}

/* Called once, when the module is unloaded. */
static void __exit greeter_exit(void)
{
	/* TODO: undo what greeter_init() did. */
}

module_init(greeter_init);
module_exit(greeter_exit);

MODULE_DESCRIPTION("Greets whoever reads it");
MODULE_LICENSE("GPL");
