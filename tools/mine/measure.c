#include "tools/mine/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int gw_fraction_parse(const char *option, const char *text, struct gw_fraction *out,
		      struct gw_err *err)
{
	uint64_t num = 0, den = 1;
	bool point = false, digits = false;
	const char *p = text;

	for (; *p != '\0'; p++) {
		if (*p == '.' && !point) {
			point = true;
		} else if (*p >= '0' && *p <= '9' && den < 10000000000000) {
			num = num * 10 + (uint64_t)(*p - '0');
			den *= point ? 10 : 1;
			digits = true;
		} else {
			break;
		}
	}
	if (*p == '%') {
		den *= 100;
		p++;
	}
	if (!digits || *p != '\0' || num > den)
		return gw_err_set(err, GW_E_USAGE,
				  "%s takes a share from 0 to 1, as 0.1 or 10%%, not \"%s\"",
				  option, text);
	*out = (struct gw_fraction){num, den};
	return GW_OK;
}

uint64_t gw_count_for(struct gw_fraction f, uint64_t n)
{
	uint64_t count = (uint64_t)(((unsigned __int128)f.num * n + f.den - 1) / f.den);

	return count > 0 ? count : 1;
}

double gw_support(const struct gw_counts *c)
{
	return (double)c->n_xy / (double)c->n;
}

double gw_confidence(const struct gw_counts *c)
{
	return (double)c->n_xy / (double)c->n_x;
}

double gw_lift(const struct gw_counts *c)
{
	return (double)c->n_xy * (double)c->n / ((double)c->n_x * (double)c->n_y);
}

double gw_leverage(const struct gw_counts *c)
{
	double n = (double)c->n;

	return (double)c->n_xy / n - (double)c->n_x / n * ((double)c->n_y / n);
}

double gw_conviction(const struct gw_counts *c)
{
	double misses = (double)(c->n_x - c->n_xy) / (double)c->n_x;
	double absent = 1 - (double)c->n_y / (double)c->n;

	return misses > 0 ? absent / misses : INFINITY;
}

double gw_kulczynski(const struct gw_counts *c)
{
	return ((double)c->n_xy / (double)c->n_x + (double)c->n_xy / (double)c->n_y) / 2;
}

double gw_all_confidence(const struct gw_counts *c)
{
	return (double)c->n_xy / (double)(c->n_x > c->n_y ? c->n_x : c->n_y);
}

double gw_cosine(const struct gw_counts *c)
{
	return (double)c->n_xy / sqrt((double)c->n_x * (double)c->n_y);
}

double gw_chi2(const struct gw_counts *c)
{
	double n = (double)c->n, x = (double)c->n_x, y = (double)c->n_y;
	double margins = x * y * (n - x) * (n - y);
	double cross = (double)c->n_xy * n - x * y;

	return margins > 0 ? n * cross * cross / margins : 0;
}

static double log_factorial(double n)
{
	int sign;

	return lgamma_r(n + 1, &sign);
}

/* ln of C(n, k) */
static double log_choose(double n, double k)
{
	return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/*
 * ln of the tail.  The first term by log-gamma, each further one from the one before by the ratio
 * of hypergeometric terms, until what is left cannot matter.
 */
static double log_fisher(const struct gw_counts *c)
{
	double n = (double)c->n, x = (double)c->n_x, y = (double)c->n_y, k = (double)c->n_xy;
	double most = x < y ? x : y, term = 1, sum = 1, first;

	first = log_choose(y, k) + log_choose(n - y, x - k) - log_choose(n, x);
	for (uint64_t left = (uint64_t)(most - k); left > 0; left--) {
		term *= (x - k) * (y - k) / ((k + 1) * (n - x - y + k + 1));
		sum += term;
		k++;
		/* Past the peak, terms only fall. */
		if (term < sum * 1e-17 && (x - k) * (y - k) < (k + 1) * (n - x - y + k + 1))
			break;
	}
	first += log(sum);
	return first < 0 ? first : 0;
}

double gw_fisher_p(const struct gw_counts *c)
{
	return exp(log_fisher(c));
}

double gw_fisher_evidence(const struct gw_counts *c)
{
	return -log_fisher(c) / M_LN10;
}

gw_measure_fn *gw_measure_find(const char *name)
{
	static const struct {
		const char *name;
		gw_measure_fn *fn;
	} table[] = {
#define GW_MEASURE_ROW(name, fn) {name, fn},
		GW_MEASURE_MAP(GW_MEASURE_ROW)
#undef GW_MEASURE_ROW
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].fn;
	return NULL;
}

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double gw_fdr_limit(double *p, size_t len, double tests, double q)
{
	double limit = -1;

	qsort(p, len, sizeof(*p), rising);
	for (size_t i = 0; i < len; i++)
		if (p[i] <= q * (double)(i + 1) / tests)
			limit = p[i];
	return limit;
}
