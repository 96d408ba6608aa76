/*
 * What fits the basket: the evidence of every suggested item, added up over all satisfied patterns,
 * and the best of them by evidence x worth, kept up to date piece by piece.
 *
 * Additive evidence over the whole basket beats the best single rule (Steck, "Embarrassingly
 * shallow autoencoders", WWW 2019, and the figures in tests/bench): a pruned table of one-item
 * rules whose weights are summed carries nearly all of it.
 *
 * Owns a match; borrows the index.  No allocation after gw_fit_new.  Everything it tells is a
 * function of what is in the basket, not of the order in which it came: a basket rebuilt after a
 * restart, or replayed at head office, gives the same answers.
 *
 *	gw_fit_add(fit, item, 1);
 *	n = gw_fit_best(fit, best, GW_FIT_BEST);
 */
#ifndef OFFER_FIT_H
#define OFFER_FIT_H

#include "offer/match.h"

#define GW_FIT_BEST 64 /* targets kept in order */

struct gw_fit_target {
	int64_t evidence; /* in 1/scale */
	double worth;     /* the most any rule for it is worth */
	uint32_t pairing; /* the strongest satisfied one, GW_NONE: look for it */
	int32_t weight;   /* of that pairing */
	int32_t pairings; /* satisfied ones */
	uint16_t place;   /* in the list of the best + 1, 0: not among them */
	uint16_t touched;
};

struct gw_fit {
	const struct gw_offer_index *index; /* borrowed */
	struct gw_match *match;
	struct gw_fit_target *targets;
	uint32_t *touched; /* targets that had evidence in this basket */
	uint32_t touched_count;
	/* private: a heap of the best, the least on top */
	uint32_t heap[GW_FIT_BEST];
	uint32_t heap_count;
	bool stale; /* evidence went down: the heap must be filled again */
};

int gw_fit_new(struct gw_fit **fit, const struct gw_offer_index *index);
void gw_fit_free(struct gw_fit *fit);
void gw_fit_clear(struct gw_fit *fit);
void gw_fit_add(struct gw_fit *fit, uint32_t item, int32_t pieces);
void gw_fit_remove(struct gw_fit *fit, uint32_t item, int32_t pieces);

/*
 * Targets whose evidence and worth are above 0, the best first (equal: the one whose first rule stands
 * earlier in the table), at most max <= GW_FIT_BEST.  O(1) amortised after additions; after a
 * void O(touched targets).
 */
size_t gw_fit_best(struct gw_fit *fit, uint32_t *targets, size_t max);

/* As gw_fit_best, without a limit, for when none of the best may be offered.  O(n log n); room for
 * touched_count in targets. */
size_t gw_fit_all(struct gw_fit *fit, uint32_t *targets);

/*
 * What would be offered first if nothing but evidence counted: up to `max` items that are not in
 * the basket, most evidence first (equal: earlier in the table).  This is what quality is measured
 * on.  O(touched targets x max).
 */
size_t gw_fit_rank(const struct gw_fit *fit, uint32_t *items, size_t max);

/* The strongest satisfied pairing of a target, GW_NONE when there is none. */
uint32_t gw_fit_pairing(struct gw_fit *fit, uint32_t target);

/* Calls visit for each satisfied pairing of the target.  O(pairings of the satisfied patterns). */
void gw_fit_each(const struct gw_fit *fit, uint32_t target,
		 void (*visit)(void *ctx, uint32_t pattern, uint32_t pairing), void *ctx);

/* Evidence as the table gives it. */
static inline double gw_fit_evidence(const struct gw_fit *fit, uint32_t target)
{
	return (double)fit->targets[target].evidence / fit->index->scale;
}

#endif
