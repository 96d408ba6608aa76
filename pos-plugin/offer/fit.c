/*
 * Adding up evidence is the larger part of a scan's work: a popular item in a large table satisfies
 * thousands of pairings at once.  Three things keep that to a few microseconds.
 *
 * 1. The best are a heap of at most 32 with the worst of them on top.  While evidence only grows,
 *    a target outside it can never beat the top, so an update is one addition, one multiplication
 *    and one comparison that nearly always says no.  What is in the heap stays in while it grows,
 *    and is not even looked at until somebody else wants its place.  When evidence falls (a void, a
 *    negative weight) the heap is marked stale and filled again when it is next asked for: voids
 *    are rare, scans are not.  The comparison is in float, with slack; places are given exactly.
 * 2. The loop has no other branch.  What it meets is as good as random, and a wrong guess costs
 * more than the work.  "The strongest pairing" is a maximum of keys, weight above, pairing number
 *    below; what must be cleared later is a mark per block.
 * 3. A pattern that suggests a good part of all targets is *dense*: the index holds its weights as
 *    a column over all targets, and adding columns is what vector units are for.  The strongest
 *    pairing of a target then is looked up in the few dense patterns when it is asked for.
 */
#include "offer/fit.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define NO_KEY INT64_MIN /* no satisfied pairing */
#define UNSURE INT64_MAX /* the strongest one was voided; no later one can claim its place */
/* A float product is within 2^-22 of the exact one; the slack is four times that. */
#define SLACK (1.0F - 0x1p-20F)

#define STRIP 16
_Static_assert(GW_FIT_BLOCK % STRIP == 0, "a block is whole strips");

static size_t padded(const struct gw_offer_index *index)
{
	return gw_index_padded(index->target_count);
}

int gw_fit_new(struct gw_fit **out, const struct gw_offer_index *index)
{
	struct gw_fit *fit = calloc(1, sizeof(*fit));
	size_t count = padded(index);

	*out = NULL;
	if (fit == NULL)
		return GW_E_MEMORY;
	fit->index = index;
	fit->evidence = gw_index_column(count);
	fit->strongest = malloc(count * sizeof(*fit->strongest));
	fit->listed = calloc(count, sizeof(*fit->listed));
	fit->dirty = malloc(count / GW_FIT_BLOCK);
	fit->dense = malloc((index->dense_count + 1u) * sizeof(*fit->dense));
	if (fit->evidence == NULL || fit->strongest == NULL || fit->listed == NULL ||
	    fit->dirty == NULL || fit->dense == NULL || gw_match_new(&fit->match, index) < 0) {
		gw_fit_free(fit);
		return GW_E_MEMORY;
	}
	memset(fit->dirty, 1, count / GW_FIT_BLOCK);
	*out = fit;
	gw_fit_clear(fit);
	return GW_OK;
}

void gw_fit_free(struct gw_fit *fit)
{
	if (fit == NULL)
		return;
	gw_match_free(fit->match);
	free(fit->evidence);
	free(fit->strongest);
	free(fit->listed);
	free(fit->dirty);
	free(fit->dense);
	free(fit);
}

/* --- the heap */

/* What does not pay or does not fit is below 0, whatever the signs. */
static inline double score(const struct gw_fit *fit, uint32_t target)
{
	return fit->evidence[target] > 0
		       ? (double)fit->evidence[target] * (double)fit->index->target_worth[target]
		       : -1;
}

/* The order of the list: higher score first, then the lower number. */
static inline bool better(struct gw_fit_scored a, struct gw_fit_scored b)
{
	return a.score != b.score ? a.score > b.score : a.target < b.target;
}

/* Puts s at `at` or, while a child is worse, further from the top. */
static void sink(struct gw_fit *fit, uint32_t at, struct gw_fit_scored s)
{
	uint32_t child;

	while ((child = 2 * at + 1) < fit->heap_count) {
		if (child + 1 < fit->heap_count && better(fit->heap[child], fit->heap[child + 1]))
			child++;
		if (!better(s, fit->heap[child]))
			break;
		fit->heap[at] = fit->heap[child];
		at = child;
	}
	fit->heap[at] = s;
}

static void rise(struct gw_fit *fit, uint32_t at, struct gw_fit_scored s)
{
	for (; at > 0; at = (at - 1) / 2) {
		struct gw_fit_scored parent = fit->heap[(at - 1) / 2];

		if (!better(parent, s))
			break;
		fit->heap[at] = parent;
	}
	fit->heap[at] = s;
}

/* Makes the score on top a true one: those in the heap are of when it was last looked at, and may
 * have grown since. */
static void refresh_top(struct gw_fit *fit)
{
	for (;;) {
		struct gw_fit_scored top = {score(fit, fit->heap[0].target), fit->heap[0].target};

		if (top.score <= fit->heap[0].score)
			return;
		sink(fit, 0, top);
	}
}

