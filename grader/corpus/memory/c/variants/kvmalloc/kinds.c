// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static char *small, *large;
static unsigned long page;
static int __percpu *counters;

static void kinds_free(void)
{
	free_percpu(counters);
	counters = NULL;
	free_page(page);
	page = 0;
	kvfree(large);
	large = NULL;
	kfree(small);
	small = NULL;
}

static int __init kinds_init(void)
{
	small = kmalloc(100, GFP_KERNEL);
	if (!small)
		goto fail;
	large = kvmalloc(3 * PAGE_SIZE, GFP_KERNEL);
	if (!large)
		goto fail;
	page = __get_free_page(GFP_KERNEL);
	if (!page)
		goto fail;
	counters = alloc_percpu(int);
	if (!counters)
		goto fail;
	return 0;
fail:
	kinds_free();
	return -ENOMEM;
}

static void __exit kinds_exit(void)
{
	kinds_free();
}

module_init(kinds_init);
module_exit(kinds_exit);

MODULE_DESCRIPTION("memory");
MODULE_LICENSE("GPL");
