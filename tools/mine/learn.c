/*
 * Learning weights
 *
 * EASE asks for the matrix B with a zero diagonal that predicts each basket best from itself,
 * |X - XB|^2 + ridge |B|^2; column j of B is the ridge regression of item j on all others, and all
 * columns together follow from one inverse: B_ij = -P_ij / P_jj, P = (G + ridge I)^-1, G = X'WX.
 * That is `dense`: n^3 operations and 4 n^2 bytes.
 *
 * `sparse` solves each column by itself on the K items that go with j best (by cosine), the others
 * taken as 0: a K x K system by Cholesky's method for each item, K^3 / 3 operations.  On real
 * sales K = 50 is as good as the whole inverse (the weights that matter are few and near), takes a
 * fraction of the time, and its memory grows with the pairs that occur, not with n^2.
 *
 * Two things beyond Steck's paper, both settled on a validation part of the training sales:
 * baskets count by size^-power (the few giant ones hold most of the pairs, and say least), and the
 * ridge has a part in proportion to the diagonal (as in Steck's EDLAE, NeurIPS 2020), which keeps
 * frequent antecedents from being over-trusted.
 *
 * `counts` needs no algebra: weight = (G_ij / ((G_ii + 1)^blend (G_jj + 1)^(1 - blend)))^sharpness,
 * a cosine leaning towards confidence.  Weights from counts overlap (what A says B says again), so
 * their sum favours items that much in the basket says a little for; an exponent above 1 leans
 * the sum towards the strongest voice.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/learn_private.h"

struct gw_learning gw_learning_defaults(enum gw_learner learner)
{
	struct gw_learning l = {.learner = learner,
				.weighing = {.power = 0.5},
				.ridge = 2,
				.ridge_share = 0.1,
				.blend = 0.3,
				.neighbours = 50,
				.pair_min = 1,
				.threads = 1,
				.memory = (size_t)256 << 20};

	if (learner == GW_LEARN_COUNTS) {
		l.weighing.power = 1;
		l.blend = 0.6;
		l.shrink = 1;
		l.sharpness = 1.5;
	}
	if (learner == GW_LEARN_DENSE)
		l.ridge = 5;
	return l;
}

static int32_t in_units(double weight)
{
	double units = weight * GW_WEIGHT_UNIT;

	return units >= 1e9 ? 1000000000 : units >= 0.5 ? (int32_t)(units + 0.5) : 0;
}

/* --- one item on its neighbours
 * ------------------------------------------------------------------- */

struct solving {
	const struct gw_gram *gram;
	const struct gw_learning *learning;
	struct gw_neighbours near; /* score becomes the weight */
	double **rooms;            /* one for each thread: (most + 2) * most */
};

/*
 * Solves A x = b for a symmetric positive definite A (lower half, row by row, n x n) in place by
 * Cholesky's method; x ends up in b.  A pivot lost to rounding leaves its unknown at 0.
 */
static void solve_cholesky(double *a, double *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		double *row = a + (size_t)i * n;

		for (uint32_t j = 0; j <= i; j++) {
			const double *other = a + (size_t)j * n;
			double sum = row[j];

			for (uint32_t k = 0; k < j; k++)
				sum -= row[k] * other[k];
			if (j < i)
				row[j] = sum * other[j]; /* other[j] holds 1 / pivot */
			else
				row[i] = sum > 1e-9 ? 1 / sqrt(sum) : 0;
		}
		for (uint32_t k = 0; k < i; k++)
			b[i] -= row[k] * b[k];
		b[i] *= row[i];
	}
	for (uint32_t i = n; i-- > 0;) {
		b[i] *= a[(size_t)i * n + i];
		for (uint32_t k = 0; k < i; k++)
			b[k] -= a[(size_t)i * n + k] * b[i];
	}
}

static bool solve_item(void *ctx, int thread, uint32_t item)
{
	struct solving *s = ctx;
	struct gw_near *near = s->near.at + (size_t)item * s->near.most;
	uint32_t n = s->near.len[item];
	double *a = s->rooms[thread], *b = a + (size_t)n * n;

	for (uint32_t i = 0; i < n; i++) {
		double own = s->gram->diagonal[near[i].label];

		for (uint32_t j = 0; j < i; j++) {
			const struct gw_cell *c =
				gw_gram_find(s->gram, near[i].label, near[j].label);

			a[(size_t)i * n + j] = c != NULL ? c->sum : 0;
		}
		a[(size_t)i * n + i] = own + s->learning->ridge + s->learning->ridge_share * own;
		b[i] = near[i].sum;
	}
	solve_cholesky(a, b, n);
	for (uint32_t i = 0; i < n; i++)
		near[i].score = b[i];
	return true;
}

static int collect(struct gw_weights *out, const struct gw_neighbours *near, uint32_t n)
{
	size_t len = 0;

	for (uint32_t to = 0; to < n; to++)
		for (uint32_t i = 0; i < near->len[to]; i++)
			len += in_units(near->at[(size_t)to * near->most + i].score) > 0;
	out->at = malloc((len + 1) * sizeof(*out->at));
	if (out->at == NULL)
		return GW_E_MEMORY;
	for (uint32_t to = 0; to < n; to++)
		for (uint32_t i = 0; i < near->len[to]; i++) {
			const struct gw_near *one = &near->at[(size_t)to * near->most + i];

			if (in_units(one->score) > 0)
				out->at[out->len++] = (struct gw_weight){
					one->label, to, in_units(one->score), one->count};
		}
	return GW_OK;
}

