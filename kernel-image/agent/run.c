/* Programs: a lesson's static test program, and the interactive shell. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

#define RUN_ARGUMENTS 64
#define RUN_DEADLINE_MS 10000

static char *const environment[] = { "PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/run", "TERM=linux", NULL };

static _Noreturn void program(char **argv, int output, unsigned fail_nth)
{
	int null = open("/dev/null", O_RDONLY), fault;

	setpgid(0, 0);
	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (fail_nth) {
		fault = fault_open();
		if (fault < 0 || !fault_arm(fault, fail_nth))
			_exit(126);
	}
	execve(argv[0], argv, environment);
	_exit(127);
}

/* Takes what there is; what does not fit is read and dropped, so that the program never blocks on us. */
static bool take_output(struct exchange *x, int fd)
{
	static uint8_t drop[4096];
	size_t room = FERRULE_DATA_MAX - x->reply.data_len;
	ssize_t n = room ? read(fd, x->out + x->reply.data_len, room) : read(fd, drop, sizeof(drop));

	if (n <= 0)
		return n < 0 && (errno == EINTR);
	if (room)
		x->reply.data_len += (uint32_t)n;
	else
		x->reply.flags |= FERRULE_TRUNCATED;
	return true;
}

static bool fault_fired_in(pid_t pid)
{
	/* The program is dead but not reaped: its task still tells. */
	char path[64], text[16] = "";
	size_t length;
	bool truncated;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", (int)pid);
	if (read_whole(path, (uint8_t *)text, sizeof(text) - 1, &length, &truncated) != 0 || length == 0)
		return false;
	return strtoul(text, NULL, 10) == 0;
}

void run_program(struct exchange *x)
{
	const struct ferrule_request *q = &x->request;
	uint64_t limit = q->a > 0 ? (uint64_t)q->a : RUN_DEADLINE_MS, end = now_ns() + limit * 1000000u;
	char *argv[RUN_ARGUMENTS + 1];
	siginfo_t info;
	int pipes[2], status = 0;
	size_t argc = 0, at = 0;
	bool ended = false;
	pid_t pid;

	while (argc < RUN_ARGUMENTS && at < q->text_len) {
		argv[argc++] = x->text + at;
		at += strlen(x->text + at) + 1;
	}
	argv[argc] = NULL;
	if (argc == 0) {
		x->reply.error = EINVAL;
		return;
	}
	if (pipe2(pipes, O_CLOEXEC) != 0) {
		x->reply.error = errno;
		return;
	}
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		program(argv, pipes[1], q->fail_nth);
	close(pipes[1]);
	if (pid < 0) {
		x->reply.error = errno;
		close(pipes[0]);
		return;
	}
	/* The output may stay open in a grandchild and the program may close it early: only its death counts. */
	while (!ended) {
		struct pollfd p = { .fd = pipes[0], .events = POLLIN };

		memset(&info, 0, sizeof(info));
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
		ended = info.si_pid == pid;
		if (!ended && now_ns() >= end) {
			x->reply.error = ETIMEDOUT;
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			break;
		}
		if (!ended && poll(&p, 1, 5) > 0 && !(p.revents & POLLIN))
			usleep(2000);
		while (take_output(x, pipes[0]))
			;
	}
	if (ended && q->fail_nth && fault_fired_in(pid))
		x->reply.flags |= FERRULE_FAULT_FIRED;
	kill(-pid, SIGKILL); /* what it left behind */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	while (take_output(x, pipes[0]))
		;
	close(pipes[0]);
	x->reply.value = status;
}

static void set_size(int fd, const struct ferrule_request *request)
{
	struct winsize size = { .ws_row = (unsigned short)request->a, .ws_col = (unsigned short)request->b };

	if (size.ws_row && size.ws_col)
		ioctl(fd, TIOCSWINSZ, &size); /* the kernel tells who runs in the foreground */
}

void resize_shell(const struct ferrule_request *request)
{
	int fd = open("/dev/hvc0", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	set_size(fd, request);
	close(fd);
}

int start_shell(const struct ferrule_request *request, const char *directory)
{
	char *argv[] = { "sh", "-l", NULL };
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	setsid();
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	fd = open("/dev/hvc0", O_RDWR);
	if (fd < 0)
		_exit(126);
	ioctl(fd, TIOCSCTTY, 0);
	set_size(fd, request);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
	if (*directory)
		chdir(directory);
	execve("/bin/busybox", argv, environment);
	execve("/bin/sh", argv, environment);
	_exit(127);
}
