/* SPDX-License-Identifier: GPL-2.0 */
/* Delayed releases of kobjects, see drivers/ferrule/release.c. */
#ifndef _LINUX_FERRULE_RELEASE_H
#define _LINUX_FERRULE_RELEASE_H

struct kobject;

#ifdef CONFIG_FERRULE_LEDGER
/* In jiffies; 0: release it now. */
unsigned long ferrule_release_delay(const struct kobject *kobj);
void ferrule_release_runs(void);
#else
static inline unsigned long ferrule_release_delay(const struct kobject *kobj) { return 0; }
static inline void ferrule_release_runs(void) { }
#endif

#endif
