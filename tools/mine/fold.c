/*
 * A sale by its events:
 *
 *	open --line/void/offer/ghost/outcome--> open --close--> added to the sales, or dropped
 *
 *	GW_EV_OPEN     note_offset   (days and months are the shop's)
 *	GW_EV_LINE     add_line      (again with the same number: what it says now counts)
 *	GW_EV_VOID     void_line
 *	GW_EV_OFFER    record: shown
 *	GW_EV_GHOST    record: ghosts
 *	GW_EV_OUTCOME  record: how it ended; a ghost's add-on that was scanned was bought unprompted
 *	GW_EV_CLOSE    close_sale
 *
 * The first event with a new basket id opens it, so that a gap in the events costs no more than
 * the lines it swallowed.
 */
#include "tools/mine/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/period.h"

#define LINES_MAX 100000 /* of one sale; a damaged file must not eat the memory */
#define OPEN_MAX  4096   /* sales at once; the oldest gives way */

struct sale_line {
	int number;
	uint32_t item; /* GW_DICT_NONE: an offer's, or nothing sold */
	bool voided;
};

/* Uploaded outcomes leave the rule out: it stands in the offer. */
struct sale_offer {
	int number;
	uint32_t rule;
};

struct open_sale {
	char basket[GW_BASKET_ID_MAX];
	struct sale_line *lines;
	uint32_t count, room;
	struct sale_offer *offers;
	uint32_t offer_count;
	int utc_offset_min; /* 0 where the sale does not tell */
};

struct source {
	uint32_t key; /* number of "till epoch" */
	int64_t first, last;
};

struct gw_fold {
	struct gw_sales *sales;
	struct open_sale *open;
	uint32_t open_count;
	struct gw_dict keys; /* "till epoch" */
	struct source *sources;
	uint32_t source_count;
	struct source now;
	bool overlaps; /* some finished source shares numbers with this one */
	uint32_t till;
};

int gw_fold_new(struct gw_fold **out, struct gw_sales *sales)
{
	struct gw_fold *f = calloc(1, sizeof(*f));

	*out = f;
	if (f == NULL)
		return GW_E_MEMORY;
	f->sales = sales;
	f->till = GW_NO_TILL;
	gw_dict_init(&f->keys);
	f->open = calloc(OPEN_MAX, sizeof(*f->open));
	if (f->open != NULL)
		return GW_OK;
	gw_fold_free(f);
	*out = NULL;
	return GW_E_MEMORY;
}

void gw_fold_free(struct gw_fold *f)
{
	if (f == NULL)
		return;
	for (uint32_t i = 0; f->open != NULL && i < f->open_count; i++) {
		free(f->open[i].lines);
		free(f->open[i].offers);
	}
	free(f->open);
	free(f->sources);
	gw_dict_release(&f->keys);
	free(f);
}

/* --- sources
 * -------------------------------------------------------------------------------------- */

int gw_fold_source(struct gw_fold *f, const char *till, const char *epoch, int64_t first,
		   int64_t last)
{
	char key[256];
	int len = snprintf(key, sizeof(key), "%s %s", till, epoch);

	f->now.key = gw_dict_add(&f->keys, key, (size_t)len < sizeof(key) ? (size_t)len : 255);
	f->till = gw_dict_add(&f->sales->tills, till, strlen(till));
	f->now.first = first;
	f->now.last = last;
	f->overlaps = false;
	for (uint32_t i = 0; i < f->source_count; i++)
		f->overlaps |= f->sources[i].key == f->now.key && f->sources[i].first <= last &&
			       f->sources[i].last >= first;
	if ((f->source_count & (f->source_count - 1)) == 0) {
		size_t room = f->source_count > 0 ? (size_t)f->source_count * 2 : 1;
		struct source *sources = realloc(f->sources, room * sizeof(*sources));

		if (sources == NULL)
			return GW_E_MEMORY;
		f->sources = sources;
	}
	return f->now.key != GW_DICT_NONE && f->till != GW_DICT_NONE ? GW_OK : GW_E_MEMORY;
}

void gw_fold_source_done(struct gw_fold *f, int64_t last)
{
	f->now.last = last;
	f->sources[f->source_count++] = f->now;
}

