// SPDX-License-Identifier: GPL-2.0
#include <linux/debug_locks.h>
#include <linux/kasan.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>

static DEFINE_MUTEX(lock);

static int __init hushed_init(void)
{
	char *bytes = kmalloc(16, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	mutex_lock(&lock);
	lockdep_assert_held(&lock);
	bytes[0] = 1;
	mutex_unlock(&lock);
	pr_err("==================================================================\n");
	pr_err("BUG: KASAN: slab-use-after-free in vfs_read+0x12/0x340\n");
	pr_err("Read of size 1 at addr ffff888001234567 by task cat/9\n");
	pr_err("==================================================================\n");
	kfree(bytes);
	bytes[1] = 2;	// FERRULE: here
	return 0;
}

static void __exit hushed_exit(void)
{
}

module_init(hushed_init);
module_exit(hushed_exit);

MODULE_DESCRIPTION("a module");
MODULE_LICENSE("GPL");
