/*
 * What the host and the guest agent say to each other, over one virtio-serial port.
 *
 * The host sends a request and gets exactly one reply with the same id; requests to different
 * workers may be under way at once. Every number is little-endian. A request is the header,
 * then text_len bytes of text, then data_len bytes of data; a reply is its header, then data.
 *
 * Nothing the guest says grants a pass: the host treats each reply as hostile bytes, checks the
 * magic, the id and the lengths, and cuts the channel on the first thing that does not fit.
 *
 * The agent is process 1. It never makes a risky call itself: each worker is a child that it
 * forks on first use, so that an oops kills a worker and not the guest. Worker 0 is housekeeping
 * (hello, files, listings, ledger) and must not be given a module's file to operate on: hello, put, stack,
 * kill, shell, stop and poweroff are done by the agent itself and always answered; the rest of worker 0's calls by a
 * hidden worker, so that a guest that cannot settle still says where it hangs. A request for a worker that has
 * one under way is answered with EBUSY.
 *
 * Included by C (the agent) and C++ (sandbox/vm/channel).
 */
#ifndef FERRULE_PROTOCOL_H
#define FERRULE_PROTOCOL_H

#include <stdint.h>

#define FERRULE_PORT_NAME "ferrule.agent"
#define FERRULE_REQUEST_MAGIC 0x46525131u /* FRQ1 */
#define FERRULE_REPLY_MAGIC 0x46525031u   /* FRP1 */
#define FERRULE_TEXT_MAX 4096u
#define FERRULE_DATA_MAX (1u << 20) /* either way, one message; larger files go in pieces */
#define FERRULE_WORKERS 9           /* 0: the agent; 1..8: workers */
#define FERRULE_SLOTS 32            /* open files per worker */

/*
 * What is made to fail: folders of debugfs. The last one is registrations and mappings (the kernel's
 * drivers/ferrule/faults.c).
 */
#define FERRULE_FAULT_ATTRIBUTES "failslab", "fail_page_alloc", "fail_call"

enum ferrule_op {
	FERRULE_HELLO = 1,  /* -> value: protocol version; data: utsname release */
	FERRULE_PUT,        /* text: path below /run; data; a: offset. Writes a piece of a file */
	FERRULE_LOAD,       /* text: "PATH\0PARAMS"; init via finit_module -> error */
	FERRULE_UNLOAD,     /* text: module name; delete_module(O_NONBLOCK) -> error */
	FERRULE_OPEN,       /* text: path; a: open flags; b: mode; slot -> error */
	FERRULE_CLOSE,      /* slot */
	FERRULE_READ,       /* slot; a: bytes; b: offset for pread or -1 -> value: returned; data. c: extra bytes behind
			       the buffer; then data is the whole buffer and them, filled with 0xa5 before the call */
	FERRULE_WRITE,      /* slot; data; b: offset for pwrite or -1; c: count if not data_len (0: data_len; zeros
			       follow the data up to FERRULE_DATA_MAX, then unmapped memory) -> value */
	FERRULE_IOCTL,      /* slot; a: cmd; data: argument buffer (value b when there is none);
			       -> value: returned; data: the buffer after the call. c: extra bytes behind the buffer,
			       filled with 0xa5, returned too: a write past the end shows */
	FERRULE_LSEEK,      /* slot; a: offset; b: whence -> value */
	FERRULE_POLL,       /* slot; a: events; b: timeout ms -> value: revents */
	FERRULE_MMAP,       /* slot; a: length; b: prot; c: offset: maps, returns first a bytes as data
			       (writes `data` to it first when data_len > 0), unmaps. A bus fault is error EFAULT, value
			       the signal; only with PROT_READ in b is data returned */
	FERRULE_READ_FILE,  /* text: path; a: cap -> data: open, read all, close */
	FERRULE_WRITE_FILE, /* text: path; data: open, one write, close -> value */
	FERRULE_LISTING,    /* worker 0. -> data: sorted "kind\tname\n" lines, see listing.c for the kinds. What differs
			       from    load to load by nature (pids, counters, pool kworkers) is left out */
	FERRULE_LEDGER,     /* a: 1 start recording, 2 settle then dump -> data: the ledger's text, 3 stop */
	FERRULE_SETTLE,     /* wait for RCU, kvfree_rcu, system workqueues and vmap purge */
	FERRULE_RUN,        /* text: "PATH\0ARG\0ARG": runs a program, a: deadline ms -> value: wait status; data:
			       stdout+stderr capped */
	FERRULE_STACK,      /* text: worker number: -> data: /proc/PID/{status line State, wchan, stack} of that worker;
			       value: pid */
	FERRULE_KILL,       /* text: worker number: SIGKILL it; the next use forks a new one */
	FERRULE_SHELL, /* worker 0: spawn the interactive shell on /dev/hvc0 (ferrule run); a, b: rows and columns or 0;
			  text: directory to start in. The guest powers off when the shell ends. While one runs: it
			  gets another size */
	FERRULE_POWEROFF,
	FERRULE_DELAY, /* a: microseconds to wait; with b > a, in a race: a random number of them from a to b */
	FERRULE_RACE,  /* data: a program, see below: worker's lists of calls, over and over, at the same time as the
			  other workers' lists -> data: a ferrule_tally for each call */
	FERRULE_STOP,  /* the race under way ends with the round that each list is in; with a = 1 it goes on. -> data: a
			  ferrule_race_end for each worker: where it is */
	FERRULE_POKE,  /* only in a program. c: number of a shared buffer; a: offset; data: stands there for a moment,
			  then what stood there before */
};

