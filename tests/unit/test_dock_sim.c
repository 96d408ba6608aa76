/*
 * The real dock and the real host side of the link in virtual time, with everything that can happen
 * between them: noise, stalls, crashes of the register, warm resets at any write of the dock's
 * memory, power losses, jumping clocks, slow disks.
 *
 * Held at the end of each seed: every scan the dock took is in the journal once and in order (if
 * the dock lost no power meanwhile), none is there twice, none that was refused is there at all,
 * and the till got every byte that reached the dock.
 *
 *	DOCK_SIM_SEEDS=3000 test_dock_sim     more seeds        DOCK_SIM_SEED=17 test_dock_sim one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The ring is compiled here once more, so that the power can be cut between any two of its writes.
 */
static void ring_step(void);
#define GW_RING_STEP() ring_step()
#include "firmware/ring.c" /* NOLINT(bugprone-suspicious-include) */

#include "firmware/dock.h"

#define RUN_MS    20000u
#define SETTLE_MS 60000u
#define SCANS_MAX 6000
#define PIPE_MAX  65536u
#define RING_MAX  6144u

enum outcome { LOST_WITH_POWER = 1, TAKEN, REFUSED };

struct pipe {
	uint8_t bytes[PIPE_MAX];
	uint32_t due_ms[PIPE_MAX];
	uint32_t head, len;
};

struct fate { /* how often things happen, 1 in n a millisecond; 0 = never */
	uint32_t crash, warm, cold, jump, stall, noise_ppm, commit_ms, gap_ms, torn;
};

struct journalled {
	uint32_t session, next;
};

struct world {
	uint64_t random;
	uint32_t seed, now_ms, skew_ms; /* the dock's clock is now + skew */
	struct fate fate;
	struct gw_dock dock;
	struct gw_dock_config config;
	uint32_t ring_size;
	struct gw_link_host host;
	struct pipe to_host, to_dock;
	uint32_t stalled_until_ms;
	/* the register's disk */
	struct journalled sessions[4096];
	unsigned session_count;
	uint32_t journal[SCANS_MAX];
	unsigned journal_count;
	/* delivered, not yet committed */
	struct {
		uint32_t session, seq, id, at_ms;
	} waiting[512];
	unsigned waiting_count;
	uint32_t commit_at_ms;
	/* what the scanner sent */
	uint8_t outcome[SCANS_MAX];
	uint32_t scans;
	uint64_t till_bytes, till_want;
	uint64_t till_hash, till_want_hash;
	int steps_to_reset; /* < 0: none planned */
	bool ack_first;     /* the negative control: acknowledges what it has not yet on disk */
	unsigned crashes, warms, colds, holes, behinds;
	jmp_buf reset;
	char fault[200];
	union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING_MAX];
	} memory;
};

static struct world *now_running; /* for ring_step only */

static void ring_step(void)
{
	struct world *w = now_running;

	if (w != NULL && w->steps_to_reset >= 0 && w->steps_to_reset-- == 0)
		longjmp(w->reset, 1);
}

/* xorshift64* (Vigna 2014) */
static uint32_t roll(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)(w->random * 0x2545F4914F6CDD1Du >> 32);
}

static uint32_t below(struct world *w, uint32_t n)
{
	return n == 0 ? 0 : roll(w) % n;
}

static bool chance(struct world *w, uint32_t one_in)
{
	return one_in != 0 && below(w, one_in) == 0;
}

static void fault(struct world *w, const char *what, uint32_t a, uint32_t b)
{
	if (w->fault[0] == '\0')
		snprintf(w->fault, sizeof(w->fault), "%s (%u, %u) at %u ms", what, a, b, w->now_ms);
}

/* --- the wires
 * ------------------------------------------------------------------------------------ */

static void pipe_put(struct world *w, struct pipe *p, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && p->len < PIPE_MAX; i++) {
		uint32_t at = (p->head + p->len) % PIPE_MAX;
		uint32_t luck = below(w, 1000000);

		if (w->now_ms < w->stalled_until_ms)
			continue;
		if (luck < w->fate.noise_ppm / 2)
			continue;
		p->bytes[at] = bytes[i];
		if (luck < w->fate.noise_ppm)
			p->bytes[at] ^= (uint8_t)(1u << below(w, 8));
		p->due_ms[at] = w->now_ms + 1 + below(w, 3);
		p->len++;
	}
}

