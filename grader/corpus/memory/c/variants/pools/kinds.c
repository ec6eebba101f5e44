// SPDX-License-Identifier: GPL-2.0
// A mempool over a cache of its own, an id allocator, and what __free() takes away when something fails.
#include <linux/cleanup.h>
#include <linux/idr.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static struct kmem_cache *cache;
static mempool_t *pool;
static DEFINE_IDA(ids);
static void *one, *area;
static int id;

DEFINE_FREE(area, void *, vfree(_T))

static int __init kinds_init(void)
{
	void *fresh __free(area) = vzalloc(2 * PAGE_SIZE);

	if (!fresh)
		return -ENOMEM;
	cache = KMEM_CACHE(list_head, 0);
	if (!cache)
		return -ENOMEM;
	pool = mempool_create_slab_pool(2, cache);
	if (!pool)
		goto no_pool;
	one = mempool_alloc(pool, GFP_KERNEL);
	if (!one)
		goto no_one;
	id = ida_alloc(&ids, GFP_KERNEL);
	if (id < 0)
		goto no_id;
	area = no_free_ptr(fresh);
	return 0;

no_id:
	mempool_free(one, pool);
no_one:
	mempool_destroy(pool);
no_pool:
	kmem_cache_destroy(cache);
	return -ENOMEM;
}

static void __exit kinds_exit(void)
{
	vfree(area);
	ida_free(&ids, id);
	ida_destroy(&ids);
	mempool_free(one, pool);
	mempool_destroy(pool);
	kmem_cache_destroy(cache);
}

module_init(kinds_init);
module_exit(kinds_exit);

MODULE_DESCRIPTION("memory");
MODULE_LICENSE("GPL");
