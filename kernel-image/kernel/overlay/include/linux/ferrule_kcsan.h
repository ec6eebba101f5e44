/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KCSAN watches the accesses that the module under test makes: one in
 * KCSAN_SKIP_WATCH of those of the whole kernel would nearly never be one of
 * its. What any other code does to a watched place is seen as always.
 */
#ifndef _LINUX_FERRULE_KCSAN_H
#define _LINUX_FERRULE_KCSAN_H

#include <linux/pgtable.h>
#include <linux/types.h>

#if defined(CONFIG_FERRULE_CANARY) && defined(CONFIG_KCSAN)
extern bool ferrule_kcsan_all;

static __always_inline bool ferrule_kcsan_watches(unsigned long ip)
{
	return (ip >= MODULES_VADDR && ip < MODULES_END) || ferrule_kcsan_all;
}

/* For the canary, which is built in. */
static inline void ferrule_kcsan_everywhere(bool on)
{
	WRITE_ONCE(ferrule_kcsan_all, on);
}
#else
static __always_inline bool ferrule_kcsan_watches(unsigned long ip) { return true; }
static inline void ferrule_kcsan_everywhere(bool on) { }
#endif

#endif
