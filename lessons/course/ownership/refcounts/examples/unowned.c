// SPDX-License-Identifier: GPL-2.0
/*
 * Leases in a list that owns none of them: the last put takes them out.
 */
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/init.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

struct lease {
	struct kref users;
	struct list_head link;
	unsigned long number;
};

static DEFINE_MUTEX(leases_lock);	/* protects leases */
static LIST_HEAD(leases);

static void lease_release(struct kref *users)
{
	struct lease *lease = container_of(users, struct lease, users);

	scoped_guard(mutex, &leases_lock)
		list_del(&lease->link);
	kfree(lease);
}

static struct lease *lease_find(unsigned long number)
{
	struct lease *lease;

	guard(mutex)(&leases_lock);
	list_for_each_entry(lease, &leases, link)
		if (lease->number == number &&
		    kref_get_unless_zero(&lease->users))
			return lease;
	return NULL;
}

static struct lease *lease_make(unsigned long number)
{
	struct lease *lease = kzalloc_obj(*lease);

	if (!lease)
		return NULL;
	kref_init(&lease->users);
	lease->number = number;
	guard(mutex)(&leases_lock);
	list_add_tail(&lease->link, &leases);
	return lease;
}

static struct lease *made, *found;

static int __init unowned_init(void)
{
	made = lease_make(7);
	if (!made)
		return -ENOMEM;
	found = lease_find(7);
	return 0;
}

static void __exit unowned_exit(void)
{
	if (found)
		kref_put(&found->users, lease_release);
	kref_put(&made->users, lease_release);
}

module_init(unowned_init);
module_exit(unowned_exit);

MODULE_DESCRIPTION("Leases that nobody keeps in a table");
MODULE_LICENSE("GPL");
