/*
 * An append-only log in erasable flash: pieces of scans and the state they are numbered by, in a
 * circle of sectors.  It knows nothing of docks and beeps (flash_journal.h does); it promises that
 * whatever instant the power goes at, a record is found afterwards or it is not, never a part of
 * it.
 *
 *	sector	[ header: generation, ordinal, state, check ][ record ][ record ] ... [ blank ]
 *	record	kind 1, flags 1, origin 1, len 1, ordinal 4, back 2, t_ms 4, bytes 0 to 225,
 *		FF up to a multiple of eight, check 4
 *
 * A piece of 13 digits takes 32 bytes.  `ordinal` counts pieces over the log's whole life; below
 * `ordinal - back` they are acknowledged.  The check is CRC-32C, begun with the sector's
 * generation, so that what an interrupted erase left behind does not pass; a check of FFFFFFFF is
 * never written.
 *
 * How it withstands a cut at any program or erase, torn writes and unsteady bits:
 *
 *  1. A record's check is programmed last.  Before that, its place reads FFFFFFFF: no record.
 *     Cut within the check: it is right, or the record is none.
 *  2. A new sector gets its first record and then its header; without a header it is not looked
 *     at.
 *  3. Only what this life has erased is ever written to, since an erase that was cut may leave
 *     cells that read FF today and not tomorrow.  So no start appends to what it finds; the first
 *     that a life writes opens a sector.
 *  4. Only the record written last can be unsteady: there for one start, and not for the next.  Of
 *     a piece that does no harm as long as nothing stands behind it, since what a start finds it
 *     offers in a session that ends with it.  So that piece is the first record of the sector that
 *     a life opens: at its start if there is room, else with whatever is written first.
 *  5. A header says `ordinal`: pieces of that number and above in older sectors count for nothing.
 *     What one start did not find can so not turn up at a later one, under a number used anew.
 *     Of the newest header, which the cut may have caught, one reading is believed by all; and
 *     what the first walk finds no record in, no later walk of that start does.
 *  6. A new session's state must not be there for one start and not for the next once a number of
 *     it was said, or a piece would have numbers in two sessions.  A change takes a sector of its
 *     own, with the state three times: in the header and in two records, and then the first number
 *     is said.  A cut before the third was begun leaves one or two to be read, now this, now that;
 *     one within the third leaves two or three.  So a start that reads three believes them; one
 *     that reads one knows that nobody ever did, and takes that sector as not there, to be erased
 *     next; one that reads two cannot know, and writes all three again elsewhere before it says
 *     anything.  (A piece behind a record of the state is as good as the third.)
 *  7. A sector is erased when every piece in it that counts is acknowledged, hence in the order
 *     written; each sector wears alike.  With all acknowledged, all can be erased.
 *  8. Three free sectors are kept back for changes of session when a sector is opened for anything
 *     else, free by what that sector's header says.  So what is erased is known to be acknowledged
 *     in flash too, and an erase that is cut leaves no gap.  Until the header of a change says that
 *     all is acknowledged, there can be two: what a start finds is of one session, what was scanned
 *     since will be of the next, and what is scanned in that one has numbers of it.  The third
 *     sector is for a state that was read twice.
 *
 * What remains: a full flash, and the power goes within the 96 bytes behind such a header (4 ms)
 * and at the next change again, and both times two are read: no sector is left for the third
 * writing, the start believes what it read, and by 6 the next start may not.
 *
 * Owns nothing but its counters; the flash is the board's (gw_flash_io).  No heap, no clock.
 *
 *	gw_flash_log_find(&log, &io, ctx);         what is there
 *	gw_flash_log_walk(&log, visit, ctx);       every record that counts, oldest first
 *	gw_flash_log_piece(&log, &state, &piece, raw, change);
 *	gw_flash_log_state(&log, &state, next, change);
 */
#ifndef FIRMWARE_FLASH_LOG_H
#define FIRMWARE_FLASH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goeswith/link.h"

#define GW_FLASH_SECTORS_MIN 6u
#define GW_FLASH_SECTORS_MAX 64u
#define GW_FLASH_HEADER      56u /* bytes of a sector that are none of its records */
#define GW_FLASH_KEPT        3u  /* free sectors kept back for changes of session */
#define GW_FLASH_RECORD_MAX  248u
#define GW_FLASH_HEAD        14u /* bytes of a record before a piece's */

/* The flash.  Addresses count from its first byte. */
struct gw_flash_io {
	uint32_t sector_size;  /* what one erase takes: 512 or more, a multiple of 8 */
	uint16_t sector_count; /* GW_FLASH_SECTORS_MIN to _MAX */
	uint16_t endurance_k;  /* erases a sector stands, in thousands, as the data sheet says */
	/* False where the cells cannot be read (an error-correcting flash says so). */
	bool (*read)(void *ctx, uint32_t at, void *bytes, uint32_t len);
	/* Only ever on erased cells; at and len are multiples of 8; ascending.  False: it failed.
	 */
	bool (*program)(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len);
	bool (*erase)(void *ctx, uint32_t sector);
	/* Whether nobody is kept waiting by a program (or an erase) of now. */
	bool (*safe)(void *ctx, bool erase);
};

