/*
 * The dock's memory of scans that the register has not acknowledged: a byte ring in memory that
 * survives a reset (`.noinit` RAM, or a file mapped by the software dock), with its state in two
 * checked headers that are written in turn, so that a reset at any instruction leaves one whole.
 *
 * A scan is assembled in place behind the tail and becomes part of the ring with one header write.
 * Owns nothing: the store is the board's.  Never allocates, never reads a clock.
 *
 *	gw_ring_attach(&r, store, size, true);   finds what an earlier life left
 *	gw_ring_begin(&r); gw_ring_put(&r, b); ... gw_ring_commit(&r, origin, t_ms);
 *	gw_ring_piece(&r, seq, payload, &len, &flags);
 *	gw_ring_ack(&r, next);
 */
#ifndef FIRMWARE_RING_H
#define FIRMWARE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goeswith/link.h"

/* Firmware without a flash journal says 0 and has nothing of it in the image. */
#ifndef GW_FLASH_JOURNAL
#define GW_FLASH_JOURNAL 1
#endif

/* Length 2, origin 1, flags 1, t_ms 4, CRC-32C 4. */
#define GW_RING_RECORD 12u

struct gw_ring_header {
	uint32_t magic;
	uint32_t generation;
	uint32_t session;    /* 0: none yet, nothing is numbered */
	uint32_t base, next; /* numbers of the first piece and of the one to come */
	uint32_t head, used; /* offset of the first record, bytes of records */
	uint32_t lost;       /* scans refused since the cold start */
	uint32_t lost_told;  /* of these, marked by LOST on a later scan */
	uint32_t clock_seq;  /* below it t_ms is of a clock that was reset */
	uint32_t cmd_next;   /* number of the next command to carry out */
	uint32_t boots;
#if GW_FLASH_JOURNAL
	/* The flash journal counts pieces over its whole life: ordinal = from + number. */
	uint32_t from;
	uint32_t ending; /* 1: the session is a life's before the power loss, and ends with */
	uint32_t ends;   /* this number; those from here on are not yet numbered */
	uint32_t flash_written, flash_generation; /* what flash has (flash_journal.c) */
#endif
	uint32_t size; /* of the data, so that another build's ring is not believed */
	uint32_t crc;  /* over all before */
};

struct gw_ring_store {
	struct gw_ring_header header[2];
	uint8_t data[]; /* size bytes */
};

struct gw_ring {
	struct gw_ring_store *store; /* borrowed */
	struct gw_ring_header now;
	uint32_t open_len;   /* bytes of the scan being assembled */
	bool open;           /* one is */
	bool full;           /* and it has outgrown the room */
	uint32_t at_seq, at; /* where the search for a piece may start: number and offset */
};

/*
 * True when the store held a whole ring (a warm start); else it is empty and its session 0.
 * new_clock: the dock's clock has begun anew, the times of the scans found are marked so.
 */
bool gw_ring_attach(struct gw_ring *r, struct gw_ring_store *store, uint32_t size, bool new_clock);

/* True when headers, records and numbers agree, as after a reset they must. */
bool gw_ring_whole(const struct gw_ring *r);

/* The scan being assembled.  put returns false once there is no room; commit then refuses too. */
void gw_ring_begin(struct gw_ring *r);
bool gw_ring_put(struct gw_ring *r, uint8_t byte);
/* Takes back all but the first len bytes. */
void gw_ring_cut(struct gw_ring *r, uint32_t len);
void gw_ring_drop(struct gw_ring *r);
/* False when it did not fit: it is then counted as lost, and the next scan carries LOST. */
bool gw_ring_commit(struct gw_ring *r, uint8_t origin, uint32_t t_ms);

/*
 * Writes the payload of the SCAN with this number and its LOST, CLK and FRAG flags.  seq must be in
 * [base, next).  Returns the payload's length, 0 if the number is not there.
 */
size_t gw_ring_piece(struct gw_ring *r, uint32_t seq, uint8_t payload[GW_LINK_PAYLOAD_MAX],
		     uint8_t *flags);
/* When the scan of this piece ended; *old: by a clock that was reset since.  seq in [base, next).
 */
uint32_t gw_ring_time(struct gw_ring *r, uint32_t seq, bool *old);
/* Forgets every scan whose pieces are all below next.  Returns how many. */
unsigned gw_ring_ack(struct gw_ring *r, uint32_t next);

/* Numbers what is there from 0 in this session (0: it waits for one). */
void gw_ring_open_session(struct gw_ring *r, uint32_t session);
/* Whether what is held was restored from flash, and the session ends with it. */
static inline bool gw_ring_ending(const struct gw_ring *r)
{
#if GW_FLASH_JOURNAL
	return r->now.ending != 0;
#else
	(void)r;
	return false;
#endif
}

/* One past the last number that the session has. */
static inline uint32_t gw_ring_numbered(const struct gw_ring *r)
{
#if GW_FLASH_JOURNAL
	return r->now.ending != 0 ? r->now.ends : r->now.next;
#else
	return r->now.next;
#endif
}

/* Commits a scan that comes from elsewhere than the scanner, as it was. */
bool gw_ring_load(struct gw_ring *r, uint8_t origin, uint32_t t_ms, bool lost);
/* Makes what was changed in `now` count. */
void gw_ring_save(struct gw_ring *r);
/* Writes down that a command's number is used, before it is carried out. */
void gw_ring_take_command(struct gw_ring *r);

#endif
