// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/limiter: every open file may write so many units, and no more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define UNIT_MAX	4096
#define LIMIT_MAX	1000
#define BYTES_MAX	65536

static unsigned int unit = 16;
module_param(unit, uint, 0444);
MODULE_PARM_DESC(unit, "Bytes that count as one: 1 to 4096, default 16");

static unsigned int limit = 8;
module_param(limit, uint, 0444);
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
		pr_debug("refused %zu units\n", units);
		return -ENOSPC;
	}
	limiter->used += units;
	return size;
}

static ssize_t limiter_read(struct file *file, char __user *buf, size_t size,
			    loff_t *pos)
{
	struct limiter *limiter = file->private_data;
	char text[32];
	int len;

	scoped_guard(mutex, &limiter->lock)
		len = scnprintf(text, sizeof(text), "%u of %u\n",
				limiter->used, limit);
	return simple_read_from_buffer(buf, size, pos, text, len);
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

static int __init limiter_check(void)
{
	if (unit < 1 || unit > UNIT_MAX) {
		pr_err("unit %u is not in 1 to %u\n", unit, UNIT_MAX);
		return -EINVAL;
	}
	if (limit < 1 || limit > LIMIT_MAX) {
		pr_err("limit %u is not in 1 to %u\n", limit, LIMIT_MAX);
		return -EINVAL;
	}
	if (unit * limit > BYTES_MAX) {
		pr_err("%u units of %u are more than %u bytes\n", limit, unit,
		       BYTES_MAX);
		return -EINVAL;
	}
	return 0;
}

static int __init limiter_init(void)
{
	int err;

	err = limiter_check();
	if (err)
		return err;
	err = misc_register(&limiter_misc);
	if (err)
		return err;
	pr_info("unit %u, limit %u\n", unit, limit);
	return 0;
}

static void __exit limiter_exit(void)
{
	misc_deregister(&limiter_misc);
}

module_init(limiter_init);
module_exit(limiter_exit);

MODULE_DESCRIPTION("Limits how much is written");
MODULE_LICENSE("GPL");
