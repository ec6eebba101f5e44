// SPDX-License-Identifier: GPL-2.0
/*
 * edge read|write AT SIZE ROOM
 *
 * Turns the ring by AT bytes, and then lets SIZE bytes be read into, or written
 * from, memory that ends after ROOM. Says what came of it, how many bytes are
 * in the ring then, and whether all of them are read in the right order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_USED _IO('R', 2)

static void said(const char *call, long got)
{
	if (got < 0 && errno == EFAULT)
		printf("%s: EFAULT, ", call);
	else if (got < 0)
		printf("%s: %s, ", call, strerror(errno));
	else
		printf("%s: %ld, ", call, got);
}

static int same(const unsigned char *at, long size, long from)
{
	for (long i = 0; i < size; i++)
		if (at[i] != (unsigned char)((from + i) * 7 + 1))
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	unsigned char data[256], back[256];
	long page = sysconf(_SC_PAGESIZE);
	int fd = open("/dev/ring_buffer", O_RDWR | O_NONBLOCK);
	unsigned char *end;
	long at, size, room, got, rest;
	int good = 1;

	if (argc != 5 || fd < 0)
		return 1;
	at = atol(argv[2]);
	size = atol(argv[3]);
	room = atol(argv[4]);
	end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (end == MAP_FAILED)
		return 1;
	end += page;
	if (mprotect(end, page, PROT_NONE))
		return 1;
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + 1;

	if (at && (write(fd, data, at) != at || read(fd, back, at) != at)) {
		printf("%ld bytes did not pass\n", at);
		return 0;
	}

	if (!strcmp(argv[1], "read")) {
		if (write(fd, data, size) != size) {
			printf("%ld bytes did not fit\n", size);
			return 0;
		}
		got = read(fd, end - room, size);
		said("read", got);
		if (got > 0)
			good = same(end - room, got < room ? got : room, 0);
		else
			got = 0;
	} else {
		memcpy(end - room, data, room);
		got = write(fd, end - room, size);
		said("write", got);
		got = 0;
	}
	printf("used: %d, ", ioctl(fd, RING_USED));
	rest = read(fd, back, sizeof(back));
	said("rest", rest);
	if (rest > 0)
		good = good && same(back, rest, got);
	printf("%s\n", good ? "in order" : "not in order");
	return 0;
}
