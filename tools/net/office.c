#include "tools/net/office.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct gw_office {
	struct gw_clickhouse *server;
};

/* --- questions -------------------------------------------------------------------------------- */

/* What each column of an answer is: 't'ext or 'n'umber. */
static const char *const shapes[GW_QUERY_COUNT] = {
	[GW_QUERY_SALES] = "nnnnn",       [GW_QUERY_OFFERS] = "ntnnnnn",
	[GW_QUERY_ADDON] = "nnnn",        [GW_QUERY_RULES] = "tttnnnnnnn",
	[GW_QUERY_CASHIERS] = "tnnnnnnn", [GW_QUERY_HOURS] = "nnnnnnn",
	[GW_QUERY_BASKETS] = "nn",        [GW_QUERY_ITEMS] = "tnn",
	[GW_QUERY_PAIRS] = "nnn",         [GW_QUERY_CLOSINGS] = "n",
	[GW_QUERY_JOURNALS] = "ttn"};

struct answering {
	struct gw_office *office;
	const char *shape;
	gw_cells_fn *each;
	void *ctx;
	struct gw_err *err;
};

static int take_cells(void *ctx, const struct gw_rows_cell *from, int columns)
{
	struct answering *a = ctx;
	struct gw_cell cells[GW_ROWS_COLUMNS_MAX] = {{NULL, 0}};

	for (int i = 0; i < columns; i++) {
		bool good = from[i].text != NULL;

		if (a->shape[i] == 't')
			cells[i].text = from[i].text;
		else
			good = gw_rows_number(&from[i], &cells[i].number);
		if (!good)
			return gw_err_set(a->err, GW_E_INPUT,
					  "%s: column %d of an answer makes no "
					  "sense",
					  gw_clickhouse_name(a->office->server), i + 1);
	}
	return a->each(a->ctx, cells, columns);
}

int gw_office_ask_values(struct gw_office *o, enum gw_query query,
			 const struct gw_query_values *values, gw_cells_fn *each, void *ctx,
			 struct gw_err *err)
{
	struct answering a = {o, shapes[query], each, ctx, err};
	size_t size = GW_QUERY_ROOM(values->key_count);
	char *room = malloc(size);
	struct gw_text sql;
	int rc;

	if (room == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	sql = gw_text_over(room, size);
	gw_query_clickhouse(&sql, query, values);
	rc = gw_clickhouse_ask(o->server, room, (int)strlen(a.shape), take_cells, &a, err);
	free(room);
	return rc;
}

int gw_office_ask(void *office, enum gw_query query, const struct gw_period *period,
		  gw_cells_fn *each, void *ctx, struct gw_err *err)
{
	struct gw_query_values values = {.numbers = {period->from_ms, period->to_ms,
						     period->utc_from_ms, period->utc_to_ms,
						     period->assumed_ms}};

	return gw_office_ask_values(office, query, &values, each, ctx, err);
}

/* --- events ----------------------------------------------------------------------------------- */

struct journal {
	char *till, *epoch;
};

struct listing {
	struct journal *at;
	size_t count, room;
	struct gw_err *err;
};

static int add_journal(void *ctx, const struct gw_cell *cells, int count)
{
	struct listing *l = ctx;

	(void)count;
	if (l->count == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 64;
		struct journal *at = realloc(l->at, room * sizeof(*at));

		if (at == NULL)
			return gw_err_set(l->err, GW_E_MEMORY, "out of memory");
		l->at = at;
		l->room = room;
	}
	l->at[l->count++] = (struct journal){strdup(cells[0].text), strdup(cells[1].text)};
	return l->at[l->count - 1].till != NULL && l->at[l->count - 1].epoch != NULL
		       ? GW_OK
		       : gw_err_set(l->err, GW_E_MEMORY, "out of memory");
}

struct giving {
	struct gw_office *office;
	const struct gw_events_to *to;
	struct gw_err *err;
};

static int take_event(void *ctx, const struct gw_rows_cell *c, int columns)
{
	struct giving *g = ctx;
	int64_t n[6];
	struct gw_chain_row row;
	bool good = c[6].text != NULL && c[7].text != NULL && c[8].text != NULL;

	(void)columns;
	for (int i = 0; i < 6; i++)
		good = good && gw_rows_number(&c[i], &n[i]);
	if (!good)
		return gw_err_set(g->err, GW_E_INPUT, "%s: an event makes no sense",
				  gw_clickhouse_name(g->office->server));
	row = (struct gw_chain_row){n[0],           n[1],           n[2],      (uint32_t)n[3],
				    (uint32_t)n[4], (uint32_t)n[5], c[6].text, c[7].text,
				    c[8].text,      c[6].len,       c[7].len,  c[8].len};
	return g->to->event(g->to->ctx, &row, g->err);
}

static int give_journal(struct gw_office *o, const struct journal *j, const struct gw_events_to *to,
			struct gw_err *err)
{
	struct giving g = {o, to, err};
	char room[1024];
	struct gw_text sql = gw_text_over(room, sizeof(room));
	int rc = to->journal(to->ctx, j->till, j->epoch, err);

	gw_text_add(&sql, "SELECT seq, at_ms, mono_ms, boot, scan_session, scan_seq, kind, basket,"
			  " body FROM event FINAL WHERE terminal = ");
	gw_clickhouse_quote(&sql, j->till);
	gw_text_add(&sql, " AND epoch = ");
	gw_clickhouse_quote(&sql, j->epoch);
	gw_text_add(&sql, " ORDER BY seq");
	return rc < 0 ? rc : gw_clickhouse_ask(o->server, room, 9, take_event, &g, err);
}

int gw_office_events(struct gw_office *o, const struct gw_events_to *to, struct gw_err *err)
{
	struct gw_period always = {0};
	struct listing l = {.err = err};
	int rc = gw_office_ask(o, GW_QUERY_JOURNALS, &always, add_journal, &l, err);

	for (size_t i = 0; i < l.count; i++) {
		if (rc >= 0)
			rc = give_journal(o, &l.at[i], to, err);
		free(l.at[i].till);
		free(l.at[i].epoch);
	}
	free(l.at);
	return rc < 0 ? rc : GW_OK;
}

/* --- lifetime --------------------------------------------------------------------------------- */

int gw_office_open(struct gw_office **out, const char *url, const char *agent,
		   const struct gw_conf *conf, struct gw_err *err)
{
	struct gw_office *o = calloc(1, sizeof(*o));
	int rc;

	*out = NULL;
	if (o == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = gw_clickhouse_open(&o->server, url, agent, conf, err);
	if (rc < 0)
		free(o);
	else
		*out = o;
	return rc;
}

void gw_office_close(struct gw_office *o)
{
	if (o != NULL)
		gw_clickhouse_close(o->server);
	free(o);
}
