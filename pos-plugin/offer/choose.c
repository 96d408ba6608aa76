#include "offer/choose.h"

#include <string.h>

static bool in_hours(const struct gw_gate *g, int minute)
{
	if (g->from_minute <= g->to_minute)
		return minute >= g->from_minute && minute < g->to_minute;
	return minute >= g->from_minute || minute < g->to_minute;
}

/*
 * Hours that wrap over midnight belong to the day they begin on: "fri 22:00-02:00" is open on
 * Saturday at one, and the dates are those of the Friday.
 */
static bool in_time(const struct gw_gate *g, const struct gw_decision *d)
{
	int32_t day = d->day;
	int weekday = d->weekday;

	if (!in_hours(g, d->minute))
		return false;
	if (g->from_minute > g->to_minute && d->minute < g->to_minute) {
		day--;
		weekday = (weekday + 6) % 7;
	}
	return day >= g->from_day && day <= g->to_day && (g->days >> weekday & 1) != 0;
}

static bool pays(const struct gw_gate *g, const struct gw_decision *d)
{
	if (g->margin_minor == GW_MARGIN_UNKNOWN)
		return d->min_margin_minor <= 0;
	return g->margin_minor >= d->min_margin_minor;
}

static bool used_before(uint32_t rule, const struct gw_decision *d)
{
	for (int i = 0; i < d->used_count; i++)
		if (d->used_rules[i] == rule)
			return true;
	return false;
}

bool gw_gate_open(const struct gw_offer_index *x, const struct gw_gate *g,
		  const struct gw_decision *d)
{
	(void)x;
	return g->moment == (uint8_t)d->moment && g->available && in_time(g, d) &&
	       (g->segment == GW_GATE_ANY || g->segment == d->segment_index) &&
	       (g->arm == GW_GATE_ANY || d->has_arm[g->arm]) &&
	       g->min_subtotal <= d->subtotal_minor && pays(g, d) &&
	       (g->confidence <= 0 || (double)g->confidence >= d->min_confidence) &&
	       !used_before(g->rule, d);
}

static bool target_open(const struct gw_fit *fit, uint32_t target, const struct gw_decision *d)
{
	uint32_t item = fit->index->target_item[target];

	if (gw_match_pieces(fit->match, item) > 0 || gw_fit_evidence(fit, target) < d->min_weight)
		return false;
	for (int i = 0; i < d->used_count; i++)
		if (d->used_items[i] == item)
			return false;
	return true;
}

/* First open gate of a pairing, NULL. */
static const struct gw_gate *open_gate(const struct gw_fit *fit, uint32_t pairing,
				       const struct gw_decision *d)
{
	const struct gw_offer_index *x = fit->index;

	if (pairing == GW_NONE)
		return NULL;
	for (uint32_t g = x->gate_first[pairing]; g < x->gate_first[pairing + 1]; g++)
		if (gw_gate_open(x, &x->gates[g], d))
			return &x->gates[g];
	return NULL;
}

struct search {
	const struct gw_fit *fit;
	const struct gw_decision *decision;
	const struct gw_gate *gate;
	uint32_t pairing;
};

/* Keeps the strongest pairing that has an open gate. */
static void search_pairing(void *ctx, uint32_t pattern, uint32_t pairing)
{
	struct search *s = ctx;
	const struct gw_pairing *list = s->fit->index->pairings;
	const struct gw_gate *gate;

	(void)pattern;
	if (s->gate != NULL &&
	    (list[pairing].weight < list[s->pairing].weight ||
	     (list[pairing].weight == list[s->pairing].weight && pairing > s->pairing)))
		return;
	gate = open_gate(s->fit, pairing, s->decision);
	if (gate == NULL)
		return;
	s->gate = gate;
	s->pairing = pairing;
}

static const struct gw_gate *target_gate(struct gw_fit *fit, uint32_t target,
					 const struct gw_decision *d)
{
	struct search s = {fit, d, NULL, GW_NONE};
	const struct gw_gate *gate = open_gate(fit, gw_fit_pairing(fit, target), d);

	if (gate != NULL || fit->targets[target].pairings < 2)
		return gate;
	gw_fit_each(fit, target, search_pairing, &s);
	return s.gate;
}

static bool candidate(struct gw_fit *fit, uint32_t target, const struct gw_decision *d,
		      struct gw_candidate *out)
{
	const struct gw_gate *gate;

	if (!target_open(fit, target, d))
		return false;
	gate = target_gate(fit, target, d);
	if (gate == NULL)
		return false;
	*out = (struct gw_candidate){
		.rule = gate->rule,
		.target = target,
		.evidence = fit->targets[target].evidence,
		.margin_minor = gate->margin_minor,
		.worth = gate->worth,
		.priority = gate->priority,
		.score = (double)fit->targets[target].evidence * gate->worth,
	};
	return out->score > 0;
}

static bool better(const struct gw_candidate *a, const struct gw_candidate *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->rule < b->rule;
}

static size_t filter(struct gw_fit *fit, const struct gw_decision *d, const uint32_t *targets,
		     size_t target_count, struct gw_candidate *list)
{
	size_t count = 0;

	for (size_t i = 0; i < target_count && count < GW_SHORTLIST_MAX; i++) {
		struct gw_candidate c;
		size_t at;

		if (!candidate(fit, targets[i], d, &c))
			continue;
		for (at = count++; at > 0 && better(&c, &list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = c;
	}
	return count;
}

static uint16_t segment_index(const struct gw_offer_index *x, const char *name)
{
	for (uint32_t i = 0; i < x->segment_count; i++)
		if (strcmp(x->segments[i], name) == 0)
			return (uint16_t)i;
	return GW_GATE_ANY - 1;
}

size_t gw_shortlist(struct gw_fit *fit, struct gw_decision *d, uint32_t *scratch,
		    struct gw_candidate list[GW_SHORTLIST_MAX])
{
	uint32_t best[GW_FIT_BEST];
	size_t count = gw_fit_best(fit, best, GW_FIT_BEST), found;

	d->segment_index = segment_index(fit->index, d->segment);
	found = filter(fit, d, best, count, list);
	if (found > 0 || count < GW_FIT_BEST)
		return found;
	count = gw_fit_all(fit, scratch);
	return filter(fit, d, scratch, count, list);
}

static bool pick_best(void *state, const struct gw_candidate *list, size_t count,
		      const char *basket, struct gw_pick *pick)
{
	(void)state;
	(void)list;
	(void)basket;
	*pick = (struct gw_pick){0, 1000000};
	return count > 0;
}

const struct gw_chooser gw_chooser_best = {pick_best, NULL};
