/*
 * From conditions to patterns.
 *
 * 1. Each condition becomes a base node: item i is node i, category c is node items + c.  A
 *    condition named k times in one rule becomes a level node "at least k pieces".
 * 2. Nodes are ordered within the rule, rarest first.  How often a node turns up in baskets is not
 *    known here, so the number of rules that name it stands for it: mined rules name an item
 *    about as often as customers buy it.  A category is as frequent as all its items together.
 * 3. Equal node lists are one pattern (open addressing on the list's hash).
 * 4. Patterns are renumbered by their first node with a counting sort.
 */
#include "offer/index_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"

struct grouping {
	struct gw_offer_index *x;
	uint64_t *frequency; /* per base node */
	uint32_t *slots;     /* hash table of pattern numbers */
	uint32_t slot_mask;
};

static uint32_t base_count(const struct gw_offer_index *x)
{
	return x->item_count + x->table->category_count;
}

static bool condition_ok(const struct gw_table *t, const struct gw_condition *c)
{
	return c->index < (c->is_category ? t->category_count : t->item_count);
}

static uint32_t base_node(const struct gw_offer_index *x, const struct gw_condition *c)
{
	return c->is_category ? x->item_count + c->index : c->index;
}

static int count_frequency(struct grouping *g, struct gw_err *err)
{
	const struct gw_table *t = g->x->table;

	for (uint32_t r = 0; r < t->rule_count; r++) {
		const struct gw_rule *rule = &t->rules[r];

		if (rule->condition_count > GW_IF_MAX || rule->suggest >= t->item_count)
			return gw_err_set(err, GW_E_INPUT, "rule %s points outside the table",
					  rule->id);
		for (int i = 0; i < rule->condition_count; i++) {
			if (!condition_ok(t, &rule->conditions[i]))
				return gw_err_set(err, GW_E_INPUT,
						  "rule %s points outside the table", rule->id);
			g->frequency[base_node(g->x, &rule->conditions[i])]++;
		}
	}
	for (uint32_t i = 0; i < t->item_count; i++)
		if (t->items[i].category < t->category_count)
			g->frequency[g->x->item_count + t->items[i].category] += g->frequency[i];
	return GW_OK;
}

/* The node for "at least need pieces of base"; need >= 2.  GW_NONE without memory. */
static uint32_t level_node(struct gw_offer_index *x, uint32_t base, int need)
{
	struct gw_level *grown;
	uint32_t i;

	if (x->level_first == NULL) {
		x->level_first = gw_index_array(base_count(x), sizeof(*x->level_first));
		if (x->level_first == NULL)
			return GW_NONE;
		memset(x->level_first, 0xFF, base_count(x) * sizeof(*x->level_first));
	}
	for (i = x->level_first[base]; i != GW_NONE; i = x->levels[i].next)
		if (x->levels[i].need == need)
			return x->levels[i].node;
	if ((x->level_count & (x->level_count - 1)) == 0) { /* full at every power of two */
		grown = realloc(x->levels,
				(x->level_count > 0 ? 2 * x->level_count : 1) * sizeof(*x->levels));
		if (grown == NULL)
			return GW_NONE;
		x->levels = grown;
	}
	i = x->level_count++;
	x->levels[i] = (struct gw_level){base_count(x) + i, x->level_first[base], need};
	x->level_first[base] = i;
	return x->levels[i].node;
}

struct wanted {
	uint32_t base;
	int need;
};

/* Rarest first; equal frequency by number, so that the order is the same for equal lists. */
static bool before(const struct grouping *g, const struct wanted *a, const struct wanted *b)
{
	uint64_t fa = g->frequency[a->base], fb = g->frequency[b->base];

	return fa != fb ? fa < fb : a->base < b->base;
}

