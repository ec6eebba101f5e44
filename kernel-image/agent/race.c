/*
 * FERRULE_RACE: one lane of a race, in its worker.
 *
 * Theory of operation. The lanes meet at a barrier in the shared arena, then run their lists. How they fall onto each
 * other is decided by the race's seed in blocks, which all lanes work out alike: whether they wait for each other at
 * the start of each round, how long a pause between two calls may be, which lane runs on which cpu, whether it stays
 * there, and whether the kernel stalls it in the module's code (drivers/ferrule/stalls.c). Only the pauses themselves
 * differ from lane to lane. A block ends for all when one lane has made its rounds in it, so that a slow one is not
 * left behind with plans of its own. The lane that waits gives up soon (another one may be blocked in a call, slow, or
 * dead), and sooner each time.
 *
 * Nothing of what a module answers is judged here: it is counted, and what differs is kept for the host.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define BLOCK 16             /* rounds of the fastest lane */
#define BEGIN_NS 1000000000u /* until all lanes are there */
#define WAIT_NS 2000000u     /* for the other lanes at the start of a round */
#define WAIT_LEAST_NS 20000u
#define SPIN_NS 1000000u /* shorter pauses do not sleep */

struct arena *arena;

struct call {
	struct ferrule_race_call head;
	const char *text;
	const uint8_t *data, *mask;
	struct ferrule_tally tally;
	uint8_t *outs[FERRULE_RACE_OUTS];
};

struct lane {
	struct ferrule_race head;
	struct call *calls;
	uint64_t random; /* state of this lane's own pauses */
	uint64_t wait_ns;
	unsigned cpus, cpu;
	uint32_t block, beat; /* which block, and how many rounds in it were begun */
	uint64_t pause_ns;    /* in this block, the longest between two calls */
	bool together, wanders;
	int stalls; /* the kernel's file */
};

static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t draw(struct lane *lane)
{
	lane->random += 0x9e3779b97f4a7c15u;
	return mix(lane->random);
}

static void spin_until(uint64_t end)
{
	while (now_ns() < end)
		__builtin_ia32_pause();
}

void wait_microseconds(uint64_t microseconds)
{
	uint64_t length = microseconds * 1000u, end = now_ns() + length;

	if (length >= SPIN_NS) {
		struct timespec until = { .tv_sec = (time_t)(end / 1000000000u), .tv_nsec = (long)(end % 1000000000u) };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
			;
	} else {
		spin_until(end);
	}
}

void race_begins(void)
{
	memset(arena->beat, 0, sizeof(arena->beat));
	memset(arena->at, 0, sizeof(arena->at));
	memset(arena->racing, 0, sizeof(arena->racing));
	memset(arena->shared, 0, sizeof(arena->shared));
	arena->stop = 0;
	arena->block = 0;
	__atomic_store_n(&arena->arrived, 0, __ATOMIC_RELEASE);
}

void race_lost(unsigned worker)
{
	uint32_t racing = __atomic_exchange_n(&arena->racing[worker], 0, __ATOMIC_ACQ_REL);

	if (racing == 0 || racing > FERRULE_WORKERS)
		return;
	/* It died of a call: the others have shown what they can. */
	__atomic_store_n(&arena->beat[racing - 1], ~0u, __ATOMIC_RELEASE);
	__atomic_store_n(&arena->stop, 1, __ATOMIC_RELEASE);
}

static bool stopped(void)
{
	return __atomic_load_n(&arena->stop, __ATOMIC_ACQUIRE) != 0;
}

static bool take_program(struct lane *lane, const uint8_t *at, size_t left)
{
	uint32_t i;

	if (left < sizeof(lane->head))
		return false;
	memcpy(&lane->head, at, sizeof(lane->head));
	at += sizeof(lane->head);
	left -= sizeof(lane->head);
	if (lane->head.calls == 0 || lane->head.calls > FERRULE_RACE_CALLS || lane->head.lanes >= FERRULE_WORKERS ||
	    lane->head.lane >= lane->head.lanes)
		return false;
	lane->calls = calloc(lane->head.calls, sizeof(*lane->calls));
	for (i = 0; lane->calls && i < lane->head.calls; i++) {
		struct call *call = &lane->calls[i];
		size_t length;

		if (left < sizeof(call->head))
			return false;
		memcpy(&call->head, at, sizeof(call->head));
		at += sizeof(call->head);
		left -= sizeof(call->head);
		if (call->head.text_len > FERRULE_TEXT_MAX || call->head.data_len > FERRULE_DATA_MAX ||
		    call->head.mask_len > FERRULE_DATA_MAX || call->head.slot >= FERRULE_SLOTS ||
		    call->head.borrowed > FERRULE_SLOTS || call->head.shared > FERRULE_RACE_SHARED)
			return false;
		length = ((size_t)call->head.text_len + call->head.data_len + call->head.mask_len + 7) & ~(size_t)7;
		if (length > left)
			return false;
		call->text = (const char *)at;
		call->data = at + call->head.text_len;
		call->mask = call->data + call->head.data_len;
		for (unsigned o = 0; o < FERRULE_RACE_OUTS; o++)
			call->outs[o] = calloc(1, call->head.mask_len + 8u);
		at += length;
		left -= length;
	}
	return lane->calls != NULL;
}

