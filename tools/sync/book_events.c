/* Lines of a batch as rows of the book: put once, or compared with what is there already. */
#include "tools/sync/book_private.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

/* A line as columns: the frame is parsed, the body is what stands behind it. */
struct line {
	struct gw_event_row row;
	char kind[32];
	bool known; /* this program can derive something from it */
	char *body; /* malloc'ed */
};

/*
 * Our own lines end their frame with the kind; the rest of the line is the body as it was.  A frame
 * holds no object: a kind behind a brace is one of something else.
 */
static char *body_of(const char *line, size_t len, char kind[32])
{
	static const char *const frame[] = {"seq", "at", "mono", "boot", "basket", "scan", "kind"};
	const char *at = strncmp(line, "{\"seq\":", 7) == 0 ? strstr(line, "\"kind\":\"") : NULL;
	const char *end = at != NULL ? strchr(at + 8, '"') : NULL;
	json_t *o;
	char *body;

	if (at != NULL && memchr(line + 1, '{', (size_t)(at - line - 1)) != NULL)
		end = NULL;
	if (end != NULL && end - (at + 8) < 32 && (end[1] == ',' || end[1] == '}')) {
		size_t rest = len - (size_t)(end + 1 - line);

		memcpy(kind, at + 8, (size_t)(end - (at + 8)));
		kind[end - (at + 8)] = '\0';
		body = malloc(rest + 3);
		if (body != NULL && end[1] == '}')
			memcpy(body, "{}", 3);
		else if (body != NULL) {
			body[0] = '{';
			memcpy(body + 1, end + 2, rest - 1);
			body[rest] = '\0';
		}
		return body;
	}
	o = json_loadb(line, len, 0, NULL);
	snprintf(kind, 32, "%s", json_string_value(json_object_get(o, "kind")));
	for (size_t i = 0; i < sizeof(frame) / sizeof(frame[0]); i++)
		json_object_del(o, frame[i]);
	body = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return body;
}

static int read_line(struct book *b, struct line *out, const char *line, size_t len,
		     struct gw_err *err)
{
	int rc = gw_event_json_read_line(&out->row, b->room, line, len, err);

	out->known = rc == GW_OK;
	if (rc < 0 && rc != GW_E_NOT_FOUND)
		return rc;
	out->body = body_of(line, len, out->kind);
	return out->body != NULL ? GW_OK : gw_err_set(err, GW_E_MEMORY, "out of memory");
}

static void bind_event(sqlite3_stmt *stmt, const char *till, const char *epoch,
		       const struct line *l)
{
	const struct gw_event *e = &l->row.event;

	book_bind_text(stmt, 1, till);
	book_bind_text(stmt, 2, epoch);
	sqlite3_bind_int64(stmt, 3, l->row.seq);
	sqlite3_bind_int64(stmt, 4, e->at_ms);
	sqlite3_bind_int64(stmt, 5, e->mono_ms);
	sqlite3_bind_int64(stmt, 6, l->row.boot);
	book_bind_text(stmt, 7, e->basket[0] != '\0' ? e->basket : NULL);
	book_bind_text(stmt, 8, l->kind);
	book_bind_text(stmt, 9, l->body);
	if (e->scan_session != 0) {
		sqlite3_bind_int64(stmt, 10, e->scan_session);
		sqlite3_bind_int64(stmt, 11, e->scan_seq);
	} else {
		sqlite3_bind_null(stmt, 10);
		sqlite3_bind_null(stmt, 11);
	}
}

/* Whether the event that is there already says the same. */
static bool is_same(struct book *b, const char *till, const char *epoch, const struct line *l)
{
	sqlite3_stmt *stmt = b->stmt[SQL_SAME];
	bool same;

	bind_event(stmt, till, epoch, l);
	same = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 1;
	sqlite3_reset(stmt);
	return same;
}

static int put_event(struct book *b, const char *till, const char *epoch, const struct line *l,
		     struct epoch_row *state, struct gw_err *err)
{
	int rc;

	bind_event(b->stmt[SQL_EVENT], till, epoch, l);
	rc = book_run(b, SQL_EVENT, err);
	if (rc < 0)
		return rc;
	if (sqlite3_changes(b->db) == 0)
		return is_same(b, till, epoch, l)
			       ? 0
			       : gw_err_set(err, GW_E_INPUT,
					    "event %" PRId64 " is there already and says "
					    "something else",
					    l->row.seq);
	if (l->row.seq < state->high)
		state->late = true;
	else
		state->high = l->row.seq;
	if (b->intake && book_intake_misses_sale(b, till, epoch, &l->row.event))
		state->late = true;
	if (l->known && !state->late &&
	    gw_project_apply(&b->project, l->row.seq, &l->row.event) != SQLITE_OK)
		return gw_db_fail(b->db, err, b->path);
	return 1;
}

int book_put_events(struct book *b, const struct gw_batch *batch, struct epoch_row *state,
		    int64_t *fresh, struct gw_err *err)
{
	const struct gw_batch_header *h = gw_batch_header(batch);
	int rc = GW_OK;

	gw_project_terminal(&b->project, h->till, h->epoch);
	snprintf(b->project.cashier, sizeof(b->project.cashier), "%s", state->cashier);
	for (size_t i = 0; i < gw_batch_count(batch) && rc >= 0; i++) {
		struct line l = {.body = NULL};
		struct gw_err inner = {0};
		size_t len;
		const char *line = gw_batch_line(batch, i, &len);

		rc = read_line(b, &l, line, len, &inner);
		if (rc < 0)
			rc = gw_err_set(err, rc, "line %zu: %s", i + 2, inner.text);
		else
			rc = put_event(b, h->till, h->epoch, &l, state, err);
		*fresh += rc > 0;
		free(l.body);
	}
	snprintf(state->cashier, sizeof(state->cashier), "%s", b->project.cashier);
	return rc < 0 ? rc : GW_OK;
}