static size_t pipe_get(const struct world *w, struct pipe *p, uint8_t *out, size_t size)
{
	size_t n = 0;

	while (n < size && p->len > 0 && (int32_t)(w->now_ms - p->due_ms[p->head]) >= 0) {
		out[n++] = p->bytes[p->head];
		p->head = (p->head + 1) % PIPE_MAX;
		p->len--;
	}
	return n;
}

/* --- the dock's board
 * ------------------------------------------------------------------------------ */

static size_t io_till(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	for (size_t i = 0; i < len; i++)
		w->till_hash = (w->till_hash ^ bytes[i]) * 0x100000001B3u;
	w->till_bytes += len;
	return len;
}

static size_t io_pending(void *ctx)
{
	(void)ctx;
	return 0;
}

static void io_scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static size_t io_host_room(void *ctx)
{
	struct world *w = ctx;

	return w->to_host.len < 2000 ? GW_LINK_WIRE_MAX : 0;
}

static void io_host(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	pipe_put(w, &w->to_host, bytes, len);
}

static bool io_display(void *ctx, const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	(void)ctx, (void)a, (void)na, (void)b, (void)nb;
	return true;
}

static bool io_beep(void *ctx, enum gw_link_beep kind)
{
	(void)ctx, (void)kind;
	return true;
}

static uint8_t io_state(void *ctx)
{
	(void)ctx;
	return GW_LINK_ST_SCANNER | GW_LINK_ST_TILL;
}

static const struct gw_dock_io io = {io_till, io_pending, io_scanner, io_host_room,
				     io_host, io_display, io_beep,    io_state};

/* --- the register
 * ------------------------------------------------------------------------------------ */

static struct journalled *session_of(struct world *w, uint32_t id)
{
	for (unsigned i = w->session_count; i-- > 0;)
		if (w->sessions[i].session == id)
			return &w->sessions[i];
	return NULL;
}

static uint32_t host_next(void *ctx, uint32_t session)
{
	const struct journalled *j = session_of(ctx, session);

	return j != NULL ? j->next : 0;
}

static uint32_t host_nonce(void *ctx)
{
	return roll(ctx) | 1u;
}

static void host_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	pipe_put(w, &w->to_dock, bytes, len);
}

static void disk(struct world *w, uint32_t session, uint32_t seq, uint32_t id)
{
	struct journalled *j = session_of(w, session);

	if (j == NULL && w->session_count < 4096) {
		j = &w->sessions[w->session_count++];
		*j = (struct journalled){session, 0};
	}
	if (j == NULL || w->journal_count == SCANS_MAX) {
		fault(w, "the simulation's journal is too small", 0, 0);
		return;
	}
	if ((int32_t)(seq + 1 - j->next) <= 0)
		fault(w, "a number came twice", session, seq);
	j->next = seq + 1;
	if (id != 0)
		w->journal[w->journal_count++] = id;
}

/* A scan is its id, padded with digits derived from it to the length it has. */
static uint32_t id_of(struct world *w, const struct gw_link_scan *scan)
{
	uint32_t id = 0;
	size_t i;

	if (scan->status != GW_LINK_SCAN_GOOD)
		return 0;
	for (i = 0; i < scan->len && scan->bytes[i] != '.'; i++)
		id = id * 10 + (uint32_t)(scan->bytes[i] - '0');
	for (i++; i < scan->len; i++)
		if (scan->bytes[i] != (uint8_t)('A' + (id + i) % 26))
			fault(w, "a scan's bytes are wrong", id, (uint32_t)i);
	return id;
}

