#include "tools/mine/belief.h"

#include <math.h>

#define ALPHA         0.05
#define OPT           500 /* offers a rule gets in a round of usual length */
#define ASKED_MIN     50  /* fewer prove nothing, whatever the bounds say */
#define STRENGTH      50  /* baskets that the field's unasked share counts for in a rule's own */
#define UNASKED_PRIOR 0.02
#define SELDOM        (1.0 / 3) /* of the field's acceptance */
#define STEPS         45

static double log_beta(double a, double b)
{
	int sign;

	return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
}

/* Logarithm of the mixture martingale at p. */
static double log_wealth(double p, double x, double n, double k)
{
	p = p < 1e-12 ? 1e-12 : p > 1 - 1e-12 ? 1 - 1e-12 : p;
	return log_beta(p * k + x, (1 - p) * k + n - x) - log_beta(p * k, (1 - p) * k) -
	       x * log(p) - (n - x) * log1p(-p);
}

/* Where the wealth passes the limit between inside (the share seen) and outside (0 or 1). */
static double edge(double inside, double outside, double x, double n, double k, double limit)
{
	for (int i = 0; i < STEPS; i++) {
		double middle = (inside + outside) / 2;

		if (log_wealth(middle, x, n, k) < limit)
			inside = middle;
		else
			outside = middle;
	}
	return (inside + outside) / 2;
}

void gw_share_bounds(uint64_t x, uint64_t n, double alpha, double opt, double *low, double *high)
{
	double c = 2 * log(1 / alpha) + log(1 + 2 * log(1 / alpha));
	double k = fmax(opt / c - 1, 0.001), limit = log(1 / alpha);
	double share = n > 0 ? (double)x / (double)n : 0;

	*low = 0;
	*high = 1;
	if (n == 0)
		return;
	if (x > 0)
		*low = edge(share, 0, (double)x, (double)n, k, limit);
	if (x < n)
		*high = edge(share, 1, (double)x, (double)n, k, limit);
}

static uint64_t asked_of(const struct gw_rule_record *r)
{
	uint64_t not_asked = r->not_voiced + r->withdrawn;

	return r->shown > not_asked ? r->shown - not_asked : 0;
}

struct gw_field gw_field_of(const struct gw_rule_record *records, uint32_t count)
{
	double asked = 0, accepted = 0, ghosts = 0, bought = 0;
	struct gw_field field = {0, UNASKED_PRIOR};

	for (uint32_t i = 0; i < count; i++) {
		asked += (double)asked_of(&records[i]);
		accepted += (double)records[i].accepted;
		ghosts += (double)records[i].ghosts;
		bought += (double)records[i].ghosts_bought;
	}
	if (asked > 0)
		field.accepted = accepted / asked;
	field.unasked = (bought + STRENGTH * UNASKED_PRIOR) / (ghosts + STRENGTH);
	return field;
}

struct gw_belief gw_belief_of(const struct gw_rule_record *r, const struct gw_field *field)
{
	struct gw_belief b = {.asked = asked_of(r), .unasked = field->unasked};
	uint64_t accepted = r->accepted < b.asked ? r->accepted : b.asked;

	b.unasked = ((double)r->ghosts_bought + STRENGTH * field->unasked) /
		    ((double)r->ghosts + STRENGTH);
	gw_share_bounds(accepted, b.asked, ALPHA, OPT, &b.low, &b.high);
	b.stand = b.asked == 0 ? GW_STAND_UNTRIED : GW_STAND_OPEN;
	if (b.asked < ASKED_MIN)
		return b;
	if (b.low > b.unasked)
		b.stand = GW_STAND_WINNER;
	else if (b.high < b.unasked || b.high < field->accepted * SELDOM)
		b.stand = GW_STAND_LOSER;
	return b;
}
