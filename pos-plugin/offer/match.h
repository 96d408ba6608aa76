/*
 * Which patterns of a rule index does the basket satisfy?  Kept up to date piece by piece: adding
 * or taking out an item costs the patterns that wait for it, not the size of the table.
 *
 * Each pattern that is not satisfied is watched by exactly one of its absent nodes, the rarest
 * first; a node that turns up wakes only the patterns that watch it (the watched-literal scheme of
 * SAT solvers: Moskewicz et al., "Chaff", DAC 2001, with one watch, as rules have no unit clauses).
 *
 * Owns its state, borrows the index.  No allocation after gw_match_new.  One basket at a time, one
 * thread at a time.
 *
 *	gw_match_add(m, item, 1);
 *	for (i = before; i < m->matched_count; i++)   newly satisfied
 *		use(m->matched[i]);
 *	gw_match_remove(m, item, 1);
 *	for (i = 0; i < m->lost_count; i++) ...       no longer satisfied
 */
#ifndef OFFER_MATCH_H
#define OFFER_MATCH_H

#include "offer/index.h"

struct gw_match {
	const struct gw_offer_index *index; /* borrowed */
	uint32_t *matched;                  /* satisfied patterns; new ones come last */
	uint32_t matched_count;
	uint32_t *lost; /* patterns the last gw_match_remove made unsatisfied */
	uint32_t lost_count;

	/* private */
	int32_t *pieces;    /* per base node */
	uint8_t *state;     /* per node: bits ON and WOKEN */
	uint32_t *watching; /* per node: first pattern moved to it, GW_NONE */
	uint32_t *next;     /* per pattern: next one moved to the same node */
	uint32_t *touched;  /* nodes to clear */
	uint32_t touched_count;
};

/* GW_E_MEMORY; *m is NULL on failure.  Begins with an empty basket. */
int gw_match_new(struct gw_match **m, const struct gw_offer_index *index);
void gw_match_free(struct gw_match *m);

/* Empties the basket.  O(what was touched since the last time). */
void gw_match_clear(struct gw_match *m);

/* item: index into the table's items; pieces >= 1. */
void gw_match_add(struct gw_match *m, uint32_t item, int32_t pieces);
/* As many as gw_match_add put in at most.  O(satisfied patterns) when the last piece goes. */
void gw_match_remove(struct gw_match *m, uint32_t item, int32_t pieces);

/* Pieces of an item in the basket. */
static inline int32_t gw_match_pieces(const struct gw_match *m, uint32_t item)
{
	return m->pieces[item];
}

/* True while a rule's antecedent is in the basket. */
bool gw_match_rule(const struct gw_match *m, const struct gw_rule *rule);

#endif
