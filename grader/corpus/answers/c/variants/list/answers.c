// SPDX-License-Identifier: GPL-2.0
// Each number is an entry of a list; a node with a number of its own instead of a misc device.
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct answer {
	__u8 count;
	__u32 last;
	__u64 sum;
};

struct number {
	struct list_head entry;
	u32 value;
};

struct answers {
	struct list_head numbers;
	struct mutex lock;
};

static dev_t answers_number;
static struct cdev *answers_cdev;
static struct class *answers_class;

static void answers_forget(struct answers *answers)
{
	struct number *number, *next;

	mutex_lock(&answers->lock);
	list_for_each_entry_safe(number, next, &answers->numbers, entry) {
		list_del(&number->entry);
		kfree(number);
	}
	mutex_unlock(&answers->lock);
}

static int answers_open(struct inode *inode, struct file *file)
{
	struct answers *answers = kmalloc(sizeof(*answers), GFP_KERNEL);

	if (!answers)
		return -ENOMEM;
	INIT_LIST_HEAD(&answers->numbers);
	mutex_init(&answers->lock);
	file->private_data = answers;
	return 0;
}

static int answers_release(struct inode *inode, struct file *file)
{
	answers_forget(file->private_data);
	kfree(file->private_data);
	return 0;
}

static ssize_t answers_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	struct number *number;
	ssize_t result = size;

	if (size != sizeof(number->value))
		return -EINVAL;
	number = kmalloc(sizeof(*number), GFP_KERNEL);
	if (!number)
		return -ENOMEM;
	if (copy_from_user(&number->value, from, size)) {
		result = -EFAULT;
		goto free;
	}
	mutex_lock(&answers->lock);
	if (list_count_nodes(&answers->numbers) < 8) {
		list_add_tail(&number->entry, &answers->numbers);
		number = NULL;
	} else {
		result = -ENOSPC;
	}
	mutex_unlock(&answers->lock);
free:
	kfree(number);
	return result;
}

static ssize_t answers_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	struct number *number;
	ssize_t done = 0;

	mutex_lock(&answers->lock);
	list_for_each_entry(number, &answers->numbers, entry) {
		if (done + sizeof(u32) > size)
			break;
		if (put_user(number->value, (u32 __user *)(to + done))) {
			done = -EFAULT;
			break;
		}
		done += sizeof(u32);
	}
	mutex_unlock(&answers->lock);
	return done;
}

static long answers_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct answers *answers = file->private_data;
	struct answer answer = { .count = 0 };
	struct number *number;

	if (cmd == _IO('a', 2)) {
		answers_forget(answers);
		return 0;
	}
	if (cmd != _IOR('a', 1, struct answer))
		return -ENOTTY;
	memset(&answer, 0, sizeof(answer));
	mutex_lock(&answers->lock);
	list_for_each_entry(number, &answers->numbers, entry) {
		answer.count++;
		answer.last = number->value;
		answer.sum += number->value;
	}
	mutex_unlock(&answers->lock);
	if (copy_to_user((void __user *)arg, &answer, sizeof(answer)))
		return -EFAULT;
	return 0;
}

static const struct file_operations answers_fops = {
	.owner = THIS_MODULE,
	.open = answers_open,
	.release = answers_release,
	.read = answers_read,
	.write = answers_write,
	.unlocked_ioctl = answers_ioctl,
};

static int __init answers_init(void)
{
	struct device *node;
	int err;

	err = alloc_chrdev_region(&answers_number, 0, 1, "answers");
	if (err)
		return err;
	answers_cdev = cdev_alloc();
	if (!answers_cdev) {
		err = -ENOMEM;
		goto no_cdev;
	}
	answers_cdev->ops = &answers_fops;
	answers_cdev->owner = THIS_MODULE;
	err = cdev_add(answers_cdev, answers_number, 1);
	if (err)
		goto no_class;
	answers_class = class_create("answers");
	if (IS_ERR(answers_class)) {
		err = PTR_ERR(answers_class);
		goto no_class;
	}
	node = device_create(answers_class, NULL, answers_number, NULL, "answers");
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto no_node;
	}
	return 0;

no_node:
	class_destroy(answers_class);
no_class:
	cdev_del(answers_cdev);
no_cdev:
	unregister_chrdev_region(answers_number, 1);
	return err;
}

static void __exit answers_exit(void)
{
	device_destroy(answers_class, answers_number);
	class_destroy(answers_class);
	cdev_del(answers_cdev);
	unregister_chrdev_region(answers_number, 1);
}

module_init(answers_init);
module_exit(answers_exit);

MODULE_DESCRIPTION("answers");
MODULE_LICENSE("GPL");
