/* SPDX-License-Identifier: GPL-2.0 */
/* Hooks of the allocation ledger, see drivers/ferrule/ledger.c. */
#ifndef _LINUX_FERRULE_LEDGER_H
#define _LINUX_FERRULE_LEDGER_H

#include <linux/types.h>

#ifdef CONFIG_FERRULE_LEDGER
extern bool ferrule_ledger_on;
void ferrule_ledger_record(const void *object, size_t bytes);
void ferrule_ledger_forget(const void *object);

/* Any context but NMI; @bytes is what the caller asked for. */
static inline void ferrule_ledger_alloc(const void *object, size_t bytes)
{
	if (READ_ONCE(ferrule_ledger_on) && object)
		ferrule_ledger_record(object, bytes);
}

static inline void ferrule_ledger_free(const void *object)
{
	if (READ_ONCE(ferrule_ledger_on))
		ferrule_ledger_forget(object);
}
#else
static inline void ferrule_ledger_alloc(const void *object, size_t bytes) { }
static inline void ferrule_ledger_free(const void *object) { }
#endif

#endif