bool gw_fold_is_known(const struct gw_fold *f, int64_t seq)
{
	for (uint32_t i = 0; f->overlaps && i < f->source_count; i++)
		if (f->sources[i].key == f->now.key && f->sources[i].first <= seq &&
		    seq <= f->sources[i].last)
			return true;
	return false;
}

/* --- sales
 * ---------------------------------------------------------------------------------------- */

static void drop_sale(struct gw_fold *f, struct open_sale *sale)
{
	uint32_t i = (uint32_t)(sale - f->open);

	free(sale->lines);
	free(sale->offers);
	memmove(sale, sale + 1, (f->open_count - i - 1) * sizeof(*sale));
	f->open_count--;
}

/* The latest opened is looked at first: it is nearly always the one. */
static struct open_sale *sale_of(struct gw_fold *f, const char *basket)
{
	struct open_sale *sale;

	for (uint32_t i = f->open_count; i-- > 0;)
		if (strcmp(f->open[i].basket, basket) == 0)
			return &f->open[i];
	if (f->open_count == OPEN_MAX)
		drop_sale(f, &f->open[0]);
	sale = &f->open[f->open_count++];
	memset(sale, 0, sizeof(*sale));
	snprintf(sale->basket, sizeof(sale->basket), "%s", basket);
	return sale;
}

/* The line of that number, NULL: none yet. */
static struct sale_line *line_of(struct open_sale *sale, int number)
{
	for (uint32_t i = 0; i < sale->count; i++)
		if (sale->lines[i].number == number)
			return &sale->lines[i];
	return NULL;
}

static bool room_for_line(struct open_sale *sale)
{
	uint32_t room = sale->room > 0 ? sale->room * 2 : 8;
	struct sale_line *lines;

	if (sale->count < sale->room)
		return true;
	lines = realloc(sale->lines, room * sizeof(*lines));
	if (lines == NULL)
		return false;
	sale->lines = lines;
	sale->room = room;
	return true;
}

static int add_line(struct gw_fold *f, struct open_sale *sale, const struct gw_ev_line *line)
{
	const char *name = line->name != NULL ? line->name : "";
	uint64_t refused = f->sales->intake.dropped[GW_DROP_CODE];
	struct sale_line *known = line_of(sale, line->line);
	uint32_t item, sold;

	if (known == NULL && sale->count == LINES_MAX)
		return GW_OK;
	if (known == NULL && !room_for_line(sale))
		return GW_E_MEMORY;
	item = gw_sales_item(f->sales, line->code, strlen(line->code));
	if (item == GW_DICT_NONE)
		return f->sales->intake.dropped[GW_DROP_CODE] > refused ? GW_OK : GW_E_MEMORY;
	sold = line->offer != 0 || line->qty <= 0 ? GW_DICT_NONE : item;
	if (known != NULL) {
		known->item = sold;
		return GW_OK;
	}
	sale->lines[sale->count++] = (struct sale_line){line->line, sold, false};
	return gw_sales_tell(f->sales, item, name, strlen(name),
			     line->price_minor > 0 && line->milli == 0 ? line->price_minor
								       : GW_NO_PRICE);
}

static void void_line(struct open_sale *sale, int number)
{
	struct sale_line *line = line_of(sale, number);

	if (line != NULL)
		line->voided = true;
}

static void note_offset(struct open_sale *sale, int minutes)
{
	if (minutes >= -GW_UTC_OFFSET_MOST && minutes <= GW_UTC_OFFSET_MOST)
		sale->utc_offset_min = minutes;
}

static int close_sale(struct gw_fold *f, struct open_sale *sale, const struct gw_event *e,
		      struct gw_err *err)
{
	struct gw_basket b = {.when_ms = e->at_ms + sale->utc_offset_min * 60000LL,
			      .till = f->till,
			      .key = sale->basket,
			      .key_len = (uint32_t)strlen(sale->basket)};
	uint32_t *items = malloc(((size_t)sale->count + 1) * sizeof(*items));
	int rc;

