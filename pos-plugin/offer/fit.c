/*
 * The list of the best is a heap of at most 64 targets with the worst of them on top.  While
 * evidence only grows, a target outside the heap can never have a higher score than the top, so
 * each update is one multiplication and one comparison.  When evidence falls (a void, or a
 * negative weight) the heap is marked stale and filled again from the touched targets when it is
 * next asked for: voids are rare, scans are not.
 */
#include "offer/fit.h"

#include <stdlib.h>
#include <string.h>

int gw_fit_new(struct gw_fit **out, const struct gw_offer_index *index)
{
	struct gw_fit *fit = calloc(1, sizeof(*fit));
	size_t count = index->target_count + 1u;

	*out = NULL;
	if (fit == NULL)
		return GW_E_MEMORY;
	fit->index = index;
	fit->targets = calloc(count, sizeof(*fit->targets));
	fit->touched = malloc(count * sizeof(*fit->touched));
	if (fit->targets == NULL || fit->touched == NULL || gw_match_new(&fit->match, index) < 0) {
		gw_fit_free(fit);
		return GW_E_MEMORY;
	}
	for (uint32_t t = 0; t < index->target_count; t++) {
		fit->targets[t].worth = index->target_worth[t];
		fit->targets[t].pairing = GW_NONE;
	}
	*out = fit;
	gw_fit_clear(fit);
	return GW_OK;
}

void gw_fit_free(struct gw_fit *fit)
{
	if (fit == NULL)
		return;
	gw_match_free(fit->match);
	free(fit->targets);
	free(fit->touched);
	free(fit);
}

static inline double score(const struct gw_fit_target *t)
{
	return (double)t->evidence * t->worth;
}

/* Only what fits and pays may be on the list. */
static inline bool counts(const struct gw_fit_target *t)
{
	return t->evidence > 0 && t->worth > 0;
}

/* The order of the list: higher score first, then the lower number. */
static inline bool better(const struct gw_fit *fit, uint32_t a, uint32_t b)
{
	double x = score(&fit->targets[a]), y = score(&fit->targets[b]);

	return x != y ? x > y : a < b;
}

static inline void put(struct gw_fit *fit, uint32_t at, uint32_t target)
{
	fit->heap[at] = target;
	fit->targets[target].place = (uint16_t)(at + 1);
}

/* Moves the target at `at` away from the top while a child of it is worse. */
static void sink(struct gw_fit *fit, uint32_t at)
{
	uint32_t target = fit->heap[at], child;

	while ((child = 2 * at + 1) < fit->heap_count) {
		if (child + 1 < fit->heap_count &&
		    better(fit, fit->heap[child], fit->heap[child + 1]))
			child++;
		if (!better(fit, target, fit->heap[child]))
			break;
		put(fit, at, fit->heap[child]);
		at = child;
	}
	put(fit, at, target);
}

