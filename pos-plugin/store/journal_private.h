/*
 * What the parts of the journal share: journal.c (open, append, tick), journal_repair.c (failure
 * and coming back), journal_read.c (events of open sales, rebuild).  Private to them.
 */
#ifndef STORE_JOURNAL_PRIVATE_H
#define STORE_JOURNAL_PRIVATE_H

#include "base/home.h"
#include "store/journal.h"
#include "store/journal_file.h"
#include "store/queue.h"

struct gw_journal {
	struct gw_jfile file;
	struct gw_journal_config config;
	char path[GW_PATH_MAX];
	char store[GW_ID_MAX], terminal[GW_ID_MAX], epoch[GW_EPOCH_MAX];
	uint32_t boot;
	int lock_fd;
	struct gw_queue *queue;
	struct gw_jfile_tail tried; /* end of the transaction that failed */
	size_t tried_count;         /* entries of the queue it held */
	bool failing;
	bool unseen; /* the file could not be opened yet: what stands in it is not known */
	uint64_t dropped, dropped_untold; /* in all; since the last gap event */
	int64_t lost;                     /* acknowledged rows the file no longer has */
	struct gw_err why;
	int64_t now_ms, idle_at_ms, retry_at_ms; /* mono; idle_at_ms -1: nothing to do */
	char *room;                              /* GW_EVENT_ROOM bytes */
};

/* --- journal.c --- */

/* Takes the writer's lock, if it is not held. */
int gw_journal_lock(struct gw_journal *j, struct gw_err *err);
/* Remembers whose journal it is, once the file is open. */
void gw_journal_identify(struct gw_journal *j);

/* --- journal_repair.c --- */

/*
 * Takes note of a failed transaction that began at *before: undone, failing, why.  GW_E_STORAGE.
 * What it held must now be queued, and tried_count set to the length of the queue.
 */
int gw_journal_failed(struct gw_journal *j, const struct gw_jfile_tail *before);
/* Puts the reason for failing into err.  GW_E_STORAGE. */
int gw_journal_tell(const struct gw_journal *j, struct gw_err *err);
/*
 * Tries to bring the storage back and writes what waits; *last_input_seq is then the number of the
 * first event of the input queued last.  GW_E_STORAGE.
 */
int gw_journal_recover(struct gw_journal *j, int64_t *last_input_seq);
/* Parts of a transaction: what is missing from the journal; the first event of all. */
int gw_journal_add_gaps(struct gw_journal *j, const struct gw_event *like);
int gw_journal_add_start(struct gw_journal *j, const struct gw_event *first);

#endif
