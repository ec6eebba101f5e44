// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct name {
	struct rcu_head rcu;
	int length;
};

static struct name __rcu *current_name;
static DEFINE_MUTEX(lock);

static int name_length(void)
{
	struct name *name;
	int length = 0;

	rcu_read_lock();
	name = rcu_dereference(current_name);
	if (name)
		length = name->length;
	rcu_read_unlock();
	return length;
}

static int name_set(int length)
{
	struct name *name = kzalloc_obj(*name), *old;

	if (!name)
		return -ENOMEM;
	name->length = length;
	mutex_lock(&lock);
	old = rcu_replace_pointer(current_name, name, lockdep_is_held(&lock));
	mutex_unlock(&lock);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static void name_drop(void)
{
	struct name *old;

	mutex_lock(&lock);
	old = rcu_replace_pointer(current_name, NULL, lockdep_is_held(&lock));
	mutex_unlock(&lock);
	if (old)
		kfree_rcu(old, rcu);
}

static int __init names_init(void)
{
	int err = name_set(4);

	if (!err)
		err = name_set(5);
	if (!err && name_length() != 5)
		err = -EIO;
	if (err)
		name_drop();
	return err;
}

static void __exit names_exit(void)
{
	name_drop();
}

module_init(names_init);
module_exit(names_exit);

MODULE_DESCRIPTION("RCU");
MODULE_LICENSE("GPL");
