/* The journal against the baskets: written apart from what plays them, from the journal alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "scan/gtin.h"
#include "store/reader.h"
#include "tools/sim/baskets.h"

struct walk {
	const struct gw_baskets *run;
	struct gw_baskets_check *check;
	struct gw_basket_print now; /* of the sale that is open in the journal */
	char basket[GW_BASKET_ID_MAX];
	int last_line;
	bool open;
};

static void complain(struct walk *w, const char *what, uint64_t want, uint64_t got)
{
	w->check->wrong++;
	if (w->check->first[0] == '\0')
		snprintf(w->check->first, sizeof(w->check->first),
			 "basket %" PRIu64 " (%s): %s, %" PRIu64 " in the file, %" PRIu64
			 " in the journal",
			 w->check->baskets, w->basket, what, want, got);
}

static void take_open(struct walk *w, const struct gw_event *e)
{
	w->now = (struct gw_basket_print){.hash = GW_FNV1A64_START};
	w->last_line = 0;
	w->open = true;
	snprintf(w->basket, sizeof(w->basket), "%s", e->basket);
}

/* A line's number comes again when its quantity or price changes; an accepted offer is no item of
 * the file. */
static void take_line(struct walk *w, const struct gw_ev_line *l)
{
	char gtin[GW_GTIN_SIZE];
	const char *code = l->code;

	if (l->line <= w->last_line)
		return;
	w->last_line = l->line;
	if (l->source == GW_SOURCE_OFFER)
		return;
	if (gw_gtin_normalise(gtin, code, strlen(code)) == GW_OK)
		code = gtin;
	w->now.hash = gw_fnv1a64(w->now.hash, code, strlen(code) + 1);
	w->now.items++;
	w->check->items++;
}

static void take_close(struct walk *w)
{
	uint64_t at = w->check->baskets++;
	const struct gw_basket_print *want = &w->run->prints[at];

	w->open = false;
	if (at >= w->run->baskets)
		complain(w, "a sale that is not in the file", 0, w->now.items);
	else if (want->items != w->now.items)
		complain(w, "number of items", want->items, w->now.items);
	else if (want->hash != w->now.hash)
		complain(w, "items differ or are out of order", want->items, w->now.items);
}

static void take(struct walk *w, const struct gw_event *e)
{
	if (e->kind == GW_EV_OPEN)
		take_open(w, e);
	else if (!w->open || strcmp(e->basket, w->basket) != 0)
		return;
	else if (e->kind == GW_EV_LINE)
		take_line(w, &e->u.line);
	else if (e->kind == GW_EV_CLOSE)
		take_close(w);
}

static int walk_events(struct walk *w, struct gw_reader *reader, struct gw_err *err)
{
	char *room = malloc(GW_EVENT_ROOM);
	struct gw_event_row *event = malloc(sizeof(*event));
	struct gw_reader_row row;
	int rc = GW_OK;

	if (room == NULL || event == NULL) {
		free(room);
		free(event);
		return gw_err_set(err, GW_E_MEMORY, "no memory to check");
	}
	while (rc == GW_OK && (rc = gw_reader_next(reader, &row, err)) > 0) {
		rc = gw_reader_decode(&row, event, room, err);
		if (rc == GW_OK)
			take(w, &event->event);
		else if (rc == GW_E_NOT_FOUND)
			rc = GW_OK;
	}
	free(room);
	free(event);
	return rc;
}

int gw_baskets_check(const struct gw_baskets *run, const char *journal, int64_t first_seq,
		     struct gw_baskets_check *check, struct gw_err *err)
{
	struct walk w = {.run = run, .check = check};
	struct gw_verify chain = {0};
	struct gw_reader *reader;
	int rc = gw_reader_open(&reader, journal, err);

	memset(check, 0, sizeof(*check));
	if (rc < 0)
		return rc;
	gw_reader_seek(reader, first_seq - 1);
	rc = walk_events(&w, reader, err);
	if (rc == GW_OK && check->baskets < run->baskets)
		complain(&w, "sales missing at the end", run->baskets, check->baskets);
	if (rc == GW_OK) {
		gw_reader_seek(reader, 0);
		rc = gw_reader_verify(reader, &chain, NULL, NULL, err);
	}
	check->chain_bad = chain.bad;
	gw_reader_close(reader);
	return rc;
}