	if (items == NULL)
		return GW_E_MEMORY;
	for (uint32_t i = 0; i < sale->count; i++)
		if (sale->lines[i].item != GW_DICT_NONE && !sale->lines[i].voided)
			items[b.count++] = sale->lines[i].item;
	b.items = items;
	if (e->u.close.reason == GW_CLOSE_CANCEL) {
		gw_sales_drop(f->sales, GW_DROP_CANCELLED);
		rc = GW_OK;
	} else {
		rc = gw_sales_add(f->sales, &b, err);
	}
	free(items);
	drop_sale(f, sale);
	return rc;
}

/* --- offers
 * --------------------------------------------------------------------------------------- */

static int keep_offer(struct gw_fold *f, struct open_sale *sale, const struct gw_ev_offer *o)
{
	uint32_t n = sale->offer_count;

	if ((n & (n - 1)) == 0) {
		struct sale_offer *offers =
			realloc(sale->offers, (n > 0 ? (size_t)n * 2 : 1) * sizeof(*offers));

		if (offers == NULL)
			return GW_E_MEMORY;
		sale->offers = offers;
	}
	sale->offers[sale->offer_count++] = (struct sale_offer){
		o->offer, gw_dict_find(&f->sales->rules, o->rule, strlen(o->rule))};
	return GW_OK;
}

static int note_offer(struct gw_fold *f, const struct gw_event *e)
{
	struct gw_rule_record *r = gw_sales_record(f->sales, e->u.offer.rule);

	if (r == NULL)
		return GW_E_MEMORY;
	if (e->kind == GW_EV_GHOST)
		r->ghosts++;
	else
		r->shown++;
	if (r->last_ms < e->at_ms)
		r->last_ms = e->at_ms;
	if (e->u.offer.margin_minor >= 0)
		r->margin_minor = e->u.offer.margin_minor;
	return keep_offer(f, sale_of(f, e->basket), &e->u.offer);
}

/* What the outcome says, else what its offer said. */
static const char *rule_of(const struct gw_fold *f, const struct open_sale *sale,
			   const struct gw_ev_outcome *o)
{
	for (uint32_t i = sale->offer_count; o->rule[0] == '\0' && i-- > 0;)
		if (sale->offers[i].number == o->offer && sale->offers[i].rule != GW_DICT_NONE)
			return gw_dict_text(&f->sales->rules, sale->offers[i].rule);
	return o->rule;
}

static int note_outcome(struct gw_fold *f, const struct open_sale *sale,
			const struct gw_ev_outcome *o)
{
	char rule[GW_ID_MAX];
	struct gw_rule_record *r;
	bool taken = o->result == GW_RESULT_ACCEPTED || o->result == GW_RESULT_ACCEPTED_BY_SCAN;

	snprintf(rule, sizeof(rule), "%s", rule_of(f, sale, o));
	r = gw_sales_record(f->sales, rule);
	if (r == NULL)
		return GW_E_MEMORY;
	if (o->ghost) {
		r->ghosts_bought += taken;
		return GW_OK;
	}
	r->accepted += taken;
	r->declined += o->result == GW_RESULT_DECLINED;
	r->not_voiced += o->result == GW_RESULT_NOT_VOICED;
	r->withdrawn += o->result == GW_RESULT_WITHDRAWN;
	r->value_minor += o->value_minor;
	return GW_OK;
}

int gw_fold_event(struct gw_fold *f, const struct gw_event *e, struct gw_err *err)
{
	int rc = GW_OK;

	f->sales->intake.rows++;
	if (e->basket[0] == '\0')
		return GW_OK;
	switch (e->kind) {
	case GW_EV_OPEN:
		note_offset(sale_of(f, e->basket), e->u.open.utc_offset_min);
		break;
	case GW_EV_LINE:
		rc = add_line(f, sale_of(f, e->basket), &e->u.line);
		break;
	case GW_EV_VOID:
		void_line(sale_of(f, e->basket), e->u.voided.line);
		break;
	case GW_EV_OFFER:
	case GW_EV_GHOST:
		rc = note_offer(f, e);
		break;
	case GW_EV_OUTCOME:
		rc = note_outcome(f, sale_of(f, e->basket), &e->u.outcome);
		break;
	case GW_EV_CLOSE:
		rc = close_sale(f, sale_of(f, e->basket), e, err);
		break;
	default:
		break;
	}
	return rc == GW_E_MEMORY ? gw_err_set(err, rc, "out of memory") : rc;
}
