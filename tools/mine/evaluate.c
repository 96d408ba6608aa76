/*
 * The protocol: baskets in the order of time; the first --train-share to learn from, the rest to
 * measure on, reduced to items seen in training; of each basket of 2 to 10 such items every item
 * is taken out once and looked for among all others.  Methods that have parameters get them from
 * the last fifth of the training part.
 */
#include "tools/mine/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "tools/mine/itemsets.h"
#include "tools/mine/plan.h"
#include "tools/mine/round_table.h"

struct context {
	const struct gw_sales *sales;
	const struct gw_mine_options *options;
	struct gw_corpus corpus;
	struct gw_sample train;
	struct gw_cases cases;
	uint32_t cut; /* first test basket */
	double *worth;
	struct gw_itemsets pairs;
	bool json, first;
	FILE *to;
};

/* A way to suggest; learn fills the rules and says in words what it settled on. */
struct method {
	const char *name;
	enum gw_method group; /* what --method calls it */
	enum gw_combine combine;
	int (*learn)(struct context *c, const struct method *m, struct gw_weights *rules,
		     char *words, size_t size, struct gw_err *err);
	const char *measure;
	double scale; /* of the measure into weights */
	uint32_t count_min;
	enum gw_learner learner;
	bool families;
	double money; /* exponent of the worth, unless tuning finds a better one */
};

static int learn_nothing(struct context *c, const struct method *m, struct gw_weights *rules,
			 char *words, size_t size, struct gw_err *err)
{
	(void)c;
	(void)m;
	(void)words;
	(void)size;
	(void)err;
	memset(rules, 0, sizeof(*rules));
	return GW_OK;
}

