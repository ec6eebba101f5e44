// SPDX-License-Identifier: GPL-2.0
/*
 * Allocators and detectors that keep memory for themselves while they serve a
 * caller: caches of free objects, stacks, shadow. What they take is nobody's
 * leak and no failure of the caller's, and a vmalloc'ed area is one
 * allocation, not its parts.
 */
#include <linux/array_size.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>

#include "ferrule.h"

static struct keeper {
	const char *name;
	bool wanted;
	bool area;	/* the parts of a mapped area: one of them failing is how the whole fails */
	struct ferrule_text text;
} keepers[] = {
	{ "new_slab", true },
	{ "__alloc_empty_sheaf", true },
	{ "alloc_empty_sheaf", true },	/* has a copy of the former */
	{ "kvfree_call_rcu", true },
	{ "stack_depot_save_flags", true },
	{ "fill_pool", true },
	{ "preload_this_cpu_lock", true },
	/* The program's pages and their tables, when the module's copy faults. A fault handler of the module is inside. */
	{ "handle_mm_fault", true },
	{ "pcpu_create_chunk", true },
	{ "pcpu_populate_chunk", true },
	{ "__kasan_populate_vmalloc", IS_ENABLED(CONFIG_KASAN_VMALLOC) },
	{ "kmemleak_alloc", IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) },
	{ "kmemleak_alloc_percpu", IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) },
	{ "kmemleak_vmalloc", IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) },
	{ "alloc_vmap_area", true, true },
	{ "__get_vm_area_node", true, true },
	{ "__vmalloc_node_range_noprof", true, true },
};

bool ferrule_find_text(unsigned long function, struct ferrule_text *text)
{
	unsigned long size, offset;

	if (!function || !kallsyms_lookup_size_offset(function, &size, &offset))
		return false;
	text->start = function - offset;
	text->end = text->start + size;
	return true;
}

bool ferrule_is_keeper(unsigned long return_address)
{
	for (int i = 0; i < ARRAY_SIZE(keepers); i++)
		if (ferrule_in_text(&keepers[i].text, return_address))
			return true;
	return false;
}

bool ferrule_is_own_memory(unsigned long return_address)
{
	for (int i = 0; i < ARRAY_SIZE(keepers); i++)
		if (!keepers[i].area && ferrule_in_text(&keepers[i].text, return_address))
			return true;
	return false;
}

void __init ferrule_find_keepers(void)
{
	for (int i = 0; i < ARRAY_SIZE(keepers); i++)
		/* Without one of them the ledger would accuse the innocent: better no kernel at all. */
		if (!ferrule_find_text(kallsyms_lookup_name(keepers[i].name), &keepers[i].text) && keepers[i].wanted)
			panic("ferrule: this kernel has no function %s", keepers[i].name);
}
