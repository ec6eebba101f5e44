// SPDX-License-Identifier: GPL-2.0
// Nothing is unlocked or freed by hand.
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct answer {
	__u8 count;
	__u32 last;
	__u64 sum;
};

struct answers {
	struct mutex lock;
	unsigned int count;
	u32 numbers[8];
};

static int answers_open(struct inode *inode, struct file *file)
{
	struct answers *answers __free(kfree) = kzalloc_obj(*answers);

	if (!answers)
		return -ENOMEM;
	mutex_init(&answers->lock);
	file->private_data = no_free_ptr(answers);
	return nonseekable_open(inode, file);
}

static int answers_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t answers_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	u32 number;

	if (size != sizeof(number))
		return -EINVAL;
	if (get_user(number, (const u32 __user *)from))
		return -EFAULT;
	guard(mutex)(&answers->lock);
	if (answers->count == ARRAY_SIZE(answers->numbers))
		return -ENOSPC;
	answers->numbers[answers->count++] = number;
	return size;
}

static ssize_t answers_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	u32 *copy __free(kfree) = NULL;

	scoped_guard(mutex, &answers->lock) {
		size = min(size, array_size(answers->count, sizeof(u32)));
		copy = kmemdup(answers->numbers, size, GFP_KERNEL);
	}
	if (!copy)
		return -ENOMEM;
	return copy_to_user(to, copy, size) ? -EFAULT : size;
}

static long answers_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct answers *answers = file->private_data;

	if (cmd == _IO('a', 2)) {
		guard(mutex)(&answers->lock);
		answers->count = 0;
		return 0;
	}
	if (cmd == _IOR('a', 1, struct answer)) {
		struct answer answer;

		memset(&answer, 0, sizeof(answer));
		scoped_guard(mutex, &answers->lock) {
			answer.count = answers->count;
			for (unsigned int i = 0; i < answers->count; i++)
				answer.sum += answer.last = answers->numbers[i];
		}
		return copy_to_user((void __user *)arg, &answer, sizeof(answer)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

static const struct file_operations answers_fops = {
	.owner = THIS_MODULE,
	.open = answers_open,
	.release = answers_release,
	.read = answers_read,
	.write = answers_write,
	.unlocked_ioctl = answers_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice answers_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "answers",
	.fops = &answers_fops,
};

static int __init answers_init(void)
{
	return misc_register(&answers_misc);
}
module_init(answers_init);

static void __exit answers_exit(void)
{
	misc_deregister(&answers_misc);
}
module_exit(answers_exit);

MODULE_DESCRIPTION("answers");
MODULE_LICENSE("GPL");
