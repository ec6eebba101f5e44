/* One request, made in a worker: the only code that touches a learner's module. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define LEDGER "/sys/kernel/debug/ferrule/ledger"

static int slots[FERRULE_SLOTS]; /* descriptor + 1; 0: closed */
static uint8_t *lent;
static sigjmp_buf bus_fault;

static void on_bus_fault(int signal)
{
	siglongjmp(bus_fault, signal);
}

/* The result of one system call into the reply. */
static long result(struct ferrule_reply *reply, long returned)
{
	reply->error = returned < 0 ? errno : 0;
	reply->value = returned < 0 ? 0 : returned;
	return returned;
}

int slot_file(unsigned slot)
{
	return slots[slot] - 1;
}

void set_slot_file(unsigned slot, int fd)
{
	slots[slot] = fd + 1;
	/* Lanes of a race may use what the main sequence has open. */
	if (own_number == 1)
		__atomic_store_n(&arena->files[slot], fd + 1, __ATOMIC_RELEASE);
}

void lend_buffer(uint8_t *buffer)
{
	lent = buffer;
}

/* False when it is known already, or none of these. */
static bool add_entry(const char *path)
{
	uint32_t at;

	if ((strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0) ||
	    strlen(path) >= sizeof(arena->entry[0]))
		return false;
	for (at = 0; at < FERRULE_ENTRIES && at < __atomic_load_n(&arena->entries, __ATOMIC_ACQUIRE); at++)
		if (strcmp(arena->entry[at], path) == 0)
			return false;
	at = __atomic_fetch_add(&arena->entries, 1, __ATOMIC_ACQ_REL);
	if (at < FERRULE_ENTRIES)
		strcpy(arena->entry[at], path);
	else
		__atomic_store_n(&arena->entries, FERRULE_ENTRIES, __ATOMIC_RELEASE);
	return true;
}

/*
 * Also where it is without links: when /sys/class/NAME is removed with its device, the link is what a lookup misses
 * first, and the dentries below /sys/devices stay.
 */
static void note_entry(const char *path)
{
	char resolved[PATH_MAX];

	if (add_entry(path) && realpath(path, resolved))
		add_entry(resolved);
}

/*
 * A removed entry of /proc or sysfs stays allocated as long as the dentry by which it was opened is cached. It goes
 * when its name is looked up once more (proc_misc_d_revalidate in fs/proc/generic.c, kernfs_dop_revalidate in
 * fs/kernfs/dir.c); that calls nothing of a module's.
 */
static void forget_entries(void)
{
	for (uint32_t i = 0; i < FERRULE_ENTRIES && i < arena->entries; i++)
		access(arena->entry[i], F_OK);
	arena->entries = 0;
}

static void load(struct exchange *x)
{
	const char *path = x->text, *parameters = path + strlen(path) + 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (parameters > x->text + x->request.text_len)
		parameters = "";
	if (fd < 0) {
		result(&x->reply, -1);
		return;
	}
	result(&x->reply, syscall(SYS_finit_module, fd, parameters, 0));
	close(fd);
}

static void open_file(struct exchange *x)
{
	const struct ferrule_request *q = &x->request;
	int fd = open(x->text, (int)q->a | O_CLOEXEC, (mode_t)q->b);

	if (result(&x->reply, fd) < 0)
		return;
	note_entry(x->text);
	if (slots[q->slot])
		close(slots[q->slot] - 1);
	set_slot_file(q->slot, fd);
	x->reply.value = 0;
}

static void close_file(struct exchange *x)
{
	int fd = slots[x->request.slot] - 1;

	set_slot_file(x->request.slot, -1);
	result(&x->reply, close(fd));
}

static void read_file(struct exchange *x, int fd)
{
	const struct ferrule_request *q = &x->request;
	size_t want = (size_t)q->a, extra = (size_t)q->c;
	long n;

	if (q->a < 0 || q->c < 0 || want > FERRULE_DATA_MAX || extra > FERRULE_DATA_MAX - want) {
		x->reply.error = EINVAL;
		return;
	}
	memset(x->out, 0xa5, want + extra);
	n = result(&x->reply, q->b < 0 ? read(fd, x->out, want) : pread(fd, x->out, want, q->b));
	if (extra)
		x->reply.data_len = (uint32_t)(want + extra);
	else if (n > 0) /* a module may claim more than it was asked for */
		x->reply.data_len = (uint32_t)((size_t)n < want ? (size_t)n : want);
}

static void write_file(struct exchange *x, int fd)
{
	const struct ferrule_request *q = &x->request;
	size_t count = q->c > 0 ? (size_t)q->c : q->data_len, end = count < FERRULE_DATA_MAX ? count : FERRULE_DATA_MAX;
	const uint8_t *data = lent ? lent : x->data;

	if (lent)
		memcpy(lent, x->data, q->data_len);
	else if (end > q->data_len)
		memset(x->data + q->data_len, 0, end - q->data_len);
	result(&x->reply, q->b < 0 ? write(fd, data, count) : pwrite(fd, data, count, q->b));
}

static void control(struct exchange *x, int fd)
{
	const struct ferrule_request *q = &x->request;
	size_t extra = (size_t)q->c, total = q->data_len + extra;
	uint8_t *buffer = lent ? lent : x->out;

	if (q->c < 0 || extra > FERRULE_DATA_MAX || total > FERRULE_DATA_MAX) {
		x->reply.error = EINVAL;
		return;
	}
	if (total == 0) {
		result(&x->reply, ioctl(fd, (unsigned long)q->a, (unsigned long)q->b));
		return;
	}
	memcpy(buffer, x->data, q->data_len);
	memset(buffer + q->data_len, 0xa5, extra);
	result(&x->reply, ioctl(fd, (unsigned long)q->a, buffer));
	if (buffer != x->out)
		memcpy(x->out, buffer, total);
	x->reply.data_len = (uint32_t)total;
}

