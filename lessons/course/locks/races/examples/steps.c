// SPDX-License-Identifier: GPL-2.0
/* Wrong on purpose: steps_count() and steps_take_twice(). */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define USERS		64

#define STEPS_COUNT	_IO('s', 1)
#define STEPS_TAKE	_IO('s', 2)
#define STEPS_ONE	_IO('s', 3)
#define STEPS_TWO	_IO('s', 4)

static struct {
	u32 games;
} board;

static const int limit = 16;
static atomic_t used = ATOMIC_INIT(0);

/* Three steps: two tasks at once count one game. */
static long steps_count(void)
{
	WRITE_ONCE(board.games, READ_ONCE(board.games) + 1);
	return 0;
}

/* Two steps: two tasks take what one of them saw. */
static long steps_take_twice(void)
{
	if (atomic_read(&used) >= limit)	/* room for one */
		return -ENOSPC;
	atomic_inc(&used);			/* two tasks saw it */
	return 0;
}

static long steps_take_once(void)
{
	if (!atomic_add_unless(&used, 1, limit))
		return -ENOSPC;
	return 0;
}

struct account {
	struct mutex lock;	/* protects everything below */
	u32 limit;
	u32 units[USERS];
};

static u32 account_sum(const struct account *account)
{
	u32 sum = 0;

	lockdep_assert_held(&account->lock);
	for (int i = 0; i < USERS; i++)
		sum += account->units[i];
	return sum;
}

static long account_take(struct account *account, unsigned long user)
{
	guard(mutex)(&account->lock);
	if (account_sum(account) >= account->limit)
		return -ENOSPC;
	account->units[user]++;
	return 0;
}

static long steps_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case STEPS_COUNT:
		return steps_count();
	case STEPS_TAKE:
		if (arg >= USERS)
			return -EINVAL;
		return account_take(file->private_data, arg);
	case STEPS_ONE:
		return steps_take_once();
	case STEPS_TWO:
		return steps_take_twice();
	default:
		return -ENOTTY;
	}
}

static int steps_open(struct inode *inode, struct file *file)
{
	struct account *account = kzalloc_obj(*account);

	if (!account)
		return -ENOMEM;
	mutex_init(&account->lock);
	account->limit = limit;
	file->private_data = account;
	return 0;
}

static int steps_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations steps_fops = {
	.owner = THIS_MODULE,
	.open = steps_open,
	.release = steps_release,
	.unlocked_ioctl = steps_ioctl,
};

static struct miscdevice steps_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "steps",
	.fops = &steps_fops,
};
module_misc_device(steps_misc);

MODULE_DESCRIPTION("One step, or more");
MODULE_LICENSE("GPL");
