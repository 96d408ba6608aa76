/*
 * Loading sorts without comparing.  A pass over the spool writes, for each label, the list
 * of baskets that hold it (a counting sort, the sizes being known); walking those lists label by
 * label and appending the label to each of its baskets leaves every basket in rising order.  Both
 * are linear, and the lists are the `holders` that counting needs anyway: 8 bytes an occurrence in
 * all.
 */
#include "tools/mine/db.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Grows an array to hold need elements; its old content is not kept. */
static bool fit(uint32_t **array, size_t *room, size_t need)
{
	if (need <= *room && *array != NULL)
		return true;
	free(*array);
	*room = need + need / 4 + 16;
	*array = calloc(*room, sizeof(**array));
	if (*array == NULL)
		*room = 0;
	return *array != NULL;
}

void gw_db_release(struct gw_db *db)
{
	free(db->items);
	free(db->start);
	free(db->holders);
	free(db->first);
	free(db->weight);
	memset(db, 0, sizeof(*db));
}

static int no_memory(struct gw_err *err)
{
	return gw_err_set(err, GW_E_MEMORY,
			  "the baskets do not fit into memory; give --memory a smaller share");
}

struct loader {
	const struct gw_spool *spool;
	const struct gw_order *order;
	uint32_t from, to;
	uint32_t least; /* items a basket needs: 2, or 1 where the order's counts must come out */
	const struct gw_weighing *weighing; /* NULL: none */
	struct gw_spool_reader reader;
};

/* Labels of the basket below `to`, unsorted, in reader.items; 0 when it is none of ours. */
static uint32_t reduce(const struct loader *l, const struct gw_basket *b)
{
	uint32_t kept = 0;
	bool ours = false;

	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t label = l->order->label_of[b->items[i]];

		if (label >= l->to)
			continue;
		l->reader.items[kept++] = label;
		ours |= label >= l->from;
	}
	return ours && kept >= l->least ? kept : 0;
}

/* First pass: how often each label occurs, and how many baskets there are. */
static int measure(struct loader *l, struct gw_db *db, uint64_t *occurrences, struct gw_err *err)
{
	struct gw_basket b;
	uint64_t baskets = 0;

	memset(db->first, 0, ((size_t)l->to + 1) * sizeof(*db->first));
	for (uint32_t k = 0; k < gw_spool_blocks(l->spool); k++) {
		int rc = gw_spool_open(l->spool, k, &l->reader, err);

		if (rc < 0)
			return rc;
		while (gw_spool_next(&l->reader, &b)) {
			uint32_t kept = reduce(l, &b);

			baskets += kept > 0;
			*occurrences += kept;
			for (uint32_t i = 0; i < kept; i++)
				db->first[l->reader.items[i] + 1]++;
		}
	}
	db->baskets = (uint32_t)baskets;
	return *occurrences < UINT32_MAX && baskets < UINT32_MAX ? GW_OK : no_memory(err);
}

static float weight_of(const struct gw_weighing *w, const struct gw_basket *b)
{
	double weight = pow(b->count, -w->power);
	double days;

	if (w->half_life_days > 0 && b->when_ms != GW_NO_TIME) {
		days = (double)(w->now_ms - b->when_ms) / 86400000.0;
		weight *= exp2(-(days > 0 ? days : 0) / w->half_life_days);
	}
	return (float)weight;
}

/* Second pass: the list of each label; first[i] runs from its start to its end meanwhile. */
static int list_holders(struct loader *l, struct gw_db *db, struct gw_err *err)
{
	struct gw_basket b;
	uint32_t basket = 0, at = 0;

	for (uint32_t k = 0; k < gw_spool_blocks(l->spool); k++) {
		int rc = gw_spool_open(l->spool, k, &l->reader, err);

		if (rc < 0)
			return rc;
		while (gw_spool_next(&l->reader, &b)) {
			uint32_t kept = reduce(l, &b);

			if (kept == 0)
				continue;
			for (uint32_t i = 0; i < kept; i++)
				db->holders[db->first[l->reader.items[i]]++] = basket;
			if (l->weighing != NULL)
				db->weight[basket] = weight_of(l->weighing, &b);
			db->start[basket++] = at;
			at += kept;
		}
	}
	db->start[basket] = at;
	db->baskets = basket;
	return GW_OK;
}

/* Lists to baskets, label by label; start[b] runs to the end of its basket, then moves back. */
static void fill_baskets(struct gw_db *db)
{
	for (uint32_t i = db->n; i > 0; i--)
		db->first[i] = db->first[i - 1];
	db->first[0] = 0;
	for (uint32_t i = 0; i < db->n; i++)
		for (uint32_t h = db->first[i]; h < db->first[i + 1]; h++)
			db->items[db->start[db->holders[h]]++] = i;
	for (uint32_t b = db->baskets; b > 0; b--)
		db->start[b] = db->start[b - 1];
	db->start[0] = 0;
}

