// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/transfer: every open file is a bank with four accounts.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define TRANSFER_ACCOUNTS	4
#define TRANSFER_FIRST		1000

struct transfer_move {
	__u32 from;
	__u32 to;
	__u32 amount;
};

#define TRANSFER_MOVE	_IOW('t', 1, struct transfer_move)
#define TRANSFER_GET	_IO('t', 2)
#define TRANSFER_TOTAL	_IO('t', 3)

struct account {
	struct mutex lock;	/* protects money */
	u32 money;
};

struct bank {
	struct account accounts[TRANSFER_ACCOUNTS];
};

static void bank_lock(struct bank *bank, u32 number)
{
	mutex_lock_nested(&bank->accounts[number].lock, number);	// FERRULE: here
}

static void bank_unlock(struct bank *bank, u32 number)
{
	mutex_unlock(&bank->accounts[number].lock);
}

static long bank_move(struct bank *bank, struct transfer_move __user *arg)
{
	struct transfer_move move;
	long ret = -ERANGE;

	if (copy_from_user(&move, arg, sizeof(move)))
		return -EFAULT;
	if (move.from >= TRANSFER_ACCOUNTS || move.to >= TRANSFER_ACCOUNTS)
		return -EINVAL;
	if (move.from == move.to)
		return -EINVAL;

	bank_lock(bank, move.from);	// FERRULE: here
	bank_lock(bank, move.to);	// FERRULE: here
	if (bank->accounts[move.from].money >= move.amount) {
		bank->accounts[move.from].money -= move.amount;
		bank->accounts[move.to].money += move.amount;
		ret = 0;
	}
	bank_unlock(bank, move.to);
	bank_unlock(bank, move.from);
	return ret;
}

static long bank_get(struct bank *bank, unsigned long number)
{
	u32 money;

	if (number >= TRANSFER_ACCOUNTS)
		return -EINVAL;
	bank_lock(bank, number);
	money = bank->accounts[number].money;
	bank_unlock(bank, number);
	return money;
}

static long bank_total(struct bank *bank)
{
	u32 total = 0;

	for (u32 i = 0; i < TRANSFER_ACCOUNTS; i++) {
		bank_lock(bank, i);
		total += bank->accounts[i].money;
	}
	for (u32 i = 0; i < TRANSFER_ACCOUNTS; i++)
		bank_unlock(bank, i);
	return total;
}

static long transfer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct bank *bank = file->private_data;

	switch (cmd) {
	case TRANSFER_MOVE:
		return bank_move(bank, (struct transfer_move __user *)arg);
	case TRANSFER_GET:
		return bank_get(bank, arg);
	case TRANSFER_TOTAL:
		return bank_total(bank);
	default:
		return -ENOTTY;
	}
}

static int transfer_open(struct inode *inode, struct file *file)
{
	struct bank *bank = kzalloc_obj(*bank);

	if (!bank)
		return -ENOMEM;
	for (u32 i = 0; i < TRANSFER_ACCOUNTS; i++) {
		mutex_init(&bank->accounts[i].lock);
		bank->accounts[i].money = TRANSFER_FIRST;
	}
	file->private_data = bank;
	return 0;
}

static int transfer_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations transfer_fops = {
	.owner = THIS_MODULE,
	.open = transfer_open,
	.release = transfer_release,
	.unlocked_ioctl = transfer_ioctl,
};

static struct miscdevice transfer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "transfer",
	.fops = &transfer_fops,
};
module_misc_device(transfer_misc);

MODULE_DESCRIPTION("Four accounts, each with a lock");
MODULE_LICENSE("GPL");
