/*
 * From what fits to what is offered: which rules may be offered in this basket at this moment, and
 * which of them is.
 *
 * Two steps.  gw_shortlist applies the gates (dates, hours, segment, arm, stock, caps ...) to the
 * targets that fit best and gives at most GW_SHORTLIST_MAX candidates, one rule a target.  A
 * chooser then picks one of them: a function behind a small interface, so that a simulation or a
 * later policy can put its own in.  No state of its own.
 *
 *	n = gw_shortlist(fit, &decision, &room, list);
 *	if (n > 0 && gw_chooser_best.pick(NULL, list, n, basket, &pick))
 *		offer(list[pick.index].rule);
 */
#ifndef OFFER_CHOOSE_H
#define OFFER_CHOOSE_H

#include "offer/fit.h"

#define GW_SHORTLIST_MAX 32
#define GW_USED_MAX      4

/* What the gates ask about the basket and the time. */
struct gw_decision {
	int32_t day; /* since 1970, local */
	int minute;  /* of the day, local */
	int weekday; /* 0 = Monday */
	enum gw_moment moment;
	const char *segment;    /* of the customer, "" unknown */
	const uint8_t *has_arm; /* [index->arm_count]: 1 if this basket sees rules of the arm */
	int64_t subtotal_minor;
	double min_weight, min_confidence;
	int64_t min_margin_minor; /* 0: an unknown margin passes */
	/* Rules and target items offered in this sale before; GW_NONE where unknown. */
	uint32_t used_rules[GW_USED_MAX], used_items[GW_USED_MAX];
	int used_count;
	/* private: set by gw_shortlist */
	uint16_t segment_index;
};

struct gw_shortlist_room {
	struct gw_fit_scored *all; /* [target_count] */
	uint32_t *open;            /* [target_count]: strongest open pairing found, GW_NONE */
	uint8_t *asked;            /* [target_count]: 1 while looked for */
};

struct gw_candidate {
	uint32_t rule;   /* index into the table's rules */
	uint32_t target; /* of the fit */
	int64_t evidence;
	int32_t margin_minor; /* GW_MARGIN_UNKNOWN */
	int32_t worth;
	int32_t priority;
	double score; /* evidence x worth */
};

struct gw_pick {
	size_t index;
	int32_t propensity_ppm;
};

/*
 * Chooses among list[0..count), count >= 1, which is in order of score.  False: rather nothing.
 * Must be a function of its arguments and `state` alone, or decisions cannot be replayed.
 */
struct gw_chooser {
	bool (*pick)(void *state, const struct gw_candidate *list, size_t count, const char *basket,
		     struct gw_pick *pick);
	void *state;
};

/* The highest score; equal: the higher priority, then the earlier rule.  Propensity 10^6 ppm. */
extern const struct gw_chooser gw_chooser_best;

/*
 * Candidates in order of score.  The targets looked at are the GW_FIT_BEST that fit best; when
 * none of those may be offered, all.  The rule of a target is the first open gate of the strongest
 * satisfied pairing that has one.  Usually O(GW_FIT_BEST); where gates are closed, one look at all
 * satisfied pairings more.
 */
size_t gw_shortlist(struct gw_fit *fit, struct gw_decision *decision,
		    struct gw_shortlist_room *room, struct gw_candidate list[GW_SHORTLIST_MAX]);

/* Room to think in, for one index.  GW_E_MEMORY. */
int gw_shortlist_room_init(struct gw_shortlist_room *room, const struct gw_offer_index *index);
void gw_shortlist_room_release(struct gw_shortlist_room *room);

/* True if the rule may be offered, its antecedent aside. */
bool gw_gate_open(const struct gw_offer_index *index, const struct gw_gate *gate,
		  const struct gw_decision *decision);

#endif
