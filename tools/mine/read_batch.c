/* Journals, uploaded batches, a collector's database, head office's server: events of tills. */
#include <inttypes.h>
#include <string.h>

#include "store/batch.h"
#include "store/reader.h"
#include "tools/mine/fold.h"
#include "tools/mine/read.h"
#include "tools/net/office.h"

static int take_row(struct gw_fold *fold, const struct gw_reader_row *row, const char *path,
		    struct gw_sales *sales, struct gw_err *err)
{
	char room[GW_EVENT_ROOM];
	struct gw_event_row event;
	struct gw_err fault = {0};
	int rc;

	if (gw_fold_is_known(fold, row->row.seq))
		return GW_OK;
	rc = gw_reader_decode(row, &event, room, &fault);
	if (rc == GW_E_NOT_FOUND)
		return GW_OK;
	if (rc == GW_E_INPUT) {
		gw_sales_bad(sales, GW_DROP_SYNTAX, "%s: event %" PRId64 ": %s", path, row->row.seq,
			     fault.text);
		return GW_OK;
	}
	return rc < 0 ? gw_err_set(err, rc, "%s: %s", path, fault.text)
		      : gw_fold_event(fold, &event.event, err);
}

int gw_read_journal(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		    struct gw_err *err)
{
	struct gw_reader_info info;
	struct gw_reader_row row;
	struct gw_reader *r;
	int64_t last = 0;
	int rc = gw_reader_open(&r, path, err);

	if (rc < 0)
		return rc;
	gw_reader_info(r, &info);
	rc = gw_fold_source(fold, info.till, info.epoch, 1, INT64_MAX);
	if (rc < 0)
		gw_err_set(err, rc, "%s: out of memory", path);
	while (rc == GW_OK && (rc = gw_reader_next(r, &row, err)) > 0) {
		last = row.row.seq;
		rc = take_row(fold, &row, path, sales, err);
	}
	if (rc == GW_OK)
		gw_fold_source_done(fold, last);
	gw_reader_close(r);
	return rc;
}

static int take_line(struct gw_fold *fold, const struct gw_batch *batch, size_t i, const char *path,
		     struct gw_sales *sales, struct gw_err *err)
{
	char room[GW_EVENT_ROOM];
	struct gw_event_row event;
	struct gw_err fault = {0};
	size_t len;
	const char *line = gw_batch_line(batch, i, &len);
	int rc = gw_event_json_read_line(&event, room, line, len, &fault);

	if (rc == GW_E_NOT_FOUND)
		return GW_OK;
	if (rc == GW_E_INPUT) {
		/* The header is line 1. */
		gw_sales_bad(sales, GW_DROP_SYNTAX, "%s: line %zu: %s", path, i + 2, fault.text);
		return GW_OK;
	}
	if (rc < 0)
		return gw_err_set(err, rc, "%s: %s", path, fault.text);
	return gw_fold_is_known(fold, event.seq) ? GW_OK : gw_fold_event(fold, &event.event, err);
}

int gw_read_batch(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		  struct gw_err *err)
{
	const struct gw_batch_header *header;
	struct gw_batch *batch;
	int rc = gw_batch_load(&batch, path, err);

	if (rc < 0)
		return rc;
	header = gw_batch_header(batch);
	rc = gw_fold_source(fold, header->till, header->epoch, header->first, header->last);
	if (rc < 0)
		gw_err_set(err, rc, "%s: out of memory", path);
	for (size_t i = 0; rc == GW_OK && i < gw_batch_count(batch); i++)
		rc = take_line(fold, batch, i, path, sales, err);
	if (rc == GW_OK)
		gw_fold_source_done(fold, header->last);
	gw_batch_free(batch);
	return rc;
}

/* --- many journals in one place --------------------------------------------------------------- */

struct feeding {
	struct gw_sales *sales;
	struct gw_fold *fold;
	const char *path;
	int64_t last; /* of the journal being read, 0: none yet */
};

static int next_journal(void *ctx, const char *till, const char *epoch, struct gw_err *err)
{
	struct feeding *f = ctx;

	if (f->last > 0)
		gw_fold_source_done(f->fold, f->last);
	f->last = 0;
	return gw_fold_source(f->fold, till, epoch, 1, INT64_MAX) < 0
		       ? gw_err_set(err, GW_E_MEMORY, "%s: out of memory", f->path)
		       : GW_OK;
}

static int next_event(void *ctx, const struct gw_chain_row *row, struct gw_err *err)
{
	struct feeding *f = ctx;
	struct gw_reader_row r = {.row = *row};

	f->last = row->seq;
	return take_row(f->fold, &r, f->path, f->sales, err);
}

static int feed(struct feeding *f, int rc)
{
	if (rc == GW_OK && f->last > 0)
		gw_fold_source_done(f->fold, f->last);
	return rc;
}

int gw_read_collection(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		       struct gw_err *err)
{
	struct feeding f = {sales, fold, path, 0};
	struct gw_events_to to = {next_journal, next_event, &f};

	return feed(&f, gw_collection_read(path, &to, err));
}

int gw_read_office(struct gw_sales *sales, struct gw_fold *fold, struct gw_office *office,
		   struct gw_err *err)
{
	struct feeding f = {sales, fold, "ClickHouse", 0};
	struct gw_events_to to = {next_journal, next_event, &f};

	return feed(&f, gw_office_events(office, &to, err));
}
