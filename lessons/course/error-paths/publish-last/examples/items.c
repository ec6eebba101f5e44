// SPDX-License-Identifier: GPL-2.0
/* Wrong on purpose: an item can be found before it has its name. */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define ITEMS_NAME	64

struct items_add {
	__u64 name;
	__u64 length;
};

#define ITEMS_ADD	_IOW('i', 1, struct items_add)
#define ITEMS_LENGTH	_IO('i', 2)

struct item {
	char *name;
};

struct table {
	struct mutex lock;	/* for those who add */
	struct idr idr;
};

static long table_add(struct table *table, const void __user *arg,
		      size_t length)
{
	struct item *item;
	int id;

	guard(mutex)(&table->lock);
	item = kzalloc_obj(*item);
	if (!item)
		return -ENOMEM;
	id = idr_alloc(&table->idr, item, 0, 0, GFP_KERNEL);	/* visible */
	if (id < 0) {
		kfree(item);
		return id;
	}
	item->name = memdup_user_nul(arg, length);		/* too late */
	if (IS_ERR(item->name)) {
		int err = PTR_ERR(item->name);

		idr_remove(&table->idr, id);
		kfree(item);
		return err;
	}
	return id;
}

static long table_length(struct table *table, unsigned long id)
{
	struct item *item;

	guard(rcu)();
	item = idr_find(&table->idr, id);
	return item ? strlen(item->name) : -ENOENT;
}

static long items_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct items_add add;

	switch (cmd) {
	case ITEMS_ADD:
		if (copy_from_user(&add, (const void __user *)arg, sizeof(add)))
			return -EFAULT;
		if (add.length > ITEMS_NAME)
			return -EINVAL;
		return table_add(file->private_data, u64_to_user_ptr(add.name),
				 add.length);
	case ITEMS_LENGTH:
		return table_length(file->private_data, arg);
	default:
		return -ENOTTY;
	}
}

static int items_open(struct inode *inode, struct file *file)
{
	struct table *table = kzalloc_obj(*table);

	if (!table)
		return -ENOMEM;
	mutex_init(&table->lock);
	idr_init(&table->idr);
	file->private_data = table;
	return 0;
}

static int items_release(struct inode *inode, struct file *file)
{
	struct table *table = file->private_data;
	struct item *item;
	int id;

	idr_for_each_entry(&table->idr, item, id) {
		kfree(item->name);
		kfree(item);
	}
	idr_destroy(&table->idr);
	kfree(table);
	return 0;
}

static const struct file_operations items_fops = {
	.owner = THIS_MODULE,
	.open = items_open,
	.release = items_release,
	.unlocked_ioctl = items_ioctl,
};

static struct miscdevice items_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "items",
	.fops = &items_fops,
};
module_misc_device(items_misc);

MODULE_DESCRIPTION("Items with a number");
MODULE_LICENSE("GPL");
