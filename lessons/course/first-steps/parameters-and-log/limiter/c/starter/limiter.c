// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/limiter: every open file may write so many units, and no more.
 *
 * Parameters, given when the module is loaded:
 *   unit     how many bytes count as one: 1 to 4096, 16 by default
 *   limit    how many units an open file may use: 1 to 1000, 8 by default
 * and unit * limit is at most 65536. With any other values the load fails
 * with EINVAL and leaves nothing behind. (What is no 32-bit number at all is
 * refused by the kernel, before your init.) Once the module is loaded, its
 * parameters cannot be changed.
 *
 * write    n bytes use n / unit units, rounded up. It returns n; the bytes
 *          themselves are not looked at. ENOSPC: so many units are not left;
 *          then none is used.
 * read     gives the text "USED of LIMIT\n", such as "3 of 8\n", and reads
 *          like a file with that content. A write does not move the position.
 *
 * The log:
 *   loaded   one line of level info: "limiter: unit 16, limit 8", with the
 *            values in use
 *   refused  a load that fails with EINVAL writes one line of level err that
 *            begins with "limiter: "
 *   used     whatever programs do with the device, the driver writes nothing
 *            of level info or more important
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

/* TODO: can they be changed later? Can they be negative? */
static int unit = 16;
module_param(unit, int, 0644);
MODULE_PARM_DESC(unit, "Bytes that count as one: 1 to 4096, default 16");

static int limit = 8;
module_param(limit, int, 0644);
MODULE_PARM_DESC(limit, "Units for each open file: 1 to 1000, default 8");

struct limiter {
	struct mutex lock;	/* protects used */
	unsigned int used;	/* never more than limit */
};

static ssize_t limiter_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct limiter *limiter = file->private_data;
	size_t units = DIV_ROUND_UP(size, unit);

	guard(mutex)(&limiter->lock);
	if (units > limit - limiter->used) {
		/* TODO: how often can a program do this? */
		pr_warn("limiter at %p is full\n", limiter);
		return -ENOSPC;
	}
	limiter->used += units;
	return size;
}

static ssize_t limiter_read(struct file *file, char __user *buf, size_t size,
			    loff_t *pos)
{
	/* TODO: scnprintf() into a small array, then simple_read_from_buffer() */
	return 0;
}

static int limiter_open(struct inode *inode, struct file *file)
{
	struct limiter *limiter = kzalloc_obj(*limiter);

	if (!limiter)
		return -ENOMEM;
	mutex_init(&limiter->lock);
	file->private_data = limiter;
	return 0;
}

static int limiter_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations limiter_fops = {
	.owner = THIS_MODULE,
	.open = limiter_open,
	.release = limiter_release,
	.read = limiter_read,
	.write = limiter_write,
};

static struct miscdevice limiter_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "limiter",
	.fops = &limiter_fops,
};

static int __init limiter_init(void)
{
	/* TODO: check the parameters, and say in the log what was loaded. */
	return misc_register(&limiter_misc);
}

static void __exit limiter_exit(void)
{
	misc_deregister(&limiter_misc);
}

module_init(limiter_init);
module_exit(limiter_exit);

MODULE_DESCRIPTION("Limits how much is written");
MODULE_LICENSE("GPL");
