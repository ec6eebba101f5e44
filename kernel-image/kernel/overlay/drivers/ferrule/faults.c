// SPDX-License-Identifier: GPL-2.0
/*
 * Fault points at the calls that the module under test makes.
 *
 * failslab and fail_page_alloc fail allocations. A registration that allocates
 * nothing, or nothing that matters, never fails by them, and one that makes
 * twenty small allocations fails twenty times in the same way as the module
 * sees it. So a module's import of such a function (fail_calls.h) is bound to a
 * stub that is a fault point of its own (attribute fail_call, counted by the
 * task's fail-nth like the others) and else jumps to the function. What the
 * function allocates on its way is then hidden from the other attributes,
 * as is what the allocators and detectors take for themselves: the number of
 * fault points of a call depends on the module alone, not on what a cache
 * happens to hold.
 *
 * An allocation in a callback into the module (a probe inside a registration)
 * is seen: its innermost module frame is the callback's.
 */
#include <linux/array_size.h>
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/ferrule_faults.h>
#include <linux/gfp_types.h>
#include <linux/init.h>
#include <linux/kernel.h>

#include "ferrule.h"

/* Under names of our own: headers have other types for them. */
#define FAIL_CALL(name, value, gfp)					\
	extern char fail_call_of_##name[] __asm__(#name) __weak;	\
	extern char ferrule_fail_##name[];
#include "fail_calls.h"
#undef FAIL_CALL

static struct call {
	char *function, *stub;
	struct ferrule_text text;
} calls[] = {
#define FAIL_CALL(name, value, gfp) { fail_call_of_##name, ferrule_fail_##name },
#include "fail_calls.h"
#undef FAIL_CALL
};

static DECLARE_FAULT_ATTR(fail_call);

/*
 * Called by every stub. `saved` is its stack: r10, rax, then the six arguments
 * in registers, the last one first; `gfp` says which of them has the flags.
 */
bool ferrule_call_fails(unsigned int gfp, const unsigned long *saved);
bool ferrule_call_fails(unsigned int gfp, const unsigned long *saved)
{
	if (gfp && (saved[8 - gfp] & (__force unsigned long)__GFP_NOFAIL))
		return false;
	return should_fail(&fail_call, 1);
}

unsigned long ferrule_bind_call(unsigned long function)
{
	for (int i = 0; i < ARRAY_SIZE(calls); i++)
		if (function && (unsigned long)calls[i].function == function)
			return (unsigned long)calls[i].stub;
	return function;
}

static bool is_call(unsigned long return_address)
{
	for (int i = 0; i < ARRAY_SIZE(calls); i++)
		if (ferrule_in_text(&calls[i].text, return_address))
			return true;
	return false;
}

bool ferrule_fault_hidden(const unsigned long *entries, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (ferrule_in_module(entries[i]))
			return i > 0 && is_call(entries[i - 1]);
		if (ferrule_is_own_memory(entries[i]))
			return true;
	}
	return false;
}

static int __init faults_init(void)
{
	for (int i = 0; i < ARRAY_SIZE(calls); i++)
		if (!ferrule_find_text((unsigned long)calls[i].function, &calls[i].text))
			calls[i].text = (struct ferrule_text){ };
	fault_create_debugfs_attr("fail_call", NULL, &fail_call);
	return 0;
}
late_initcall(faults_init);
