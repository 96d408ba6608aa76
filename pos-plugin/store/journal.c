#include "store/journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/event_json.h"
#include "store/db.h"

#define IDLE_MS       2000
#define PAGES_SOON    1000   /* checkpoint at the next tick */
#define PAGES_NOW     4000   /* checkpoint in the append: nobody ticks */
#define NUMBER_UNSEEN 500001 /* first sale while the file cannot be read */
#define CHECKPOINT_MS 30000  /* after one that readers or the disk hindered */

/* --- opening and closing ---------------------------------------------------------------------- */

int gw_journal_lock(struct gw_journal *j, struct gw_err *err)
{
	char path[GW_PATH_MAX + 8];
	int errnum;

	if (j->lock_fd >= 0)
		return GW_OK;
	snprintf(path, sizeof(path), "%s.lock", j->path);
	j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (j->lock_fd < 0)
		return gw_err_errno(err,
				    errno == EACCES || errno == EROFS || errno == EPERM
					    ? GW_E_DENIED
					    : GW_E_STORAGE,
				    errno, "cannot create %s", path);
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	errnum = errno;
	close(j->lock_fd);
	j->lock_fd = -1;
	if (errnum == EWOULDBLOCK)
		return gw_err_set(err, GW_E_AGAIN,
				  "%s is in use by another register: end it first, or choose "
				  "another --home",
				  j->path);
	return gw_err_errno(err, GW_E_STORAGE, errnum, "cannot lock %s", path);
}