static int by_antecedent(const void *a, const void *b)
{
	const struct gw_weight *x = a, *y = b;

	if (x->from != y->from)
		return x->from > y->from ? 1 : -1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Every pair both ways, weighted by a measure of its counts. */
static int learn_measure(struct context *c, const struct method *m, struct gw_weights *rules,
			 char *words, size_t size, struct gw_err *err)
{
	gw_measure_fn *measure = gw_measure_find(m->measure);
	uint64_t n = gw_spool_count(c->train.spool);
	const uint32_t *count = c->train.order.count;
	size_t len = 0;

	snprintf(words, size, "all pairs in %u baskets or more", m->count_min);
	for (uint32_t x = 0; x < c->train.order.n; x++)
		len += c->pairs.nodes[x].pairs;
	rules->len = 0;
	rules->at = malloc((2 * len + 1) * sizeof(*rules->at));
	if (rules->at == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (uint32_t x = 0; x < c->train.order.n; x++)
		for (uint32_t i = 0; i < c->pairs.nodes[x].pairs; i++) {
			struct gw_ext p = c->pairs.nodes[x].pair[i];
			struct gw_counts a = {p.count, count[x], count[p.label], n};
			struct gw_counts b = {p.count, count[p.label], count[x], n};

			if (p.count < m->count_min)
				continue;
			rules->at[rules->len++] = (struct gw_weight){
				x, p.label, (int32_t)(measure(&a) * m->scale), p.count};
			rules->at[rules->len++] = (struct gw_weight){
				p.label, x, (int32_t)(measure(&b) * m->scale), p.count};
		}
	qsort(rules->at, rules->len, sizeof(*rules->at), by_antecedent);
	return GW_OK;
}

static int learn_plan(struct context *c, const struct method *m, struct gw_weights *rules,
		      char *words, size_t size, struct gw_err *err)
{
	struct gw_plan plan = gw_plan_defaults(m->learner);
	struct gw_score tried;
	int rc = GW_OK;

	plan.learning.threads = c->options->threads;
	plan.learning.memory = c->options->memory;
	plan.choice.rules_max = c->options->rules_max;
	plan.families = m->families;
	plan.for_money = m->money > 0;
	if (c->options->tune)
		rc = gw_plan_tune(&plan, &tried, &c->corpus, c->cut, c->sales, err);
	if (rc < 0 && rc != GW_E_NOT_FOUND)
		return rc;
	if (!c->options->tune || rc == GW_E_NOT_FOUND)
		plan.money = m->money;
	gw_plan_describe(&plan, words, size);
	return gw_plan_run(rules, &plan, c->train.spool, &c->train.order, c->train.last_ms,
			   c->sales, err);
}

static const struct method methods[] = {
	{.name = "popularity", .learn = learn_nothing, .group = GW_METHOD_RULES},
	{.name = "pair lift, max",
	 .learn = learn_measure,
	 .measure = "lift",
	 .scale = 1e5,
	 .count_min = 20,
	 .combine = GW_COMBINE_MAX,
	 .group = GW_METHOD_RULES},
	{.name = "pair confidence, max",
	 .learn = learn_measure,
	 .measure = "confidence",
	 .scale = 1e9,
	 .count_min = 1,
	 .combine = GW_COMBINE_MAX,
	 .group = GW_METHOD_RULES},
	{.name = "cosine, max",
	 .learn = learn_measure,
	 .measure = "cosine",
	 .scale = 1e9,
	 .count_min = 1,
	 .combine = GW_COMBINE_MAX,
	 .group = GW_METHOD_RULES},
	{.name = "counts",
	 .learn = learn_plan,
	 .learner = GW_LEARN_COUNTS,
	 .group = GW_METHOD_COUNTS},
	{.name = "sparse",
	 .learn = learn_plan,
	 .learner = GW_LEARN_SPARSE,
	 .group = GW_METHOD_SPARSE},
	{.name = "sparse, no variants",
	 .learn = learn_plan,
	 .learner = GW_LEARN_SPARSE,
	 .families = true,
	 .group = GW_METHOD_SPARSE},
	{.name = "sparse, for money",
	 .learn = learn_plan,
	 .learner = GW_LEARN_SPARSE,
	 .money = 0.25,
	 .group = GW_METHOD_SPARSE},
	{.name = "dense", .learn = learn_plan, .learner = GW_LEARN_DENSE, .group = GW_METHOD_DENSE},
};

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void print_score(struct context *c, const struct method *m, const struct gw_score *s,
			size_t rules, double seconds, const char *words)
{
	double mrr = s->cases > 0 ? s->reciprocal / (double)s->cases : 0;
	double worth = s->cases > 0 ? s->worth3 / (double)s->cases : 0;

	if (c->json) {
		char room[1000];
		struct gw_text t = gw_text_over(room, sizeof(room));
		struct gw_json j = gw_json_over(&t);

		gw_json_begin(&j, '{');
		gw_json_member_string(&j, "method", m->name);
		gw_json_member_double(&j, "hit_at_1", share(s->hit1, s->cases), 6);
		gw_json_member_double(&j, "hit_at_3", share(s->hit3, s->cases), 6);
		gw_json_member_double(&j, "hit_at_5", share(s->hit5, s->cases), 6);
		gw_json_member_double(&j, "mrr_at_10", mrr, 6);
		gw_json_member_double(&j, "value_at_3", worth, 6);
		gw_json_member_int(&j, "rules", (int64_t)rules);
		gw_json_member_double(&j, "seconds", seconds, 4);
		gw_json_member_string(&j, "parameters", words);
		gw_json_end(&j, '}');
		fprintf(c->to, "%s%s", c->first ? "" : ",", room);
	} else {
		fprintf(c->to, "%-22s %.4f  %.4f  %.4f  %.4f  %9.2f  %8zu  %7.2f  %s\n", m->name,
			share(s->hit1, s->cases), share(s->hit3, s->cases),
			share(s->hit5, s->cases), mrr, worth, rules, seconds, words);
	}
	c->first = false;
	fflush(c->to);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The rules just measured, to be installed and measured again in the register itself. */
static int keep_rules(struct context *c, const struct gw_weights *rules, struct gw_err *err)
{
	struct gw_lines lines = {0};
	int rc = gw_lines_of_weights(&lines, rules, &c->train.order, gw_spool_count(c->train.spool),
				     c->sales, err);

	if (rc == GW_OK)
		rc = gw_lines_write(&lines, c->options, c->sales, err);
	gw_lines_release(&lines);
	return rc;
}

/* The method whose rules -o keeps: what --method names, without the variations. */
static bool is_plain(const struct gw_mine_options *o, const struct method *m)
{
	enum gw_method asked = o->method == GW_METHOD_AUTO ? GW_METHOD_SPARSE : o->method;

	return m->learn == learn_plan && m->group == asked && !m->families && m->money == 0;
}

static int run_method(struct context *c, const struct method *m, struct gw_err *err)
{
	struct gw_weights rules = {0};
	struct gw_score score;
	char words[256] = "";
	double begun = now();
	int rc = m->learn(c, m, &rules, words, sizeof(words), err);

	if (rc == GW_E_UNSUPPORTED && c->options->method == GW_METHOD_AUTO) {
		fprintf(stderr, "goeswith-mine: left out: %s\n", err->text);
		return GW_OK;
	}
	if (rc < 0)
		return rc;
	begun = now() - begun;
	rc = gw_score_rules(&score, &rules, &c->train.order, &c->cases, m->combine);
	if (rc == GW_OK)
		print_score(c, m, &score, rules.len, begun, words);
	else
		gw_err_set(err, rc, "out of memory");
	if (rc == GW_OK && c->options->output != NULL && is_plain(c->options, m))
		rc = keep_rules(c, &rules, err);
	gw_weights_release(&rules);
	return rc;
}

static void print_head(struct context *c)
{
	uint32_t train = c->cut, all = c->corpus.baskets;
	struct gw_weights none = {0};
	struct gw_score s;

	if (gw_score_rules(&s, &none, &c->train.order, &c->cases, GW_COMBINE_SUM) < 0)
		return;
	if (c->json) {
		fprintf(c->to,
			"{\"baskets\":%u,\"train\":%u,\"items\":%u,\"cases\":%llu,\"methods\":[",
			all, train, c->train.order.n, (unsigned long long)s.cases);
		return;
	}
	fprintf(c->to,
		"%u baskets: %u to learn from (%u items), %u to measure on (%llu cases)\n"
		"%-22s %-6s  %-6s  %-6s  %-6s  %9s  %8s  %7s\n",
		all, train, c->train.order.n, all - train, (unsigned long long)s.cases, "method",
		"hit@1", "hit@3", "hit@5", "MRR@10", "value@3", "rules", "seconds");
}

static int prepare(struct context *c, struct gw_err *err)
{
	struct gw_fraction share_of = c->options->train_share;
	struct gw_mine_limits limits = {1, 2, c->options->threads, c->options->memory};
	int rc = gw_corpus_make(&c->corpus, c->sales, err);

	if (rc < 0)
		return rc;
	c->cut = (uint32_t)((unsigned __int128)c->corpus.baskets * share_of.num / share_of.den);
	if (c->cut == 0 || c->cut == c->corpus.baskets)
		return gw_err_set(err, GW_E_INPUT,
				  "%u baskets leave nothing to learn from or nothing to measure on",
				  c->corpus.baskets);
	rc = gw_sample_make(&c->train, &c->corpus, 0, c->cut, c->sales, 1, err);
	if (rc < 0)
		return rc;
	c->worth = gw_plan_worth(&c->train.order, c->sales);
	if (c->worth == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (uint32_t i = 0; i < c->train.order.n; i++)
		for (int d = 0; d < c->sales->decimals; d++)
			c->worth[i] /= 10;
	c->cases = (struct gw_cases){&c->corpus, c->cut, c->corpus.baskets, 2, 10, c->worth};
	if (c->options->method != GW_METHOD_AUTO && c->options->method != GW_METHOD_RULES)
		return GW_OK;
	return gw_itemsets_mine(&c->pairs, c->train.spool, &c->train.order, &limits, err);
}

int gw_evaluate(const struct gw_sales *sales, const struct gw_mine_options *options, bool json,
		FILE *to, struct gw_err *err)
{
	struct context c = {
		.sales = sales, .options = options, .json = json, .first = true, .to = to};
	int rc = prepare(&c, err);

	if (rc == GW_OK)
		print_head(&c);
	for (size_t i = 0; rc == GW_OK && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (options->method == GW_METHOD_AUTO || options->method == methods[i].group)
			rc = run_method(&c, &methods[i], err);
	if (rc == GW_OK && json)
		fprintf(to, "]}\n");
	if (c.pairs.nodes != NULL)
		gw_itemsets_release(&c.pairs);
	free(c.worth);
	gw_sample_release(&c.train);
	gw_corpus_release(&c.corpus);
	return rc;
}