static int rule_pattern(struct grouping *g, const struct gw_rule *rule, struct gw_pattern *out)
{
	struct wanted list[GW_IF_MAX];
	int count = 0;

	memset(out, 0xFF, sizeof(*out));
	for (int i = 0; i < rule->condition_count; i++) {
		struct wanted w = {base_node(g->x, &rule->conditions[i]), 1};
		int at = 0;

		while (at < count && list[at].base != w.base)
			at++;
		if (at < count) {
			list[at].need++;
			continue;
		}
		for (at = count++; at > 0 && before(g, &w, &list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = w;
	}
	for (int i = 0; i < count; i++) {
		out->node[i] = list[i].need == 1 ? list[i].base
						 : level_node(g->x, list[i].base, list[i].need);
		if (out->node[i] == GW_NONE)
			return GW_E_MEMORY;
	}
	return GW_OK;
}

static uint32_t pattern_hash(const struct gw_pattern *p)
{
	uint64_t low = (uint64_t)p->node[0] << 32 | p->node[1];
	uint64_t high = (uint64_t)p->node[2] << 32 | p->node[3];

	return (uint32_t)gw_fmix64(low ^ gw_fmix64(high));
}

static uint32_t find_or_add(struct grouping *g, const struct gw_pattern *p)
{
	struct gw_offer_index *x = g->x;
	uint32_t at = pattern_hash(p) & g->slot_mask;

	for (; g->slots[at] != GW_NONE; at = (at + 1) & g->slot_mask)
		if (memcmp(&x->patterns[g->slots[at]], p, sizeof(*p)) == 0)
			return g->slots[at];
	g->slots[at] = x->pattern_count;
	x->patterns[x->pattern_count] = *p;
	return x->pattern_count++;
}

static int group_rules(struct grouping *g, uint32_t *pattern_of)
{
	const struct gw_table *t = g->x->table;

	for (uint32_t r = 0; r < t->rule_count; r++) {
		struct gw_pattern p;

		if (rule_pattern(g, &t->rules[r], &p) < 0)
			return GW_E_MEMORY;
		pattern_of[r] = find_or_add(g, &p);
	}
	return GW_OK;
}

/* Renumbers the patterns by first node; the pattern without nodes comes last. */
static int sort_patterns(struct gw_offer_index *x, uint32_t *pattern_of)
{
	uint32_t *first = gw_index_array(x->node_count + 2, sizeof(*first));
	uint32_t *renumbered = gw_index_array(x->pattern_count, sizeof(*renumbered));
	struct gw_pattern *sorted = gw_index_array(x->pattern_count, sizeof(*sorted));
	int code = first != NULL && renumbered != NULL && sorted != NULL ? GW_OK : GW_E_MEMORY;

	x->watch_first = gw_index_array(x->node_count + 1, sizeof(*x->watch_first));
	if (x->watch_first == NULL)
		code = GW_E_MEMORY;
	if (code == GW_OK) {
		for (uint32_t p = 0; p < x->pattern_count; p++) {
			uint32_t node = x->patterns[p].node[0];

			first[(node == GW_NONE ? x->node_count : node) + 1]++;
		}
		for (uint32_t n = 0; n < x->node_count + 1; n++)
			first[n + 1] += first[n];
		memcpy(x->watch_first, first, (x->node_count + 1) * sizeof(*first));
		for (uint32_t p = 0; p < x->pattern_count; p++) {
			uint32_t node = x->patterns[p].node[0];

			renumbered[p] = first[node == GW_NONE ? x->node_count : node]++;
			sorted[renumbered[p]] = x->patterns[p];
			if (node == GW_NONE)
				x->always = renumbered[p];
		}
		for (uint32_t r = 0; r < x->table->rule_count; r++)
			pattern_of[r] = renumbered[pattern_of[r]];
		free(x->patterns);
		x->patterns = sorted;
		sorted = NULL;
	}
	free(first);
	free(renumbered);
	free(sorted);
	return code;
}

int gw_index_patterns(struct gw_offer_index *x, uint32_t *pattern_of, struct gw_err *err)
{
	struct grouping g = {.x = x};
	size_t room = 16;
	int code = GW_E_MEMORY;

	while (room < 2 * (size_t)x->table->rule_count)
		room *= 2;
	g.slot_mask = (uint32_t)(room - 1);
	g.slots = gw_index_array(room, sizeof(*g.slots));
	g.frequency = gw_index_array(base_count(x), sizeof(*g.frequency));
	x->patterns = gw_index_array(x->table->rule_count, sizeof(*x->patterns));
	x->always = GW_NONE;
	if (g.slots != NULL && g.frequency != NULL && x->patterns != NULL) {
		memset(g.slots, 0xFF, room * sizeof(*g.slots));
		code = count_frequency(&g, err);
		if (code == GW_OK)
			code = group_rules(&g, pattern_of);
		x->node_count = base_count(x) + x->level_count;
		if (code == GW_OK)
			code = sort_patterns(x, pattern_of);
	}
	free(g.slots);
	free(g.frequency);
	return code;
}
