/*
 * From the rules of a pattern to pairings and gates; see index.h for the picture.
 *
 * Rules are put in (pattern, target) order with two stable counting sorts, so that a group of equal
 * (pattern, target) is a pairing and stands in table order.  Pairings of one pattern are then put
 * in order of impact = weight x worth: most insertions into the list of the best targets
 * (offer/fit.c) are over after its first few.
 *
 * Weights become integers: a sum of integers is the same in any order, so a basket rebuilt after a
 * restart gives the same evidence to the last bit, which a sum of doubles would not.
 */
#include "offer/index_parts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* What a rule made by hand without weight and confidence is taken to be worth: the mean
 * acceptance that the chooser's prior starts from. */
#define EVIDENCE_BY_HAND 0.05
/* Stand-ins where head office gave no cost or no price: three tenths of the price, one unit of a
 * currency with two decimals.  They keep such rules comparable among themselves. */
#define MARGIN_SHARE_UNKNOWN 30
#define WORTH_UNKNOWN        100
#define DENSE_LEAST          256
#define DENSE_SHARE          4
#define FIRST_BY_IMPACT      64

void *gw_index_array(size_t count, size_t size)
{
	return calloc(count > 0 ? count : 1, size);
}

double gw_rule_evidence(const struct gw_rule *rule)
{
	if (rule->weight != 0 && isfinite(rule->weight))
		return rule->weight;
	if (rule->confidence > 0 && isfinite(rule->confidence))
		return rule->confidence;
	return EVIDENCE_BY_HAND;
}

static int32_t clamp32(int64_t v)
{
	return v > INT32_MAX ? INT32_MAX : v < -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

/* Margin of the item that an upgrade takes the place of, 0 where it is unknown. */
static int64_t replaced_margin(const struct gw_table *t, const struct gw_rule *rule)
{
	if (rule->kind != GW_RULE_UPGRADE)
		return 0;
	for (int i = 0; i < rule->condition_count; i++)
		if (!rule->conditions[i].is_category) {
			const struct gw_item *old = &t->items[rule->conditions[i].index];

			return old->price_minor >= 0 && old->cost_minor >= 0
				       ? old->price_minor - old->cost_minor
				       : 0;
		}
	return 0;
}

static void weigh_gate(const struct gw_table *t, const struct gw_rule *rule, struct gw_gate *g)
{
	const struct gw_item *item = &t->items[rule->suggest];
	int64_t price = rule->price_minor >= 0 ? rule->price_minor : item->price_minor;

	g->margin_minor = GW_MARGIN_UNKNOWN;
	if (price >= 0 && item->cost_minor >= 0) {
		g->margin_minor = clamp32(price - item->cost_minor - replaced_margin(t, rule));
		g->worth = g->margin_minor;
	} else if (price > 0) {
		g->worth = clamp32(price / 100 * MARGIN_SHARE_UNKNOWN +
				   price % 100 * MARGIN_SHARE_UNKNOWN / 100);
	} else {
		g->worth = WORTH_UNKNOWN;
	}
	if (g->worth == 0 && g->margin_minor == GW_MARGIN_UNKNOWN)
		g->worth = 1;
}

/* Number of a name in list[*count], added where it is new; "" is GW_GATE_ANY. */
static int intern(const char **list, uint32_t *count, const char *name, uint16_t *out)
{
	*out = GW_GATE_ANY;
	if (name == NULL || *name == '\0')
		return GW_OK;
	for (uint32_t i = *count; i-- > 0;)
		if (strcmp(list[i], name) == 0) {
			*out = (uint16_t)i;
			return GW_OK;
		}
	if (*count == GW_NAMES_MAX)
		return GW_E_INPUT;
	list[*count] = name;
	*out = (uint16_t)(*count)++;
	return GW_OK;
}

static int fill_gate(struct gw_offer_index *x, uint32_t r, struct gw_gate *g, struct gw_err *err)
{
	const struct gw_rule *rule = &x->table->rules[r];

	*g = (struct gw_gate){
		.rule = r,
		.from_day = rule->from_day,
		.to_day = rule->to_day,
		.from_minute = rule->from_minute,
		.to_minute = rule->to_minute,
		.days = rule->days,
		.moment = (uint8_t)rule->moment,
		.available = x->table->items[rule->suggest].stock != 0,
		.min_subtotal = clamp32(rule->min_subtotal_minor),
		.priority = rule->priority,
		.confidence = (float)rule->confidence,
	};
	weigh_gate(x->table, rule, g);
	if (intern(x->segments, &x->segment_count, rule->segment, &g->segment) < 0 ||
	    intern(x->arms, &x->arm_count, rule->arm, &g->arm) < 0)
		return gw_err_set(err, GW_E_INPUT, "rule %s: more than %d segments or arms",
				  rule->id, GW_NAMES_MAX);
	return GW_OK;
}

static void number_targets(struct gw_offer_index *x)
{
	memset(x->target_of, 0xFF, x->item_count * sizeof(*x->target_of));
	for (uint32_t r = 0; r < x->table->rule_count; r++) {
		uint32_t item = x->table->rules[r].suggest;

		if (x->target_of[item] != GW_NONE)
			continue;
		x->target_of[item] = x->target_count;
		x->target_item[x->target_count++] = item;
	}
}

/* Stable counting sort of rule numbers in[] by key(rule) < keys. */
static int counting_sort(const uint32_t *in, uint32_t *out, uint32_t count, const uint32_t *key,
			 uint32_t keys)
{
	uint32_t *first = gw_index_array((size_t)keys + 1, sizeof(*first));

	if (first == NULL)
		return GW_E_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		first[key[in[i]] + 1]++;
	for (uint32_t k = 0; k < keys; k++)
		first[k + 1] += first[k];
	for (uint32_t i = 0; i < count; i++)
		out[first[key[in[i]]]++] = in[i];
	free(first);
	return GW_OK;
}

/* One pairing before it gets its place: a run of rule numbers of equal pattern and target. */
struct run {
	double impact;
	uint32_t target, at, count;
	int32_t weight;
};

static int by_impact(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->impact != y->impact)
		return x->impact > y->impact ? -1 : 1;
	return x->target < y->target ? -1 : x->target > y->target;
}