/* The same for all labels, without looking: the order knows their counts. */
static int take_counts(struct loader *l, struct gw_db *db, uint64_t *occurrences,
		       struct gw_err *err)
{
	uint64_t baskets = gw_spool_count(l->spool);

	db->first[0] = 0;
	for (uint32_t i = 0; i < l->to; i++) {
		db->first[i + 1] = l->order->count[i];
		*occurrences += l->order->count[i];
	}
	db->baskets = (uint32_t)baskets;
	return *occurrences < UINT32_MAX && baskets < UINT32_MAX ? GW_OK : no_memory(err);
}

static int load(struct loader *l, struct gw_db *db, struct gw_err *err)
{
	uint64_t occurrences = 0;
	bool whole = l->from == 0 && l->to == l->order->n;
	int rc;

	if (!fit(&db->first, &db->first_room, (size_t)l->to + 1))
		return no_memory(err);
	l->least = whole ? 1 : 2;
	rc = whole ? take_counts(l, db, &occurrences, err) : measure(l, db, &occurrences, err);
	if (rc < 0)
		return rc;
	if (!fit(&db->items, &db->items_room, occurrences) ||
	    !fit(&db->holders, &db->holders_room, occurrences) ||
	    !fit(&db->start, &db->start_room, (size_t)db->baskets + 1))
		return no_memory(err);
	if (l->weighing != NULL && db->weight_room < db->baskets) {
		free(db->weight);
		db->weight_room = db->baskets;
		db->weight = malloc(db->weight_room * sizeof(*db->weight));
		if (db->weight == NULL)
			return no_memory(err);
	}
	db->n = l->to;
	for (uint32_t i = 0; i < db->n; i++)
		db->first[i + 1] += db->first[i];
	rc = list_holders(l, db, err);
	if (rc == GW_OK)
		fill_baskets(db);
	return rc;
}

int gw_db_load(struct gw_db *db, const struct gw_spool *spool, const struct gw_order *order,
	       uint32_t from, uint32_t to, const struct gw_weighing *weighing, struct gw_err *err)
{
	struct loader l = {
		.spool = spool, .order = order, .from = from, .to = to, .weighing = weighing};
	int rc = load(&l, db, err);

	gw_spool_reader_release(&l.reader);
	return rc;
}

int gw_db_weigh(double *sums, const struct gw_spool *spool, const struct gw_order *order,
		const struct gw_weighing *weighing, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	int rc = GW_OK;

	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(spool); k++) {
		rc = gw_spool_open(spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b)) {
			double weight = weight_of(weighing, &b);

			for (uint32_t i = 0; i < b.count; i++)
				if (order->label_of[b.items[i]] != GW_NO_LABEL)
					sums[order->label_of[b.items[i]]] += weight;
		}
	}
	gw_spool_reader_release(&reader);
	return rc;
}

#define PARTS_MAX      4096u
#define OCCURRENCE_LEN 8u /* bytes of an item in a basket */

/* Part a label belongs to: the last bound not above it. */
static uint32_t part_of(const uint32_t *bounds, uint32_t parts, uint32_t label)
{
	uint32_t low = 0, high = parts;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (bounds[middle] <= label)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void plan_basket(const struct gw_order *order, const struct gw_basket *b,
			const uint32_t *bounds, uint32_t parts, uint32_t *in_part,
			uint64_t *occurrences)
{
	uint32_t below = 0;

	memset(in_part, 0, parts * sizeof(*in_part));
	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t label = order->label_of[b->items[i]];

		if (label != GW_NO_LABEL)
			in_part[part_of(bounds, parts, label)]++;
	}
	for (uint32_t p = 0; p < parts; p++) {
		below += in_part[p];
		if (in_part[p] > 0)
			occurrences[p] += below;
	}
}

/* Items each part would load; one pass over the spool. */
static int plan(const struct gw_spool *spool, const struct gw_order *order, const uint32_t *bounds,
		uint32_t parts, uint64_t *occurrences, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	uint32_t *in_part = malloc(parts * sizeof(*in_part));
	struct gw_basket b;
	int rc = GW_OK;

	if (in_part == NULL)
		return no_memory(err);
	memset(occurrences, 0, parts * sizeof(*occurrences));
	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(spool); k++) {
		rc = gw_spool_open(spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b))
			plan_basket(order, &b, bounds, parts, in_part, occurrences);
	}
	gw_spool_reader_release(&reader);
	free(in_part);
	return rc;
}

static uint32_t halve_bounds(uint32_t *bounds, uint32_t parts, uint32_t i)
{
	memmove(bounds + i + 2, bounds + i + 1, (parts - i) * sizeof(*bounds));
	bounds[i + 1] = bounds[i] + (bounds[i + 2] - bounds[i]) / 2;
	return parts + 1;
}