/* The files of worker 1 that the list uses. */
static int borrow_files(struct lane *lane)
{
	int from = -1, error = 0;
	uint32_t i;

	for (i = 0; i < lane->head.calls && !error; i++) {
		const struct ferrule_race_call *head = &lane->calls[i].head;
		int32_t theirs;
		int fd;

		if (head->borrowed == 0 || slot_file(head->slot) >= 0)
			continue;
		if (from < 0)
			from = (int)syscall(SYS_pidfd_open, __atomic_load_n(&arena->owner, __ATOMIC_ACQUIRE), 0);
		theirs = __atomic_load_n(&arena->files[head->borrowed - 1], __ATOMIC_ACQUIRE) - 1;
		fd = from < 0 || theirs < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, from, theirs, 0);
		if (fd < 0)
			error = theirs < 0 ? EBADF : errno;
		else
			set_slot_file(head->slot, fd);
	}
	if (from >= 0)
		close(from);
	return error;
}

/*
 * What the calls hand over is there before anybody pokes: a poke puts back what it found, and that must be one of the
 * list's own, not nothing and not the run's before.
 */
static void fill_shared(const struct lane *lane)
{
	for (uint32_t i = 0; i < lane->head.calls; i++) {
		const struct call *call = &lane->calls[i];

		if (call->head.shared && call->head.data_len <= FERRULE_RACE_SHARED_SIZE)
			memcpy(arena->shared[call->head.shared - 1], call->data, call->head.data_len);
	}
}

static void run_on(struct lane *lane, unsigned cpu)
{
	cpu_set_t set;

	if (cpu == lane->cpu)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		lane->cpu = cpu;
}

static bool stall(const struct lane *lane, unsigned most_us)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", most_us);

	return write(lane->stalls, text, (size_t)length) == length;
}

static void begin_block(struct lane *lane, uint32_t block)
{
	uint64_t plan = mix(lane->head.seed ^ block * 0xd1342543de82ef95u);
	bool stalls = (plan >> 11 & 1) != 0; /* who waits for a lane that is stalled lets the chance go by */

	lane->block = block;
	lane->beat = 0;
	lane->together = !stalls && (plan & 3) != 0;
	lane->wanders = (plan >> 9 & 3) == 0;
	lane->pause_ns = ((1u << (plan >> 2) % 9) - 1) * 1000u; /* 0 … 255 µs, short ones as often as long ones */
	run_on(lane, (lane->head.lane + (unsigned)(plan >> 8 & 1)) % lane->cpus);
	stall(lane, stalls ? 125u << (plan >> 12) % 5 : 0); /* 125 µs … 2 ms */
}

static void begin_round(struct lane *lane)
{
	uint32_t block = __atomic_load_n(&arena->block, __ATOMIC_ACQUIRE);

	if (block != lane->block)
		begin_block(lane, block);
	lane->beat++;
	__atomic_store_n(&arena->beat[lane->head.lane], block * BLOCK + lane->beat, __ATOMIC_RELEASE);
}

