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

#include "tests/unit/dock_world.h"

#define RUN_MS    20000u
#define SETTLE_MS 60000u

static size_t make_scan(struct world *w, uint32_t id, uint8_t *out)
{
	uint32_t kind = world_below(w, 100);
	size_t len = kind < 80   ? 8 + world_below(w, 12)
		     : kind < 97 ? 20 + world_below(w, 700)
				 : 1000 + world_below(w, 3500);
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
	whole = world_guarded(w, world_step_scanner, bytes, len - 1);
	/* Out of step or too long, the dock answers the terminator with a refusal, numbered too. */
	whole = whole && w->dock.ring.open;
	next = w->dock.ring.now.next;
	if (world_chance(w, w->fate.torn))
		w->steps_to_reset = (int)world_below(w, 6);
	(void)world_guarded(w, world_step_scanner, bytes + len - 1, 1);
	w->steps_to_reset = -1;
	if (session != w->dock.ring.now.session)
		world_fault(w, "the session changed under a scan", session, id);
	w->outcome[id] = whole && w->dock.ring.now.next != next ? TAKEN : REFUSED;
}

static void misfortune(struct world *w)
{
	if (world_chance(w, w->fate.crash)) {
		w->crashes++;
		world_host_start(w);
	}
	if (world_chance(w, w->fate.warm)) {
		w->warms++;
		world_dock_start(w, false);
	}
	if (world_chance(w, w->fate.cold)) {
		w->colds++;
		world_dock_start(w, true);
	}
	if (world_chance(w, w->fate.jump))
		w->skew_ms += world_roll(w) % 3 == 0 ? world_roll(w) : world_below(w, 5000);
	if (world_chance(w, w->fate.stall))
		w->stalled_until_ms = w->now_ms + world_below(w, 6000);
}

static void exchange(struct world *w)
{
	uint8_t room[2048];
	size_t n = world_pipe_get(w, &w->to_dock, room, sizeof(room));

	if (world_chance(w, w->fate.torn))
		w->steps_to_reset = (int)world_below(w, 12);
	if (n > 0)
		(void)world_guarded(w, world_step_host, room, n);
	(void)world_guarded(w, world_step_tick, NULL, 0);
	w->steps_to_reset = -1;
	n = world_pipe_get(w, &w->to_host, room, sizeof(room));
	gw_link_host_input(&w->host, room, n, w->now_ms);
	world_host_commit(w);
	if (gw_link_host_deadline(&w->host) >= 0 && gw_link_host_deadline(&w->host) <= w->now_ms)
		gw_link_host_tick(&w->host, w->now_ms);
}

static void choose_fate(struct world *w)
{
	static const uint32_t rare[] = {0, 20000, 5000, 1000, 300};

	w->fate = (struct fate){
		.crash = rare[world_below(w, 5)],
		.warm = rare[world_below(w, 4)],
		.cold = world_below(w, 3) == 0 ? rare[world_below(w, 4)] : 0,
		.jump = rare[world_below(w, 4)],
		.stall = rare[world_below(w, 4)],
		.noise_ppm = world_below(w, 2) == 0 ? 0 : world_below(w, 4000),
		.commit_ms = world_below(w, 2) == 0 ? 0 : world_below(w, 800),
		.gap_ms = 2 + world_below(w, 120),
		.torn = world_below(w, 2) == 0 ? 0 : 20 + world_below(w, 400),
	};
	w->ring_size = world_below(w, 2) == 0 ? 4800 : 1000 + world_below(w, RING_MAX - 1000);
	w->config = (struct gw_dock_config){
		.scanner = {.framing = GW_FRAMING_PLAIN,
			    .terminators = GW_TERM_ALL,
			    .idle_gap_ms = 50,
			    .scan_max = (uint16_t)(world_below(w, 2) == 0 ? 4096 : 1024)},
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
			world_fault(w, "a scan nobody made", id, i);
		else if (id <= last)
			world_fault(w, "doubled or out of order", id, last);
		else if (w->outcome[id] == REFUSED)
			world_fault(w, "a refused scan came through", id, i);
		for (uint32_t k = last + 1; k < id && k <= w->scans; k++)
			if (w->outcome[k] == TAKEN)
				world_fault(w, "lost", k, id);
		last = id > last ? id : last;
	}
	for (uint32_t k = last + 1; k <= w->scans; k++)
		if (w->outcome[k] == TAKEN)
			world_fault(w, "lost at the end", k, 0);
	if (w->till_bytes != w->till_want || w->till_hash != w->till_want_hash)
		world_fault(w, "the till's bytes differ", (uint32_t)w->till_bytes,
			    (uint32_t)w->till_want);
	if (w->dock.ring.now.used != 0)
		world_fault(w, "the dock still holds scans", w->dock.ring.now.used, 0);
}

/* Runs one seed; returns false with w->fault when something was lost, doubled or stuck. */
static bool run_seed(struct world *w, uint32_t seed, bool ack_first)
{
	uint32_t scan_at, end, start;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->random = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1;
	for (int i = 0; i < 8; i++)
		world_roll(w);
	w->now_ms = 1000;
	w->ack_first = ack_first;
	choose_fate(w);
	if (ack_first) {
		w->fate.crash = 300;
		w->fate.commit_ms = 500;
	}
	world_dock_start(w, true);
	world_host_start(w);
	world_run(w);
	start = w->now_ms;
	/* The scanner is still while the dock finds its step. */
	scan_at = w->now_ms + 60;
	end = w->now_ms + RUN_MS;
	for (; w->now_ms < end && w->fault[0] == '\0'; w->now_ms++) {
		misfortune(w);
		if (w->now_ms >= scan_at && w->scans + 1 < SCANS_MAX) {
			play_scan(w);
			scan_at = w->now_ms + 1 + world_below(w, w->fate.gap_ms * 2);
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
	world_run(NULL);
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