enum gw_flash_kind { GW_FLASH_PIECE = 0x51, GW_FLASH_STATE = 0x52, GW_FLASH_OPEN = 0x53 };
enum gw_flash_flag {
	GW_FLASH_FIRST = 1,  /* of its scan */
	GW_FLASH_MORE = 2,   /* pieces follow */
	GW_FLASH_LOST = 4,   /* scans before it were refused */
	GW_FLASH_CHANGE = 8, /* of a header: its sector was opened for a change of session */
};
enum gw_flash_result {
	GW_FLASH_DONE, /* it is there, read back and compared */
	GW_FLASH_WAIT, /* not now: it needs an erase, and the board says that is not safe */
	GW_FLASH_FULL, /* not before scans are acknowledged */
	GW_FLASH_DEAD, /* no sector takes it */
};

/* How ordinals stand to the numbers that the register knows. */
struct gw_flash_state {
	uint32_t session;  /* 0: none, nothing is numbered */
	uint32_t from;     /* ordinal of the session's number 0 */
	uint32_t ends;     /* if `ending`: ordinal from which on pieces are none of the session's */
	uint32_t base;     /* every piece below is acknowledged */
	uint32_t cmd_next; /* commands below were carried out; those since, perhaps */
	uint32_t lost;
	bool ending;
};

struct gw_flash_view {
	uint8_t kind, flags, origin, len;
	uint32_t ordinal, base, t_ms;
	const uint8_t *bytes;        /* a piece's; borrowed for the call */
	struct gw_flash_state state; /* if it is none */
};

struct gw_flash_log {
	const struct gw_flash_io *io; /* borrowed */
	void *ctx;
	uint32_t generation; /* of the newest sector */
	uint32_t used;       /* the last that was given to one: how many were ever opened */
	uint32_t at;         /* where the next record goes; 0: it opens a sector */
	uint16_t sector;     /* the newest */
	uint32_t ordinal; /* what its header says, read once: the cut may have left it unsteady, */
	struct gw_flash_state state; /* and it must not be there for one and not for another */
	uint16_t next;               /* the one to be opened after it */
	bool erased;                 /* and that one is erased, by us */
	bool change;                 /* the newest was opened for a change of session, */
	bool sure;                   /* and its state reads alike at every start */
	bool starting; /* nobody is served yet: whether an erase is safe is not asked */
	uint32_t end;  /* of the newest's last record in the walk before this one; 0: none yet */
	bool dead;
	uint32_t bad;      /* places that were written and hold no record */
	uint32_t erases;   /* since the start */
	uint32_t failures; /* of program or erase, since the start */
};

/* Looks for the newest sector that counts; false when there is none.  Reads only. */
bool gw_flash_log_find(struct gw_flash_log *log, const struct gw_flash_io *io, void *ctx);
/* Reads only; counts in log->bad. */
void gw_flash_log_walk(struct gw_flash_log *log,
		       void (*visit)(void *ctx, const struct gw_flash_view *record), void *ctx);
/*
 * Adds a piece, whose len bytes the caller has put into raw from GW_FLASH_HEAD on; the rest of raw
 * is made here.  The state goes into the header, if a sector is opened.  change: it is a new
 * session's, and none of its numbers is said before this is done.
 */
enum gw_flash_result gw_flash_log_piece(struct gw_flash_log *log,
					const struct gw_flash_state *state,
					const struct gw_flash_view *piece,
					uint8_t raw[GW_FLASH_RECORD_MAX], bool change);
/* Adds the state alone; next is the ordinal of the piece to come. */
enum gw_flash_result gw_flash_log_state(struct gw_flash_log *log,
					const struct gw_flash_state *state, uint32_t next,
					bool change);
/* Erases the next sector if the newest is nearly full, the next free, and it is safe. */
void gw_flash_log_prepare(struct gw_flash_log *log, uint32_t base);

/* Bytes of flash a piece of len bytes takes. */
static inline uint32_t gw_flash_record_size(uint32_t len)
{
	return (GW_FLASH_HEAD + len + 4u + 7u) & ~7u;
}

/*
 * What the flash stands, in scans of len bytes (at most 225), each of them written: with s sectors
 * of e thousand erases and floor((sector - 56) / record) scans in each.
 */
static inline uint64_t gw_flash_endurance(const struct gw_flash_io *io, uint32_t len)
{
	uint32_t scans = (io->sector_size - GW_FLASH_HEADER) / gw_flash_record_size(len);

	return (uint64_t)io->sector_count * io->endurance_k * 1000u * scans;
}

#endif
