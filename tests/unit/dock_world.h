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
#include "tests/unit/flash_model.h"

#define SCANS_MAX 6000
#define PIPE_MAX  65536u
#define RING_MAX  6144u

/* Promised: taken, and the good beep was heard. */
enum outcome { LOST_WITH_POWER = 1, TAKEN, PROMISED, REFUSED };

struct pipe {
	uint8_t bytes[PIPE_MAX];
	uint32_t due_ms[PIPE_MAX];
	uint32_t head, len;
};

struct fate { /* how often things happen, 1 in n a millisecond; 0 = never */
	uint32_t crash, warm, cold, jump, stall, noise_ppm, commit_ms, gap_ms, torn, backup;
};

/* What to play.  All of it follows from the seed. */
struct play {
	uint32_t seed, run_ms;
	bool ack_first; /* the negative control: the register acknowledges what it has not on disk
			 */
	bool flash;     /* the dock has a flash journal */
	/* With it: the power goes at this program or erase, and again so many after that (0: not).
	 */
	uint64_t cut_at, cut_again;
	bool calm; /* nothing else goes wrong but a register that is away now and then */
	bool full; /* or is away from the start, till flash is full; and warm resets */
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
	bool ack_first;
	unsigned crashes, warms, colds, cuts, restores;
	jmp_buf reset;
	/* with a flash journal */
	struct flash_model flash;
	struct gw_flash_io flash_io;
	bool flash_on;
	uint64_t cut_again;
	uint32_t ordinal[SCANS_MAX]; /* of a scan's last piece */
	uint64_t restored, filled;   /* pieces, over all starts */
	unsigned crowded;            /* starts that found no room to write */
	/* the register's disk as a backup has it */
	struct journalled kept_sessions[4096];
	unsigned kept_session_count, kept_journal_count;
	bool kept;
	char fault[200];
	union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING_MAX];
	} memory;
};

/* The world whose ring is cut at steps_to_reset; NULL: none. */
void world_run(struct world *w);

/*
 * Plays a seed in dock_play.c's way: misfortunes, then a settlement in peace.  False, with
 * w->fault, when something was lost, doubled or stuck.
 */
bool world_play(struct world *w, const struct play *p);

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
/* Gives the dock a flash journal. */
void world_flash(struct world *w, uint32_t sector_size, unsigned sectors, unsigned unit);
/* Keeps a copy of the register's disk, or puts it back. */
void world_backup(struct world *w);
/* Writes what has waited long enough to the register's disk, and acknowledges it. */
void world_host_commit(struct world *w);

/* Steps of the dock; guarded runs one during which the power may blip, false when it did. */
bool world_guarded(struct world *w, void (*step)(struct world *, const uint8_t *, size_t),
		   const uint8_t *bytes, size_t len);
void world_step_scanner(struct world *w, const uint8_t *bytes, size_t len);
void world_step_host(struct world *w, const uint8_t *bytes, size_t len);
void world_step_tick(struct world *w, const uint8_t *bytes, size_t len);

#endif
