// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define MAX_NUMBERS 8

struct answer {
	__u8 count;
	__u32 last;
	__u64 sum;
};

#define ANSWERS_GET _IOR('a', 1, struct answer)
#define ANSWERS_FORGET _IO('a', 2)

struct answers {
	struct mutex lock;
	unsigned int count;
	u32 *numbers;
};

static int answers_open(struct inode *inode, struct file *file)
{
	struct answers *answers = kzalloc_obj(*answers);

	if (!answers)
		return -ENOMEM;
	answers->numbers = kcalloc(MAX_NUMBERS, sizeof(u32), GFP_NOWAIT);	// FERRULE: here
	if (!answers->numbers) {
		kfree(answers);
		return -EIO;
	}
	mutex_init(&answers->lock);
	file->private_data = answers;
	return 0;
}

static int answers_release(struct inode *inode, struct file *file)
{
	struct answers *answers = file->private_data;

	mutex_destroy(&answers->lock);
	kfree(answers->numbers);
	kfree(answers);
	return 0;
}

static ssize_t answers_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	u32 number;
	int err = 0;

	if (size != sizeof(number))
		return -EINVAL;
	if (copy_from_user(&number, from, size))
		return -EFAULT;
	mutex_lock(&answers->lock);
	if (answers->count < MAX_NUMBERS)
		answers->numbers[answers->count++] = number;
	else
		err = -ENOSPC;
	mutex_unlock(&answers->lock);
	return err ? err : size;
}

static ssize_t answers_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct answers *answers = file->private_data;
	ssize_t result;

	mutex_lock(&answers->lock);
	result = min(size, answers->count * sizeof(u32));
	if (copy_to_user(to, answers->numbers, result))
		result = -EFAULT;
	mutex_unlock(&answers->lock);
	return result;
}

static long answers_get(struct answers *answers, void __user *to)
{
	struct answer answer = {};
	unsigned int i;

	mutex_lock(&answers->lock);
	answer.count = answers->count;
	for (i = 0; i < answers->count; i++) {
		answer.last = answers->numbers[i];
		answer.sum += answer.last;
	}
	mutex_unlock(&answers->lock);
	if (copy_to_user(to, &answer, sizeof(answer)))
		return -EFAULT;
	return 0;
}

static long answers_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct answers *answers = file->private_data;

	switch (cmd) {
	case ANSWERS_GET:
		return answers_get(answers, (void __user *)arg);
	case ANSWERS_FORGET:
		mutex_lock(&answers->lock);
		answers->count = 0;
		mutex_unlock(&answers->lock);
		return 0;
	default:
		return -ENOTTY;
	}
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
};

module_misc_device(answers_misc);

MODULE_DESCRIPTION("answers");
MODULE_LICENSE("GPL");
