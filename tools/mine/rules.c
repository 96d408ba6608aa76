#include "tools/mine/rules.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	const struct gw_itemsets *sets;
	uint64_t baskets;
	const struct gw_rule_filter *filter;
	gw_rule_fn *each;
	void *ctx;
};

struct gw_counts gw_rule_counts(const struct gw_itemsets *sets, uint64_t baskets,
				const struct gw_mined_rule *rule)
{
	return (struct gw_counts){rule->n_xy, rule->n_x, sets->order->count[rule->consequent],
				  baskets};
}

/* The labels whose bits are set in mask, order kept. */
static int pick(uint32_t *out, const uint32_t *labels, int len, unsigned mask)
{
	int n = 0;

	for (int i = 0; i < len; i++)
		if ((mask >> i & 1) != 0)
			out[n++] = labels[i];
	return n;
}

/* The labels with one more put where it belongs; falling order. */
static int with(uint32_t *out, const uint32_t *labels, int len, uint32_t add)
{
	int n = 0;

	for (int i = 0; i < len; i++) {
		if (n == i && labels[i] < add)
			out[n++] = add;
		out[n++] = labels[i];
	}
	if (n == len)
		out[n++] = add;
	return n;
}

/*
 * A rule is productive (Webb 2007) if it is more confident than every rule to the same consequent
 * from a part of its antecedent, the empty part (the consequent's own frequency) included.
 */
static bool is_productive(const struct walk *w, const struct gw_mined_rule *rule)
{
	uint32_t part[GW_SET_MAX], both[GW_SET_MAX];
	uint64_t n_y = w->sets->order->count[rule->consequent];
	unsigned all = (1u << rule->len) - 1;

	if ((uint64_t)rule->n_xy * w->baskets <= (uint64_t)rule->n_x * n_y)
		return false;
	for (unsigned mask = 1; mask < all; mask++) {
		int len = pick(part, rule->antecedent, rule->len, mask);
		int len_both = with(both, part, len, rule->consequent);
		uint64_t n_x = gw_itemsets_count(w->sets, part, len);
		uint64_t n_xy = gw_itemsets_count(w->sets, both, len_both);

		if (rule->n_xy * n_x <= n_xy * rule->n_x)
			return false;
	}
	return true;
}

/* The rules of one set, labels falling. */
static int split(const struct walk *w, const uint32_t *labels, int size, uint32_t count)
{
	for (int i = 0; i < size; i++) {
		struct gw_mined_rule rule = {.consequent = labels[i], .n_xy = count};
		int rc;

		rule.len = (uint8_t)pick(rule.antecedent, labels, size, ~(1u << i));
		rule.n_x = gw_itemsets_count(w->sets, rule.antecedent, rule.len);
		if (!gw_at_least(rule.n_xy, rule.n_x, w->filter->min_confidence))
			continue;
		if (w->filter->productive && !is_productive(w, &rule))
			continue;
		rc = w->each(w->ctx, &rule);
		if (rc < 0)
			return rc;
	}
	return GW_OK;
}

static int walk_triple(const struct walk *w, uint32_t labels[GW_SET_MAX], uint32_t t)
{
	const struct gw_node *node = &w->sets->nodes[labels[0]];
	int rc;

	labels[2] = node->triple[t].label;
	rc = split(w, labels, 3, node->triple[t].count);
	if (node->quad_start == NULL)
		return rc;
	for (uint32_t q = node->quad_start[t]; rc == GW_OK && q < node->quad_start[t + 1]; q++) {
		labels[3] = node->quad[q].label;
		rc = split(w, labels, 4, node->quad[q].count);
	}
	return rc;
}

int gw_rules_each(const struct gw_itemsets *sets, uint64_t baskets,
		  const struct gw_rule_filter *filter, gw_rule_fn *each, void *ctx)
{
	struct walk w = {sets, baskets, filter, each, ctx};
	int rc = GW_OK;

	for (uint32_t x = 0; x < sets->order->n; x++) {
		const struct gw_node *node = &sets->nodes[x];

		for (uint32_t p = 0; rc == GW_OK && p < node->pairs; p++) {
			uint32_t labels[GW_SET_MAX] = {x, node->pair[p].label};

			rc = split(&w, labels, 2, node->pair[p].count);
			if (node->triple_start == NULL)
				continue;
			for (uint32_t t = node->triple_start[p];
			     rc == GW_OK && t < node->triple_start[p + 1]; t++)
				rc = walk_triple(&w, labels, t);
		}
	}
	return rc;
}

static int append(void *ctx, const struct gw_mined_rule *rule)
{
	struct gw_rule_list *list = ctx;

	if (list->len == list->room) {
		size_t room = list->room > 0 ? list->room * 2 : 1024;
		struct gw_mined_rule *at = realloc(list->at, room * sizeof(*at));

		if (at == NULL)
			return GW_E_MEMORY;
		list->at = at;
		list->room = room;
	}
	list->at[list->len++] = *rule;
	return GW_OK;
}

/* How many hypotheses were tested: every frequent antecedent with every item outside it. */
static double hypotheses(const struct gw_itemsets *sets)
{
	double n = sets->order->n, tests = n * (n - 1);

	for (uint32_t x = 0; x < sets->order->n; x++) {
		const struct gw_node *node = &sets->nodes[x];

		if (node->triple_start == NULL)
			continue;
		tests += node->pairs * (n - 2);
		if (node->quad_start != NULL)
			tests += node->triple_start[node->pairs] * (n - 3);
	}
	return tests;
}

static int control(struct gw_rule_list *list, const struct gw_itemsets *sets, uint64_t baskets,
		   double rate)
{
	double *p = malloc((list->len + 1) * 2 * sizeof(*p)), limit;
	size_t kept = 0;

	if (p == NULL)
		return GW_E_MEMORY;
	for (size_t i = 0; i < list->len; i++) {
		struct gw_counts c = gw_rule_counts(sets, baskets, &list->at[i]);

		p[i] = p[list->len + i] = gw_fisher_p(&c);
	}
	limit = gw_fdr_limit(p, list->len, hypotheses(sets), rate);
	for (size_t i = 0; i < list->len; i++)
		if (p[list->len + i] <= limit)
			list->at[kept++] = list->at[i];
	free(p);
	list->len = kept;
	return GW_OK;
}

int gw_rules_collect(struct gw_rule_list *list, const struct gw_itemsets *sets, uint64_t baskets,
		     const struct gw_rule_filter *filter, struct gw_err *err)
{
	int rc;

	memset(list, 0, sizeof(*list));
	rc = gw_rules_each(sets, baskets, filter, append, list);
	if (rc == GW_OK && filter->fdr > 0)
		rc = control(list, sets, baskets, filter->fdr);
	if (rc == GW_OK)
		return rc;
	gw_rule_list_release(list);
	return gw_err_set(err, rc, "out of memory for the rules; raise --min-count");
}

void gw_rule_list_release(struct gw_rule_list *list)
{
	free(list->at);
	memset(list, 0, sizeof(*list));
}
