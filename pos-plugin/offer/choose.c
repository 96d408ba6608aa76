#include "offer/choose.h"

#include <stdlib.h>
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
static const struct gw_gate *open_gate(const struct gw_offer_index *x, uint32_t pairing,
				       const struct gw_decision *d)
{
	if (pairing == GW_NONE)
		return NULL;
	for (uint32_t g = x->gate_first[pairing]; g < x->gate_first[pairing + 1]; g++)
		if (gw_gate_open(x, &x->gates[g], d))
			return &x->gates[g];
	return NULL;
}

/* --- one look at all satisfied pairings, for the targets whose strongest one is closed */

struct search {
	const struct gw_offer_index *index;
	const struct gw_decision *decision;
	struct gw_shortlist_room *room;
};

static void search_pairing(void *ctx, uint32_t target, uint32_t pairing)
{
	const struct search *s = ctx;
	const struct gw_pairing *list = s->index->pairings;
	uint32_t best = s->room->open[target];

	if (!s->room->asked[target])
		return;
	if (best != GW_NONE) {
		int32_t weight = list[pairing].weight, most = list[best].weight;

		if (weight < most || (weight == most && pairing > best))
			return;
	}
	if (open_gate(s->index, pairing, s->decision) != NULL)
		s->room->open[target] = pairing;
}

/* The rules are scattered over memory: asks for them all before waiting for the first. */
static void fetch_strongest(const struct gw_fit *fit, const uint32_t *targets, size_t count,
			    uint32_t *strong)
{
	const struct gw_offer_index *x = fit->index;

	for (size_t i = 0; i < count; i++) {
		strong[i] = gw_fit_strongest(fit, targets[i]);
		if (strong[i] != GW_NONE)
			__builtin_prefetch(&x->gate_first[strong[i]]);
	}
	for (size_t i = 0; i < count; i++)
		if (strong[i] != GW_NONE)
			__builtin_prefetch(&x->gates[x->gate_first[strong[i]]]);
}

/* Finds room->open[t] for each target of the list that may be offered at all. */
static void find_open(struct gw_fit *fit, const struct gw_decision *d,
		      struct gw_shortlist_room *room, const uint32_t *targets, size_t count)
{
	const struct gw_offer_index *x = fit->index;
	struct search s = {x, d, room};
	uint32_t strong[GW_FIT_BEST];
	size_t missing = 0;

	fetch_strongest(fit, targets, count, strong);

	for (size_t i = 0; i < count; i++) {
		uint32_t t = targets[i], strongest = strong[i];

		room->open[t] = GW_NONE;
		if (!target_open(fit, t, d))
			continue;
		if (open_gate(x, strongest, d) != NULL) {
			room->open[t] = strongest;
			continue;
		}
		room->asked[t] = 1;
		missing++;
	}
	if (missing > 0)
		gw_fit_sweep(fit, search_pairing, &s);
	for (size_t i = 0; i < count && missing > 0; i++)
		room->asked[targets[i]] = 0;
}

static bool candidate(const struct gw_fit *fit, uint32_t target, uint32_t pairing,
		      const struct gw_decision *d, struct gw_candidate *out)
{
	const struct gw_gate *gate = open_gate(fit->index, pairing, d);

	if (gate == NULL)
		return false;
	*out = (struct gw_candidate){
		.rule = gate->rule,
		.target = target,
		.evidence = fit->evidence[target],
		.margin_minor = gate->margin_minor,
		.worth = gate->worth,
		.priority = gate->priority,
		.score = (double)fit->evidence[target] * gate->worth,
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

static size_t filter(struct gw_fit *fit, const struct gw_decision *d,
		     struct gw_shortlist_room *room, const uint32_t *targets, size_t target_count,
		     struct gw_candidate *list)
{
	size_t count = 0;

	find_open(fit, d, room, targets, target_count);
	for (size_t i = 0; i < target_count && count < GW_SHORTLIST_MAX; i++) {
		struct gw_candidate c;
		size_t at;

		if (!candidate(fit, targets[i], room->open[targets[i]], d, &c))
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

size_t gw_shortlist(struct gw_fit *fit, struct gw_decision *d, struct gw_shortlist_room *room,
		    struct gw_candidate list[GW_SHORTLIST_MAX])
{
	uint32_t targets[GW_FIT_BEST];
	size_t count = gw_fit_best(fit, targets, GW_FIT_BEST), found, all;

	d->segment_index = segment_index(fit->index, d->segment);
	found = filter(fit, d, room, targets, count, list);
	if (found > 0 || count < GW_FIT_BEST)
		return found;
	all = gw_fit_gather(fit, room->all);
	while (all > 0 && found == 0) {
		for (count = 0; count < GW_FIT_BEST && all > 0; count++)
			targets[count] = gw_fit_pop(room->all, &all).target;
		found = filter(fit, d, room, targets, count, list);
	}
	return found;
}

void gw_shortlist_room_release(struct gw_shortlist_room *room)
{
	free(room->all);
	free(room->open);
	free(room->asked);
	memset(room, 0, sizeof(*room));
}

int gw_shortlist_room_init(struct gw_shortlist_room *room, const struct gw_offer_index *index)
{
	size_t count = index->target_count + 1u;

	room->all = malloc(count * sizeof(*room->all));
	room->open = malloc(count * sizeof(*room->open));
	room->asked = calloc(count, sizeof(*room->asked));
	if (room->all != NULL && room->open != NULL && room->asked != NULL)
		return GW_OK;
	gw_shortlist_room_release(room);
	return GW_E_MEMORY;
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