static int check_there(const struct gw_journal *j, struct gw_err *err)
{
	struct stat st;

	if (stat(j->path, &st) != 0)
		return j->config.create || errno != ENOENT
			       ? GW_OK /* what else is wrong, opening will say */
			       : gw_err_errno(err, GW_E_NOT_FOUND, errno, "cannot open %s",
					      j->path);
	if (S_ISDIR(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "%s is a folder, not a file", j->path);
	return GW_OK;
}

static int open_steps(struct gw_journal *j, struct gw_err *err)
{
	int rc = gw_db_check_place(j->path, err);

	j->queue = gw_queue_new();
	j->room = malloc(GW_EVENT_ROOM);
	if (rc == GW_OK && (j->queue == NULL || j->room == NULL))
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (rc == GW_OK)
		rc = check_there(j, err);
	if (rc == GW_OK)
		rc = gw_journal_lock(j, err);
	return rc == GW_OK ? gw_jfile_open(&j->file, &j->config, err) : rc;
}

static void release(struct gw_journal *j)
{
	gw_jfile_close(&j->file);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	gw_queue_free(j->queue);
	free(j->room);
	free(j);
}

/* A reopen must find the same journal, whatever the caller's strings do meanwhile. */
void gw_journal_identify(struct gw_journal *j)
{
	memcpy(j->store, j->file.store, sizeof(j->store));
	memcpy(j->terminal, j->file.terminal, sizeof(j->terminal));
	memcpy(j->epoch, j->file.epoch, sizeof(j->epoch));
	j->boot = j->file.boot;
	j->config.store = j->store;
	j->config.terminal = j->terminal;
	j->config.create = false;
}

/*
 * The till must sell though the disk is full or broken: the journal begins in memory.  Which
 * numbers the file has given to sales is not known, so these start where a day's sales do not get
 * to.
 */
static void open_without_file(struct gw_journal *j, const struct gw_err *err)
{
	snprintf(j->store, sizeof(j->store), "%s", j->config.store);
	snprintf(j->terminal, sizeof(j->terminal), "%s", j->config.terminal);
	j->config.store = j->store;
	j->config.terminal = j->terminal;
	j->file.tail.next_basket = NUMBER_UNSEEN;
	j->failing = j->unseen = true;
	if (err != NULL)
		j->why = *err;
	else
		gw_err_set(&j->why, GW_E_STORAGE, "%s cannot be opened", j->path);
}

int gw_journal_open(struct gw_journal **journal, const struct gw_journal_config *config,
		    struct gw_err *err)
{
	struct gw_journal *j = calloc(1, sizeof(*j));
	int rc;

	*journal = NULL;
	if (j == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	j->lock_fd = -1;
	j->idle_at_ms = -1;
	j->config = *config;
	j->config.path = j->path;
	if (snprintf(j->path, sizeof(j->path), "%s", config->path) >= (int)sizeof(j->path) - 8)
		rc = gw_err_set(err, GW_E_INPUT, "the journal's path is too long");
	else
		rc = open_steps(j, err);
	if (rc == GW_E_STORAGE && config->store != NULL && config->terminal != NULL) {
		open_without_file(j, err);
		*journal = j;
		return GW_OK;
	}
	if (rc < 0) {
		release(j);
		return rc;
	}
	gw_journal_identify(j);
	*journal = j;
	return GW_OK;
}

/* --- appending -------------------------------------------------------------------------------- */

static size_t first_kept(const struct gw_event *events, size_t count)
{
	size_t i = 0;

	while (i < count && !gw_event_is_kept(events[i].kind))
		i++;
	return i;
}

/* Any event of an input may carry the number of the scan that caused it. */
static struct gw_scan_id scan_of(const struct gw_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (events[i].scan_session != 0)
			return (struct gw_scan_id){events[i].scan_session, events[i].scan_seq};
	return (struct gw_scan_id){0, 0};
}

static int write_input(struct gw_journal *j, const struct gw_event *events, size_t count,
		       int64_t *first_seq)
{
	struct gw_scan_id scan = scan_of(events, count);
	bool first = true;
	int rc = gw_jfile_begin(&j->file);

	if (rc == SQLITE_OK)
		rc = gw_journal_add_start(j, events);
	if (rc == SQLITE_OK && j->dropped_untold > 0)
		rc = gw_journal_add_gaps(j, events);
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
		if (!gw_event_is_kept(events[i].kind))
			continue;
		rc = gw_jfile_add(&j->file, &events[i], scan);
		if (first)
			*first_seq = j->file.tail.seq;
		first = false;
		scan = (struct gw_scan_id){0, 0};
	}
	if (rc == SQLITE_OK)
		rc = gw_jfile_commit(&j->file);
	if (rc == SQLITE_OK)
		j->dropped_untold = 0;
	return rc;
}

static int queue_input(struct gw_journal *j, const struct gw_event *events, size_t count)
{
	struct gw_scan_id scan = scan_of(events, count);
	int rc = gw_queue_add(j->queue, events, count, scan.session, scan.seq);

	if (rc == GW_E_FULL)
		for (size_t i = 0; i < count; i++)
			if (gw_event_is_kept(events[i].kind)) {
				j->dropped++;
				j->dropped_untold++;
			}
	return rc == GW_E_FULL ? GW_E_FULL : GW_E_STORAGE;
}

static int append_failing(struct gw_journal *j, const struct gw_event *events, size_t count,
			  int64_t *first_seq, struct gw_err *err)
{
	int rc = queue_input(j, events, count);

	if (gw_journal_recover(j, first_seq) == GW_OK && rc != GW_E_FULL)
		return GW_OK;
	*first_seq = 0;
	if (rc == GW_E_FULL)
		return gw_err_set(err, rc, "the journal cannot be written and memory is full");
	return gw_journal_tell(j, err);
}

static int append_good(struct gw_journal *j, const struct gw_event *events, size_t count,
		       int64_t *first_seq, struct gw_err *err)
{
	struct gw_jfile_tail before = j->file.tail;
	int rc = write_input(j, events, count, first_seq);

	if (rc == SQLITE_OK)
		return GW_OK;
	if (rc == SQLITE_CONSTRAINT_UNIQUE) {
		gw_jfile_rollback(&j->file, &before);
		*first_seq = gw_jfile_scan_seq(&j->file, scan_of(events, count));
		return GW_JOURNAL_ALREADY;
	}
	*first_seq = 0;
	gw_journal_failed(j, &before);
	if (queue_input(j, events, count) == GW_E_FULL)
		return gw_err_set(err, GW_E_FULL, "%s: too many events at once", j->path);
	j->tried_count = gw_queue_count(j->queue);
	return gw_journal_tell(j, err);
}

int gw_journal_append(struct gw_journal *j, const struct gw_event *events, size_t count,
		      int64_t *first_seq, struct gw_err *err)
{
	size_t skip = first_kept(events, count);
	int64_t seq = 0;
	int rc;

	if (first_seq == NULL)
		first_seq = &seq;
	*first_seq = 0;
	if (skip == count) {
		struct gw_scan_id scan = scan_of(events, count);

		return scan.session != 0 ? gw_journal_dock_seen(j, scan.session, scan.seq + 1)
					 : GW_OK;
	}
	j->now_ms = events[skip].mono_ms;
	rc = (j->failing ? append_failing : append_good)(j, events + skip, count - skip, first_seq,
							 err);
	j->idle_at_ms = j->now_ms + (j->file.wal_pages >= PAGES_SOON ? 0 : IDLE_MS);
	if (j->file.wal_pages >= PAGES_NOW && !j->failing)
		gw_jfile_checkpoint(&j->file);
	return rc;
}

/* --- the dock --------------------------------------------------------------------------------- */

int gw_journal_dock_next(struct gw_journal *j, uint32_t session, uint32_t *next_seq)
{
	sqlite3_stmt *stmt = j->file.stmt[GW_JFILE_DOCK_NEXT];
	int64_t next = -1;
	int rc;

	*next_seq = 0;
	if (j->file.db == NULL)
		return GW_E_STORAGE;
	sqlite3_bind_int64(stmt, 1, session);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		next = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	if (rc != SQLITE_ROW)
		return GW_E_STORAGE;
	if (next < 0)
		return GW_E_NOT_FOUND;
	*next_seq = (uint32_t)next;
	return GW_OK;
}

int gw_journal_dock_seen(struct gw_journal *j, uint32_t session, uint32_t next_seq)
{
	struct gw_jfile_tail before = j->file.tail;
	sqlite3_stmt *stmt;
	int rc;

	if (j->failing && gw_journal_recover(j, &(int64_t){0}) < 0)
		return GW_E_STORAGE;
	stmt = j->file.stmt[GW_JFILE_DOCK];
	sqlite3_bind_int64(stmt, 1, session);
	sqlite3_bind_int64(stmt, 2, next_seq);
	rc = gw_jfile_begin(&j->file);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
		sqlite3_reset(stmt);
		rc = rc == SQLITE_DONE ? gw_jfile_commit(&j->file) : rc;
	}
	if (rc == SQLITE_OK)
		return GW_OK;
	j->tried_count = 0;
	return gw_journal_failed(j, &before);
}

