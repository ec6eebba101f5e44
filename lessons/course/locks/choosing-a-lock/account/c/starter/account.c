// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/account: every open file is an account, empty at first.
 *
 * write   pays in: one number of exactly 4 bytes; returns 4. It is added to
 *         the balance, and becomes the last line of the statement.
 *         EINVAL: another size, or the number 0. ENOSPC: the statement has
 *         256 lines. ENOMEM: no memory. A refused write changes nothing.
 * read    gives the statement: all that was paid in, the oldest first, 4 bytes
 *         each, from the first line on and as many whole lines as fit;
 *         returns the number of bytes (0, if there is nothing to give).
 * ACCOUNT_BALANCE  stores the balance as a u64; returns 0.
 * ACCOUNT_LATER    the argument itself is an amount, 1 to 1000000: a timer adds
 *         it to the balance 20 ms later. It does not go to the statement.
 *         Returns 0 at once. Amounts that are on their way add up, and come
 *         together, 20 ms after the last one was announced.
 *         EINVAL: not 1 to 1000000.
 *
 * A bad pointer: EFAULT. Another command: ENOTTY.
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

/* TODO: one lock for all of this? Who touches what, and may they sleep? */
struct account {
	spinlock_t lock;		/* protects everything below */
	u32 *lines;			/* the statement */
	size_t count;
	size_t capacity;
	u64 balance;
	u64 later;			/* on its way */
	struct timer_list timer;
};

static void account_timer(struct timer_list *timer)
{
	struct account *account = timer_container_of(account, timer, timer);

	guard(spinlock)(&account->lock);
	account->balance += account->later;
	account->later = 0;
}

static ssize_t account_write(struct file *file, const char __user *buf,
			     size_t size, loff_t *pos)
{
	struct account *account = file->private_data;
	u32 amount;
	u32 *lines;

	if (size != sizeof(amount))
		return -EINVAL;
	if (copy_from_user(&amount, buf, sizeof(amount)))
		return -EFAULT;
	if (!amount)
		return -EINVAL;

	/* The timer takes the lock too: guard(spinlock_bh) keeps it away. */
	guard(spinlock_bh)(&account->lock);
	/* TODO: how many lines may there be? */
	if (account->count == account->capacity) {
		/* TODO: may this be done here? */
		lines = krealloc_array(account->lines, account->capacity + 8,
				       sizeof(*lines), GFP_KERNEL);
		if (!lines)
			return -ENOMEM;
		account->lines = lines;
		account->capacity += 8;
	}
	account->lines[account->count++] = amount;
	account->balance += amount;
	return sizeof(amount);
}

static ssize_t account_read(struct file *file, char __user *buf,
			    size_t size, loff_t *pos)
{
	/* TODO: give the statement. */
	return 0;
}

static long account_balance(struct account *account, u64 __user *arg)
{
	guard(spinlock_bh)(&account->lock);
	/* TODO: may this copy be made while a spinlock is held? */
	return put_user(account->balance, arg);
}

static long account_later(struct account *account, unsigned long amount)
{
	/* TODO: which amounts are refused? And what if one is on its way? */
	guard(spinlock_bh)(&account->lock);
	account->later = amount;
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
	spin_lock_init(&account->lock);
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
