/*
 * Head office's book: an SQLite database with every event of every terminal once, keyed by
 * (terminal, epoch, seq), the same statistics tables as a journal with those keys in front, and
 * what became of each file.  A file is taken whole or refused whole, in one transaction.
 *
 * Files of a terminal may come in any order, twice, or overlapping: events that are there already
 * must be equal, and the tables are derived anew when something arrives late.
 *
 * Owns the file and a lock beside it.  One thread.
 */
#ifndef TOOLS_SYNC_BOOK_H
#define TOOLS_SYNC_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "store/batch.h"
#include "tools/sync/state.h"
#include "tools/sync/sync.h"

enum file_state { FILE_UNKNOWN, FILE_ACCEPTED, FILE_GAP, FILE_REJECTED };

struct book;

/* What a file's name says: EPOCH-FIRST-LAST-HASH.ndjson.zst. */
struct file_name {
	char name[STATE_NAME_MAX];
	char epoch[GW_BATCH_EPOCH_MAX];
	int64_t first, last;
	char hash[33]; /* first half of the file's hash */
};

/* GW_E_INPUT when it is no such name. */
int file_name_parse(struct file_name *out, const char *name);

/*
 * An intake is a book that hands its events on to an archive and keeps what is under way.  A book
 * becomes one when it is opened as one, and cannot go back.
 *
 * GW_E_AGAIN: another collector has it; GW_E_INPUT: foreign, newer or damaged; GW_E_STORAGE ...
 */
int book_open(struct book **book, const char *path, bool intake, struct gw_err *err);
void book_close(struct book *book);

int book_begin(struct book *book, struct gw_err *err);
int book_commit(struct book *book, struct gw_err *err);
void book_rollback(struct book *book);

enum file_state book_file(struct book *book, const char *till, const char *name);

/*
 * Takes a batch whose form and name are right.  GW_OK, *fresh the number of events that were not
 * there yet; GW_E_INPUT: refused, with the reason in err, nothing of it taken; GW_E_STORAGE.
 */
int book_take(struct book *book, const struct file_name *name, const struct gw_batch *batch,
	      const char *hash, int64_t *fresh, struct gw_err *err);

/* Remembers that a file was refused.  name->epoch is "" when not even the name is right. */
int book_refuse(struct book *book, const char *till, const struct file_name *name,
		const char *reason, struct gw_err *err);

/*
 * Brings a terminal's statistics tables and marks up to date; to be called before the commit of a
 * transaction that took or refused files of it.
 */
int book_settle(struct book *book, const char *till, struct gw_err *err);

/* Writes the acknowledgement (tools/sync/ack.h) of a terminal.  GW_E_FULL. */
int book_ack(struct book *book, const char *till, int64_t now_ms, char *out, size_t size,
	     struct gw_err *err);

#endif