/* Halves the parts that load too much until none is left that can be halved. */
static int halve_parts(struct gw_cut *cut, const struct gw_spool *spool,
		       const struct gw_order *order, uint64_t room, uint64_t *occurrences,
		       struct gw_err *err)
{
	bool again = true;

	while (again) {
		int rc = plan(spool, order, cut->bounds, cut->parts, occurrences, err);

		if (rc < 0)
			return rc;
		again = false;
		for (uint32_t i = cut->parts; i-- > 0;)
			if (occurrences[i] > room && cut->bounds[i + 1] - cut->bounds[i] > 1 &&
			    cut->parts < PARTS_MAX) {
				cut->parts = halve_bounds(cut->bounds, cut->parts, i);
				again = true;
			}
	}
	return GW_OK;
}

int gw_db_cut(struct gw_cut *cut, const struct gw_spool *spool, const struct gw_order *order,
	      size_t memory, struct gw_err *err)
{
	uint64_t room = memory / OCCURRENCE_LEN, *occurrences;
	int rc;

	cut->parts = 1;
	cut->bounds = calloc(PARTS_MAX + 2, sizeof(*cut->bounds));
	if (cut->bounds == NULL)
		return no_memory(err);
	cut->bounds[1] = order->n;
	if (gw_spool_occurrences(spool) <= room)
		return GW_OK;
	occurrences = calloc(PARTS_MAX, sizeof(*occurrences));
	if (occurrences == NULL) {
		gw_cut_release(cut);
		return no_memory(err);
	}
	rc = halve_parts(cut, spool, order, room, occurrences, err);
	free(occurrences);
	if (rc < 0)
		gw_cut_release(cut);
	return rc;
}

void gw_cut_release(struct gw_cut *cut)
{
	free(cut->bounds);
	cut->bounds = NULL;
}

/* Copies the kept items before `item` of each of its baskets; returns the baskets copied. */
static uint32_t copy_baskets(struct gw_db *to, const struct gw_db *from, uint32_t item,
			     const uint32_t *local)
{
	uint32_t at = 0, baskets = 0;

	for (uint32_t h = from->first[item]; h < from->first[item + 1]; h++) {
		const uint32_t *p = from->items + from->start[from->holders[h]];
		uint32_t begun = at;

		to->start[baskets] = at;
		for (; *p != item; p++)
			if (local[*p] != 0)
				to->items[at++] = local[*p] - 1;
		if (at - begun >= 2)
			baskets++;
		else
			at = begun;
	}
	to->start[baskets] = at;
	return baskets;
}

static void index_holders(struct gw_db *db)
{
	uint32_t end = db->start[db->baskets], run = 0;

	memset(db->first, 0, ((size_t)db->n + 1) * sizeof(*db->first));
	for (uint32_t i = 0; i < end; i++)
		db->first[db->items[i]]++;
	for (uint32_t i = 0; i <= db->n; i++) {
		uint32_t count = db->first[i];

		db->first[i] = run;
		run += count;
	}
	for (uint32_t b = 0; b < db->baskets; b++)
		for (uint32_t i = db->start[b]; i < db->start[b + 1]; i++)
			db->holders[db->first[db->items[i]]++] = b;
	for (uint32_t i = db->n; i > 0; i--)
		db->first[i] = db->first[i - 1];
	db->first[0] = 0;
}

int gw_db_project(struct gw_db *to, const struct gw_db *from, uint32_t item, const uint32_t *kept,
		  uint32_t m, uint32_t *local)
{
	size_t holders = from->first[item + 1] - from->first[item], most = 0;

	for (uint32_t h = from->first[item]; h < from->first[item + 1]; h++) {
		uint32_t b = from->holders[h];
		uint32_t len = from->start[b + 1] - from->start[b];

		most += len < m ? len : m;
	}
	if (!fit(&to->items, &to->items_room, most) ||
	    !fit(&to->holders, &to->holders_room, most) ||
	    !fit(&to->start, &to->start_room, holders + 1) ||
	    !fit(&to->first, &to->first_room, (size_t)m + 1))
		return GW_E_MEMORY;
	for (uint32_t i = 0; i < m; i++)
		local[kept[i]] = i + 1;
	to->n = m;
	to->baskets = copy_baskets(to, from, item, local);
	index_holders(to);
	for (uint32_t i = 0; i < m; i++)
		local[kept[i]] = 0;
	return GW_OK;
}

uint64_t gw_db_count(const struct gw_db *db, uint32_t item, uint32_t *counts)
{
	uint64_t raised = 0;

	for (uint32_t h = db->first[item]; h < db->first[item + 1]; h++) {
		const uint32_t *from = db->items + db->start[db->holders[h]], *p = from;

		for (; *p != item; p++)
			counts[*p]++;
		raised += (uint64_t)(p - from);
	}
	return raised;
}
