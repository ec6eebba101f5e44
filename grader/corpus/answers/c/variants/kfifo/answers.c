// SPDX-License-Identifier: GPL-2.0
// The numbers are in a kfifo, under a spinlock; the file is counted with a kref.
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/kfifo.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

struct answer {
	__u8 count;
	__u8 zero[3];
	__u32 last;
	__u64 sum;
};

struct answers {
	struct kref users;
	spinlock_t lock;
	DECLARE_KFIFO_PTR(numbers, u32);
	u32 last;
	u64 sum;
};

static void answers_free(struct kref *users)
{
	struct answers *answers = container_of(users, struct answers, users);

	kfifo_free(&answers->numbers);
	kfree(answers);
}

static int answers_open(struct inode *inode, struct file *file)
{
	struct answers *answers;
	int err;

	answers = kzalloc_obj(*answers);
	if (!answers)
		return -ENOMEM;
	kref_init(&answers->users);
	spin_lock_init(&answers->lock);
	err = kfifo_alloc(&answers->numbers, 8, GFP_KERNEL);
	if (err) {
		kref_put(&answers->users, answers_free);
		return err;
	}
	file->private_data = answers;
	return 0;
}

static int answers_release(struct inode *inode, struct file *file)
{
	struct answers *answers = file->private_data;

	kref_put(&answers->users, answers_free);
	return 0;
}

static ssize_t answers_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	int put;
	u32 number;

	if (size != sizeof(number))
		return -EINVAL;
	if (copy_from_user(&number, from, sizeof(number)))
		return -EFAULT;
	spin_lock(&answers->lock);
	put = kfifo_put(&answers->numbers, number);
	if (put) {
		answers->last = number;
		answers->sum += number;
	}
	spin_unlock(&answers->lock);
	return put ? size : -ENOSPC;
}

static ssize_t answers_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	u32 numbers[8];
	size_t count;

	spin_lock(&answers->lock);
	count = kfifo_out_peek(&answers->numbers, numbers, ARRAY_SIZE(numbers));
	spin_unlock(&answers->lock);
	size = min(size, count * sizeof(u32));
	return copy_to_user(to, numbers, size) ? -EFAULT : size;
}

static long answers_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct answers *answers = file->private_data;
	struct answer answer = {};

	switch (cmd) {
	case _IOR('a', 1, struct answer):
		spin_lock(&answers->lock);
		answer.count = kfifo_len(&answers->numbers);
		answer.last = answers->last;
		answer.sum = answers->sum;
		spin_unlock(&answers->lock);
		return copy_to_user((void __user *)arg, &answer, sizeof(answer)) ? -EFAULT : 0;
	case _IO('a', 2):
		spin_lock(&answers->lock);
		kfifo_reset(&answers->numbers);
		answers->last = 0;
		answers->sum = 0;
		spin_unlock(&answers->lock);
		return 0;
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
};

static struct miscdevice answers_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "answers",
	.fops = &answers_fops,
	.mode = 0666,
};
module_misc_device(answers_misc);

MODULE_DESCRIPTION("answers");
MODULE_LICENSE("GPL");
