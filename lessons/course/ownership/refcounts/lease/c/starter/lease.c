// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/lease: leases that several open files can use at once. There are the
 * numbers 0 to 7, and a file holds one lease at a time.
 *
 * LEASE_MAKE   takes a number and a term, and makes a lease with that term,
 *              which every file can take from now on.
 *              EEXIST: that number has a lease. ENOMEM: no memory.
 * LEASE_TAKE   the argument is a number: this file holds its lease now.
 *              ENOENT: the number has no lease. EBUSY: the file holds one.
 * LEASE_TERM   stores the term of the lease that the file holds, a u32.
 * LEASE_RENEW  the argument is the new term of the lease that the file holds.
 *              All files that hold this lease see it.
 * LEASE_DROP   the file holds its lease no more, and gets the last term of
 *              it, a u32. Also when that cannot be stored (EFAULT).
 * LEASE_END    the argument is a number: nobody can take its lease any more,
 *              and the number is free for a new one. Files that hold the old
 *              lease keep it, with its term, until they drop it or are closed.
 *              ENOENT: the number has no lease.
 *
 * All return 0 when they work. A number above 7: EINVAL. TERM, RENEW and DROP
 * of a file that holds nothing: ENOENT. A pointer that leads nowhere: EFAULT.
 * Another command: ENOTTY. A lease that nobody can reach is freed.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define LEASE_COUNT	8

struct lease_offer {
	__u32 number;
	__u32 term;
};

#define LEASE_MAKE	_IOW('l', 1, struct lease_offer)
#define LEASE_TAKE	_IO('l', 2)
#define LEASE_TERM	_IOR('l', 3, __u32)
#define LEASE_RENEW	_IO('l', 4)
#define LEASE_DROP	_IOR('l', 5, __u32)
#define LEASE_END	_IO('l', 6)

struct lease {
	/* TODO: a count of its users. Who are they? */
	atomic_t term;
};

struct holder {
	struct mutex lock;	/* protects lease */
	struct lease *lease;
};

static DEFINE_MUTEX(leases_lock);	/* protects leases */
static struct lease *leases[LEASE_COUNT];

static struct lease *lease_get(unsigned long number)
{
	struct lease *lease;

	if (number >= LEASE_COUNT)
		return ERR_PTR(-EINVAL);

	guard(mutex)(&leases_lock);
	lease = leases[number];
	if (!lease)
		return ERR_PTR(-ENOENT);
	/* TODO: what keeps the lease after the lock is gone? */
	return lease;
}

static long lease_make(struct lease_offer __user *arg)
{
	struct lease_offer offer;
	struct lease *lease;

	if (copy_from_user(&offer, arg, sizeof(offer)))
		return -EFAULT;
	if (offer.number >= LEASE_COUNT)
		return -EINVAL;

	guard(mutex)(&leases_lock);
	if (leases[offer.number])
		return -EEXIST;
	lease = kmalloc_obj(*lease);
	if (!lease)
		return -ENOMEM;
	atomic_set(&lease->term, offer.term);
	leases[offer.number] = lease;
	return 0;
}

static long lease_end(unsigned long number)
{
	struct lease *lease;

	if (number >= LEASE_COUNT)
		return -EINVAL;

	scoped_guard(mutex, &leases_lock) {
		lease = leases[number];
		leases[number] = NULL;
	}
	if (!lease)
		return -ENOENT;
	kfree(lease);	/* TODO: does anybody still use it? */
	return 0;
}

static long holder_take(struct holder *holder, unsigned long number)
{
	struct lease *lease = lease_get(number);

	if (IS_ERR(lease))
		return PTR_ERR(lease);

	guard(mutex)(&holder->lock);
	if (holder->lease)
		return -EBUSY;
	holder->lease = lease;
	return 0;
}

static long holder_term(struct holder *holder, u32 __user *arg)
{
	guard(mutex)(&holder->lock);
	if (!holder->lease)
		return -ENOENT;
	return put_user(atomic_read(&holder->lease->term), arg);
}

static long holder_renew(struct holder *holder, u32 term)
{
	/* TODO: change the term of the lease that the file holds. */
	return -ENOTTY;
}

static long holder_drop(struct holder *holder, u32 __user *arg)
{
	/* TODO: the file holds its lease no more, and gets its last term. */
	return -ENOTTY;
}

static long lease_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct holder *holder = file->private_data;

	switch (cmd) {
	case LEASE_MAKE:
		return lease_make((struct lease_offer __user *)arg);
	case LEASE_TAKE:
		return holder_take(holder, arg);
	case LEASE_TERM:
		return holder_term(holder, (u32 __user *)arg);
	case LEASE_RENEW:
		return holder_renew(holder, arg);
	case LEASE_DROP:
		return holder_drop(holder, (u32 __user *)arg);
	case LEASE_END:
		return lease_end(arg);
	default:
		return -ENOTTY;
	}
}

static int lease_open(struct inode *inode, struct file *file)
{
	struct holder *holder = kzalloc_obj(*holder);

	if (!holder)
		return -ENOMEM;
	mutex_init(&holder->lock);
	file->private_data = holder;
	return 0;
}

static int lease_close(struct inode *inode, struct file *file)
{
	struct holder *holder = file->private_data;

	/* TODO: a closed file uses its lease no more. */
	kfree(holder);
	return 0;
}

static const struct file_operations lease_fops = {
	.owner = THIS_MODULE,
	.open = lease_open,
	.release = lease_close,
	.unlocked_ioctl = lease_ioctl,
};

static struct miscdevice lease_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lease",
	.fops = &lease_fops,
};

static int __init lease_init(void)
{
	return misc_register(&lease_misc);
}

static void __exit lease_exit(void)
{
	misc_deregister(&lease_misc);
	for (int i = 0; i < LEASE_COUNT; i++)
		kfree(leases[i]);
}

module_init(lease_init);
module_exit(lease_exit);

MODULE_DESCRIPTION("Leases that files share");
MODULE_LICENSE("GPL");