static int by_target(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->target < y->target ? -1 : x->target > y->target;
}

struct build {
	struct gw_offer_index *x;
	uint32_t *pattern_of, *target; /* per rule */
	uint32_t *order;               /* rule numbers by (pattern, target) */
	struct run *runs;              /* of one pattern */
	struct gw_gate *by_rule;       /* in table order */
	double *evidence;              /* per rule */
	double *sums;                  /* per target: all its rules together */
	uint32_t gate_count;
};

/*
 * Sums of evidence must fit 31 bits whatever the basket holds, as the scan path adds without
 * looking: the largest sum any target could ever get, all its rules together, sets the scale.
 */
static double weight_scale(const struct build *b)
{
	double most = 0, scale = 1e9;

	for (uint32_t t = 0; t < b->x->target_count; t++)
		most = fmax(most, b->sums[t]);
	while (scale > 1e-9 && most * scale + 0.5 * b->x->table->rule_count >= INT32_MAX)
		scale /= 10;
	return scale;
}

/* Cuts order[at..end), one pattern's rules, into runs.  Returns their number. */
static uint32_t cut_runs(struct build *b, uint32_t at, uint32_t end)
{
	const struct gw_offer_index *x = b->x;
	uint32_t count = 0;

	while (at < end) {
		struct run *run = &b->runs[count++];

		*run = (struct run){
			.target = b->target[b->order[at]], .at = at, .weight = INT32_MIN};
		for (; at < end && b->target[b->order[at]] == run->target; at++) {
			uint32_t r = b->order[at];
			int32_t w = (int32_t)lrint(b->evidence[r] * x->scale);

			__builtin_prefetch(&b->by_rule[r]); /* for place_gates */

			run->weight = w > run->weight ? w : run->weight;
			b->x->negative = b->x->negative || w < 0;
			run->count++;
		}
		run->impact = (double)run->weight * (double)x->target_worth[run->target];
	}
	return count;
}

/* Gates of one run, higher priority first, then in table order. */
static void place_gates(struct build *b, const struct run *run)
{
	struct gw_gate *first = &b->x->gates[b->gate_count];

	for (uint32_t i = 0; i < run->count; i++) {
		const struct gw_gate *g = &b->by_rule[b->order[run->at + i]];
		uint32_t at = i;

		for (; at > 0 && first[at - 1].priority < g->priority; at--)
			first[at] = first[at - 1];
		first[at] = *g;
	}
	b->gate_count += run->count;
}