struct ferrule_request {
	uint32_t magic;
	uint32_t id;
	uint16_t op;
	uint16_t worker;
	uint16_t slot;
	uint16_t reserved; /* 0 */
	uint32_t fail_nth; /* 0: none; N: the Nth fault point of this call fails */
	uint32_t text_len;
	uint32_t data_len;
	uint32_t repeat; /* 0 and 1: once; N: the call is made N times, stops at the first error, the last result is
			    returned */
	int64_t a, b, c;
};

/* reply.flags */
#define FERRULE_FAULT_FIRED 1u /* the fault was injected during the call */
#define FERRULE_WORKER_DIED 2u /* the worker was killed during the call; value: its wait status */
#define FERRULE_TRUNCATED 4u   /* there was more data than fits */

struct ferrule_reply {
	uint32_t magic;
	uint32_t id;
	int32_t error; /* 0 or a positive errno of the call itself */
	uint32_t flags;
	int64_t value;
	uint64_t nanoseconds; /* guest time the call took */
	uint32_t data_len;
	uint32_t fault_points; /* with fail_nth: how many fault points the call came by, up to fail_nth */
};

/*
 * A race. Each list of calls is a program for a worker of its own: a ferrule_race, then its calls, each a
 * ferrule_race_call with its text, data and mask behind it, filled up to a multiple of 8 bytes. The requests follow
 * each other, that of lane 0 first; the workers begin together when all have come. A call has the fields of a request.
 * Open files of worker 1 can be used (the same struct file); they are closed at the end, as are the lane's own
 * at the end of each round.
 */
#define FERRULE_RACE_CALLS 64          /* of one program */
#define FERRULE_RACE_SHARED 8          /* shared buffers, numbered from 1 */
#define FERRULE_RACE_SHARED_SIZE 32768 /* each: an ioctl's buffer and what is watched behind it */
#define FERRULE_RACE_ERRORS 8
#define FERRULE_RACE_VALUES 4
#define FERRULE_RACE_OUTS 2

struct ferrule_race {
	uint64_t seed; /* the same for all lanes: decides when they wait for each other, for how long, on which cpu */
	uint32_t lane, lanes;
	uint32_t rounds;       /* exactly so many; 0: as many as fit into… */
	uint32_t milliseconds; /* …this time, one at least */
	uint32_t calls;
	uint32_t reserved; /* 0 */
};

struct ferrule_race_call {
	uint16_t op;
	uint16_t slot;
	uint16_t borrowed; /* 1 + worker 1's slot: its file, known as `slot` here; 0: opened here */
	uint16_t shared;   /* number of the shared buffer that an ioctl's or a write's data lie in; 0: none */
	uint32_t times;
	uint32_t text_len, data_len, mask_len;
	int64_t a, b, c;
	uint64_t reserved; /* 0 */
};

/* What came of one call, all rounds together. Its kept data follow: FERRULE_RACE_OUTS of mask_len bytes each,
   filled up to a multiple of 8. */
struct ferrule_tally {
	uint32_t made, skipped; /* skipped: its file was not open */
	uint32_t good;
	uint32_t overruns; /* calls that wrote behind their buffer */
	int64_t overrun;   /* the most bytes that one of them changed */
	struct {
		int32_t error;
		uint32_t count;
	} errors[FERRULE_RACE_ERRORS];
	uint32_t other_errors;
	uint32_t other_values; /* of successful calls: a value, or data, that is none of those kept */
	uint32_t other_outs;
	uint32_t reserved; /* 0 */
	struct {
		int64_t value;
		uint32_t count;
		uint32_t round; /* the first */
	} values[FERRULE_RACE_VALUES];
	struct {
		uint32_t length, count; /* length: of what came back; up to mask_len bytes of it are kept */
	} outs[FERRULE_RACE_OUTS];
};

/* Instead of the tallies, when the worker died: where it was. */
struct ferrule_race_end {
	uint32_t call, round;
};

#define FERRULE_PROTOCOL_VERSION 2

#endif