/* --- housekeeping ----------------------------------------------------------------------------- */

int gw_journal_tick(struct gw_journal *j, int64_t mono_ms)
{
	j->now_ms = mono_ms;
	if (j->failing) {
		if (mono_ms < j->retry_at_ms)
			return GW_E_STORAGE;
		return gw_journal_recover(j, &(int64_t){0});
	}
	if (j->file.wal_pages == 0)
		j->idle_at_ms = -1;
	if (j->idle_at_ms < 0 || mono_ms < j->idle_at_ms)
		return GW_OK;
	if (gw_jfile_checkpoint(&j->file) == SQLITE_OK && j->file.wal_pages == 0)
		j->idle_at_ms = -1;
	else
		j->idle_at_ms = mono_ms + CHECKPOINT_MS;
	return GW_OK;
}

int64_t gw_journal_deadline(const struct gw_journal *j)
{
	return j->failing ? j->retry_at_ms : j->idle_at_ms;
}

void gw_journal_state(const struct gw_journal *j, struct gw_journal_state *state)
{
	memset(state, 0, sizeof(*state));
	state->failing = j->failing;
	state->waiting = (uint32_t)gw_queue_count(j->queue);
	state->dropped = j->dropped;
	snprintf(state->text, sizeof(state->text), "%.*s", (int)sizeof(state->text) - 1,
		 j->why.text);
	state->last_seq = j->file.tail.seq;
	state->boot = j->boot;
	state->next_basket = j->file.tail.next_basket;
}

const char *gw_journal_store(const struct gw_journal *j)
{
	return j->store;
}

const char *gw_journal_terminal(const struct gw_journal *j)
{
	return j->terminal;
}

const char *gw_journal_epoch(const struct gw_journal *j)
{
	return j->epoch;
}

void gw_journal_close(struct gw_journal *j)
{
	if (j == NULL)
		return;
	if (j->failing)
		gw_journal_recover(j, &(int64_t){0});
	/* Closing the last connection checkpoints the rest and removes the WAL. */
	release(j);
}
