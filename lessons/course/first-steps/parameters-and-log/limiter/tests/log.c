// SPDX-License-Identifier: GPL-2.0
/*
 * What the module wrote into the kernel's log.
 *
 * log clear       forget what is in the log so far
 * log said TEXT   how many lines of level info are exactly TEXT
 * log errors      how many lines of the module are of level err
 * log after TEXT  how many lines of level info or more important came behind
 *                 TEXT: "quiet", "some" (1 to 9) or "flooded"
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#define SYSLOG_ACTION_CLEAR 5

static const char module[] = "limiter: ";

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const char *wanted = argc > 2 ? argv[2] : "";
	unsigned int said = 0, errors = 0, after = 0;
	static char record[8192];
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (!strcmp(mode, "clear"))
		return klogctl(SYSLOG_ACTION_CLEAR, NULL, 0) ? 1 : 0;
	/* SEEK_DATA of /dev/kmsg: the first record behind the last "clear". */
	if (fd < 0 || lseek(fd, 0, SEEK_DATA) < 0) {
		perror("/dev/kmsg");
		return 1;
	}
	for (;;) {
		ssize_t size = read(fd, record, sizeof(record) - 1);
		unsigned long level;
		char *text;

		if (size < 0 && errno == EPIPE)
			continue;
		if (size <= 0)
			break;
		record[size] = '\0';
		level = strtoul(record, NULL, 10) & 7;
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (strstr(text, "taints kernel"))
			continue;
		if (said && level <= 6)
			after++;
		if (level == 6 && !strcmp(text, wanted))
			said++;
		if (level == 3 && !strncmp(text, module, strlen(module)))
			errors++;
	}
	if (!strcmp(mode, "said"))
		printf("%u\n", said);
	else if (!strcmp(mode, "errors"))
		printf("%u\n", errors);
	else
		puts(!said ? "not loaded" : !after ? "quiet" : after < 10 ? "some" : "flooded");
	return 0;
}
