/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stubs of faults.c: ask whether this call fails, then return the failure
 * or jump to the function with every argument as it was (al too: a variadic
 * function reads it).
 */
#include <linux/kconfig.h>
#include <linux/linkage.h>
#include <asm/frame.h>
#include <asm/nospec-branch.h>

.macro fail_call name, value, gfp
	.weak \name
SYM_FUNC_START(ferrule_fail_\name)
	FRAME_BEGIN
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %r8
	push %r9
	push %rax
	push %r10
	mov $\gfp, %edi
	mov %rsp, %rsi
	call ferrule_call_fails
	test %al, %al
	pop %r10
	pop %rax
	pop %r9
	pop %r8
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	FRAME_END
	jnz 1f
	jmp \name
1:	mov $\value, %rax
	RET
SYM_FUNC_END(ferrule_fail_\name)
.endm

#define FAIL_CALL(name, value, gfp) fail_call name, value, gfp
#include "fail_calls.h"
