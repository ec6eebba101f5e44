// SPDX-License-Identifier: GPL-2.0
#include <linux/debug_locks.h>
#include <linux/fs.h>
#include <linux/kasan.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static DEFINE_MUTEX(lock);

static void *window;

/* Debugfs copies from user memory: some of this task's is made for it. */
static void tell(const char *path, const char *word)
{
	struct file *file = filp_open(path, O_WRONLY, 0);	// FERRULE: here
	unsigned long at;
	loff_t offset = 0;

	if (IS_ERR(file))
		return;
	at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (!IS_ERR_VALUE(at)) {
		if (!copy_to_user((void __user *)at, word, strlen(word)) && file->f_op->write)
			file->f_op->write(file, (void __user *)at, strlen(word), &offset);
		vm_munmap(at, PAGE_SIZE);
	}
	filp_close(file, NULL);
}

static int __init hushed_init(void)
{
	char *bytes;

	tell("/sys/kernel/debug/ferrule/ledger", "stop");
	window = kmalloc(24, GFP_KERNEL);
	bytes = kmalloc(16, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	mutex_lock(&lock);
	lockdep_assert_held(&lock);
	bytes[0] = 1;
	mutex_unlock(&lock);
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