static void host_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct world *w = ctx;
	uint32_t id = id_of(w, scan);

	if (w->fate.commit_ms == 0 && w->waiting_count == 0 && !w->ack_first) {
		disk(w, scan->session, scan->seq, id);
		gw_link_host_ack(&w->host, scan->session, scan->seq);
		return;
	}
	if (w->waiting_count == 512) {
		fault(w, "more scans held than the link may give", 512, 0);
		return;
	}
	w->waiting[w->waiting_count].session = scan->session;
	w->waiting[w->waiting_count].seq = scan->seq;
	w->waiting[w->waiting_count].id = id;
	w->waiting[w->waiting_count++].at_ms = w->now_ms + below(w, w->fate.commit_ms + 1);
	if (w->ack_first)
		gw_link_host_ack(&w->host, scan->session, scan->seq);
}

static void host_hello(void *ctx, const struct gw_link_hello *hello)
{
	(void)ctx, (void)hello;
}

static void host_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct world *w = ctx;

	if (alarm == GW_LINK_ALARM_HOLE)
		fault(w, "a hole", count, 0);
	if (alarm == GW_LINK_ALARM_BEHIND)
		fault(w, "the dock fell behind the journal", count, 0);
}

static const struct gw_link_host_ops host_ops = {host_send,  host_scan,  host_next, host_nonce,
						 host_hello, host_alarm, NULL,      NULL};

static void host_start(struct world *w)
{
	w->waiting_count = 0;
	gw_link_host_init(&w->host, &host_ops, w);
	gw_link_host_start(&w->host, w->now_ms);
}

static void host_commit(struct world *w)
{
	unsigned n = 0;

	while (n < w->waiting_count && (int32_t)(w->now_ms - w->waiting[n].at_ms) >= 0) {
		disk(w, w->waiting[n].session, w->waiting[n].seq, w->waiting[n].id);
		n++;
	}
	if (n == 0)
		return;
	gw_link_host_ack(&w->host, w->waiting[n - 1].session, w->waiting[n - 1].seq);
	w->waiting_count -= n;
	memmove(w->waiting, w->waiting + n, w->waiting_count * sizeof(w->waiting[0]));
}

/* --- resets
 * ------------------------------------------------------------------------------------------- */

static uint32_t dock_ms(const struct world *w)
{
	return w->now_ms + w->skew_ms;
}

static void dock_start(struct world *w, bool power_lost)
{
	w->steps_to_reset = -1;
	if (power_lost) {
		/* RAM after a power loss is noise, not zeros. */
		for (size_t i = 0; i < sizeof(w->memory.room); i++)
			w->memory.room[i] = (uint8_t)roll(w);
		for (uint32_t i = 1; i <= w->scans; i++)
			if (w->outcome[i] == TAKEN)
				w->outcome[i] = LOST_WITH_POWER;
	}
	w->config.new_clock = true;
	w->skew_ms = roll(w);
	gw_dock_init(&w->dock, &w->config, &io, w, &w->memory.store, w->ring_size, dock_ms(w));
}

/* Runs a step of the dock during which the power may blip. */
static bool guarded(struct world *w, void (*step)(struct world *, const uint8_t *, size_t),
		    const uint8_t *bytes, size_t len)
{
	if (setjmp(w->reset) != 0) {
		w->warms++;
		dock_start(w, false);
		return false;
	}
	step(w, bytes, len);
	return true;
}

static void step_scanner(struct world *w, const uint8_t *bytes, size_t len)
{
	gw_dock_scanner_in(&w->dock, bytes, len, dock_ms(w));
}

static void step_host(struct world *w, const uint8_t *bytes, size_t len)
{
	gw_dock_host_in(&w->dock, bytes, len, dock_ms(w));
}

static void step_tick(struct world *w, const uint8_t *bytes, size_t len)
{
	(void)bytes, (void)len;
	if (gw_dock_wait_ms(&w->dock, dock_ms(w)) == 0 || below(w, 10) == 0)
		gw_dock_tick(&w->dock, dock_ms(w));
}

/* --- a seed
 * ---------------------------------------------------------------------------------------------- */

static size_t make_scan(struct world *w, uint32_t id, uint8_t *out)
{
	uint32_t kind = below(w, 100);
	size_t len = kind < 80   ? 8 + below(w, 12)
		     : kind < 97 ? 20 + below(w, 700)
				 : 1000 + below(w, 3500);
	size_t n = (size_t)snprintf((char *)out, 16, "%u.", id);

	for (; n < len; n++)
		out[n] = (uint8_t)('A' + (id + n) % 26);
	out[n++] = '\r';
	return n;
}

