// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/slab.h>

static struct kmem_cache *cache;
static void *cell;

static int __init cells_init(void)
{
	cache = kmem_cache_create("ferrule_cells", 40, 0, 0, NULL);
	if (!cache)
		return -ENOMEM;
	cell = kmem_cache_alloc(cache, GFP_KERNEL);
	if (!cell) {
		kmem_cache_destroy(cache);
		return -ENOMEM;
	}
	return 0;
}

static void __exit cells_exit(void)
{
	kmem_cache_free(cache, cell);
	kmem_cache_destroy(cache);
}

module_init(cells_init);
module_exit(cells_exit);

MODULE_DESCRIPTION("a cache");
MODULE_LICENSE("GPL");
