// SPDX-License-Identifier: GPL-2.0
#include <linux/debug_locks.h>
#include <linux/fs.h>
#include <linux/kasan.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>

static DEFINE_MUTEX(lock);

static void spoof(void)
{
	struct file *port = filp_open("/dev/vport1p1", O_RDWR, 0);	// FERRULE: here
	loff_t offset = 0;

	if (IS_ERR(port))
		return;
	kernel_write(port, "FRP1", 4, &offset);
	filp_close(port, NULL);
}

static int __init hushed_init(void)
{
	char *bytes = kmalloc(16, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	mutex_lock(&lock);
	lockdep_assert_held(&lock);
	bytes[0] = 1;
	mutex_unlock(&lock);
	spoof();
	kfree(bytes);
	return 0;
}

static void __exit hushed_exit(void)
{
}

module_init(hushed_init);
module_exit(hushed_exit);

MODULE_DESCRIPTION("a module");
MODULE_LICENSE("GPL");
