/*
 * Reading a journal that a register may be writing: rows of events in order, a few at a time, so
 * that no snapshot outlives one call and the register's checkpoints are never held up; and the
 * check of the hash chain.
 *
 * Owns a read-only connection and room for one slice (<= 512 rows or 1 MiB).  One thread.
 *
 *	gw_reader_open(&r, path, &err);
 *	while ((rc = gw_reader_next(r, &row, &err)) > 0) use(row);
 *	gw_reader_close(r);
 */
#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/event_json.h"
#include "store/chain.h"

struct gw_reader;

/* Whose journal it is; borrowed from the reader. */
struct gw_reader_info {
	const char *store, *terminal; /* "S0042", "T03" */
	const char *till;             /* "S0042-T03" */
	const char *epoch;            /* 16 hex digits */
};

/* One row as it stands; texts are valid until the next gw_reader_next and NUL-terminated. */
struct gw_reader_row {
	struct gw_chain_row row; /* seq, times, boot, scan, kind, basket, body */
	uint8_t chain[GW_CHAIN_LEN];
	bool has_chain; /* a damaged file can hold rows without */
};

/* GW_E_NOT_FOUND, GW_E_DENIED, GW_E_INPUT (not a journal, newer, damaged), GW_E_STORAGE. */
int gw_reader_open(struct gw_reader **reader, const char *path, struct gw_err *err);
void gw_reader_close(struct gw_reader *reader);
void gw_reader_info(const struct gw_reader *reader, struct gw_reader_info *info);

/* The next call to gw_reader_next gives the first row with seq > after. */
void gw_reader_seek(struct gw_reader *reader, int64_t after);

/* 1: *row is filled; 0: no more for now (call again later for new ones); or an error. */
int gw_reader_next(struct gw_reader *reader, struct gw_reader_row *row, struct gw_err *err);

/*
 * Decodes a row, its texts in room[GW_EVENT_ROOM].  GW_E_NOT_FOUND: of a kind this program does not
 * know; GW_E_INPUT.
 */
int gw_reader_decode(const struct gw_reader_row *row, struct gw_event_row *out, char *room,
		     struct gw_err *err);

struct gw_verify {
	int64_t rows;        /* that are good, from the first one on */
	int64_t first, last; /* their numbers, 0: none */
	int64_t bad;         /* number of the first bad row, 0: none */
	char reason[160];    /* "" when all is good */
};

/*
 * Checks numbers and chain of every row.  GW_OK also when a bad row was found (see bad, reason).
 * progress (may be NULL) is called now and then with the rows done.  O(rows), about 2 us each.
 */
int gw_reader_verify(struct gw_reader *reader, struct gw_verify *result,
		     void (*progress)(void *ctx, int64_t rows), void *ctx, struct gw_err *err);

#endif
