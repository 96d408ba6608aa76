#include "tools/sim/baskets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/money.h"
#include "base/text.h"
#include "scan/gtin.h"
#include "tools/sim/lines.h"

#define STORY_MAX 1000

/* --- one basket ------------------------------------------------------------------------------- */

/* The items of one line, each NUL-terminated; at[count]. */
struct items {
	char **at;
	size_t count, room;
};

static int push_item(struct items *items, char *code, struct gw_err *err)
{
	if (items->count == items->room) {
		size_t room = items->room > 0 ? items->room * 2 : 64;
		char **at = realloc(items->at, room * sizeof(*at));

		if (at == NULL)
			return gw_err_set(err, GW_E_MEMORY, "no memory for a basket");
		items->at = at;
		items->room = room;
	}
	items->at[items->count++] = code;
	return GW_OK;
}

/* Items are separated by TABs where there is one, else by blanks; empty ones are left out. */
static int split(struct items *items, char *line, struct gw_err *err)
{
	const char *separator = strchr(line, '\t') != NULL ? "\t" : " ";
	char *rest = line, *code;
	int rc = GW_OK;

	items->count = 0;
	while (rc == GW_OK && (code = strsep(&rest, separator)) != NULL)
		if (*code != '\0')
			rc = push_item(items, code, err);
	return rc;
}

/* The key of an item, as the journal knows it: a GTIN with 14 digits. */
static uint64_t fold(uint64_t hash, const char *code)
{
	char gtin[GW_GTIN_SIZE];
	size_t len = strlen(code);

	if (gw_gtin_normalise(gtin, code, len) == GW_OK) {
		code = gtin;
		len = GW_GTIN_SIZE - 1;
	}
	return gw_fnv1a64(hash, code, len + 1);
}

static int remember(struct gw_baskets *run, const struct items *items, struct gw_err *err)
{
	struct gw_basket_print print = {.hash = GW_FNV1A64_START, .items = (uint32_t)items->count};

	if (!run->check)
		return GW_OK;
	if (run->baskets == run->print_room) {
		size_t room = run->print_room > 0 ? run->print_room * 2 : 4096;
		struct gw_basket_print *prints = realloc(run->prints, room * sizeof(*prints));

		if (prints == NULL)
			return gw_err_set(err, GW_E_MEMORY, "no memory to check the baskets");
		run->prints = prints;
		run->print_room = room;
	}
	for (size_t i = 0; i < items->count; i++)
		print.hash = fold(print.hash, items->at[i]);
	run->prints[run->baskets] = print;
	return GW_OK;
}

/* --- the customer ----------------------------------------------------------------------------- */

static bool is_ahead(const struct items *items, size_t done, const char *code)
{
	for (size_t i = done; i < items->count; i++)
		if (fold(0, items->at[i]) == fold(0, code))
			return true;
	return false;
}

static bool wants(const struct gw_baskets *run, const struct gw_event *e)
{
	return gw_assign_bucket_ppm(gw_assign_hash(e->u.offer.rule, e->basket)) < run->accept_ppm;
}

/* Draws a place for the n-th offer's story, so that in the end each had the same chance (Vitter,
 * "Random sampling with a reservoir", algorithm R, with a hash for the dice). */
static char *story_place(struct gw_baskets *run)
{
	uint64_t n = run->story_seen++;
	uint64_t at = n < run->explain ? n : gw_fmix64(n) % (n + 1);

	if (at >= run->explain)
		return NULL;
	if (at >= run->story_count) {
		run->stories[at] = malloc(STORY_MAX);
		if (run->stories[at] == NULL)
			return NULL;
		run->story_count = (uint32_t)at + 1;
	}
	return run->stories[at];
}

static void tell_money(struct gw_text *t, const struct gw_view *v, int64_t minor)
{
	char text[GW_MONEY_MAX];

	gw_text_addf(t, " %s %s", gw_money_format(text, minor, v->decimals), v->currency);
}

static void tell_story(struct gw_baskets *run, struct gw_till *till, const struct gw_event *e)
{
	const struct gw_ev_offer *o = &e->u.offer;
	const struct gw_view *v = gw_engine_view(till->engine);
	char *room = run->explain > 0 ? story_place(run) : NULL;
	struct gw_text t;

	if (room == NULL)
		return;
	t = gw_text_over(room, STORY_MAX);
	gw_text_addf(&t, "%s: %s (%s)", e->basket, o->name != NULL ? o->name : o->code, o->code);
	if (o->price_minor >= 0)
		tell_money(&t, v, o->price_minor);
	gw_text_add(&t, ", because of ");
	for (int i = 0; i < GW_WHY_MAX && o->why[i] != NULL; i++)
		gw_text_addf(&t, "%s%s", i > 0 ? " + " : "", o->why[i]);
	gw_text_addf(&t, " (rule %s, %" PRId32 " could be offered); in the basket:", o->rule,
		     o->eligible);
	for (size_t i = 0; i < v->line_count; i++)
		gw_text_addf(&t, "%s %s", i > 0 ? "," : "", v->lines[i].name);
}

