/*
 * Measures of one rule A -> c from four counts, and tests of significance.  Pure functions; exact
 * comparisons are done in integers.
 *
 * Formulas: lift (Brin, Motwani, Ullman, Tsur 1997), leverage (Piatetsky-Shapiro 1991), conviction
 * (Brin et al. 1997), Kulczynski, all-confidence, cosine (Wu, Chen, Han 2010), chi-square of the
 * 2x2 table without continuity correction, Fisher's exact test one-sided (the hypergeometric tail),
 * false-discovery rate (Benjamini, Hochberg 1995).
 */
#ifndef TOOLS_MINE_MEASURE_H
#define TOOLS_MINE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* n baskets, n_x with the antecedent, n_y with the consequent, n_xy with both;
 * 1 <= n_xy <= n_x, n_y <= n. */
struct gw_counts {
	uint64_t n_xy, n_x, n_y, n;
};

/* A share 0..1 as a fraction, so that a threshold given as 0.1 is exactly one tenth. */
struct gw_fraction {
	uint64_t num, den; /* den: a power of ten up to 10^15 */
};

/* "0.1", ".05", "1", "12.5%".  GW_E_USAGE with a sentence that names the option. */
int gw_fraction_parse(const char *option, const char *text, struct gw_fraction *out,
		      struct gw_err *err);

/* part / whole >= f, exactly. */
static inline bool gw_at_least(uint64_t part, uint64_t whole, struct gw_fraction f)
{
	return (unsigned __int128)part * f.den >= (unsigned __int128)f.num * whole;
}

/* Least count >= 1 with count / n >= f. */
uint64_t gw_count_for(struct gw_fraction f, uint64_t n);

/* X(name, function) */
#define GW_MEASURE_MAP(X)                                                                          \
	X("support", gw_support)                                                                   \
	X("confidence", gw_confidence)                                                             \
	X("lift", gw_lift)                                                                         \
	X("leverage", gw_leverage)                                                                 \
	X("conviction", gw_conviction)                                                             \
	X("kulczynski", gw_kulczynski)                                                             \
	X("all-confidence", gw_all_confidence)                                                     \
	X("cosine", gw_cosine)                                                                     \
	X("chi2", gw_chi2)                                                                         \
	X("fisher", gw_fisher_evidence)

double gw_support(const struct gw_counts *c);
double gw_confidence(const struct gw_counts *c);
double gw_lift(const struct gw_counts *c);
double gw_leverage(const struct gw_counts *c);
double gw_conviction(const struct gw_counts *c); /* infinite when confidence is 1 */
double gw_kulczynski(const struct gw_counts *c);
double gw_all_confidence(const struct gw_counts *c);
double gw_cosine(const struct gw_counts *c);
double gw_chi2(const struct gw_counts *c); /* 0 when a margin is 0 or n */
/* -log10 of gw_fisher_p, so that more is better as with the others. */
double gw_fisher_evidence(const struct gw_counts *c);

/* One-sided p: chance of n_xy or more together when A and c are independent. */
double gw_fisher_p(const struct gw_counts *c);

typedef double gw_measure_fn(const struct gw_counts *c);
/* NULL when there is none of that name. */
gw_measure_fn *gw_measure_find(const char *name);

/*
 * Largest p that Benjamini and Hochberg's procedure accepts at rate q among `tests` hypotheses, of
 * which p[0..len) are known (the others count as not significant); -1 when none is.  Sorts p.
 */
double gw_fdr_limit(double *p, size_t len, double tests, double q);

#endif
