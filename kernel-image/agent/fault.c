/*
 * Fault injection (Documentation/fault-injection/fault-injection.rst, lib/fault-inject.c). A task's
 * fail-nth counts every fault point that passes its attribute's stack filter, so the filter
 * alone decides what a sweep touches: allocations and calls with a module's code on the stack. Probability stays 0, so
 * nothing fails but for the task and the call that is armed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

/* The area that modules are loaded to on x86-64 with KASAN and without KASLR. */
#define MODULE_AREA_START "0xffffffffa0000000"
#define MODULE_AREA_END "0xffffffffff000000"

static void set(const char *attribute, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attribute, name);
	write_once(path, value, strlen(value), false, NULL); /* a kernel without the attribute has no sweep */
}

void fault_set_up(void)
{
	static const char *const attributes[] = { FERRULE_FAULT_ATTRIBUTES };
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		set(attributes[i], "probability", "0");
		set(attributes[i], "stacktrace-depth", "32");
		set(attributes[i], "require-start", MODULE_AREA_START);
		set(attributes[i], "require-end", MODULE_AREA_END);
		set(attributes[i], "ignore-gfp-wait", "N");
		set(attributes[i], "verbose", "2"); /* the injection's own stack, on the console, every time */
		set(attributes[i], "verbose_ratelimit_interval_ms", "0");
	}
	set("failslab", "cache-filter", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	/* Copies to and from user space would count too: a depth of 0 with a filter matches nothing. */
	set("fail_usercopy", "require-start", "1");
	set("fail_usercopy", "stacktrace-depth", "0");
}

int fault_open(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

bool fault_arm(int fd, unsigned nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, (size_t)n, 0) == n;
}

unsigned fault_disarm(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	fault_arm(fd, 0);
	return n > 0 ? (unsigned)strtoul(text, NULL, 10) : ~0u;
}
