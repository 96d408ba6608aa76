#include "tools/mine/score.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scoring {
	const struct gw_weights *rules;
	const struct gw_order *order;
	const struct gw_cases *cases;
	enum gw_combine combine;
	size_t *first;   /* first[n + 1]: rules of each antecedent */
	int64_t *points; /* points[n] */
	bool *context;   /* context[n] */
	uint32_t *known; /* labels of the basket */
};

static void index_rules(struct scoring *s)
{
	size_t at = 0;

	for (uint32_t from = 0; from <= s->order->n; from++) {
		while (at < s->rules->len && s->rules->at[at].from < from)
			at++;
		s->first[from] = at;
	}
}

static void add_points(struct scoring *s, uint32_t from)
{
	for (size_t i = s->first[from]; i < s->first[from + 1]; i++) {
		const struct gw_weight *w = &s->rules->at[i];

		if (s->combine == GW_COMBINE_SUM)
			s->points[w->to] += w->weight;
		else if (w->weight > s->points[w->to])
			s->points[w->to] = w->weight;
	}
}

static uint32_t rank_of(const struct scoring *s, uint32_t target)
{
	uint32_t rank = 1;

	for (uint32_t i = 0; i < s->order->n; i++)
		if (!s->context[i])
			rank += s->points[i] > s->points[target] ||
				(i < target && s->points[i] == s->points[target]);
	return rank;
}

static void score_case(struct scoring *s, uint32_t known, uint32_t out, struct gw_score *score)
{
	uint32_t rank, target = s->known[out];

	memset(s->points, 0, s->order->n * sizeof(*s->points));
	for (uint32_t i = 0; i < known; i++)
		if (i != out) {
			s->context[s->known[i]] = true;
			add_points(s, s->known[i]);
		}
	rank = rank_of(s, target);
	for (uint32_t i = 0; i < known; i++)
		s->context[s->known[i]] = false;
	score->cases++;
	score->hit1 += rank <= 1;
	score->hit3 += rank <= 3;
	score->hit5 += rank <= 5;
	if (rank <= 10)
		score->reciprocal += 1.0 / rank;
	if (rank <= 3 && s->cases->worth != NULL)
		score->worth3 += s->cases->worth[target];
}

static void score_basket(struct scoring *s, uint32_t basket, struct gw_score *score)
{
	const struct gw_corpus *c = s->cases->corpus;
	uint32_t known = 0;

	for (uint64_t i = c->start[basket]; i < c->start[basket + 1]; i++) {
		uint32_t label = s->order->label_of[c->items[i]];

		if (label == GW_NO_LABEL)
			continue;
		if (known == s->cases->most)
			return;
		s->known[known++] = label;
	}
	if (known < s->cases->least)
		return;
	for (uint32_t out = 0; out < known; out++)
		score_case(s, known, out, score);
}

int gw_score_rules(struct gw_score *score, const struct gw_weights *rules,
		   const struct gw_order *order, const struct gw_cases *cases,
		   enum gw_combine combine)
{
	struct scoring s = {rules, order, cases, combine, NULL, NULL, NULL, NULL};
	int rc = GW_E_MEMORY;

	memset(score, 0, sizeof(*score));
	s.first = malloc(((size_t)order->n + 2) * sizeof(*s.first));
	s.points = malloc(((size_t)order->n + 1) * sizeof(*s.points));
	s.context = calloc((size_t)order->n + 1, sizeof(*s.context));
	s.known = malloc(((size_t)cases->most + 1) * sizeof(*s.known));
	if (s.first != NULL && s.points != NULL && s.context != NULL && s.known != NULL) {
		index_rules(&s);
		for (uint32_t b = cases->from; b < cases->to; b++)
			score_basket(&s, b, score);
		rc = GW_OK;
	}
	free(s.first);
	free(s.points);
	free(s.context);
	free(s.known);
	return rc;
}
