#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent.h"

unsigned own_number;

_Noreturn void worker_main(struct exchange *exchange, int socket, unsigned number)
{
	ssize_t n;
	char byte;

	own_number = number;
	prctl(PR_SET_NAME, "ferrule-worker");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		n = read(socket, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		perform(exchange);
		if (write(socket, &byte, 1) != 1)
			_exit(0);
	}
}
