/*
 * The flash journal: the dock's unacknowledged scans a second time, in flash, so that they survive
 * a loss of power.  The ring in RAM stays what the dock works with; this copies from it what the
 * register has not acknowledged in time, and fills it again at a start that found it empty.
 * flash_log.h is how it is stored; this is when, and by which numbers.
 *
 * A scan goes to flash when it has waited `hold_ms` for its acknowledgement, at once while the
 * register is not answering.  With a register that lives nothing is written but one header after
 * each loss of power, so wear is a matter of the register's absence.
 *
 * The good beep says: this scan is safe.  That is so when the register has it on disk, or when it
 * is in flash, read back; it sounds once, at whichever comes first.  With a dead register and no
 * beep a cashier would scan again, and the journal would then have it twice, both true.  A scan
 * that could not be written (flash full, or broken) keeps to the old rule: no beep before the
 * acknowledgement.
 *
 * Numbers after a loss of power.  Scans that were acknowledged quickly never were in flash, so the
 * dock cannot know how many numbers its session has used up; it must not give out another one.  It
 * therefore offers what flash held under the old session and the old numbers, which the register
 * knows or does not, and says in HELLO that the session ends there (GW_LINK_ST_RESTORED).  New
 * scans wait without a number.  When all is acknowledged, up to there or beyond, the dock's
 * session is 0 and the register opens a new one.  The mapping of new numbers to pieces in flash is
 * written before the first of them is sent.  Commands take up 2^30 numbers above what flash knew:
 * none that was on its way is carried out twice.
 *
 * What a cut left unsteady a start may miss, and a later one find.  Hence: no number is given out
 * in a new session before this life has opened a sector, whose header makes void what its start
 * did not find; a start reads the newest sector's end once (flash_log.h, 5); and a session's state
 * is in flash for good before its first number is said (6).  Flash comes first and the ring takes
 * the session with one header; a reset in between is made up for by the start after it.
 *
 * A full flash cannot hear of the leap of the commands' numbers.  Until it has, no code is put into
 * the till's line: another loss of power would give its number to the same order again.
 *
 * What rots: a piece in the middle that cannot be read leaves refused scans (GW_LINK_SCAN_NOISE) in
 * its numbers' place, counted as lost.  Missing at the front, the register sees a hole.
 *
 * Owns nothing: ring and flash are the dock's and the board's.  Blocks for as long as the board's
 * program and erase do, which a board for this must do without delaying its receivers.
 *
 *	gw_flash_attach(&f, io, ctx, &ring, warm);   before anything is said
 *	gw_flash_step(&f, now_ms, hold_ms, quiet);   all the time
 *	gw_flash_open(&f, &ring, session);           a register opens a session
 */
#ifndef FIRMWARE_FLASH_JOURNAL_H
#define FIRMWARE_FLASH_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/flash_log.h"
#include "firmware/ring.h"

#if GW_FLASH_JOURNAL
struct gw_flash {
	struct gw_flash_log log;
	struct gw_ring *ring; /* borrowed; NULL: there is no flash */
	uint32_t written;     /* pieces below are in flash, or acknowledged */
	uint32_t promised;    /* scans below had their good beep, or need none */
	uint32_t high;        /* flash holds nothing from here on */
	uint32_t marked;      /* flash knows that all below are acknowledged */
	uint32_t due_ms;      /* when there is something to do */
	uint32_t idle_ms;     /* since when nothing waits */
	bool waiting;         /* and due_ms means something */
	bool told_any;
	struct gw_flash_state told; /* what the open sector says of the session */
	uint32_t restored, filled;  /* pieces found at this start, and those put in a gap's place */
};

/*
 * Looks what flash holds and, unless the ring is warm, fills it from there; then writes the last
 * piece once more.  True when it found scans.  io NULL: no flash, and every other call does
 * nothing.
 */
bool gw_flash_attach(struct gw_flash *f, const struct gw_flash_io *io, void *ctx,
		     struct gw_ring *ring, bool warm);
/*
 * Copies what is due.  quiet: no scan is being read.  silent: the register does not answer, hold_ms
 * need not be waited for.  True when a scan has become safe that had no good beep yet.
 */
bool gw_flash_step(struct gw_flash *f, uint32_t now_ms, uint32_t hold_ms, bool quiet, bool silent);
/* Scans were acknowledged: true when one of them had no good beep yet. */
bool gw_flash_acked(struct gw_flash *f);
/*
 * Writes down what the numbers of a new session mean; then the ring, which is that of attach, takes
 * the session.  False: not now, the host must ask again.
 */
bool gw_flash_open(struct gw_flash *f, struct gw_ring *ring, uint32_t session);
/* Whether a command carried out now has a number that no later start takes for a new one. */
bool gw_flash_commands(const struct gw_flash *f);
bool gw_flash_works(const struct gw_flash *f);
/* Milliseconds until step has something to do; UINT32_MAX: nothing. */
uint32_t gw_flash_wait_ms(const struct gw_flash *f, uint32_t now_ms);
#else
struct gw_flash {
	uint8_t none;
};

static inline bool gw_flash_attach(struct gw_flash *f, const struct gw_flash_io *io, void *ctx,
				   struct gw_ring *ring, bool warm)
{
	(void)f, (void)io, (void)ctx, (void)ring, (void)warm;
	return false;
}

static inline bool gw_flash_step(struct gw_flash *f, uint32_t now_ms, uint32_t hold_ms, bool quiet,
				 bool silent)
{
	(void)f, (void)now_ms, (void)hold_ms, (void)quiet, (void)silent;
	return false;
}

static inline bool gw_flash_acked(struct gw_flash *f)
{
	(void)f;
	return true;
}

static inline bool gw_flash_open(struct gw_flash *f, struct gw_ring *ring, uint32_t session)
{
	(void)f;
	gw_ring_open_session(ring, session);
	return true;
}

static inline bool gw_flash_commands(const struct gw_flash *f)
{
	(void)f;
	return true;
}

static inline bool gw_flash_works(const struct gw_flash *f)
{
	(void)f;
	return false;
}

static inline uint32_t gw_flash_wait_ms(const struct gw_flash *f, uint32_t now_ms)
{
	(void)f, (void)now_ms;
	return UINT32_MAX;
}
#endif

#endif
