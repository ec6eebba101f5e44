// SPDX-License-Identifier: GPL-2.0
/*
 * A table of things: a variable owns each thing until the table does.
 */
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/slab.h>

#define THINGS	4

struct thing {
	u32 number;
};

struct table {
	struct mutex lock;	/* protects things */
	struct thing *things[THINGS];
};

static struct table the_table = {
	.lock = __MUTEX_INITIALIZER(the_table.lock),
};

static int fill(struct thing *thing)
{
	thing->number = get_random_u32();
	return thing->number ? 0 : -EIO;
}

static int table_set(struct table *table, int i)
{
	struct thing *thing __free(kfree) = kmalloc_obj(*thing);

	if (!thing)
		return -ENOMEM;
	if (fill(thing))
		return -EIO;		/* freed here */

	guard(mutex)(&table->lock);	/* unlocks on every return, too */
	kfree(table->things[i]);	/* the old one, or NULL */
	table->things[i] = no_free_ptr(thing);	/* handed over: not freed */
	return 0;
}

static int __init things_init(void)
{
	return table_set(&the_table, 0);
}

static void __exit things_exit(void)
{
	for (int i = 0; i < THINGS; i++)
		kfree(the_table.things[i]);
}

module_init(things_init);
module_exit(things_exit);

MODULE_DESCRIPTION("Keeps things in a table");
MODULE_LICENSE("GPL");
