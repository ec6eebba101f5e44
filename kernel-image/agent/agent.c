/*
 * The guest agent, process 1 of a sandbox.
 *
 * Theory of operation. One port to the host, one loop. A request is read in full: its header says
 * which worker it is for, and its text and data are read straight into the memory that this worker shares with us
 * (struct exchange); one byte on the worker's socket pair starts it, one byte back says that the reply
 * stands there. When the socket closes instead, the worker is dead (an oops ends the task that
 * made the call) and the host is told so. Process 1 makes no call that may hang or oops: what the housekeeping
 * requests of worker 0 need beyond that is done by a hidden worker, HOUSEKEEPER.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define HOUSEKEEPER 0 /* serves what worker 0 is asked and the agent does not do itself */

struct worker {
	pid_t pid; /* 0: none */
	int socket;
	bool busy;
	uint32_t id; /* of the request under way */
	struct exchange *exchange;
};

static struct worker workers[FERRULE_WORKERS];
static struct exchange *own; /* requests that the agent answers itself */
static int port = -1;
static pid_t shell;

static void wait_for_port(short events)
{
	struct pollfd p = { .fd = port, .events = events };

	if (poll(&p, 1, 1000) > 0 && (p.revents & POLLHUP))
		usleep(10000); /* nobody at the other end: a template between two hosts */
}

static void read_port(void *to, size_t length)
{
	uint8_t *at = to;

	while (length > 0) {
		ssize_t n = read(port, at, length);

		if (n > 0) {
			at += n;
			length -= (size_t)n;
		} else {
			wait_for_port(POLLIN);
		}
	}
}

static void write_port(const void *from, size_t length)
{
	const uint8_t *at = from;

	while (length > 0) {
		ssize_t n = write(port, at, length);

		if (n > 0) {
			at += n;
			length -= (size_t)n;
		} else {
			wait_for_port(POLLOUT);
		}
	}
}

/* One write for header and data where they fit: each costs the host a wake-up. */
static void reply(const struct ferrule_reply *header, const void *data)
{
	uint8_t small[8192];

	if (sizeof(*header) + header->data_len <= sizeof(small)) {
		memcpy(small, header, sizeof(*header));
		memcpy(small + sizeof(*header), data, header->data_len);
		write_port(small, sizeof(*header) + header->data_len);
		return;
	}
	write_port(header, sizeof(*header));
	write_port(data, header->data_len);
}

static void reply_plain(uint32_t id, int error, uint32_t flags, int64_t value)
{
	struct ferrule_reply r = {
		.magic = FERRULE_REPLY_MAGIC, .id = id, .error = error, .flags = flags, .value = value
	};

	reply(&r, "");
}

static struct exchange *new_exchange(void)
{
	struct exchange *x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (x == MAP_FAILED)
		die("memory for a worker");
	mprotect(x->guard, sizeof(x->guard), PROT_NONE);
	return x;
}

static void drop_worker(struct worker *w)
{
	if (w->socket >= 0)
		close(w->socket);
	/* It may still run inside the kernel and write there later: the next one gets new memory. */
	if (w->exchange)
		munmap(w->exchange, sizeof(*w->exchange));
	*w = (struct worker){ .socket = -1 };
}

