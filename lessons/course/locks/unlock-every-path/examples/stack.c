// SPDX-License-Identifier: GPL-2.0
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#define STACK_DEPTH	16

struct stack {
	spinlock_t lock;	/* protects everything below */
	size_t depth;
	u32 values[STACK_DEPTH];
};

static ssize_t stack_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	struct stack *stack = file->private_data;
	u32 value;

	if (size < sizeof(value))
		return -EINVAL;
	scoped_guard(spinlock, &stack->lock) {
		if (!stack->depth)
			return -EAGAIN;
		value = stack->values[--stack->depth];
	}
	if (copy_to_user(buf, &value, sizeof(value)))	/* unlocked by now */
		return -EFAULT;
	return sizeof(value);
}

static ssize_t stack_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct stack *stack = file->private_data;
	u32 value;

	if (size != sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, buf, sizeof(value)))
		return -EFAULT;

	guard(spinlock)(&stack->lock);
	if (stack->depth == STACK_DEPTH)
		return -ENOSPC;
	stack->values[stack->depth++] = value;
	return sizeof(value);
}

static int stack_open(struct inode *inode, struct file *file)
{
	struct stack *stack = kzalloc_obj(*stack);

	if (!stack)
		return -ENOMEM;
	spin_lock_init(&stack->lock);
	file->private_data = stack;
	return 0;
}

static int stack_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations stack_fops = {
	.owner = THIS_MODULE,
	.open = stack_open,
	.release = stack_release,
	.read = stack_read,
	.write = stack_write,
};

static struct miscdevice stack_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "stack",
	.fops = &stack_fops,
};
module_misc_device(stack_misc);

MODULE_DESCRIPTION("A stack of numbers");
MODULE_LICENSE("GPL");
