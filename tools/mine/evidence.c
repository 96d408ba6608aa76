/*
 * Each pair keeps the first few separate days (tills) it was seen on, up to the number asked for;
 * a basket looks up, for each of its items as target, which of its other items are antecedents.
 */
#include "tools/mine/evidence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

struct breadth {
	uint32_t most;  /* values kept for each pair */
	uint32_t *seen; /* seen[pairs x most] */
	uint8_t *count; /* count[pairs] */
};

struct filter {
	struct gw_weights *weights;
	const struct gw_order *order;
	size_t *first; /* first[n + 1]: weights of each target */
	bool *held;    /* held[n]: labels of the basket */
	struct breadth days, tills;
};

static bool breadth_init(struct breadth *b, size_t pairs, uint32_t most)
{
	b->most = most;
	b->seen = malloc((pairs * most + 1) * sizeof(*b->seen));
	b->count = calloc(pairs + 1, sizeof(*b->count));
	return b->seen != NULL && b->count != NULL;
}

static void note(struct breadth *b, size_t pair, uint32_t value)
{
	uint32_t *seen = b->seen + pair * b->most;

	if (b->count[pair] == b->most)
		return;
	for (uint32_t i = 0; i < b->count[pair]; i++)
		if (seen[i] == value)
			return;
	seen[b->count[pair]++] = value;
}

static void note_basket(struct filter *f, const struct gw_basket *b)
{
	uint32_t day = b->when_ms == GW_NO_TIME ? UINT32_MAX : (uint32_t)(b->when_ms / GW_DAY_MS);

	for (uint32_t i = 0; i < b->count; i++)
		if (f->order->label_of[b->items[i]] != GW_NO_LABEL)
			f->held[f->order->label_of[b->items[i]]] = true;
	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t to = f->order->label_of[b->items[i]];

		if (to == GW_NO_LABEL)
			continue;
		for (size_t w = f->first[to]; w < f->first[to + 1]; w++)
			if (f->held[f->weights->at[w].from]) {
				note(&f->days, w, day);
				note(&f->tills, w, b->till);
			}
	}
	for (uint32_t i = 0; i < b->count; i++)
		if (f->order->label_of[b->items[i]] != GW_NO_LABEL)
			f->held[f->order->label_of[b->items[i]]] = false;
}

static int note_all(struct filter *f, const struct gw_spool *spool, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	int rc = GW_OK;

	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(spool); k++) {
		rc = gw_spool_open(spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b))
			note_basket(f, &b);
	}
	gw_spool_reader_release(&reader);
	return rc;
}

static void index_targets(struct filter *f)
{
	size_t at = 0;

	for (uint32_t to = 0; to <= f->order->n; to++) {
		while (at < f->weights->len && f->weights->at[at].to < to)
			at++;
		f->first[to] = at;
	}
}

static void keep_broad(struct filter *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->weights->len; i++)
		if (f->days.count[i] == f->days.most && f->tills.count[i] == f->tills.most)
			f->weights->at[kept++] = f->weights->at[i];
	f->weights->len = kept;
}

int gw_evidence_filter(struct gw_weights *weights, const struct gw_spool *spool,
		       const struct gw_order *order, uint32_t days_min, uint32_t tills_min,
		       struct gw_err *err)
{
	struct filter f = {.weights = weights, .order = order};
	int rc;

	if (days_min <= 1 && tills_min <= 1)
		return GW_OK;
	f.first = malloc(((size_t)order->n + 2) * sizeof(*f.first));
	f.held = calloc((size_t)order->n + 1, sizeof(*f.held));
	if (f.first == NULL || f.held == NULL || !breadth_init(&f.days, weights->len, days_min) ||
	    !breadth_init(&f.tills, weights->len, tills_min)) {
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	} else {
		index_targets(&f);
		rc = note_all(&f, spool, err);
		if (rc == GW_OK)
			keep_broad(&f);
	}
	free(f.first);
	free(f.held);
	free(f.days.seen);
	free(f.days.count);
	free(f.tills.seen);
	free(f.tills.count);
	return rc;
}
