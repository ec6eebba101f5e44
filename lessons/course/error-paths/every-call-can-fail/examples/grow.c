// SPDX-License-Identifier: GPL-2.0
/* Wrong on purpose: when krealloc_array() fails, the old array is lost. */
#include <linux/module.h>
#include <linux/slab.h>

struct builder {
	size_t room;
	u32 *parts;
};

static struct builder builder;

static int builder_grow(struct builder *builder)
{
	size_t room = builder->room * 2;

	builder->parts = krealloc_array(builder->parts, room,
					sizeof(*builder->parts), GFP_KERNEL);
	if (!builder->parts)
		return -ENOMEM;		/* and the old array? */
	builder->room = room;
	return 0;
}

static int __init grow_init(void)
{
	int err;

	builder.room = 4;
	builder.parts = kmalloc_objs(*builder.parts, builder.room);
	if (!builder.parts)
		return -ENOMEM;

	err = builder_grow(&builder);
	if (err)
		kfree(builder.parts);
	return err;
}
module_init(grow_init);

static void __exit grow_exit(void)
{
	kfree(builder.parts);
}
module_exit(grow_exit);

MODULE_DESCRIPTION("An array that grows");
MODULE_LICENSE("GPL");