static void end_round(const struct lane *lane)
{
	uint32_t block = lane->block;

	if (lane->beat >= BLOCK)
		__atomic_compare_exchange_n(&arena->block, &block, block + 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
}

static void meet(struct lane *lane)
{
	uint32_t beat = lane->block * BLOCK + lane->beat;
	uint64_t start = now_ns(), now = start;
	unsigned turns = 0;

	for (;;) {
		bool all = true;

		for (uint32_t other = 0; other < lane->head.lanes; other++)
			all = all && __atomic_load_n(&arena->beat[other], __ATOMIC_ACQUIRE) >= beat;
		if (all || stopped()) {
			lane->wait_ns = WAIT_NS;
			return;
		}
		if (now - start >= lane->wait_ns) {
			lane->wait_ns = lane->wait_ns / 2 > WAIT_LEAST_NS ? lane->wait_ns / 2 : WAIT_LEAST_NS;
			return;
		}
		/* More lanes than cpus: the one that is waited for may need ours. */
		if (lane->head.lanes > lane->cpus && ++turns % 16 == 0)
			sched_yield();
		now = now_ns();
	}
}

static void pause_between(struct lane *lane)
{
	uint64_t chance = draw(lane);

	/* A timer or work that was started here then meets its owner on another cpu. */
	if (lane->wanders && (chance >> 5 & 1))
		run_on(lane, (lane->cpu + 1) % lane->cpus);
	if ((chance & 1) && lane->pause_ns)
		spin_until(now_ns() + (chance >> 8) % lane->pause_ns);
	if ((chance >> 1 & 15) == 0)
		sched_yield();
}

static void poke(struct lane *lane, const struct call *call)
{
	static uint8_t before[FERRULE_RACE_SHARED_SIZE];
	const struct ferrule_race_call *head = &call->head;
	uint64_t offset = (uint64_t)head->a;
	uint8_t *at;

	if (head->c < 1 || head->c > FERRULE_RACE_SHARED || offset > FERRULE_RACE_SHARED_SIZE ||
	    head->data_len > FERRULE_RACE_SHARED_SIZE - offset)
		return;
	at = arena->shared[head->c - 1] + offset;
	memcpy(before, at, head->data_len);
	memcpy(at, call->data, head->data_len);
	spin_until(now_ns() + draw(lane) % 8000);
	memcpy(at, before, head->data_len);
	spin_until(now_ns() + draw(lane) % 8000);
}

static void count_error(struct ferrule_tally *tally, int error)
{
	for (unsigned i = 0; i < FERRULE_RACE_ERRORS; i++) {
		if (tally->errors[i].count && tally->errors[i].error != error)
			continue;
		tally->errors[i].error = error;
		tally->errors[i].count++;
		return;
	}
	tally->other_errors++;
}

static void count_value(struct ferrule_tally *tally, int64_t value, uint32_t round)
{
	for (unsigned i = 0; i < FERRULE_RACE_VALUES; i++) {
		if (tally->values[i].count && tally->values[i].value != value)
			continue;
		if (!tally->values[i].count)
			tally->values[i].round = round;
		tally->values[i].value = value;
		tally->values[i].count++;
		return;
	}
	tally->other_values++;
}

static void count_out(struct call *call, const uint8_t *out, uint32_t length)
{
	uint32_t kept = length < call->head.mask_len ? length : call->head.mask_len, i;
	struct ferrule_tally *tally = &call->tally;

	for (unsigned o = 0; o < FERRULE_RACE_OUTS; o++) {
		bool same = tally->outs[o].length == length;

		for (i = 0; i < kept && same; i++)
			same = !call->mask[i] || call->outs[o][i] == out[i];
		if (tally->outs[o].count && !same)
			continue;
		if (!tally->outs[o].count) {
			tally->outs[o].length = length;
			memcpy(call->outs[o], out, kept);
		}
		tally->outs[o].count++;
		return;
	}
	tally->other_outs++;
}

static int64_t changed_behind(const struct exchange *x, size_t buffer)
{
	int64_t changed = 0;

	for (size_t i = buffer; i < x->reply.data_len; i++)
		changed += x->out[i] != 0xa5;
	return changed;
}

static bool works_on_a_file(uint16_t op)
{
	return op == FERRULE_CLOSE || op == FERRULE_READ || op == FERRULE_WRITE || op == FERRULE_IOCTL ||
	       op == FERRULE_LSEEK || op == FERRULE_POLL || op == FERRULE_MMAP;
}

static void make_call(struct lane *lane, struct exchange *x, struct call *call, uint32_t round)
{
	const struct ferrule_race_call *head = &call->head;
	struct ferrule_tally *tally = &call->tally;
	uint32_t length;

	if (works_on_a_file(head->op) && slot_file(head->slot) < 0) {
		tally->skipped++;
		return;
	}
	tally->made++;
	if (head->op == FERRULE_POKE) {
		poke(lane, call);
		tally->good++;
		return;
	}
	if (head->op == FERRULE_DELAY) {
		uint64_t more = head->b > head->a ? draw(lane) % (uint64_t)(head->b - head->a + 1) : 0;

		wait_microseconds((uint64_t)(head->a > 0 ? head->a : 0) + more);
		tally->good++;
		return;
	}
	x->request = (struct ferrule_request){ .op = head->op,
					       .slot = head->slot,
					       .text_len = head->text_len,
					       .data_len = head->data_len,
					       .a = head->a,
					       .b = head->b,
					       .c = head->c };
	memcpy(x->text, call->text, head->text_len);
	memset(x->text + head->text_len, 0, 2);
	memcpy(x->data, call->data, head->data_len);
	lend_buffer(head->shared ? arena->shared[head->shared - 1] : NULL);
	perform_once(x);
	lend_buffer(NULL);
	length = x->reply.data_len;
	if ((head->op == FERRULE_IOCTL || head->op == FERRULE_READ) && head->c > 0 && length >= (uint64_t)head->c) {
		int64_t changed = changed_behind(x, length - (size_t)head->c);

		length -= (uint32_t)head->c;
		tally->overruns += changed > 0;
		if (changed > tally->overrun)
			tally->overrun = changed;
	}
	if (x->reply.error) {
		count_error(tally, x->reply.error);
		return;
	}
	tally->good++;
	count_value(tally, x->reply.value, round);
	if (head->op == FERRULE_READ) /* what stands behind the returned length was not returned */
		length = x->reply.value < (int64_t)length ? (uint32_t)x->reply.value : length;
	if (head->mask_len)
		count_out(call, x->out, length);
}

static void run_round(struct lane *lane, struct exchange *x, uint32_t round)
{
	bool borrowed[FERRULE_SLOTS] = { false };

	for (uint32_t i = 0; i < lane->head.calls; i++) {
		struct call *call = &lane->calls[i];

		arena->at[own_number] = (struct ferrule_race_end){ .call = i, .round = round };
		borrowed[call->head.slot] |= call->head.borrowed != 0;
		pause_between(lane);
		for (uint32_t n = 0; n < (call->head.times ? call->head.times : 1) && (n == 0 || !stopped()); n++)
			make_call(lane, x, call, round);
	}
	for (unsigned slot = 0; slot < FERRULE_SLOTS; slot++) {
		if (slot_file(slot) < 0 || borrowed[slot])
			continue;
		close(slot_file(slot));
		set_slot_file(slot, -1);
	}
}

static void give_tallies(const struct lane *lane, struct exchange *x)
{
	size_t at = 0;

	x->reply = (struct ferrule_reply){ 0 };
	for (uint32_t i = 0; i < lane->head.calls; i++) {
		const struct call *call = &lane->calls[i];
		size_t kept = (call->head.mask_len + 7u) & ~(size_t)7;

		if (at + sizeof(call->tally) + FERRULE_RACE_OUTS * kept > FERRULE_DATA_MAX) {
			x->reply.error = E2BIG;
			return;
		}
		memcpy(x->out + at, &call->tally, sizeof(call->tally));
		at += sizeof(call->tally);
		for (unsigned o = 0; o < FERRULE_RACE_OUTS; o++, at += kept) {
			memset(x->out + at, 0, kept);
			memcpy(x->out + at, call->outs[o], call->head.mask_len);
		}
	}
	x->reply.data_len = (uint32_t)at;
}

static void race(struct lane *lane, struct exchange *x)
{
	uint64_t limit = now_ns() + BEGIN_NS, end;
	uint32_t round = 0;

	fill_shared(lane);
	begin_block(lane, 0);
	__atomic_store_n(&arena->racing[own_number], lane->head.lane + 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&arena->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arena->arrived, __ATOMIC_ACQUIRE) < lane->head.lanes && now_ns() < limit && !stopped())
		if (lane->head.lanes > lane->cpus)
			sched_yield();
	end = now_ns() + lane->head.milliseconds * 1000000ull;
	do {
		round++;
		begin_round(lane);
		if (lane->together)
			meet(lane);
		run_round(lane, x, round);
		end_round(lane);
	} while (!stopped() && (lane->head.rounds ? round < lane->head.rounds : now_ns() < end && round < ~0u - 1));
	stall(lane, 0);
	__atomic_store_n(&arena->beat[lane->head.lane], ~0u, __ATOMIC_RELEASE);
	__atomic_store_n(&arena->racing[own_number], 0, __ATOMIC_RELEASE);
}

