/* SPDX-License-Identifier: GPL-2.0 */
/* Fault points at a module's calls, see drivers/ferrule/faults.c. */
#ifndef _LINUX_FERRULE_FAULTS_H
#define _LINUX_FERRULE_FAULTS_H

#include <linux/types.h>

#ifdef CONFIG_FERRULE_FAULTS
/* What a module's use of `function` is bound to: a stub that can fail, or the function itself. */
unsigned long ferrule_bind_call(unsigned long function);
/* Innermost first. True: failing here would be no failure of a call that the module makes, or one that is counted already. */
bool ferrule_fault_hidden(const unsigned long *entries, unsigned int count);
#else
static inline unsigned long ferrule_bind_call(unsigned long function) { return function; }
static inline bool ferrule_fault_hidden(const unsigned long *entries, unsigned int count) { return false; }
#endif

#endif
