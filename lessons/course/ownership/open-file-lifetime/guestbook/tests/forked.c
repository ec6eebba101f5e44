// One open file, two processes: the child closes its descriptor, and the file stays open.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry {
	uint32_t index;
	uint32_t present;
	uint8_t name[16];
};

#define SIGN _IOW('g', 1, uint8_t[16])
#define ENTRY _IOWR('g', 2, struct entry)
#define NOW _IO('g', 3)

int main(void)
{
	uint8_t name[16] = "two processes";
	struct entry entry = { 0 };
	int file = open("/dev/guestbook", O_RDWR);
	pid_t child;

	if (file < 0 || ioctl(file, SIGN, name) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		close(file);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	if (ioctl(file, ENTRY, &entry) != 0)
		return 2;
	printf("%d open, present %u\n", ioctl(file, NOW), entry.present);
	return 0;
}