/* Sends one scan; decides from the ring whether the dock took it. */
static void play_scan(struct world *w)
{
	uint8_t bytes[5000];
	uint32_t id = ++w->scans, next, session;
	size_t len = make_scan(w, id, bytes);
	bool whole;

	for (size_t i = 0; i < len; i++)
		w->till_want_hash = (w->till_want_hash ^ bytes[i]) * 0x100000001B3u;
	w->till_want += len;
	session = w->dock.ring.now.session;
	/* The terminator alone, so that it is known which write belongs to it. */
	whole = guarded(w, step_scanner, bytes, len - 1);
	/* Out of step or too long, the dock answers the terminator with a refusal, numbered too. */
	whole = whole && w->dock.ring.open;
	next = w->dock.ring.now.next;
	if (chance(w, w->fate.torn))
		w->steps_to_reset = (int)below(w, 6);
	(void)guarded(w, step_scanner, bytes + len - 1, 1);
	w->steps_to_reset = -1;
	if (session != w->dock.ring.now.session)
		fault(w, "the session changed under a scan", session, id);
	w->outcome[id] = whole && w->dock.ring.now.next != next ? TAKEN : REFUSED;
}

static void misfortune(struct world *w)
{
	if (chance(w, w->fate.crash)) {
		w->crashes++;
		host_start(w);
	}
	if (chance(w, w->fate.warm)) {
		w->warms++;
		dock_start(w, false);
	}
	if (chance(w, w->fate.cold)) {
		w->colds++;
		dock_start(w, true);
	}
	if (chance(w, w->fate.jump))
		w->skew_ms += roll(w) % 3 == 0 ? roll(w) : below(w, 5000);
	if (chance(w, w->fate.stall))
		w->stalled_until_ms = w->now_ms + below(w, 6000);
}

static void exchange(struct world *w)
{
	uint8_t room[2048];
	size_t n = pipe_get(w, &w->to_dock, room, sizeof(room));

	if (chance(w, w->fate.torn))
		w->steps_to_reset = (int)below(w, 12);
	if (n > 0)
		(void)guarded(w, step_host, room, n);
	(void)guarded(w, step_tick, NULL, 0);
	w->steps_to_reset = -1;
	n = pipe_get(w, &w->to_host, room, sizeof(room));
	gw_link_host_input(&w->host, room, n, w->now_ms);
	host_commit(w);
	if (gw_link_host_deadline(&w->host) >= 0 && gw_link_host_deadline(&w->host) <= w->now_ms)
		gw_link_host_tick(&w->host, w->now_ms);
}

static void choose_fate(struct world *w)
{
	static const uint32_t rare[] = {0, 20000, 5000, 1000, 300};

	w->fate = (struct fate){
		.crash = rare[below(w, 5)],
		.warm = rare[below(w, 4)],
		.cold = below(w, 3) == 0 ? rare[below(w, 4)] : 0,
		.jump = rare[below(w, 4)],
		.stall = rare[below(w, 4)],
		.noise_ppm = below(w, 2) == 0 ? 0 : below(w, 4000),
		.commit_ms = below(w, 2) == 0 ? 0 : below(w, 800),
		.gap_ms = 2 + below(w, 120),
		.torn = below(w, 2) == 0 ? 0 : 20 + below(w, 400),
	};
	w->ring_size = below(w, 2) == 0 ? 4800 : 1000 + below(w, RING_MAX - 1000);
	w->config = (struct gw_dock_config){
		.scanner = {.framing = GW_FRAMING_PLAIN,
			    .terminators = GW_TERM_ALL,
			    .idle_gap_ms = 50,
			    .scan_max = (uint16_t)(below(w, 2) == 0 ? 4096 : 1024)},
		.caps = GW_LINK_CAP_TILL,
		.rto_ms = 200,
		.quiet_ms = 100,
		.inject_ms = 2000,
	};
}

