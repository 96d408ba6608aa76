/*
 * A book as an intake: it checks and folds like any other, then hands events and sales on to an
 * archive (a ClickHouse cluster), and keeps only what is under way.
 *
 *	taken --(commit)--> in the book --(hand on)--> in the archive --(prune)--> no longer here
 *
 * The event table is the queue: whatever lies in it has still to be handed on.  A crash between
 * handing on and pruning hands the same rows on again, which the archive's keys absorb.  Pruned
 * are all events and the sales that are closed or were left open long ago; the chain of files, the
 * marks and the open sales stay. When an old event turns up again or late, the archive is asked
 * for what is missing here, and everything goes on as if it had never left.
 *
 * Private to tools/sync.  One thread.
 */
#ifndef TOOLS_SYNC_BOOK_INTAKE_H
#define TOOLS_SYNC_BOOK_INTAKE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct book;

/* What the archive has of an epoch's events. */
struct book_archive {
	/* Calls book_intake_put for each of first..last that it has. */
	int (*fetch)(void *ctx, const char *till, const char *epoch, int64_t first, int64_t last,
		     struct gw_err *err);
	void *ctx;
};

void book_intake_archive(struct book *book, const struct book_archive *archive);

/* Columns of an event as they left; basket "" and scan_session 0: none. */
struct book_event {
	const char *till, *epoch, *basket, *kind, *body;
	int64_t seq, at_ms, mono_ms, boot, scan_session, scan_seq;
};
int book_intake_put(struct book *book, const struct book_event *event, struct gw_err *err);

/*
 * Says where the book hands on to, which it remembers; once it has handed anything on (*handed),
 * another place is GW_E_INPUT.
 */
int book_intake_place(struct book *book, const char *place, bool *handed, struct gw_err *err);

/* *count: events waiting, of which at most `most` + 1 are counted. */
int book_intake_waiting(struct book *book, int64_t most, int64_t *count, struct gw_err *err);

/* A number larger than any before, remembered: the version of the rows handed on next. */
int book_intake_version(struct book *book, int64_t now_ms, int64_t *version, struct gw_err *err);

/* For reading what is to be handed on; borrowed. */
sqlite3 *book_intake_db(struct book *book);

/* Forgets what has been handed on, in one transaction. */
int book_intake_prune(struct book *book, struct gw_err *err);

#endif