/* A target outside the heap may have come to belong in it. */
static void promote(struct gw_fit *fit, uint32_t target)
{
	struct gw_fit_scored s = {score(fit, target), target};

	if (s.score <= 0)
		return;
	if (fit->heap_count < GW_FIT_BEST) {
		fit->listed[target] = 1;
		rise(fit, fit->heap_count++, s);
	} else {
		refresh_top(fit);
		if (better(s, fit->heap[0])) {
			fit->listed[fit->heap[0].target] = 0;
			fit->listed[target] = 1;
			sink(fit, 0, s);
		}
	}
	if (fit->heap_count == GW_FIT_BEST)
		fit->floor = (float)fit->heap[0].score * SLACK;
}

static void clear_heap(struct gw_fit *fit)
{
	for (uint32_t i = 0; i < fit->heap_count; i++)
		fit->listed[fit->heap[i].target] = 0;
	fit->heap_count = 0;
	fit->floor = FLT_MIN; /* above 0: what is worth nothing is not on the list */
	fit->stale = false;
}

static void refill(struct gw_fit *fit)
{
	uint32_t count = fit->index->target_count;

	clear_heap(fit);
	for (uint32_t from = 0; from < count; from += GW_FIT_BLOCK) {
		if (!fit->dirty[from / GW_FIT_BLOCK])
			continue;
		for (uint32_t t = from; t < from + GW_FIT_BLOCK && t < count; t++)
			if ((float)fit->evidence[t] * fit->index->target_worth[t] >= fit->floor)
				promote(fit, t);
	}
}

/* --- adding up */

static inline int64_t key_of(int32_t weight, uint32_t pairing)
{
	return (int64_t)((uint64_t)(uint32_t)weight << 32 | (uint32_t)~pairing);
}

static inline uint32_t key_pairing(int64_t key)
{
	return ~(uint32_t)key;
}

static void gain_sparse(struct gw_fit *fit, uint32_t pattern)
{
	const struct gw_offer_index *x = fit->index;
	const struct gw_pairing *pairings = x->pairings;
	const float *worth = x->target_worth;
	int32_t *evidence = fit->evidence;
	int64_t *strongest = fit->strongest;
	uint8_t *dirty = fit->dirty;
	const uint8_t *listed = fit->listed;
	float floor = fit->floor;
	uint32_t end = x->pairing_first[pattern + 1];

	for (uint32_t q = x->pairing_first[pattern]; q < end; q++) {
		struct gw_pairing one = pairings[q];
		uint32_t target = one.target;
		int64_t key = key_of(one.weight, q), before = strongest[target];
		int32_t now = evidence[target] + one.weight;

		dirty[target / GW_FIT_BLOCK] = 1;
		evidence[target] = now;
		strongest[target] = key > before ? key : before;
		if ((float)now * worth[target] >= floor && !listed[target]) {
			promote(fit, target);
			floor = fit->floor;
		}
	}
}

/* Adds a strip of a column; true if some target of it reaches the floor.  Fixed length, no alias,
 * whole numbers as the only result: compilers make vector code of it at -O2. */
static inline bool add_strip(int32_t *restrict evidence, const int32_t *restrict column,
			     const float *restrict worth, float floor)
{
	int32_t reached = 0;

	for (int i = 0; i < STRIP; i++)
		evidence[i] += column[i];
	for (int i = 0; i < STRIP; i++)
		reached |= (float)evidence[i] * worth[i] >= floor;
	return reached != 0;
}

static void gain_dense(struct gw_fit *fit, const int32_t *column)
{
	const float *worth = fit->index->target_worth;
	uint32_t count = (uint32_t)padded(fit->index);

	for (uint32_t from = 0; from < count; from += STRIP) {
		if (!add_strip(&fit->evidence[from], &column[from], &worth[from], fit->floor))
			continue;
		for (uint32_t t = from; t < from + STRIP; t++)
			if ((float)fit->evidence[t] * worth[t] >= fit->floor && !fit->listed[t])
				promote(fit, t);
	}
	memset(fit->dirty, 1, count / GW_FIT_BLOCK);
}

static void gain(struct gw_fit *fit, uint32_t pattern)
{
	const int32_t *column = gw_index_dense(fit->index, pattern);

	if (column != NULL) {
		fit->dense[fit->dense_count++] = pattern;
		gain_dense(fit, column);
	} else {
		gain_sparse(fit, pattern);
	}
	fit->stale = fit->stale || fit->index->negative;
}

static void lose(struct gw_fit *fit, uint32_t pattern)
{
	const struct gw_offer_index *x = fit->index;
	uint32_t end = x->pairing_first[pattern + 1], kept = 0;

	for (uint32_t q = x->pairing_first[pattern]; q < end; q++) {
		uint32_t target = x->pairings[q].target;

		fit->evidence[target] -= x->pairings[q].weight;
		if (key_pairing(fit->strongest[target]) == q)
			fit->strongest[target] = UNSURE;
	}
	for (uint32_t i = 0; i < fit->dense_count; i++)
		if (fit->dense[i] != pattern)
			fit->dense[kept++] = fit->dense[i];
	fit->dense_count = kept;
	fit->stale = true;
}

