/* Mounts, /dev links and the port: everything before the first request. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

/* Ends process 1: the kernel panics, and the host shows these words from the console. */
_Noreturn void die(const char *what)
{
	dprintf(2, "ferrule agent: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void mount_at(const char *type, const char *where, const char *options, bool needed)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) != 0 && errno != EBUSY && needed)
		die(where);
}

void set_up_guest(void)
{
	int fd;

	umask(0);
	mount_at("devtmpfs", "/dev", "", true);
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	mount_at("proc", "/proc", "", true);
	mount_at("sysfs", "/sys", "", true);
	mount_at("tmpfs", "/run", "mode=755", true);
	mount_at("tmpfs", "/tmp", "mode=1777", true);
	mount_at("debugfs", "/sys/kernel/debug", "", false);
	mount_at("configfs", "/sys/kernel/config", "", false);
	mount_at("devpts", "/dev/pts", "ptmxmode=666", false);
	mkdir("/run/ferrule", 0755);
	chdir("/run");
	fault_set_up();
}

/* The node of the virtio-serial port that carries our name. */
int open_port(void)
{
	static const char folder[] = "/sys/class/virtio-ports";
	char path[320], name[64];
	struct dirent *entry;
	size_t length;
	bool truncated;
	int fd = -1, try;
	DIR *dir;

	/* The driver learns the ports' names by messages from the host, which may take a moment. */
	for (try = 0; try < 500 && fd < 0; try++) {
		dir = opendir(folder);
		while (dir && fd < 0 && (entry = readdir(dir)) != NULL) {
			snprintf(path, sizeof(path), "%s/%s/name", folder, entry->d_name);
			if (read_whole(path, (uint8_t *)name, sizeof(name) - 1, &length, &truncated) != 0)
				continue;
			name[length] = 0;
			name[strcspn(name, "\n")] = 0;
			if (strcmp(name, FERRULE_PORT_NAME) != 0)
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		}
		if (dir)
			closedir(dir);
		if (fd < 0)
			usleep(20000);
	}
	return fd;
}