static int solve_all(struct solving *s, int threads)
{
	size_t most = s->near.most;
	int rc = GW_OK;

	s->rooms = calloc((size_t)threads, sizeof(*s->rooms));
	for (int i = 0; s->rooms != NULL && i < threads; i++) {
		s->rooms[i] = malloc((most + 2) * most * sizeof(**s->rooms));
		if (s->rooms[i] == NULL)
			rc = GW_E_MEMORY;
	}
	if (s->rooms == NULL)
		return GW_E_MEMORY;
	if (rc == GW_OK)
		gw_for_items(s->gram->n, threads, solve_item, s);
	for (int i = 0; i < threads; i++)
		free(s->rooms[i]);
	free(s->rooms);
	return rc;
}

static void sharpen(struct gw_neighbours *near, uint32_t n, double sharpness)
{
	for (uint32_t to = 0; to < n; to++)
		for (uint32_t i = 0; i < near->len[to]; i++) {
			struct gw_near *one = &near->at[(size_t)to * near->most + i];

			one->score = pow(one->score, sharpness);
		}
}

static int learn_near(struct gw_weights *out, const struct gw_gram *gram,
		      const struct gw_learning *l)
{
	struct solving s = {.gram = gram, .learning = l};
	int rc = gw_neighbours_make(&s.near, gram, l);

	if (rc == GW_OK && l->learner == GW_LEARN_SPARSE)
		rc = solve_all(&s, l->threads);
	if (rc == GW_OK && l->learner == GW_LEARN_COUNTS)
		sharpen(&s.near, gram->n, l->sharpness);
	if (rc == GW_OK)
		rc = collect(out, &s.near, gram->n);
	gw_neighbours_release(&s.near);
	return rc;
}

/* --- all items at once
 * ---------------------------------------------------------------------------- */

static int by_strength(const void *a, const void *b)
{
	const struct gw_weight *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

static int by_from(const void *a, const void *b)
{
	const struct gw_weight *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The strongest weights for one item, at most l->neighbours, in the order of the list. */
static void take_column(struct gw_weights *out, const float *inverse, const struct gw_gram *gram,
			uint32_t to, uint32_t most, struct gw_weight *room)
{
	size_t n = gram->n, len = 0;
	double pivot = inverse[to * n + to];

	for (uint32_t from = 0; from < n; from++) {
		/* Only the lower half was computed. */
		double p = inverse[from > to ? from * n + to : to * n + from];
		int32_t weight = from == to ? 0 : in_units(-p / pivot);
		const struct gw_cell *c = weight > 0 ? gw_gram_find(gram, from, to) : NULL;

		if (c != NULL)
			room[len++] = (struct gw_weight){from, to, weight, c->count};
	}
	qsort(room, len, sizeof(*room), by_strength);
	len = len < most ? len : most;
	qsort(room, len, sizeof(*room), by_from);
	memcpy(out->at + out->len, room, len * sizeof(*room));
	out->len += len;
}

static int learn_dense(struct gw_weights *out, const struct gw_gram *gram,
		       const struct gw_learning *l, struct gw_err *err)
{
	size_t n = gram->n;
	float *matrix = calloc(n * n + 1, sizeof(*matrix));
	struct gw_weight *room = malloc((n + 1) * sizeof(*room));
	int rc = GW_E_MEMORY;

	out->at = malloc((n * l->neighbours + 1) * sizeof(*out->at));
	if (matrix != NULL && room != NULL && out->at != NULL) {
		for (uint32_t x = 0; x < n; x++) {
			matrix[x * n + x] =
				(float)(gram->diagonal[x] * (1 + l->ridge_share) + l->ridge);
			for (uint32_t k = 0; k < gram->rows[x].len; k++)
				matrix[x * n + gram->rows[x].at[k].label] = gram->rows[x].at[k].sum;
		}
		rc = gw_lapack_invert(matrix, gram->n, l->threads, err);
		for (uint32_t to = 0; rc == GW_OK && to < n; to++)
			take_column(out, matrix, gram, to, l->neighbours, room);
	}
	free(matrix);
	free(room);
	return rc;
}

int gw_learn(struct gw_weights *out, const struct gw_spool *spool, const struct gw_order *order,
	     const struct gw_learning *l, struct gw_err *err)
{
	struct gw_gram gram = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = gw_gram_make(&gram, spool, order, l, err);
	if (rc < 0)
		return rc;
	rc = l->learner == GW_LEARN_DENSE ? learn_dense(out, &gram, l, err)
					  : learn_near(out, &gram, l);
	gw_gram_release(&gram);
	if (rc < 0)
		gw_weights_release(out);
	return rc != GW_E_MEMORY ? rc
				 : gw_err_set(err, rc,
					      "out of memory for item weights; raise "
					      "--min-count or use --method sparse");
}

void gw_weights_release(struct gw_weights *w)
{
	free(w->at);
	memset(w, 0, sizeof(*w));
}
