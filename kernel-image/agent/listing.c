/*
 * What the guest shows of itself, as sorted lines: taken before a module's load and after its unload, the
 * difference is what the module left behind. It has to be quick (a clone lives for a second) and the same
 * from one time to the next, so it names the places where drivers register things and leaves
 * out what comes and goes by itself: processes, counters, pool workers.
 */
#define _GNU_SOURCE /* dirent64 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define FILE_CAP (256u << 10)

/* Nobody's driver registers there. */
#define QUIET_BUSES " clockevents clocksource container cpu event_source kunit machinecheck memory node serial-base "

struct text {
	char *bytes;
	size_t length, cap;
	bool full;
};

static struct text lines;

static void add(const char *kind, const char *folder, const char *name)
{
	size_t room = lines.cap - lines.length;
	int n = snprintf(lines.bytes + lines.length, room, "%s\t%s%s%s", kind, folder, *folder ? "/" : "", name);
	char *at;

	if (n < 0 || (size_t)n >= room) {
		lines.full = true;
		return;
	}
	/* A name may hold anything but a line break may not split it. */
	for (at = lines.bytes + lines.length + strlen(kind) + 1; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = '?';
	lines.length += (size_t)n + 1; /* the terminator becomes the line break */
}

/*
 * Every entry of a folder, `depth` levels deep; `skip`: names left out, each between spaces; `only`: the
 * names of the second level that are entered. Raw getdents and openat: on this kernel, under emulation, each avoidable
 * system call and path component counts.
 */
struct walk {
	const char *kind, *skip, *only;
};

static void walk_at(const struct walk *w, int parent, const char *name, const char *path, int level, int depth)
{
	char entries[8192], below[512], padded[280];
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n, at;

	if (fd < 0)
		return;
	while ((n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0) {
		for (at = 0; at < n; at += ((struct dirent64 *)(entries + at))->d_reclen) {
			const struct dirent64 *e = (const struct dirent64 *)(entries + at);

			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			snprintf(padded, sizeof(padded), " %s ", e->d_name);
			if (level == 1 && w->skip && strstr(w->skip, padded))
				continue;
			if (level == 2 && w->only && !strstr(w->only, padded))
				continue;
			add(w->kind, path, e->d_name);
			if (level < depth && e->d_type == DT_DIR &&
			    snprintf(below, sizeof(below), "%s/%s", path, e->d_name) < (int)sizeof(below))
				walk_at(w, fd, e->d_name, below, level + 1, depth);
		}
	}
	close(fd);
}

static void walk(const char *kind, const char *path, int depth, const char *skip)
{
	walk_at(&(struct walk){ .kind = kind, .skip = skip }, AT_FDCWD, path, path, 1, depth);
}

/* The file's lines one after the other; NULL when there are no more. */
static char *next_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = 0;
	*at = end ? end + 1 : NULL;
	return line;
}

static char *content(const char *path)
{
	static char bytes[FILE_CAP + 1];
	size_t length;
	bool truncated;

	if (read_whole(path, (uint8_t *)bytes, FILE_CAP, &length, &truncated) != 0)
		length = 0;
	bytes[length] = 0;
	if (truncated)
		lines.full = true;
	return bytes;
}

static char *skip_spaces(char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static char *skip_word(char *at)
{
	while (*at && *at != ' ' && *at != '\t')
		at++;
	return skip_spaces(at);
}

static void squeeze(char *line)
{
	char *to = line, *from = line;

	for (; *from; from++)
		if (!isspace((unsigned char)*from) || (to > line && to[-1] != ' '))
			*to++ = isspace((unsigned char)*from) ? ' ' : *from;
	while (to > line && to[-1] == ' ')
		to--;
	*to = 0;
}

static void plain_lines(const char *kind, const char *path)
{
	char *at = content(path), *line;

	while ((line = next_line(&at)) != NULL) {
		squeeze(line);
		add(kind, "", line);
	}
}

static void device_numbers(void)
{
	char *at = content("/proc/devices"), *line;
	const char *kind = "chrdev";

	while ((line = next_line(&at)) != NULL) {
		squeeze(line);
		if (!strncmp(line, "Block", 5))
			kind = "blkdev";
		else if (isdigit((unsigned char)*line))
			add(kind, "", line);
	}
}

/* "  5:   12   0   IO-APIC   5-edge   ring, other" -> "5 ring, other" */
static void interrupts(void)
{
	char *at = content("/proc/interrupts"), *line = next_line(&at), *word, *number;
	char name[256];
	int cpus = 0;

	for (word = line; word && (word = strstr(word, "CPU")) != NULL; word += 3)
		cpus++;
	while ((line = next_line(&at)) != NULL) {
		number = skip_spaces(line);
		if (!isdigit((unsigned char)*number))
			continue;
		word = skip_word(number);
		for (int i = 0; i < cpus; i++)
			word = skip_word(word);
		word = skip_word(word); /* the chip */
		if (isdigit((unsigned char)*word))
			word = skip_word(word); /* the chip's own number, "5-edge" */
		if (*word == '-')
			word = skip_word(word);
		squeeze(word);
		if (!*word)
			continue;
		snprintf(name, sizeof(name), "%d %s", atoi(number), word);
		add("irq", "", name);
	}
}

static void first_words(const char *kind, const char *path, char end)
{
	char *at = content(path), *line, *stop;

	while ((line = next_line(&at)) != NULL) {
		line = skip_spaces(line);
		stop = strchr(line, end);
		if (!stop)
			continue; /* a heading */
		*stop = 0;
		add(kind, "", line);
	}
}

static void mounts(void)
{
	char *at = content("/proc/self/mounts"), *line, *path, *type, *end;
	char name[512];

	while ((line = next_line(&at)) != NULL) {
		path = skip_word(line);
		type = skip_word(path);
		end = skip_word(type);
		if (end > type)
			end[-1] = 0;
		if (type > path)
			type[-1] = 0;
		snprintf(name, sizeof(name), "%s %s", path, type);
		add("mount", "", name);
	}
}

/*
 * Kernel threads by name, from the scheduler's own table: one read where /proc would make a hundred (1.5 ms each).
 * A line is " S %15s %5d …" (print_task in kernel/sched/debug.c): state, name, pid.
 */
static void kernel_threads(void)
{
	char *at = content("/sys/kernel/debug/sched/debug"), *line, *name;
	bool tasks = false;

	while ((line = next_line(&at)) != NULL) {
		if (!strncmp(line, "runnable tasks:", 15))
			tasks = true;
		else if (!*line)
			tasks = false;
		if (!tasks || strlen(line) < 25 || line[2] != ' ' || line[18] != ' ' || atoi(line + 19) < 2)
			continue;
		line[18] = 0;
		name = skip_spaces(line + 3);
		/* The pool's workers come and go; a rescuer ("kworker/R-name") belongs to a workqueue. */
		if (!strncmp(name, "kworker/", 8) && strncmp(name, "kworker/R-", 10) != 0)
			continue;
		if (strcmp(name, "ferrule-worker") != 0)
			add("kthread", "", name);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void proc_entries(void)
{
	char entries[8192];
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool processes = false;
	long n, at;

	if (proc < 0)
		return;
	/* The kernel lists its own entries first and the processes after them. */
	while (!processes && (n = syscall(SYS_getdents64, proc, entries, sizeof(entries))) > 0) {
		for (at = 0; at < n && !processes; at += ((struct dirent64 *)(entries + at))->d_reclen) {
			const struct dirent64 *e = (const struct dirent64 *)(entries + at);
			char path[300];

			processes = isdigit((unsigned char)e->d_name[0]);
			if (e->d_name[0] == '.' || processes)
				continue;
			add("proc", "/proc", e->d_name);
			/* /proc/sys and /proc/irq are large and have lines of their own. */
			if (e->d_type == DT_DIR && strcmp(e->d_name, "sys") && strcmp(e->d_name, "irq") &&
			    strcmp(e->d_name, "tty") && strcmp(e->d_name, "sysvipc")) {
				snprintf(path, sizeof(path), "/proc/%s", e->d_name);
				walk_at(&(struct walk){ .kind = "proc" }, proc, e->d_name, path, 1, 1);
			}
		}
	}
	close(proc);
	walk("proc", "/proc/sys", 2, " fs net user vm ");
	walk("proc", "/proc/self/net", 1, NULL);
}

size_t make_listing(char *out, size_t cap, bool *truncated)
{
	/* The names' memory is sorted by pointer and then written to `out`. */
	static char bytes[FERRULE_DATA_MAX];
	static char *sorted[1 << 15];
	size_t count = 0, length = 0, i, n;
	char *at;

	lines = (struct text){ .bytes = bytes, .cap = cap < sizeof(bytes) ? cap : sizeof(bytes) };
	walk("node", "/dev", 3, " pts vcs ");
	proc_entries();
	walk("sysfs", "/sys/class", 2, NULL);
	walk_at(&(struct walk){ .kind = "sysfs", .skip = QUIET_BUSES, .only = " devices drivers " }, AT_FDCWD,
		"/sys/bus", "/sys/bus", 1, 3);
	walk("sysfs", "/sys/devices", 1, NULL);
	walk("sysfs", "/sys/devices/platform", 1, NULL);
	walk("sysfs", "/sys/kernel", 1, NULL);
	walk("sysfs", "/sys/firmware", 1, NULL);
	walk("sysfs", "/sys/fs", 1, NULL);
	walk("sysfs", "/sys/module", 1, NULL);
	walk("debugfs", "/sys/kernel/debug", 1, NULL);
	walk("configfs", "/sys/kernel/config", 2, NULL);
	walk("slab", "/sys/kernel/slab", 1, NULL);
	device_numbers();
	plain_lines("misc", "/proc/misc");
	plain_lines("iomem", "/proc/iomem");
	plain_lines("ioport", "/proc/ioports");
	plain_lines("filesystem", "/proc/filesystems");
	first_words("module", "/proc/modules", ' ');
	first_words("netdev", "/proc/self/net/dev", ':');
	interrupts();
	mounts();
	kernel_threads();

	for (at = bytes; at < bytes + lines.length; at += strlen(at) + 1) {
		if (count == sizeof(sorted) / sizeof(sorted[0])) {
			lines.full = true;
			break;
		}
		sorted[count++] = at;
	}
	qsort(sorted, count, sizeof(sorted[0]), by_text);
	for (i = 0; i < count; i++) {
		n = strlen(sorted[i]);
		memcpy(out + length, sorted[i], n);
		length += n;
		out[length++] = '\n';
	}
	*truncated = lines.full;
	return length;
}
