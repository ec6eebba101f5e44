// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct pair {
	spinlock_t first, second;
	struct mutex slow;
	int sum;
};

static struct pair *pair;

static void add_forth(void)
{
	spin_lock(&pair->first);
	spin_lock(&pair->second);
	pair->sum++;
	spin_unlock(&pair->second);
	spin_unlock(&pair->first);
}

static void add_back(void)
{
	spin_lock(&pair->first);
	spin_lock(&pair->second);
	pair->sum--;
	spin_unlock(&pair->second);
	spin_unlock(&pair->first);
}

static int __init order_init(void)
{
	pair = kzalloc_obj(*pair);
	if (!pair)
		return -ENOMEM;
	spin_lock_init(&pair->first);
	spin_lock_init(&pair->second);
	mutex_init(&pair->slow);
	add_forth();
	add_back();
	mutex_lock(&pair->slow);	// FERRULE: here
	pair->sum = 0;
	return 0;
}

static void __exit order_exit(void)
{
	mutex_destroy(&pair->slow);
	kfree(pair);
}

module_init(order_init);
module_exit(order_exit);

MODULE_DESCRIPTION("locks");
MODULE_LICENSE("GPL");
