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
 * kill, shell and poweroff are done by the agent itself and always answered; the rest of worker 0's calls by a
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
			  text: directory to start in. The guest powers off when the shell ends */
	FERRULE_POWEROFF,
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

#define FERRULE_PROTOCOL_VERSION 1

#endif
