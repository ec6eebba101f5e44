#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int read_whole(const char *path, uint8_t *out, size_t cap, size_t *length, bool *truncated)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = 0;
	ssize_t n;
	char extra;

	*length = 0;
	*truncated = false;
	if (fd < 0)
		return errno;
	while (*length < cap) {
		n = read(fd, out + *length, cap - *length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
		/* A module's read() may return anything; believing it would run past the buffer. */
		*length += (size_t)n <= cap - *length ? (size_t)n : cap - *length;
	}
	if (*length == cap && !error && read(fd, &extra, 1) > 0)
		*truncated = true;
	close(fd);
	return error;
}

int write_once(const char *path, const void *data, size_t length, bool create, int64_t *written)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0755);
	int error = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	n = write(fd, data, length);
	if (n < 0)
		error = errno;
	else if (written)
		*written = n;
	close(fd);
	return error;
}
