// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/calculator: every open file is a calculator with a stack of at most 16
 * numbers, each of 32 bits and signed.
 *
 * A write is a program of at most 256 bytes: instructions, one behind the other,
 * which are run from first to last. It returns the size of the program.
 *
 * 'n' and 4 bytes   pushes the number that these bytes are, the lowest byte first.
 * 'c' and 1 byte    pushes a copy of the number that is so many places below the
 *                   top: 'c' and 0 copies the top itself.
 * '+' '-' '*' '/'   pops b, then a, and pushes a + b, a - b, a * b or a / b. A
 *                   quotient is rounded towards zero.
 *
 * What can be wrong with an instruction, in this order:
 * EINVAL     there is no such instruction, or the program ends in its middle.
 * ENODATA    it needs a number that is not there.
 * EDOM       it divides by zero.
 * EOVERFLOW  its result does not fit into 32 bits.
 * ENOSPC     it pushes a 17th number.
 * A program with such an instruction changes nothing: the stack is as it was
 * before the first one. E2BIG: the program is too large. EFAULT: the pointer
 * leads nowhere. ENOMEM: no memory.
 *
 * CALC_TOP   gives the number on top of the stack, and leaves it there.
 *            ENODATA: there is none. EFAULT as above.
 * Returns 0. Another command: ENOTTY.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
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
	/* TODO: a program can do this. What should it be told? */
	BUG_ON(stack->depth >= CALC_DEPTH);
	stack->values[stack->depth++] = value;
	return 0;
}

static int pop(struct stack *stack, s32 *value)
{
	/* TODO: and this? */
	BUG_ON(!stack->depth);
	*value = stack->values[--stack->depth];
	return 0;
}

static int calculate(struct stack *stack, u8 op)
{
	s32 a, b;

	if (pop(stack, &b) || pop(stack, &a))
		return -ENODATA;

	/* TODO: which of these results do not exist? */
	switch (op) {
	case '+':
		return push(stack, a + b);
	case '-':
		return push(stack, a - b);
	case '*':
		return push(stack, a * b);
	case '/':
		return push(stack, a / b);
	default:
		return -EINVAL;
	}
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
			BUG_ON(size < used);	/* TODO: as above */
			err = push(stack, get_unaligned_le32(code + 1));
			break;
		/* TODO: 'c' */
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
	int err;

	if (size > CALC_CODE)
		return -E2BIG;

	u8 *code __free(kfree) = memdup_user(buf, size);

	if (IS_ERR(code))
		return PTR_ERR(code);

	guard(mutex)(&calculator->lock);
	/* TODO: the stack is to be as it was when an instruction fails. */
	err = run(&calculator->stack, code, size);
	return err ?: size;
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
