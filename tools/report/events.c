/* All events as CSV, and the statistics tables made anew. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "store/batch.h"
#include "store/collection.h"
#include "store/journal.h"
#include "store/reader.h"
#include "tools/report/report.h"

static void print_row(const char *till, const struct gw_chain_row *row)
{
	char at[GW_WHEN_MAX];

	printf("%s,%" PRId64 ",%s,%" PRId64 ",%u,", till, row->seq, gw_when_format(at, row->at_ms),
	       row->mono_ms, row->boot);
	report_csv_text(stdout, row->basket);
	printf(",%s,", row->kind);
	report_csv_text(stdout, row->body);
	fputs("\r\n", stdout);
}

static int print_journal(const char *path, struct gw_err *err)
{
	struct gw_reader_info info;
	struct gw_reader_row row;
	struct gw_reader *r;
	int rc = gw_reader_open(&r, path, err);

	if (rc < 0)
		return rc;
	gw_reader_info(r, &info);
	while ((rc = gw_reader_next(r, &row, err)) > 0)
		print_row(info.till, &row.row);
	gw_reader_close(r);
	return rc;
}

static int print_line(const struct gw_batch *b, size_t i, struct gw_err *err)
{
	char room[GW_EVENT_ROOM], body[GW_EVENT_BODY_MAX];
	struct gw_text text = gw_text_over(body, sizeof(body));
	struct gw_event_row e;
	struct gw_chain_row row;
	size_t len;
	const char *line = gw_batch_line(b, i, &len);
	int rc = gw_event_json_read_line(&e, room, line, len, err);

	if (rc == GW_E_NOT_FOUND)
		return GW_OK;
	if (rc == GW_OK)
		rc = gw_event_json_encode(&text, &e.event);
	if (rc < 0)
		return rc;
	row = (struct gw_chain_row){.seq = e.seq,
				    .at_ms = e.event.at_ms,
				    .mono_ms = e.event.mono_ms,
				    .boot = e.boot,
				    .kind = gw_event_word(e.event.kind),
				    .basket = e.event.basket,
				    .body = body};
	print_row(gw_batch_header(b)->till, &row);
	return GW_OK;
}

static int print_batch(const char *path, struct gw_err *err)
{
	struct gw_batch *b;
	int rc = gw_batch_load(&b, path, err);

	for (size_t i = 0; rc == GW_OK && i < gw_batch_count(b); i++)
		rc = print_line(b, i, err);
	gw_batch_free(b);
	return rc;
}

static bool is_batch(const char *path)
{
	char head[16];
	FILE *f = fopen(path, "rb");
	size_t n = f != NULL ? fread(head, 1, sizeof(head), f) : 0;

	if (f != NULL)
		fclose(f);
	return gw_batch_is_one(head, n);
}

/* --- many tills at once: a collection, head office's server -------------------------------------
 */

static int next_journal(void *ctx, const char *till, const char *epoch, struct gw_err *err)
{
	(void)epoch;
	(void)err;
	*(const char **)ctx = till;
	return GW_OK;
}

static int print_event(void *ctx, const struct gw_chain_row *row, struct gw_err *err)
{
	(void)err;
	print_row(*(const char **)ctx, row);
	return GW_OK;
}

static int print_source(void *ctx, const char *path, struct gw_err *err)
{
	const char *till = "";
	struct gw_events_to to = {next_journal, print_event, &till};
	struct gw_office *office;
	int rc;

	if (!gw_clickhouse_is(path))
		return is_batch(path)           ? print_batch(path, err)
		       : gw_collection_is(path) ? gw_collection_read(path, &to, err)
						: print_journal(path, err);
	rc = report_office(ctx, path, &office, err);
	if (rc == GW_OK)
		rc = gw_office_events(office, &to, err);
	gw_office_close(office);
	return rc;
}

int report_events(struct report *r, struct gw_err *err)
{
	fputs("terminal,seq,at,mono_ms,boot,basket,kind,body\r\n", stdout);
	return report_each_source(r, print_source, r, err);
}

static int rebuild(void *ctx, const char *path, struct gw_err *err)
{
	struct gw_journal_config config = {.path = path};
	struct gw_journal *j;
	int rc = gw_journal_open(&j, &config, err);

	(void)ctx;
	if (rc == GW_OK)
		rc = gw_journal_rebuild(j, err);
	gw_journal_close(j);
	return rc;
}

int report_rebuild(struct report *r, struct gw_err *err)
{
	return report_each_source(r, rebuild, NULL, err);
}
