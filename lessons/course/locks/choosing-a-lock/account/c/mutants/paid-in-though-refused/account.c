// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/account: every open file is an account. Programs pay in, and what is
 * to come later is added by a timer.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#define ACCOUNT_LINES		256
#define ACCOUNT_LATER_MAX	1000000
#define ACCOUNT_LATER_MS	20

#define ACCOUNT_BALANCE		_IOR('a', 1, __u64)
#define ACCOUNT_LATER		_IO('a', 2)

struct account {
	struct mutex lock;		/* protects the statement */
	u32 *lines;
	size_t count;
	size_t capacity;

	spinlock_t money_lock;		/* protects what the timer touches */
	u64 balance;
	u64 later;			/* on its way */

	struct timer_list timer;
};

static void account_timer(struct timer_list *timer)
{
	struct account *account = timer_container_of(account, timer, timer);

	guard(spinlock)(&account->money_lock);
	account->balance += account->later;
	account->later = 0;
}

/* Called with account->lock held. */
static int account_make_room(struct account *account)
{
	size_t capacity = account->capacity ? 2 * account->capacity : 8;
	u32 *lines;

	if (account->count == ACCOUNT_LINES)
		return -ENOSPC;
	if (account->count < account->capacity)
		return 0;
	lines = krealloc_array(account->lines, capacity, sizeof(*lines),	// FERRULE: here
			       GFP_KERNEL);
	if (!lines)
		return -ENOMEM;
	account->lines = lines;
	account->capacity = capacity;
	return 0;
}

static ssize_t account_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct account *account = file->private_data;
	u32 amount;
	int ret;

	if (size != sizeof(amount))
		return -EINVAL;
	if (copy_from_user(&amount, buf, sizeof(amount)))
		return -EFAULT;
	if (!amount)
		return -EINVAL;

	scoped_guard(spinlock_bh, &account->money_lock)
		account->balance += amount;

	guard(mutex)(&account->lock);
	ret = account_make_room(account);
	if (ret)
		return ret;
	account->lines[account->count++] = amount;
	return sizeof(amount);
}

static ssize_t account_read(struct file *file, char __user *buf,
			    size_t size, loff_t *pos)
{
	struct account *account = file->private_data;
	size_t lines;

	guard(mutex)(&account->lock);
	lines = min(size / sizeof(u32), account->count);
	if (copy_to_user(buf, account->lines, lines * sizeof(u32)))
		return -EFAULT;
	return lines * sizeof(u32);
}

static long account_balance(struct account *account, u64 __user *arg)
{
	u64 balance;

	scoped_guard(spinlock_bh, &account->money_lock)
		balance = account->balance;
	return put_user(balance, arg);
}

static long account_later(struct account *account, unsigned long amount)
{
	if (amount < 1 || amount > ACCOUNT_LATER_MAX)
		return -EINVAL;

	guard(spinlock_bh)(&account->money_lock);
	account->later += amount;
	mod_timer(&account->timer,
		  jiffies + msecs_to_jiffies(ACCOUNT_LATER_MS));
	return 0;
}

static long account_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	switch (cmd) {
	case ACCOUNT_BALANCE:
		return account_balance(file->private_data, (u64 __user *)arg);
	case ACCOUNT_LATER:
		return account_later(file->private_data, arg);
	default:
		return -ENOTTY;
	}
}

static int account_open(struct inode *inode, struct file *file)
{
	struct account *account = kzalloc_obj(*account);

	if (!account)
		return -ENOMEM;
	mutex_init(&account->lock);
	spin_lock_init(&account->money_lock);
	timer_setup(&account->timer, account_timer, 0);
	file->private_data = account;
	return 0;
}

static int account_release(struct inode *inode, struct file *file)
{
	struct account *account = file->private_data;

	timer_shutdown_sync(&account->timer);
	kfree(account->lines);
	kfree(account);
	return 0;
}

static const struct file_operations account_fops = {
	.owner = THIS_MODULE,
	.open = account_open,
	.release = account_release,
	.read = account_read,
	.write = account_write,
	.unlocked_ioctl = account_ioctl,
};

static struct miscdevice account_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "account",
	.fops = &account_fops,
};
module_misc_device(account_misc);

MODULE_DESCRIPTION("An account");
MODULE_LICENSE("GPL");