/* From a quarter of all targets on, adding a column is quicker than adding its entries. */
static bool is_dense(const struct gw_offer_index *x, uint32_t pairings)
{
	return pairings >= DENSE_LEAST && pairings >= x->target_count / DENSE_SHARE;
}

/*
 * The most worthwhile first, so that the heap's floor (offer/fit.c) is high before the many come;
 * those in the order of their targets, which memory likes.
 */
static void sort_runs(struct run *runs, uint32_t count, bool dense)
{
	uint32_t first = dense ? 0 : FIRST_BY_IMPACT;

	if (!dense)
		qsort(runs, count, sizeof(*runs), by_impact);
	if (count > first)
		qsort(runs + first, count - first, sizeof(*runs), by_target);
}

static void place_patterns(struct build *b)
{
	struct gw_offer_index *x = b->x;
	uint32_t at = 0, end;

	for (uint32_t p = 0; p < x->pattern_count; p++, at = end) {
		uint32_t count;

		for (end = at; end < x->table->rule_count && b->pattern_of[b->order[end]] == p;)
			end++;
		count = cut_runs(b, at, end);
		if (count > 1)
			sort_runs(b->runs, count, is_dense(x, count));
		x->dense_count += is_dense(x, count);
		x->pairing_first[p] = x->pairing_count;
		for (uint32_t i = 0; i < count; i++) {
			x->gate_first[x->pairing_count] = b->gate_count;
			x->pairings[x->pairing_count++] =
				(struct gw_pairing){b->runs[i].target, b->runs[i].weight};
			place_gates(b, &b->runs[i]);
		}
	}
	x->pairing_first[x->pattern_count] = x->pairing_count;
	x->gate_first[x->pairing_count] = b->gate_count;
}

static int make_columns(struct gw_offer_index *x)
{
	size_t length = gw_index_padded(x->target_count);

	x->dense = gw_index_array(x->dense_count, sizeof(*x->dense));
	x->dense_weights = gw_index_column(x->dense_count * length);
	if (x->dense == NULL || x->dense_weights == NULL)
		return GW_E_MEMORY;
	x->dense_count = 0;
	for (uint32_t p = 0; p < x->pattern_count; p++) {
		int32_t *column = &x->dense_weights[x->dense_count * length];

		if (!is_dense(x, x->pairing_first[p + 1] - x->pairing_first[p]))
			continue;
		for (uint32_t q = x->pairing_first[p]; q < x->pairing_first[p + 1]; q++)
			column[x->pairings[q].target] = x->pairings[q].weight;
		x->dense[x->dense_count++] = p;
	}
	return GW_OK;
}

int32_t *gw_index_column(size_t padded)
{
	return gw_index_array(padded, sizeof(int32_t));
}

const int32_t *gw_index_dense(const struct gw_offer_index *x, uint32_t pattern)
{
	uint32_t low = 0, high = x->dense_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (x->dense[middle] < pattern)
			low = middle + 1;
		else
			high = middle;
	}
	return low < x->dense_count && x->dense[low] == pattern
		       ? &x->dense_weights[low * gw_index_padded(x->target_count)]
		       : NULL;
}