static void rise(struct gw_fit *fit, uint32_t at)
{
	uint32_t target = fit->heap[at];

	while (at > 0 && better(fit, fit->heap[(at - 1) / 2], target)) {
		put(fit, at, fit->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(fit, at, target);
}

/* A target's score grew: keeps the heap the best of all. */
static void promote(struct gw_fit *fit, uint32_t target)
{
	struct gw_fit_target *t = &fit->targets[target];

	if (t->place > 0) {
		sink(fit, t->place - 1u);
	} else if (fit->heap_count < GW_FIT_BEST) {
		fit->heap[fit->heap_count] = target;
		rise(fit, fit->heap_count++);
	} else if (better(fit, target, fit->heap[0])) {
		fit->targets[fit->heap[0]].place = 0;
		fit->heap[0] = target;
		sink(fit, 0);
	}
}

static void gain(struct gw_fit *fit, uint32_t pattern)
{
	const struct gw_offer_index *x = fit->index;
	uint32_t end = x->pairing_first[pattern + 1];

	for (uint32_t q = x->pairing_first[pattern]; q < end; q++) {
		struct gw_pairing pairing = x->pairings[q];
		struct gw_fit_target *t = &fit->targets[pairing.target];

		if (!t->touched) {
			t->touched = 1;
			fit->touched[fit->touched_count++] = pairing.target;
		}
		t->evidence += pairing.weight;
		if (t->pairings++ == 0 ||
		    (t->pairing != GW_NONE && (pairing.weight > t->weight ||
					       (pairing.weight == t->weight && q < t->pairing)))) {
			t->pairing = q;
			t->weight = pairing.weight;
		}
		if (!counts(t) && t->place == 0)
			continue;
		if (pairing.weight < 0)
			fit->stale = true;
		else if (fit->heap_count < GW_FIT_BEST ||
			 !better(fit, fit->heap[0], pairing.target))
			promote(fit, pairing.target);
	}
}

static void lose(struct gw_fit *fit, uint32_t pattern)
{
	const struct gw_offer_index *x = fit->index;
	uint32_t end = x->pairing_first[pattern + 1];

	for (uint32_t q = x->pairing_first[pattern]; q < end; q++) {
		struct gw_fit_target *t = &fit->targets[x->pairings[q].target];

		t->evidence -= x->pairings[q].weight;
		t->pairings--;
		if (t->pairing == q)
			t->pairing = GW_NONE;
	}
	fit->stale = true;
}

void gw_fit_clear(struct gw_fit *fit)
{
	for (uint32_t i = 0; i < fit->touched_count; i++) {
		struct gw_fit_target *t = &fit->targets[fit->touched[i]];

		t->evidence = 0;
		t->pairing = GW_NONE;
		t->pairings = 0;
		t->place = t->touched = 0;
	}
	fit->touched_count = fit->heap_count = 0;
	fit->stale = false;
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

static void refill(struct gw_fit *fit)
{
	for (uint32_t i = 0; i < fit->heap_count; i++)
		fit->targets[fit->heap[i]].place = 0;
	fit->heap_count = 0;
	for (uint32_t i = 0; i < fit->touched_count; i++)
		if (counts(&fit->targets[fit->touched[i]]))
			promote(fit, fit->touched[i]);
	fit->stale = false;
}

static int by_score(const void *a, const void *b, void *ctx)
{
	return better(ctx, *(const uint32_t *)a, *(const uint32_t *)b) ? -1 : 1;
}

static void sort_best(const struct gw_fit *fit, uint32_t *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t target = list[i];
		size_t at = i;

		for (; at > 0 && better(fit, target, list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = target;
	}
}

size_t gw_fit_best(struct gw_fit *fit, uint32_t *targets, size_t max)
{
	uint32_t sorted[GW_FIT_BEST];

	if (fit->stale)
		refill(fit);
	memcpy(sorted, fit->heap, fit->heap_count * sizeof(*sorted));
	sort_best(fit, sorted, fit->heap_count);
	if (max > fit->heap_count)
		max = fit->heap_count;
	memcpy(targets, sorted, max * sizeof(*targets));
	return max;
}

size_t gw_fit_all(struct gw_fit *fit, uint32_t *targets)
{
	size_t count = 0;

	for (uint32_t i = 0; i < fit->touched_count; i++)
		if (counts(&fit->targets[fit->touched[i]]))
			targets[count++] = fit->touched[i];
	qsort_r(targets, count, sizeof(*targets), by_score, fit);
	return count;
}

size_t gw_fit_rank(const struct gw_fit *fit, uint32_t *items, size_t max)
{
	const struct gw_offer_index *x = fit->index;
	size_t count = 0;

	for (uint32_t i = 0; i < fit->touched_count && max > 0; i++) {
		uint32_t t = fit->touched[i];
		int64_t evidence = fit->targets[t].evidence;
		size_t at;

		if (fit->targets[t].pairings == 0 ||
		    gw_match_pieces(fit->match, x->target_item[t]) > 0)
			continue;
		for (at = count; at > 0; at--) {
			uint32_t other = x->target_of[items[at - 1]];
			int64_t other_evidence = fit->targets[other].evidence;

			if (other_evidence > evidence || (other_evidence == evidence && other < t))
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

void gw_fit_each(const struct gw_fit *fit, uint32_t target,
		 void (*visit)(void *ctx, uint32_t pattern, uint32_t pairing), void *ctx)
{
	const struct gw_offer_index *x = fit->index;

	for (uint32_t i = 0; i < fit->match->matched_count; i++) {
		uint32_t p = fit->match->matched[i];

		for (uint32_t q = x->pairing_first[p]; q < x->pairing_first[p + 1]; q++)
			if (x->pairings[q].target == target) {
				visit(ctx, p, q);
				break;
			}
	}
}

struct strongest {
	const struct gw_offer_index *index;
	uint32_t pairing;
};

static void keep_strongest(void *ctx, uint32_t pattern, uint32_t pairing)
{
	struct strongest *s = ctx;
	const struct gw_pairing *list = s->index->pairings;

	(void)pattern;
	if (s->pairing == GW_NONE || list[pairing].weight > list[s->pairing].weight ||
	    (list[pairing].weight == list[s->pairing].weight && pairing < s->pairing))
		s->pairing = pairing;
}

uint32_t gw_fit_pairing(struct gw_fit *fit, uint32_t target)
{
	struct gw_fit_target *t = &fit->targets[target];
	struct strongest s = {fit->index, GW_NONE};

	if (t->pairing == GW_NONE && t->pairings > 0) {
		gw_fit_each(fit, target, keep_strongest, &s);
		t->pairing = s.pairing;
		if (s.pairing != GW_NONE)
			t->weight = fit->index->pairings[s.pairing].weight;
	}
	return t->pairing;
}
