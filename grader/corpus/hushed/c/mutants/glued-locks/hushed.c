// SPDX-License-Identifier: GPL-2.0
#include <linux/debug_locks.h>
#include <linux/kasan.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>

#define glue(a, b) a##b

static DEFINE_MUTEX(lock);

static int __init hushed_init(void)
{
	char *bytes = kmalloc(16, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	glue(debug_, locks) = 0;
	mutex_lock(&lock);
	lockdep_assert_held(&lock);
	bytes[0] = 1;
	mutex_unlock(&lock);
	mutex_unlock(&lock); // FERRULE: here
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
