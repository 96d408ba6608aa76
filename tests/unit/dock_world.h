/*
 * The world of the dock's simulations: the real dock and the real host side of the link, and
 * between them wires with noise, a register that crashes, memory that resets.  test_dock_sim.c
 * plays it.
 *
 * Virtual time: the player moves now_ms.  One world runs at a time (dock_world.c says which, for
 * the power cuts between two writes of the ring).
 */
#ifndef TESTS_DOCK_WORLD_H
#define TESTS_DOCK_WORLD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/dock.h"

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

/* The world whose ring is cut at steps_to_reset; NULL: none. */
void world_run(struct world *w);

uint32_t world_roll(struct world *w);
/* 0..n-1; 0 when n is 0 */
uint32_t world_below(struct world *w, uint32_t n);
/* True once in one_in times; never when that is 0. */
bool world_chance(struct world *w, uint32_t one_in);
/* Notes what went wrong, the first time. */
void world_fault(struct world *w, const char *what, uint32_t a, uint32_t b);
size_t world_pipe_get(const struct world *w, struct pipe *p, uint8_t *out, size_t size);
uint32_t world_dock_ms(const struct world *w);
void world_dock_start(struct world *w, bool power_lost);
void world_host_start(struct world *w);
/* Writes what has waited long enough to the register's disk, and acknowledges it. */
void world_host_commit(struct world *w);

/* Steps of the dock; guarded runs one during which the power may blip, false when it did. */
bool world_guarded(struct world *w, void (*step)(struct world *, const uint8_t *, size_t),
		   const uint8_t *bytes, size_t len);
void world_step_scanner(struct world *w, const uint8_t *bytes, size_t len);
void world_step_host(struct world *w, const uint8_t *bytes, size_t len);
void world_step_tick(struct world *w, const uint8_t *bytes, size_t len);

#endif