static int answer_offers(struct gw_baskets *run, struct gw_till *till, const struct items *items,
			 size_t done, struct gw_err *err)
{
	bool accept = false;

	for (size_t i = 0; i < till->event_count; i++) {
		const struct gw_event *e = &till->events[i];

		if (e->kind != GW_EV_OFFER)
			continue;
		tell_story(run, till, e);
		accept = wants(run, e) && !is_ahead(items, done, e->u.offer.code) &&
			 !is_ahead(items, done, e->u.offer.pos_code);
	}
	if (!accept)
		return GW_OK;
	return gw_till_input(till, &(struct gw_input){.kind = GW_IN_ACCEPT}, err);
}

/* --- the sale --------------------------------------------------------------------------------- */

static int step(struct gw_baskets *run, struct gw_till *till, const struct gw_input *in,
		const struct items *items, size_t done, struct gw_err *err)
{
	int32_t more = run->jitter_ms > 0
			       ? (int32_t)(gw_fmix64(++run->steps) % (uint64_t)run->jitter_ms)
			       : 0;
	int rc = gw_till_wait(till, run->item_ms + more, err);

	if (rc == GW_OK)
		rc = gw_till_input(till, in, err);
	return rc == GW_OK ? answer_offers(run, till, items, done, err) : rc;
}

static int sell(struct gw_baskets *run, struct gw_till *till, const struct items *items,
		struct gw_err *err)
{
	struct gw_input in = {.kind = GW_IN_LINE, .qty = 1, .price_minor = -1};
	int rc = GW_OK;

	for (size_t i = 0; rc == GW_OK && i < items->count; i++) {
		in.code = items->at[i];
		rc = step(run, till, &in, items, i + 1, err);
	}
	in.kind = GW_IN_TOTAL;
	if (rc == GW_OK)
		rc = step(run, till, &in, items, items->count, err);
	in.kind = GW_IN_TENDER;
	if (rc == GW_OK)
		rc = step(run, till, &in, items, items->count, err);
	return rc == GW_OK ? gw_till_wait(till, run->basket_ms, err) : rc;
}

int gw_baskets_run(struct gw_baskets *run, struct gw_till *till, const char *path,
		   struct gw_err *err)
{
	struct gw_lines *lines;
	struct items items = {0};
	char *line;
	size_t len;
	int rc = gw_lines_open(&lines, path, err), end;

	if (rc < 0)
		return rc;
	if (run->explain > 0 && (run->stories = calloc(run->explain, sizeof(char *))) == NULL)
		rc = gw_err_set(err, GW_E_MEMORY, "no memory to explain %u offers", run->explain);
	/* A sale that a run before left open is not ours to go on with. */
	if (rc == GW_OK && gw_engine_view(till->engine)->state != GW_VIEW_IDLE)
		rc = gw_till_input(till, &(struct gw_input){.kind = GW_IN_CANCEL}, err);
	if (rc == GW_OK)
		rc = gw_till_will_tender(till, err);
	while (rc == GW_OK && (run->most == 0 || run->baskets < run->most)) {
		rc = gw_lines_next(lines, &line, &len, err);
		if (rc <= 0)
			break;
		rc = split(&items, line, err);
		if (rc < 0 || items.count == 0)
			continue;
		rc = remember(run, &items, err);
		if (rc == GW_OK)
			rc = sell(run, till, &items, err);
		run->baskets++;
		run->items += items.count;
	}
	free(items.at);
	end = gw_lines_close(lines, rc < 0 ? NULL : err);
	/* Stopped early: gzip then ends on a broken pipe, which is nobody's fault. */
	if (run->most > 0 && run->baskets == run->most)
		end = GW_OK;
	return rc < 0 ? rc : end;
}

void gw_baskets_release(struct gw_baskets *run)
{
	for (uint32_t i = 0; i < run->story_count; i++)
		free(run->stories[i]);
	free(run->stories);
	free(run->prints);
	run->stories = NULL;
	run->prints = NULL;
	run->story_count = 0;
}
