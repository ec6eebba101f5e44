// SPDX-License-Identifier: GPL-2.0
/* What a signal does to a call that waits: with a handler that interrupts calls, and with one that restarts them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int box;
static volatile sig_atomic_t posts;

static void on_alarm(int number)
{
	static const char letter[8] = "letter!";

	/* The box is empty: this does not wait. */
	if (posts && write(box, letter, sizeof(letter)) == sizeof(letter))
		posts = 0;
}

static void alarm_after_50_ms(int flags)
{
	struct itimerval after = { .it_value.tv_usec = 50000 };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &after, NULL);
}

static void report(const char *what, ssize_t got)
{
	if (got < 0)
		printf("%s: %s\n", what, errno == EINTR ? "EINTR" : strerror(errno));
	else
		printf("%s: %zd\n", what, got);
	fflush(stdout);
}

int main(void)
{
	char letter[8] = "";

	box = open("/dev/postbox", O_RDWR);
	if (box < 0) {
		perror("/dev/postbox");
		return 1;
	}

	alarm_after_50_ms(0);
	report("read", read(box, letter, sizeof(letter)));

	if (write(box, letter, sizeof(letter)) != sizeof(letter))
		perror("write into the empty box");
	alarm_after_50_ms(0);
	report("write", write(box, letter, sizeof(letter)));
	if (read(box, letter, sizeof(letter)) != sizeof(letter))
		perror("read from the full box");

	posts = 1;
	alarm_after_50_ms(SA_RESTART);
	report("read, restarted", read(box, letter, sizeof(letter)));
	close(box);
	return 0;
}
