// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/calculator: every open file is a calculator with a stack of numbers.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/limits.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#define CALC_DEPTH	16
#define CALC_CODE	256

#define CALC_TOP	_IOR('c', 1, __s32)

struct stack {
	u32 depth;
	s32 values[CALC_DEPTH];
};

struct calculator {
	struct mutex lock;	/* protects stack */
	struct stack stack;
};

static int push(struct stack *stack, s32 value)
{
	if (stack->depth >= CALC_DEPTH)
		return -ENOSPC;
	stack->values[stack->depth++] = value;
	return 0;
}

static int pop(struct stack *stack, s32 *value)
{
	if (!stack->depth)
		return -ENODATA;
	*value = stack->values[--stack->depth];
	return 0;
}

/* Puts the number @place below the top on top once more. */
static int copy(struct stack *stack, u32 place)
{
	if (place >= stack->depth)
		return -ENODATA;
	return push(stack, stack->values[stack->depth - 1 - place]);
}

static int calculate(struct stack *stack, u8 op)
{
	s32 a, b, result;
	bool overflow;

	if (pop(stack, &b) || pop(stack, &a))
		return -ENODATA;
	switch (op) {
	case '+':
		overflow = check_add_overflow(a, b, &result);
		break;
	case '-':
		overflow = check_sub_overflow(a, b, &result);
		break;
	case '*':
		overflow = check_mul_overflow(a, b, &result);
		break;
	case '/':
		if (!b)
			return -EDOM;
		overflow = a == S32_MIN && b == -1;
		result = overflow ? 0 : a / b;
		break;
	default:
		return -EINVAL;
	}
	if (overflow)
		return -EOVERFLOW;
	return push(stack, result);
}

static int run(struct stack *stack, const u8 *code, size_t size)
{
	while (size) {
		u8 op = *code;
		size_t used;
		int err;

		switch (op) {
		case 'n':
			used = 1 + sizeof(s32);
			if (size < used)
				return -EINVAL;
			err = push(stack, get_unaligned_le32(code + 1));
			break;
		case 'c':
			used = 2;
			if (size < used)
				return -EINVAL;
			err = copy(stack, code[1]);
			break;
		case '+':
		case '-':
		case '*':
		case '/':
			used = 1;
			err = calculate(stack, op);
			break;
		default:
			return -EINVAL;
		}
		if (err)
			return err;
		code += used;
		size -= used;
	}
	return 0;
}

static ssize_t calculator_write(struct file *file, const char __user *buf,
				size_t size, loff_t *pos)
{
	struct calculator *calculator = file->private_data;
	struct stack stack;
	int err;

	if (size > CALC_CODE)
		return -E2BIG;

	u8 *code __free(kfree) = memdup_user(buf, size);

	if (IS_ERR(code))
		return PTR_ERR(code);

	guard(mutex)(&calculator->lock);
	stack = calculator->stack;
	err = run(&stack, code, size);
	if (err)
		return err;
	calculator->stack = stack;
	return size;
}

static long calculator_top(struct calculator *calculator, s32 __user *arg)
{
	struct stack *stack = &calculator->stack;

	guard(mutex)(&calculator->lock);
	if (!stack->depth)
		return -ENODATA;
	return put_user(stack->values[stack->depth - 1], arg);
}

static long calculator_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	switch (cmd) {
	case CALC_TOP:
		return calculator_top(file->private_data, (s32 __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int calculator_open(struct inode *inode, struct file *file)
{
	struct calculator *calculator = kzalloc_obj(*calculator);

	if (!calculator)
		return -ENOMEM;
	mutex_init(&calculator->lock);
	file->private_data = calculator;
	return 0;
}

static int calculator_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations calculator_fops = {
	.owner = THIS_MODULE,
	.open = calculator_open,
	.release = calculator_release,
	.write = calculator_write,
	.unlocked_ioctl = calculator_ioctl,
};

static struct miscdevice calculator_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "calculator",
	.fops = &calculator_fops,
};
module_misc_device(calculator_misc);

MODULE_DESCRIPTION("Calculates for programs");
MODULE_LICENSE("GPL");