static void poll_file(struct exchange *x, int fd)
{
	struct pollfd p = { .fd = fd, .events = (short)x->request.a };

	if (result(&x->reply, poll(&p, 1, (int)x->request.b)) >= 0)
		x->reply.value = p.revents;
}

static void map_file(struct exchange *x, int fd)
{
	const struct ferrule_request *q = &x->request;
	size_t length = (size_t)q->a;
	int signal_number;
	uint8_t *map;

	if (q->a <= 0 || length > FERRULE_DATA_MAX || q->data_len > length) {
		x->reply.error = EINVAL;
		return;
	}
	map = mmap(NULL, length, (int)q->b, MAP_SHARED, fd, q->c);
	if (map == MAP_FAILED) {
		result(&x->reply, -1);
		return;
	}
	signal(SIGBUS, on_bus_fault);
	signal(SIGSEGV, on_bus_fault);
	signal_number = sigsetjmp(bus_fault, 1);
	if (signal_number == 0) {
		if (q->data_len)
			memcpy(map, x->data, q->data_len);
		if (q->b & PROT_READ) {
			memcpy(x->out, map, length);
			x->reply.data_len = (uint32_t)length;
		}
	} else {
		x->reply.error = EFAULT;
		x->reply.value = signal_number;
	}
	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	munmap(map, length);
}

static void take_text(struct exchange *x, const char *path, size_t cap)
{
	size_t length;
	bool truncated;

	if (cap > FERRULE_DATA_MAX)
		cap = FERRULE_DATA_MAX;
	x->reply.error = read_whole(path, x->out, cap, &length, &truncated);
	x->reply.data_len = (uint32_t)length;
	x->reply.value = (int64_t)length;
	if (truncated)
		x->reply.flags |= FERRULE_TRUNCATED;
}

static void ledger(struct exchange *x)
{
	static const char *const words[] = { "start\n", "settle\n", "stop\n" };
	int64_t which = x->request.op == FERRULE_SETTLE ? 2 : x->request.a;

	if (which < 1 || which > 3) {
		x->reply.error = EINVAL;
		return;
	}
	if (which == 2)
		forget_entries();
	x->reply.error = write_once(LEDGER, words[which - 1], strlen(words[which - 1]), false, NULL);
	if (x->reply.error == 0 && which == 2 && x->request.op == FERRULE_LEDGER)
		take_text(x, LEDGER, FERRULE_DATA_MAX);
}

void perform_once(struct exchange *x)
{
	struct ferrule_request *q = &x->request;
	bool truncated = false;
	int fd = slots[q->slot] - 1;

	x->reply.data_len = 0;
	x->reply.error = 0;
	x->reply.value = 0;
	switch (q->op) {
	case FERRULE_LOAD:
		load(x);
		break;
	case FERRULE_UNLOAD:
		result(&x->reply, syscall(SYS_delete_module, x->text, O_NONBLOCK));
		break;
	case FERRULE_OPEN:
		open_file(x);
		break;
	case FERRULE_CLOSE:
		close_file(x);
		break;
	case FERRULE_READ:
		read_file(x, fd);
		break;
	case FERRULE_WRITE:
		write_file(x, fd);
		break;
	case FERRULE_IOCTL:
		control(x, fd);
		break;
	case FERRULE_LSEEK:
		result(&x->reply, lseek(fd, q->a, (int)q->b));
		break;
	case FERRULE_POLL:
		poll_file(x, fd);
		break;
	case FERRULE_MMAP:
		map_file(x, fd);
		break;
	case FERRULE_READ_FILE:
		note_entry(x->text);
		take_text(x, x->text, q->a > 0 ? (size_t)q->a : FERRULE_DATA_MAX);
		break;
	case FERRULE_WRITE_FILE:
		note_entry(x->text);
		x->reply.error = write_once(x->text, x->data, q->data_len, false, &x->reply.value);
		break;
	case FERRULE_LISTING:
		x->reply.data_len = (uint32_t)make_listing((char *)x->out, FERRULE_DATA_MAX, &truncated);
		if (truncated)
			x->reply.flags |= FERRULE_TRUNCATED;
		break;
	case FERRULE_LEDGER:
	case FERRULE_SETTLE:
		ledger(x);
		break;
	case FERRULE_RUN:
		run_program(x);
		break;
	case FERRULE_DELAY:
		wait_microseconds(q->a > 0 ? (uint64_t)q->a : 0);
		break;
	case FERRULE_RACE:
		run_race(x);
		break;
	default:
		x->reply.error = ENOSYS;
	}
}

void perform(struct exchange *x)
{
	const struct ferrule_request *q = &x->request;
	uint32_t i, times = q->repeat ? q->repeat : 1;
	uint64_t start;
	int fault = -1;

	/* A program is armed in its own task, see run.c. */
	if (q->fail_nth && q->op != FERRULE_RUN) {
		fault = fault_open();
		if (fault < 0 || !fault_arm(fault, q->fail_nth)) {
			x->reply.error = ENOTSUP;
			if (fault >= 0)
				close(fault);
			return;
		}
	}
	start = now_ns();
	for (i = 0; i < times; i++) {
		perform_once(x);
		if (x->reply.error)
			break;
	}
	x->reply.nanoseconds = now_ns() - start;
	if (fault >= 0) {
		unsigned left = fault_disarm(fault);

		if (left == 0)
			x->reply.flags |= FERRULE_FAULT_FIRED;
		if (left <= q->fail_nth)
			x->reply.fault_points = q->fail_nth - left;
		close(fault);
	}
}