uint32_t gw_index_search(const struct gw_offer_index *x, uint32_t pattern, uint32_t target)
{
	uint32_t low = x->pairing_first[pattern], high = x->pairing_first[pattern + 1];

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (x->pairings[middle].target < target)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int allocate(struct gw_offer_index *x, struct build *b)
{
	size_t rules = x->table->rule_count, items = x->item_count;

	b->pattern_of = gw_index_array(rules, sizeof(*b->pattern_of));
	b->target = gw_index_array(rules, sizeof(*b->target));
	b->order = gw_index_array(rules, sizeof(*b->order));
	b->runs = gw_index_array(rules, sizeof(*b->runs));
	b->by_rule = gw_index_array(rules, sizeof(*b->by_rule));
	b->evidence = gw_index_array(rules, sizeof(*b->evidence));
	b->sums = gw_index_array(items, sizeof(*b->sums));
	x->pairings = gw_index_array(rules, sizeof(*x->pairings));
	x->gates = gw_index_array(rules, sizeof(*x->gates));
	x->gate_first = gw_index_array(rules + 1, sizeof(*x->gate_first));
	x->target_item = gw_index_array(items, sizeof(*x->target_item));
	x->target_worth = gw_index_array(gw_index_padded(items), sizeof(*x->target_worth));
	x->target_of = gw_index_array(items, sizeof(*x->target_of));
	x->segments = gw_index_array(GW_NAMES_MAX, sizeof(*x->segments));
	x->arms = gw_index_array(GW_NAMES_MAX, sizeof(*x->arms));
	return b->pattern_of && b->target && b->order && b->runs && b->by_rule && b->evidence &&
			       b->sums && x->pairings && x->gates && x->gate_first &&
			       x->target_item && x->target_worth && x->target_of && x->segments &&
			       x->arms
		       ? GW_OK
		       : GW_E_MEMORY;
}

static int make_gates(struct build *b, struct gw_err *err)
{
	struct gw_offer_index *x = b->x;
	int code = GW_OK;

	for (uint32_t t = 0; t < x->target_count; t++)
		x->target_worth[t] = -FLT_MAX;
	for (uint32_t r = 0; r < x->table->rule_count && code == GW_OK; r++) {
		uint32_t t = b->target[r] = x->target_of[x->table->rules[r].suggest];

		b->evidence[r] = gw_rule_evidence(&x->table->rules[r]);
		b->sums[t] += fabs(b->evidence[r]);
		code = fill_gate(x, r, &b->by_rule[r], err);
		x->target_worth[t] = fmaxf(x->target_worth[t], (float)b->by_rule[r].worth);
	}
	return code;
}

/* Rule numbers by (pattern, target), in table order within. */
static int order_rules(struct build *b)
{
	struct gw_offer_index *x = b->x;
	uint32_t count = x->table->rule_count;
	uint32_t *half = gw_index_array(count, sizeof(*half));
	int code = half != NULL ? GW_OK : GW_E_MEMORY;

	for (uint32_t r = 0; r < count; r++)
		b->order[r] = r;
	if (code == GW_OK)
		code = counting_sort(b->order, half, count, b->target, x->target_count);
	if (code == GW_OK)
		code = counting_sort(half, b->order, count, b->pattern_of, x->pattern_count);
	free(half);
	return code;
}

static int build(struct gw_offer_index *x, struct build *b, struct gw_err *err)
{
	int code = gw_index_patterns(x, b->pattern_of, err);

	if (code < 0)
		return code;
	x->pairing_first = gw_index_array((size_t)x->pattern_count + 1, sizeof(*x->pairing_first));
	if (x->pairing_first == NULL)
		return GW_E_MEMORY;
	number_targets(x);
	code = make_gates(b, err);
	if (code == GW_OK)
		code = order_rules(b);
	if (code == GW_OK) {
		x->scale = weight_scale(b);
		place_patterns(b);
		code = make_columns(x);
	}
	return code;
}

int gw_offer_index_new(struct gw_offer_index **index, const struct gw_table *table,
		       struct gw_err *err)
{
	struct gw_offer_index *x = calloc(1, sizeof(*x));
	struct build b = {.x = x};
	int code;

	*index = NULL;
	if (x == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for the rule index");
	x->table = table;
	x->item_count = table->item_count;
	code = allocate(x, &b);
	if (code == GW_OK)
		code = build(x, &b, err);
	free(b.pattern_of);
	free(b.target);
	free(b.order);
	free(b.runs);
	free(b.by_rule);
	free(b.evidence);
	free(b.sums);
	if (code == GW_OK) {
		*index = x;
		return GW_OK;
	}
	gw_offer_index_free(x);
	return code == GW_E_MEMORY ? gw_err_set(err, code, "no memory for the rule index") : code;
}

void gw_offer_index_free(struct gw_offer_index *x)
{
	if (x == NULL)
		return;
	free(x->levels);
	free(x->level_first);
	free(x->patterns);
	free(x->watch_first);
	free(x->pairings);
	free(x->pairing_first);
	free(x->gates);
	free(x->gate_first);
	free(x->target_item);
	free(x->target_of);
	free(x->target_worth);
	free(x->dense);
	free(x->dense_weights);
	free(x->segments);
	free(x->arms);
	free(x);
}