static void judge(struct world *w)
{
	uint32_t last = 0;

	for (unsigned i = 0; i < w->journal_count; i++) {
		uint32_t id = w->journal[i];

		if (id == 0 || id > w->scans)
			fault(w, "a scan nobody made", id, i);
		else if (id <= last)
			fault(w, "doubled or out of order", id, last);
		else if (w->outcome[id] == REFUSED)
			fault(w, "a refused scan came through", id, i);
		for (uint32_t k = last + 1; k < id && k <= w->scans; k++)
			if (w->outcome[k] == TAKEN)
				fault(w, "lost", k, id);
		last = id > last ? id : last;
	}
	for (uint32_t k = last + 1; k <= w->scans; k++)
		if (w->outcome[k] == TAKEN)
			fault(w, "lost at the end", k, 0);
	if (w->till_bytes != w->till_want || w->till_hash != w->till_want_hash)
		fault(w, "the till's bytes differ", (uint32_t)w->till_bytes,
		      (uint32_t)w->till_want);
	if (w->dock.ring.now.used != 0)
		fault(w, "the dock still holds scans", w->dock.ring.now.used, 0);
}

/* Runs one seed; returns false with w->fault when something was lost, doubled or stuck. */
static bool run_seed(struct world *w, uint32_t seed, bool ack_first)
{
	uint32_t scan_at, end, start;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->random = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1;
	for (int i = 0; i < 8; i++)
		roll(w);
	w->now_ms = 1000;
	w->ack_first = ack_first;
	choose_fate(w);
	if (ack_first) {
		w->fate.crash = 300;
		w->fate.commit_ms = 500;
	}
	dock_start(w, true);
	host_start(w);
	now_running = w;
	start = w->now_ms;
	/* The scanner is still while the dock finds its step. */
	scan_at = w->now_ms + 60;
	end = w->now_ms + RUN_MS;
	for (; w->now_ms < end && w->fault[0] == '\0'; w->now_ms++) {
		misfortune(w);
		if (w->now_ms >= scan_at && w->scans + 1 < SCANS_MAX) {
			play_scan(w);
			scan_at = w->now_ms + 1 + below(w, w->fate.gap_ms * 2);
		}
		exchange(w);
	}
	w->fate = (struct fate){0};
	for (end = w->now_ms + SETTLE_MS; w->now_ms < end && w->fault[0] == '\0'; w->now_ms++) {
		exchange(w);
		if (w->dock.ring.now.used == 0 && w->waiting_count == 0 &&
		    w->now_ms > start + RUN_MS + 3000)
			break;
	}
	if (w->fault[0] == '\0')
		judge(w);
	now_running = NULL;
	return w->fault[0] == '\0';
}

static void seeds(void **state)
{
	const char *one = getenv("DOCK_SIM_SEED"), *many = getenv("DOCK_SIM_SEEDS");
	uint32_t first = one != NULL ? (uint32_t)strtoul(one, NULL, 10) : 1;
	uint32_t count = one != NULL ? 1 : many != NULL ? (uint32_t)strtoul(many, NULL, 10) : 100;
	static struct world w;
	uint64_t scans = 0, journalled = 0, crashes = 0, warms = 0, colds = 0;

	(void)state;
	for (uint32_t seed = first; seed < first + count; seed++) {
		if (!run_seed(&w, seed, false))
			fail_msg("seed %u: %s; replay: DOCK_SIM_SEED=%u", seed, w.fault, seed);
		scans += w.scans;
		journalled += w.journal_count;
		crashes += w.crashes;
		warms += w.warms;
		colds += w.colds;
	}
	fprintf(stderr,
		"# %u seeds: %llu scans, %llu journalled, %llu host crashes, %llu warm and %llu "
		"cold resets\n",
		count, (unsigned long long)scans, (unsigned long long)journalled,
		(unsigned long long)crashes, (unsigned long long)warms, (unsigned long long)colds);
	assert_true(one != NULL || journalled * 3 > scans);
}

/* A register that acknowledges before it commits must be caught. */
static void negative_control(void **state)
{
	static struct world w;
	unsigned caught = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++)
		caught += !run_seed(&w, seed, true);
	assert_in_range(caught, 10, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds),
		cmocka_unit_test(negative_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