void run_race(struct exchange *x)
{
	size_t length = x->request.data_len;
	uint8_t *program = malloc(length + 8);
	struct lane lane = { .wait_ns = WAIT_NS,
			     .cpu = ~0u,
			     .stalls = open("/sys/kernel/debug/ferrule/stalls", O_WRONLY) };
	cpu_set_t all;
	int error = 0;

	/* The calls use the exchange themselves. */
	if (program)
		memcpy(program, x->data, length);
	if (!stall(&lane, 0))
		error = errno;
	else if (!program)
		error = ENOMEM;
	else if (!take_program(&lane, program, length))
		error = EINVAL;
	if (!error) {
		lane.random = mix(lane.head.seed ^ mix(lane.head.lane + 1));
		lane.cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
		error = borrow_files(&lane);
	}
	if (!error) {
		sched_getaffinity(0, sizeof(all), &all);
		race(&lane, x);
		sched_setaffinity(0, sizeof(all), &all);
		give_tallies(&lane, x);
	} else {
		x->reply = (struct ferrule_reply){ .error = error };
	}
	for (unsigned slot = 0; slot < FERRULE_SLOTS; slot++) {
		if (slot_file(slot) < 0)
			continue;
		close(slot_file(slot));
		set_slot_file(slot, -1);
	}
	for (uint32_t i = 0; lane.calls && i < lane.head.calls; i++)
		for (unsigned o = 0; o < FERRULE_RACE_OUTS; o++)
			free(lane.calls[i].outs[o]);
	close(lane.stalls);
	free(lane.calls);
	free(program);
}
