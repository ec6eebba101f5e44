// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/routes: a table of routes, which is read far more often than changed.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define ROUTES_NETS	64
#define ROUTES_HOPS	8
#define ROUTES_HASH_US	50

struct routes_set {
	__u32 net;
	__u32 count;
	__u32 hops[ROUTES_HOPS];
};

struct routes_find {
	__u32 net;
	__u32 flow;
	__u32 hop;
};

#define ROUTES_SET	_IOW('r', 1, struct routes_set)
#define ROUTES_FIND	_IOWR('r', 2, struct routes_find)
#define ROUTES_DROP	_IO('r', 3)

struct route {
	struct rcu_head rcu;
	u32 count;
	u32 *hops;
};

static struct route __rcu *routes[ROUTES_NETS];
static DEFINE_MUTEX(routes_lock);	/* for those who change routes */

static void route_free(struct rcu_head *rcu)
{
	struct route *route = container_of(rcu, struct route, rcu);

	kfree(route->hops);
	kfree(route);
}

static u32 route_hop(const struct route *route, u32 flow)
{
	udelay(ROUTES_HASH_US);		/* the hash unit */
	return route->hops[flow % route->count];
}

/* Puts a route, or none, in the place of the old one, which is returned. */
static struct route *routes_replace(u32 net, struct route *route)
{
	return rcu_replace_pointer(routes[net], route,	// FERRULE: here
				   lockdep_is_held(&routes_lock));	// FERRULE: here
}

static long routes_set(const struct routes_set __user *arg)
{
	struct routes_set set;
	struct route *route;

	if (copy_from_user(&set, arg, sizeof(set)))
		return -EFAULT;
	if (set.net >= ROUTES_NETS || set.count < 1 || set.count > ROUTES_HOPS)
		return -EINVAL;

	route = kzalloc_obj(*route);
	if (!route)
		return -ENOMEM;
	route->hops = kmemdup_array(set.hops, set.count, sizeof(*set.hops),
				    GFP_KERNEL);
	if (!route->hops) {
		kfree(route);
		return -ENOMEM;
	}
	route->count = set.count;

	route = routes_replace(set.net, route);
	if (route)
		call_rcu(&route->rcu, route_free);
	return 0;
}

static long routes_find(struct routes_find __user *arg)
{
	struct routes_find find;
	struct route *route;

	if (copy_from_user(&find, arg, sizeof(find)))
		return -EFAULT;
	if (find.net >= ROUTES_NETS)
		return -EINVAL;

	scoped_guard(rcu) {
		route = rcu_dereference(routes[find.net]);
		if (!route)
			return -ENOENT;
		find.hop = route_hop(route, find.flow);
	}

	if (copy_to_user(arg, &find, sizeof(find)))
		return -EFAULT;
	return 0;
}

static long routes_drop(unsigned long net)
{
	struct route *route;

	if (net >= ROUTES_NETS)
		return -EINVAL;

	route = routes_replace(net, NULL);
	if (!route)
		return -ENOENT;
	call_rcu(&route->rcu, route_free);
	return 0;
}

static long routes_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case ROUTES_SET:
		return routes_set((const struct routes_set __user *)arg);
	case ROUTES_FIND:
		return routes_find((struct routes_find __user *)arg);
	case ROUTES_DROP:
		return routes_drop(arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations routes_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = routes_ioctl,
};

static struct miscdevice routes_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "routes",
	.fops = &routes_fops,
};

static int __init routes_init(void)
{
	return misc_register(&routes_misc);
}

static void __exit routes_exit(void)
{
	misc_deregister(&routes_misc);
	for (u32 net = 0; net < ROUTES_NETS; net++)
		routes_drop(net);
	/* The callbacks are code of this module: wait until all have run. */
	rcu_barrier();
}

module_init(routes_init);
module_exit(routes_exit);

MODULE_DESCRIPTION("A table of routes");
MODULE_LICENSE("GPL");
