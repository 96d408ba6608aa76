/* A life of the dock: scans, and everything that can go wrong; then peace, and the judgement. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/dock_world.h"

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
	w->ordinal[id] = w->dock.ring.now.from + w->dock.ring.now.next - 1;
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
		if (w->flash_on && world_below(w, 2) == 0) {
			w->flash.cut_at = w->flash.ops + 1 + world_below(w, 80);
			w->cut_again = world_below(w, 3) == 0 ? 1 + world_below(w, 30) : 0;
		} else {
			world_dock_start(w, true);
		}
	}
	if (world_chance(w, w->fate.backup))
		world_backup(w);
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

static void choose_flash(struct world *w)
{
	static const uint16_t sizes[] = {512, 1024, 2048};
	static const uint8_t units[] = {2, 4, 8};
	unsigned size = sizes[world_below(w, 3)];

	w->config.flash_hold_ms = (uint16_t)(100 * world_below(w, 4));
	w->config.beep_on_ack = true;
	world_flash(w, size, GW_FLASH_SECTORS_MIN + world_below(w, size > 1024 ? 8 : 20),
		    units[world_below(w, 3)]);
	w->fate.backup = world_below(w, 4) == 0 ? 4000 : 0;
	if (w->fate.cold == 0 && world_below(w, 2) == 0)
		w->fate.cold = 2000;
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
			if (w->outcome[k] == TAKEN || w->outcome[k] == PROMISED)
				world_fault(w, "lost", k, id);
		last = id > last ? id : last;
	}
	for (uint32_t k = last + 1; k <= w->scans; k++)
		if (w->outcome[k] == TAKEN || w->outcome[k] == PROMISED)
			world_fault(w, "lost at the end", k, 0);
	if (w->till_bytes != w->till_want || w->till_hash != w->till_want_hash)
		world_fault(w, "the till's bytes differ", (uint32_t)w->till_bytes,
			    (uint32_t)w->till_want);
	if (w->flash.violations > 0)
		world_fault(w, "what is not blank was programmed", w->flash.violations, 0);
	if (w->filled > 0)
		world_fault(w, "a gap in the flash", (uint32_t)w->filled, 0);
	if (w->dock.ring.now.used != 0)
		world_fault(w, "the dock still holds scans", w->dock.ring.now.used, 0);
}

/* A register that comes and goes, and nothing else: what the power cuts are played on. */
static void choose_calm(struct world *w)
{
	w->fate = (struct fate){.gap_ms = 40, .commit_ms = 60, .stall = 900, .crash = 3000};
	w->ring_size = 3000;
	w->config.scanner.scan_max = 4096;
	w->config.beep_on_ack = true;
	w->config.flash_hold_ms = 50;
	world_flash(w, 512, 12, w->seed % 3 == 0 ? 8 : w->seed % 3 == 1 ? 4 : 2);
}

/* The same with so little flash that it is full before the register is heard of. */
static void choose_full(struct world *w)
{
	w->fate = (struct fate){.gap_ms = 15, .commit_ms = 60, .stall = 900, .warm = 700};
	w->fate.torn = 40;
	w->ring_size = 6000;
	w->stalled_until_ms = w->now_ms + 1800;
	world_flash(w, 512, 6, w->seed % 3 == 0 ? 8 : w->seed % 3 == 1 ? 4 : 2);
}

static void begin(struct world *w, const struct play *p)
{
	memset(w, 0, sizeof(*w));
	w->seed = p->seed;
	w->random = (uint64_t)p->seed * 0x9E3779B97F4A7C15u + 1;
	for (int i = 0; i < 8; i++)
		world_roll(w);
	w->now_ms = 1000;
	w->ack_first = p->ack_first;
	choose_fate(w);
	if (p->calm)
		choose_calm(w);
	else if (p->flash)
		choose_flash(w);
	if (p->full)
		choose_full(w);
	if (p->ack_first) {
		w->fate.crash = 300;
		w->fate.commit_ms = 500;
	}
	w->flash.cut_at = p->cut_at;
	w->cut_again = p->cut_again;
	world_run(w);
	world_dock_start(w, true);
	world_host_start(w);
}

bool world_play(struct world *w, const struct play *p)
{
	uint32_t scan_at, end, start;

	begin(w, p);
	start = w->now_ms;
	/* The scanner is still while the dock finds its step. */
	scan_at = w->now_ms + 60;
	end = w->now_ms + p->run_ms;
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
		    w->now_ms > start + p->run_ms + 3000)
			break;
	}
	if (w->fault[0] == '\0')
		judge(w);
	world_run(NULL);
	return w->fault[0] == '\0';
}
