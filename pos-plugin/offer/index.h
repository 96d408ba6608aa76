/*
 * What matching and choosing need of a rule table, laid out for the scan path: built once per
 * table, immutable, shared by any number of baskets (offer/match.h, offer/fit.h).
 *
 * Borrows the table, owns its arrays.  Knows no basket.
 *
 * Shape.  Rules that ask for the same things share a *pattern*; the rules of a pattern that
 * suggest the same item share a *pairing*; the rules of a pairing are its *variants* (price,
 * wording, arm, hours ...).  All three are ranges of one another:
 *
 *	pattern p   "torch and tent"       -> pairings [pairing_first[p], pairing_first[p+1])
 *	pairing q   "... suggest batteries" -> gates   [gate_first[q], gate_first[q+1])
 *	gate        one rule's conditions beside its antecedent, in 40 bytes
 *
 * so a table of a million rules is matched by its few hundred thousand patterns, and evidence is
 * counted once a pairing, however many strategies head office tries on it.
 *
 * A *node* is what a condition asks for: an item, a category, or "at least k pieces" of either
 * (a condition named k times).  Within a pattern the rarest node comes first; patterns are
 * numbered by their rarest node, so that the ones a node watches at the start lie together.
 */
#ifndef OFFER_INDEX_H
#define OFFER_INDEX_H

#include "model/table.h"

struct gw_pattern {
	uint32_t node[GW_IF_MAX]; /* rarest first, GW_NONE behind the last */
};

/* Node `node` is on while the basket holds `need` or more pieces; next: GW_NONE ends the chain. */
struct gw_level {
	uint32_t node, next;
	int32_t need;
};

struct gw_pairing {
	uint32_t target;
	int32_t weight; /* evidence in 1/scale */
};

#define GW_MARGIN_UNKNOWN INT32_MIN
#define GW_GATE_ANY       0xFFFFu /* no segment, no arm asked for */
#define GW_NAMES_MAX      1000    /* distinct segments, distinct arms */

struct gw_gate {
	uint32_t rule; /* index into the table's rules */
	int32_t from_day, to_day;
	int16_t from_minute, to_minute;
	uint16_t segment, arm; /* index of its name, GW_GATE_ANY */
	uint8_t days, moment;
	bool available;       /* stock is not 0 */
	int32_t min_subtotal; /* minor units, clamped to int32 */
	int32_t margin_minor; /* of the suggestion net of what it replaces; GW_MARGIN_UNKNOWN */
	int32_t worth;        /* what the score multiplies with: margin, or a stand-in for it */
	int32_t priority;
	float confidence; /* 0: not given */
};

struct gw_offer_index {
	const struct gw_table *table; /* borrowed */

	uint32_t node_count, item_count;
	struct gw_level *levels;
	uint32_t level_count;
	uint32_t *level_first; /* per item or category; NULL when no rule counts pieces */

	struct gw_pattern *patterns;
	uint32_t pattern_count;
	uint32_t *watch_first; /* [node_count + 1]: patterns whose rarest node this is */
	uint32_t always;       /* the pattern without conditions, GW_NONE */

	struct gw_pairing *pairings; /* of one pattern: the most worthwhile first, then by target */
	uint32_t pairing_count;
	uint32_t *pairing_first; /* [pattern_count + 1] */

	struct gw_gate *gates; /* of one pairing: by priority, then as in the table */
	uint32_t *gate_first;  /* [pairing_count + 1] */

	uint32_t target_count; /* distinct suggested items, numbered by their first rule */
	uint32_t *target_item; /* [target_count] */
	uint32_t *target_of;   /* [item_count], GW_NONE */
	float *target_worth;   /* [padded]: the most any of its rules is worth */
	const char **segments; /* distinct names, borrowed from the table */
	const char **arms;
	uint32_t segment_count, arm_count;

	/* Patterns that suggest a good part of all targets, ascending, and their weights as columns
	 * over all targets: dense_weights[i * padded + target]. */
	uint32_t *dense;
	int32_t *dense_weights;
	uint32_t dense_count;

	double scale;  /* weight in 1/scale; a power of ten */
	bool negative; /* some weight is below 0 */
};

/*
 * Builds the index.  O(rules log rules in the largest pattern), one pass of allocations.
 * GW_E_MEMORY; GW_E_INPUT when a rule points outside the table or there are more than
 * GW_NAMES_MAX segments or arms.  *index is NULL on failure.
 */
int gw_offer_index_new(struct gw_offer_index **index, const struct gw_table *table,
		       struct gw_err *err);
void gw_offer_index_free(struct gw_offer_index *index);

/* The number of targets in whole blocks of 64: the length of every column. */
static inline size_t gw_index_padded(size_t target_count)
{
	return (target_count / 64 + 1) * 64;
}

/* The column of a dense pattern, NULL for all others.  O(log dense_count). */
const int32_t *gw_index_dense(const struct gw_offer_index *index, uint32_t pattern);

/* The pairing of a dense pattern that suggests target, which it does.  O(log pairings). */
uint32_t gw_index_search(const struct gw_offer_index *index, uint32_t pattern, uint32_t target);

/* A zeroed column of `padded` numbers, to be freed; NULL without memory. */
int32_t *gw_index_column(size_t padded);

/* Evidence of one rule: its weight, else its confidence, else the prior for a rule by hand. */
double gw_rule_evidence(const struct gw_rule *rule);

#endif
