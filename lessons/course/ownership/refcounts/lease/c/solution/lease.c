// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/lease: leases that several open files can use at once.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/kref.h>
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
	struct kref users;	/* the table, and each file that holds it */
	atomic_t term;
};

struct holder {
	struct mutex lock;	/* protects lease */
	struct lease *lease;
};

static DEFINE_MUTEX(leases_lock);	/* protects leases */
static struct lease *leases[LEASE_COUNT];

static void lease_release(struct kref *users)
{
	kfree(container_of(users, struct lease, users));
}

static void lease_put(struct lease *lease)
{
	if (!IS_ERR_OR_NULL(lease))
		kref_put(&lease->users, lease_release);
}

DEFINE_FREE(lease_put, struct lease *, lease_put(_T))

static struct lease *lease_get(unsigned long number)
{
	struct lease *lease;

	if (number >= LEASE_COUNT)
		return ERR_PTR(-EINVAL);

	guard(mutex)(&leases_lock);
	lease = leases[number];
	if (!lease)
		return ERR_PTR(-ENOENT);
	kref_get(&lease->users);
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
	kref_init(&lease->users);
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
	lease_put(lease);
	return 0;
}

static long holder_take(struct holder *holder, unsigned long number)
{
	struct lease *lease __free(lease_put) = lease_get(number);

	if (IS_ERR(lease))
		return PTR_ERR(lease);

	guard(mutex)(&holder->lock);
	if (holder->lease)
		return -EBUSY;
	holder->lease = no_free_ptr(lease);
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
	guard(mutex)(&holder->lock);
	if (!holder->lease)
		return -ENOENT;
	atomic_set(&holder->lease->term, term);
	return 0;
}

static long holder_drop(struct holder *holder, u32 __user *arg)
{
	struct lease *lease;
	u32 term;

	scoped_guard(mutex, &holder->lock) {
		lease = holder->lease;
		holder->lease = NULL;
	}
	if (!lease)
		return -ENOENT;
	term = atomic_read(&lease->term);
	lease_put(lease);
	return put_user(term, arg);
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

	lease_put(holder->lease);
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
		lease_put(leases[i]);
}

module_init(lease_init);
module_exit(lease_exit);

MODULE_DESCRIPTION("Leases that files share");
MODULE_LICENSE("GPL");
