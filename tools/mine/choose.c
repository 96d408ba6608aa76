#include "tools/mine/choose.h"

#include <math.h>
#include <stdlib.h>

struct keyed {
	struct gw_weight w;
	double key;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	if (x->w.from != y->w.from)
		return x->w.from > y->w.from ? 1 : -1;
	return (x->w.to > y->w.to) - (x->w.to < y->w.to);
}

static int by_antecedent(const void *a, const void *b)
{
	const struct gw_weight *x = a, *y = b;

	if (x->from != y->from)
		return x->from > y->from ? 1 : -1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static bool passes(const struct gw_weight *w, const struct gw_order *order,
		   const struct gw_choice *c)
{
	return w->n_xy >= c->count_min &&
	       gw_at_least(w->n_xy, order->count[w->from], c->confidence_min) &&
	       (c->allowed == NULL || c->allowed(c->ctx, w->from, w->to));
}

static double key_of(const struct gw_weight *w, const struct gw_order *order,
		     const struct gw_choice *c)
{
	return w->weight * pow(order->count[w->from], c->spread);
}

int gw_choose(struct gw_weights *weights, const struct gw_order *order, const struct gw_choice *c)
{
	struct keyed *keyed = malloc((weights->len + 1) * sizeof(*keyed));
	uint32_t *taken = calloc((size_t)order->n + 1, sizeof(*taken));
	size_t len = 0;

	if (keyed == NULL || taken == NULL) {
		free(keyed);
		free(taken);
		return GW_E_MEMORY;
	}
	for (size_t i = 0; i < weights->len; i++)
		if (passes(&weights->at[i], order, c))
			keyed[len++] =
				(struct keyed){weights->at[i], key_of(&weights->at[i], order, c)};
	qsort(keyed, len, sizeof(*keyed), by_key);
	weights->len = 0;
	for (size_t i = 0; i < len && weights->len < c->rules_max; i++)
		if (taken[keyed[i].w.from]++ < c->per_item)
			weights->at[weights->len++] = keyed[i].w;
	qsort(weights->at, weights->len, sizeof(*weights->at), by_antecedent);
	free(keyed);
	free(taken);
	return GW_OK;
}
