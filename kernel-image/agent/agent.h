/* What the files of the guest agent share. protocol.h says what it does, agent.c how. */
#ifndef FERRULE_AGENT_H
#define FERRULE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/*
 * One worker's request and its reply, in memory that agent and worker share; a byte on their
 * socket pair hands it over. The guard page behind `data` is not mapped (see FERRULE_WRITE).
 */
struct exchange {
	uint8_t data[FERRULE_DATA_MAX]; /* ends where the mapping ends but for the rest */
	uint8_t guard[4096];            /* PROT_NONE */
	uint8_t out[FERRULE_DATA_MAX];
	struct ferrule_request request;
	struct ferrule_reply reply;
	char text[FERRULE_TEXT_MAX + 2]; /* always ended by two zero bytes */
};

/* setup.c */
void set_up_guest(void);
int open_port(void);
_Noreturn void die(const char *what);

/* worker.c: the life of a forked worker. */
_Noreturn void worker_main(struct exchange *exchange, int socket);

/* calls.c: one request, in a worker. Fills reply and out. */
void perform(struct exchange *exchange);

/* run.c: FERRULE_RUN, FERRULE_SHELL */
void run_program(struct exchange *exchange);
int start_shell(const struct ferrule_request *request, const char *directory);

/* listing.c: returns the length; *truncated when cap was too small. */
size_t make_listing(char *out, size_t cap, bool *truncated);

/* fault.c: arms the calling task's next calls, and tells whether the fault fired. */
void fault_set_up(void);
int fault_open(void);
bool fault_arm(int fd, unsigned nth);
unsigned fault_disarm(int fd); /* how many fault points were left; 0: it fired */

/* files.c: all return a positive errno or 0. */
int read_whole(const char *path, uint8_t *out, size_t cap, size_t *length, bool *truncated);
int write_once(const char *path, const void *data, size_t length, bool create, int64_t *written);
uint64_t now_ns(void);

#endif
