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

#define FERRULE_ENTRIES 32

/*
 * What all workers share from the start. Other memory of a race than this is a worker's own.
 */
struct arena {
	uint32_t arrived;               /* lanes that are ready to begin */
	uint32_t stop;                  /* no further rounds */
	uint32_t block;                 /* of the plan that the lanes follow */
	uint32_t beat[FERRULE_WORKERS]; /* of each lane: its block and the rounds begun in it; ~0: at its end */
	struct ferrule_race_end at[FERRULE_WORKERS]; /* of each worker */
	uint32_t racing[FERRULE_WORKERS];            /* of each worker: 1 + its lane, while it runs one */
	/* Files below /proc and /sys that were opened since the ledger began: see forget_entries(). */
	uint32_t entries;
	char entry[FERRULE_ENTRIES][128];
	int32_t owner;                /* worker 1's pid */
	int32_t files[FERRULE_SLOTS]; /* its descriptors + 1 */
	uint8_t shared[FERRULE_RACE_SHARED][FERRULE_RACE_SHARED_SIZE];
};
extern struct arena *arena;

/* setup.c */
void set_up_guest(void);
int open_port(void);
_Noreturn void die(const char *what);

/* worker.c: the life of a forked worker. */
_Noreturn void worker_main(struct exchange *exchange, int socket, unsigned number);
extern unsigned own_number; /* which worker this process is; 0: the agent, or the hidden one */

/* calls.c: one request, in a worker. Fills reply and out. */
void perform(struct exchange *exchange);
void perform_once(struct exchange *exchange); /* by request.op, without regard to repeat and faults */
int slot_file(unsigned slot);                 /* descriptor, -1: not open */
void set_slot_file(unsigned slot, int fd);
void lend_buffer(uint8_t *buffer); /* where the next ioctl's or write's data lie instead of the exchange */

/* race.c: FERRULE_RACE in a worker; by the agent before the first lane starts; when a lane's worker died */
void run_race(struct exchange *exchange);
void race_begins(void);
void race_lost(unsigned worker);
void wait_microseconds(uint64_t microseconds);

/* run.c: FERRULE_RUN, FERRULE_SHELL */
void run_program(struct exchange *exchange);
int start_shell(const struct ferrule_request *request, const char *directory);
void resize_shell(const struct ferrule_request *request);

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
