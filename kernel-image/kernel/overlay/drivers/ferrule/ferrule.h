/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this folder share. */
#ifndef _DRIVERS_FERRULE_H
#define _DRIVERS_FERRULE_H

#include <linux/pgtable.h>
#include <linux/types.h>

struct dentry;

/* The guest's only loadable module is the one under test. */
static inline bool ferrule_in_module(unsigned long address)
{
	return address >= MODULES_VADDR && address < MODULES_END;
}

/* A function's text, from its symbol. */
struct ferrule_text {
	unsigned long start, end;
};

static inline bool ferrule_in_text(const struct ferrule_text *text, unsigned long return_address)
{
	return return_address > text->start && return_address <= text->end;
}

bool ferrule_find_text(unsigned long function, struct ferrule_text *text);

/* keepers.c */
void ferrule_find_keepers(void);
bool ferrule_is_keeper(unsigned long return_address);	/* of any kind */
bool ferrule_is_own_memory(unsigned long return_address); /* memory that an allocator or a detector takes for itself */

/* release.c: waits for delayed releases of kobjects. */
void ferrule_await_releases(void);

/* <debugfs>/ferrule; ledger.c makes it. */
struct dentry *ferrule_folder(void);

#endif