void gw_fit_clear(struct gw_fit *fit)
{
	size_t blocks = padded(fit->index) / GW_FIT_BLOCK;

	clear_heap(fit);
	for (size_t b = 0; b < blocks; b++) {
		if (!fit->dirty[b])
			continue;
		fit->dirty[b] = 0;
		memset(&fit->evidence[b * GW_FIT_BLOCK], 0, GW_FIT_BLOCK * sizeof(int32_t));
		for (size_t t = b * GW_FIT_BLOCK; t < (b + 1) * GW_FIT_BLOCK; t++)
			fit->strongest[t] = NO_KEY;
	}
	fit->dense_count = 0;
	gw_match_clear(fit->match);
	for (uint32_t i = 0; i < fit->match->matched_count; i++)
		gain(fit, fit->match->matched[i]);
}

void gw_fit_add(struct gw_fit *fit, uint32_t item, int32_t pieces)
{
	uint32_t before = fit->match->matched_count;

	gw_match_add(fit->match, item, pieces);
	for (uint32_t i = before; i < fit->match->matched_count; i++)
		gain(fit, fit->match->matched[i]);
}

void gw_fit_remove(struct gw_fit *fit, uint32_t item, int32_t pieces)
{
	gw_match_remove(fit->match, item, pieces);
	for (uint32_t i = 0; i < fit->match->lost_count; i++)
		lose(fit, fit->match->lost[i]);
}

/* --- asking */

uint32_t gw_fit_strongest(const struct gw_fit *fit, uint32_t target)
{
	const struct gw_offer_index *x = fit->index;
	int64_t best = fit->strongest[target];

	if (best == UNSURE)
		return GW_NONE;
	for (uint32_t i = 0; i < fit->dense_count; i++) {
		int32_t weight = gw_index_dense(x, fit->dense[i])[target];

		/* At equal weight the pairing number decides, which only a search tells. */
		if (weight != 0 && (best == NO_KEY || weight >= (int32_t)(best >> 32))) {
			int64_t key = key_of(weight, gw_index_search(x, fit->dense[i], target));

			best = key > best ? key : best;
		}
	}
	return best == NO_KEY ? GW_NONE : key_pairing(best);
}

size_t gw_fit_best(struct gw_fit *fit, uint32_t *targets, size_t max)
{
	struct gw_fit_scored sorted[GW_FIT_BEST] = {{0, 0}};
	size_t count;

	if (fit->stale)
		refill(fit);
	for (count = 0; count < fit->heap_count; count++) {
		struct gw_fit_scored s = {score(fit, fit->heap[count].target),
					  fit->heap[count].target};
		size_t at = count;

		for (; at > 0 && better(s, sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = s;
	}
	if (max > count)
		max = count;
	for (size_t i = 0; i < max; i++)
		targets[i] = sorted[i].target;
	return max;
}

/* Puts s at `at` or, while a child is better, further down; here the best is on top. */
static void settle(struct gw_fit_scored *list, size_t count, size_t at, struct gw_fit_scored s)
{
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && better(list[child + 1], list[child]))
			child++;
		if (!better(list[child], s))
			break;
		list[at] = list[child];
		at = child;
	}
	list[at] = s;
}

size_t gw_fit_gather(const struct gw_fit *fit, struct gw_fit_scored *list)
{
	size_t count = 0;

	for (uint32_t t = 0; t < fit->index->target_count; t++) {
		double now = score(fit, t);

		if (now > 0)
			list[count++] = (struct gw_fit_scored){now, t};
	}
	for (size_t i = count / 2; i-- > 0;)
		settle(list, count, i, list[i]);
	return count;
}

struct gw_fit_scored gw_fit_pop(struct gw_fit_scored *list, size_t *count)
{
	struct gw_fit_scored best = list[0];

	--*count;
	settle(list, *count, 0, list[*count]);
	return best;
}

size_t gw_fit_rank(const struct gw_fit *fit, uint32_t *items, size_t max)
{
	const struct gw_offer_index *x = fit->index;
	size_t count = 0;

	for (uint32_t t = 0; t < x->target_count && max > 0; t++) {
		int32_t evidence = fit->evidence[t];
		size_t at;

		if (evidence <= 0 || gw_match_pieces(fit->match, x->target_item[t]) > 0)
			continue;
		for (at = count; at > 0; at--) { /* equal ones stay behind: t only grows */
			if (fit->evidence[x->target_of[items[at - 1]]] >= evidence)
				break;
			if (at < max)
				items[at] = items[at - 1];
		}
		if (at < max)
			items[at] = x->target_item[t];
		count += count < max;
	}
	return count;
}

void gw_fit_sweep(const struct gw_fit *fit,
		  void (*visit)(void *ctx, uint32_t target, uint32_t pairing), void *ctx)
{
	const struct gw_offer_index *x = fit->index;

	for (uint32_t i = 0; i < fit->match->matched_count; i++) {
		uint32_t p = fit->match->matched[i];

		for (uint32_t q = x->pairing_first[p]; q < x->pairing_first[p + 1]; q++)
			visit(ctx, x->pairings[q].target, q);
	}
}