static bool ensure_worker(struct worker *w)
{
	int pair[2];

	if (w->pid > 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	if (!w->exchange)
		w->exchange = new_exchange();
	w->pid = fork();
	if (w->pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close(port);
		close(pair[0]);
		for (int i = 0; i < FERRULE_WORKERS; i++)
			if (&workers[i] != w && workers[i].socket >= 0)
				close(workers[i].socket);
		worker_main(w->exchange, pair[1], (unsigned)(w - workers));
	}
	close(pair[1]);
	if (w == &workers[1])
		__atomic_store_n(&arena->owner, w->pid, __ATOMIC_RELEASE);
	w->socket = pair[0];
	if (w->pid < 0) {
		drop_worker(w);
		return false;
	}
	return true;
}

/* The worker's socket closed, or it is to be forgotten: whoever waits for it is told. */
static void worker_lost(struct worker *w)
{
	int status = SIGKILL, try;

	/* It is a zombie in a moment, unless it hangs in the kernel. */
	for (try = 0; try < 20; try++) {
		if (waitpid(w->pid, &status, WNOHANG) != 0)
			break;
		usleep(1000);
	}
	race_lost((unsigned)(w - workers));
	if (w->busy) {
		const unsigned number = (unsigned)(w - workers);
		struct ferrule_reply r = {
			.magic = FERRULE_REPLY_MAGIC, .id = w->id, .flags = FERRULE_WORKER_DIED, .value = status
		};

		if (w->exchange->request.op == FERRULE_RACE)
			r.data_len = sizeof(arena->at[number]);
		reply(&r, &arena->at[number]);
	}
	if (w == &workers[1])
		memset(arena->files, 0, sizeof(arena->files));
	drop_worker(w);
}

static void worker_ready(struct worker *w)
{
	struct ferrule_reply r;
	char byte;

	if (read(w->socket, &byte, 1) != 1 || !w->busy) {
		worker_lost(w);
		return;
	}
	r = w->exchange->reply;
	r.magic = FERRULE_REPLY_MAGIC;
	r.id = w->id;
	if (r.data_len > FERRULE_DATA_MAX)
		r.data_len = FERRULE_DATA_MAX;
	w->busy = false;
	reply(&r, w->exchange->out);
}

static void put(struct exchange *x, struct ferrule_reply *r)
{
	const struct ferrule_request *q = &x->request;
	int fd;

	if (strncmp(x->text, "/run/", 5) != 0 || strstr(x->text, "..") || q->a < 0) {
		r->error = EINVAL;
		return;
	}
	fd = open(x->text, O_WRONLY | O_CREAT | O_CLOEXEC | (q->a == 0 ? O_TRUNC : 0), 0755);
	if (fd < 0 || pwrite(fd, x->data, q->data_len, q->a) != (ssize_t)q->data_len)
		r->error = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
}

static void append_file(struct ferrule_reply *r, pid_t pid, const char *name, const char *only)
{
	char path[64];
	size_t length;
	bool truncated;
	uint8_t *out = own->out + r->data_len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if (read_whole(path, out, 16384, &length, &truncated) != 0)
		return;
	if (only) {
		char *line, *end;

		out[length] = 0;
		line = strstr((char *)out, only);
		end = line ? strchr(line, '\n') : NULL;
		length = end ? (size_t)(end + 1 - line) : 0;
		memmove(out, line, length);
	}
	if (length && out[length - 1] != '\n')
		out[length++] = '\n';
	r->data_len += (uint32_t)length;
}

static struct worker *named_worker(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return end != text && n < FERRULE_WORKERS ? &workers[n] : NULL;
}

static void worker_stack(struct ferrule_reply *r)
{
	struct worker *w = named_worker(own->text);

	if (!w || w->pid <= 0) {
		r->error = ESRCH;
		return;
	}
	r->value = w->pid;
	append_file(r, w->pid, "status", "State:");
	append_file(r, w->pid, "wchan", NULL);
	append_file(r, w->pid, "stack", NULL);
}

static void kill_worker(struct ferrule_reply *r)
{
	struct worker *w = named_worker(own->text);

	if (!w || w->pid <= 0) {
		r->error = ESRCH;
		return;
	}
	kill(w->pid, SIGKILL);
	worker_lost(w);
}

static void power_off(void)
{
	/* Without ACPI there is no power switch; the host takes a reset as the end (-no-reboot). */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* Requests that need no worker. */
static void answer(void)
{
	const struct ferrule_request *q = &own->request;
	struct ferrule_reply r = { .magic = FERRULE_REPLY_MAGIC, .id = q->id };
	struct utsname name;
	uint64_t start = now_ns();

	switch (q->op) {
	case FERRULE_HELLO:
		uname(&name);
		r.value = FERRULE_PROTOCOL_VERSION;
		r.data_len = (uint32_t)strlen(name.release);
		memcpy(own->out, name.release, r.data_len);
		break;
	case FERRULE_PUT:
		put(own, &r);
		break;
	case FERRULE_STACK:
		worker_stack(&r);
		break;
	case FERRULE_KILL:
		kill_worker(&r);
		break;
	case FERRULE_SHELL:
		if (shell <= 0)
			shell = start_shell(q, own->text);
		else
			resize_shell(q);
		r.value = shell;
		r.error = shell < 0 ? errno : 0;
		break;
	case FERRULE_STOP:
		if (q->a != 1)
			__atomic_store_n(&arena->stop, 1, __ATOMIC_RELEASE);
		r.data_len = sizeof(arena->at);
		memcpy(own->out, arena->at, sizeof(arena->at));
		break;
	case FERRULE_POWEROFF:
		reply_plain(q->id, 0, 0, 0);
		power_off();
	}
	r.nanoseconds = now_ns() - start;
	reply(&r, own->out);
}

static bool done_by_agent(uint16_t op)
{
	return op == FERRULE_HELLO || op == FERRULE_PUT || op == FERRULE_STACK || op == FERRULE_KILL ||
	       op == FERRULE_SHELL || op == FERRULE_STOP || op == FERRULE_POWEROFF;
}

static void request_ready(void)
{
	struct ferrule_request q;
	struct exchange *x = own;
	struct worker *w = NULL;
	int error = 0;

	read_port(&q, sizeof(q));
	/* The host is ours; a header that does not fit means that we lost our place for good. */
	if (q.magic != FERRULE_REQUEST_MAGIC || q.text_len > FERRULE_TEXT_MAX || q.data_len > FERRULE_DATA_MAX)
		die("a request that is none");
	if (q.worker >= FERRULE_WORKERS || q.slot >= FERRULE_SLOTS) {
		error = EINVAL;
	} else if (!done_by_agent(q.op)) {
		w = &workers[q.worker];
		if (w->busy)
			error = EBUSY;
		else if (!ensure_worker(w))
			error = EAGAIN;
		else
			x = w->exchange;
	}
	read_port(x->text, q.text_len);
	memset(x->text + q.text_len, 0, 2);
	read_port(x->data, q.data_len);
	if (error) {
		reply_plain(q.id, error, 0, 0);
		return;
	}
	x->request = q;
	if (!w) {
		answer();
		return;
	}
	memset(&x->reply, 0, sizeof(x->reply));
	/* Lane 0's request is the first of a race: none of the others runs yet. */
	if (q.op == FERRULE_RACE && q.data_len >= sizeof(struct ferrule_race) &&
	    ((const struct ferrule_race *)x->data)->lane == 0)
		race_begins();
	w->busy = true;
	w->id = q.id;
	if (write(w->socket, "", 1) != 1)
		worker_lost(w);
}

static void reap(void)
{
	siginfo_t info;

	/* Workers are reaped where their death is noticed, by their socket. */
	for (;;) {
		bool worker = false;

		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		for (int i = 0; i < FERRULE_WORKERS; i++)
			worker = worker || workers[i].pid == info.si_pid;
		if (worker)
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
		if (info.si_pid == shell)
			power_off();
	}
}

static void on_child(int signal)
{
	(void)signal;
}

int main(void)
{
	struct sigaction child = { .sa_handler = on_child };
	struct pollfd fds[FERRULE_WORKERS + 1];

	if (getpid() != 1) {
		dprintf(2, "ferrule agent: this is the first process of a sandbox's guest, and of nothing else\n");
		return 1;
	}
	set_up_guest();
	port = open_port();
	if (port < 0)
		die("no port " FERRULE_PORT_NAME);
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < FERRULE_WORKERS; i++)
		workers[i].socket = -1;
	own = new_exchange();
	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		die("memory for races");
	/* Forked before the template is taken: a clone's first calls find them. */
	ensure_worker(&workers[HOUSEKEEPER]);
	ensure_worker(&workers[1]);

	for (;;) {
		int n, busy_port;

		for (int i = 0; i < FERRULE_WORKERS; i++)
			fds[i] = (struct pollfd){ .fd = workers[i].socket, .events = POLLIN };
		fds[FERRULE_WORKERS] = (struct pollfd){ .fd = port, .events = POLLIN };
		n = poll(fds, FERRULE_WORKERS + 1, -1);
		reap();
		if (n <= 0)
			continue;
		for (int i = 0; i < FERRULE_WORKERS; i++)
			if (fds[i].revents && workers[i].socket == fds[i].fd)
				worker_ready(&workers[i]);
		busy_port = fds[FERRULE_WORKERS].revents;
		if (busy_port & POLLIN)
			request_ready();
		else if (busy_port & POLLHUP)
			usleep(10000);
	}
}
