#include "tools/mine/round_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "tools/mine/category.h"
#include "tools/mine/family.h"
#include "tools/mine/rules.h"
#include "tools/mine/write.h"

#define FDR_DEFAULT   0.05
#define SERVICE_COUNT 5 /* baskets a category's rule for a service needs, unless told */

static int no_memory(struct gw_err *err)
{
	return gw_err_set(err, GW_E_MEMORY, "out of memory for rules");
}

static const char *code_of(const struct gw_sales *s, uint32_t item)
{
	return gw_dict_text(&s->items, item);
}

static int append(struct gw_lines *lines, const struct gw_sales *s, struct gw_rule_line line)
{
	bool fits = gw_rule_code_fits(code_of(s, line.suggest));

	for (int i = 0; i < line.conditions; i++)
		fits &= gw_rule_code_fits(code_of(s, line.condition[i]));
	if (!fits) {
		lines->unfit++;
		return GW_OK;
	}
	/* Grows by doubling: the room is the next power of two. */
	if ((lines->len & (lines->len - 1)) == 0) {
		size_t room = lines->len > 0 ? lines->len * 2 : 1;
		struct gw_rule_line *at = realloc(lines->at, room * sizeof(*at));

		if (at == NULL)
			return GW_E_MEMORY;
		lines->at = at;
	}
	lines->at[lines->len++] = line;
	return GW_OK;
}

void gw_lines_release(struct gw_lines *lines)
{
	free(lines->at);
	memset(lines, 0, sizeof(*lines));
}

int gw_lines_of_weights(struct gw_lines *lines, const struct gw_weights *weights,
			const struct gw_order *order, uint64_t baskets,
			const struct gw_sales *sales, struct gw_err *err)
{
	for (size_t i = 0; i < weights->len; i++) {
		const struct gw_weight *w = &weights->at[i];
		struct gw_rule_line line = {
			.condition = {order->item_of[w->from]},
			.conditions = 1,
			.category = GW_DICT_NONE,
			.suggest = order->item_of[w->to],
			.weight = w->weight,
			.counts = {w->n_xy, order->count[w->from], order->count[w->to], baskets},
			.season = {GW_NO_DAY, GW_NO_DAY}};

		if (append(lines, sales, line) < 0)
			return no_memory(err);
	}
	return GW_OK;
}

/* --- learned weights
 * ------------------------------------------------------------------------------ */

static uint32_t least_count(const struct gw_mine_options *o, const struct gw_sales *s)
{
	uint64_t n = o->min_count;

	if (n == 0)
		n = gw_count_for(o->min_support, gw_spool_count(s->spool));
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static enum gw_learner learner_of(enum gw_method method)
{
	return method == GW_METHOD_COUNTS  ? GW_LEARN_COUNTS
	       : method == GW_METHOD_DENSE ? GW_LEARN_DENSE
					   : GW_LEARN_SPARSE;
}

/* Tunes the plan and leaves a sample of all baskets in the order of time to learn from. */
static int tune(struct gw_plan *plan, const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_corpus corpus;
	struct gw_score tried;
	char words[256];
	int rc = gw_corpus_make(&corpus, sales, err);

	if (rc < 0)
		return rc;
	rc = gw_plan_tune(plan, &tried, &corpus, corpus.baskets, sales, err);
	gw_corpus_release(&corpus);
	if (rc == GW_E_NOT_FOUND) {
		fputs("goeswith-mine: too few baskets to tune on; the defaults are taken\n",
		      stderr);
		return GW_OK;
	}
	/* A half-life in baskets has no meaning for sales that carry no time. */
	if (plan->untimed)
		plan->learning.weighing.half_life_days = 0;
	gw_plan_describe(plan, words, sizeof(words));
	if (rc == GW_OK)
		fprintf(stderr, "tuned: %s; hit@3 %.4f on the last fifth\n", words,
			(double)tried.hit3 / (double)tried.cases);
	return rc;
}

int gw_mine_plan(struct gw_plan *plan, const struct gw_mine_options *o,
		 const struct gw_sales *sales, struct gw_err *err)
{
	int rc = GW_OK;

	*plan = gw_plan_defaults(learner_of(o->method));
	plan->learning.threads = o->threads;
	plan->learning.memory = o->memory;
	plan->learning.weighing.half_life_days = o->half_life_days;
	plan->choice.rules_max = o->rules_max;
	plan->choice.per_item = o->per_item;
	plan->choice.count_min = least_count(o, sales);
	plan->choice.confidence_min = o->min_confidence;
	plan->families = o->families;
	plan->days_min = o->days_min;
	plan->tills_min = o->tills_min;
	if (o->tune)
		rc = tune(plan, sales, err);
	plan->money = o->money;
	return rc;
}

static int lines_of_learning(struct gw_lines *lines, const struct gw_mine_options *o,
			     const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_weights weights = {0};
	struct gw_order order;
	struct gw_plan plan;
	int rc = gw_mine_plan(&plan, o, sales, err);

	if (rc < 0)
		return rc;
	rc = gw_order_make(&order, sales, NULL, plan.choice.count_min, 0, err);
	if (rc < 0)
		return rc;
	rc = gw_plan_run(&weights, &plan, sales->spool, &order, sales->last_ms, sales, err);
	if (rc == GW_OK)
		rc = gw_lines_of_weights(lines, &weights, &order, gw_spool_count(sales->spool),
					 sales, err);
	gw_weights_release(&weights);
	gw_order_release(&order);
	return rc;
}

/* --- exact rules
 * ---------------------------------------------------------------------------------- */

/* What a rule adds: confidence beyond the target's own frequency. */
static int32_t weight_of(const struct gw_counts *c)
{
	double gain = gw_confidence(c) - (double)c->n_y / (double)c->n;

	return gain > 0 ? (int32_t)(gain * GW_WEIGHT_UNIT + 0.5) : 0;
}

struct ranked {
	struct gw_rule_line line;
	double key;
	size_t number;
};

static int by_key(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static bool is_kin(const struct gw_sales *s, const struct gw_rule_line *line)
{
	for (int i = 0; i < line->conditions; i++)
		if (gw_same_family(s, line->condition[i], line->suggest))
			return true;
	return false;
}

static int rank_rules(struct gw_lines *lines, const struct gw_rule_list *list,
		      const struct gw_itemsets *sets, const struct gw_mine_options *o,
		      const struct gw_sales *sales)
{
	gw_measure_fn *measure = gw_measure_find(o->measure != NULL ? o->measure : "cosine");
	struct ranked *ranked = malloc((list->len + 1) * sizeof(*ranked));
	size_t len = 0;
	int rc = ranked != NULL ? GW_OK : GW_E_MEMORY;

	for (size_t i = 0; rc == GW_OK && i < list->len; i++) {
		const struct gw_mined_rule *r = &list->at[i];
		struct gw_rule_line line = {
			.conditions = r->len,
			.category = GW_DICT_NONE,
			.suggest = sets->order->item_of[r->consequent],
			.counts = gw_rule_counts(sets, gw_spool_count(sales->spool), r),
			.season = {GW_NO_DAY, GW_NO_DAY}};

		for (int k = 0; k < r->len; k++)
			line.condition[k] = sets->order->item_of[r->antecedent[k]];
		line.weight = weight_of(&line.counts);
		if (line.weight > 0 && !(o->families && is_kin(sales, &line)))
			ranked[len++] = (struct ranked){line, measure(&line.counts), i};
	}
	if (rc == GW_OK)
		qsort(ranked, len, sizeof(*ranked), by_key);
	for (size_t i = 0; rc == GW_OK && i < len && lines->len < o->rules_max; i++)
		rc = append(lines, sales, ranked[i].line);
	free(ranked);
	return rc;
}

static int lines_of_rules(struct gw_lines *lines, const struct gw_mine_options *o,
			  const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_mine_limits limits = {least_count(o, sales), o->antecedent_max + 1, o->threads,
					o->memory};
	struct gw_rule_filter filter = {o->min_confidence, o->fdr > 0 ? o->fdr : FDR_DEFAULT, true};
	struct gw_itemsets sets = {0};
	struct gw_rule_list list = {0};
	struct gw_order order;
	int rc = gw_order_make(&order, sales, NULL, limits.min_count, 0, err);

	if (rc < 0)
		return rc;
	rc = gw_itemsets_mine(&sets, sales->spool, &order, &limits, err);
	if (rc == GW_OK) {
		rc = gw_rules_collect(&list, &sets, gw_spool_count(sales->spool), &filter, err);
		if (rc == GW_OK && rank_rules(lines, &list, &sets, o, sales) < 0)
			rc = no_memory(err);
		gw_rule_list_release(&list);
		gw_itemsets_release(&sets);
	}
	gw_order_release(&order);
	return rc;
}

/* --- services
 * ------------------------------------------------------------------------------------- */

static bool has_services(const struct gw_sales *s)
{
	for (uint32_t i = 0; i < s->items.count; i++)
		if (s->facts[i].service)
			return true;
	return false;
}

/* Rules of one service from every category that calls for it more than the average basket. */
static int service_rules(struct gw_lines *lines, const struct gw_category_counts *c,
			 const struct gw_mine_options *o, const struct gw_sales *s,
			 uint32_t service)
{
	uint32_t least = o->min_count > 0 ? least_count(o, s) : SERVICE_COUNT;
	uint64_t n = gw_spool_count(s->spool);
	int rc = GW_OK;

	for (uint32_t k = 0; rc == GW_OK && k < c->categories; k++) {
		struct gw_rule_line line = {.category = k,
					    .suggest = service,
					    .counts = {gw_category_both(c, k, service), c->n_x[k],
						       s->facts[service].baskets, n},
					    .season = {GW_NO_DAY, GW_NO_DAY}};

		if (line.counts.n_xy < least ||
		    !gw_at_least(line.counts.n_xy, line.counts.n_x, o->min_confidence) ||
		    line.counts.n_xy * n <= line.counts.n_x * line.counts.n_y)
			continue;
		line.weight = weight_of(&line.counts);
		if (line.weight > 0)
			rc = append(lines, s, line);
	}
	return rc;
}

/*
 * A service goes with what it is for, not with one item: where a category calls for it, the
 * category's rule takes the place of the rules from single items.
 */
static int add_services(struct gw_lines *lines, const struct gw_mine_options *o,
			const struct gw_sales *s, struct gw_err *err)
{
	struct gw_category_counts counts = {0};
	struct gw_lines services = {0};
	bool *covered = calloc((size_t)s->items.count + 1, sizeof(*covered));
	size_t kept = 0;
	int rc;

	if (covered == NULL)
		return no_memory(err);
	rc = gw_categories_count(&counts, s, err);
	if (rc < 0) {
		free(covered);
		return rc;
	}
	for (uint32_t i = 0; rc == GW_OK && i < s->items.count; i++)
		if (s->facts[i].service)
			rc = service_rules(&services, &counts, o, s, i);
	for (size_t i = 0; i < services.len; i++)
		covered[services.at[i].suggest] = true;
	for (size_t i = 0; i < lines->len; i++)
		if (!covered[lines->at[i].suggest])
			lines->at[kept++] = lines->at[i];
	lines->len = kept;
	/* append() finds its room by the length, so the copy starts from an exact list. */
	for (size_t i = 0; rc == GW_OK && i < services.len; i++) {
		struct gw_rule_line *at = realloc(lines->at, (kept + i + 1) * sizeof(*at));

		if (at == NULL)
			rc = GW_E_MEMORY;
		else
			(lines->at = at)[lines->len++] = services.at[i];
	}
	lines->unfit += services.unfit;
	gw_lines_release(&services);
	gw_categories_release(&counts);
	free(covered);
	return rc < 0 ? no_memory(err) : rc;
}

/* --- dates, and all of it
 * ------------------------------------------------------------------------- */

int gw_round_start(const struct gw_mine_options *o, const struct gw_sales *s, int64_t *day,
		   struct gw_err *err)
{
	*day = s->last_ms == GW_NO_TIME ? GW_NO_DAY : s->last_ms / GW_DAY_MS + 1;
	if (o->round_from == NULL || gw_date_parse(o->round_from, strlen(o->round_from), day) == 0)
		return GW_OK;
	return gw_err_set(err, GW_E_USAGE, "--round-from takes a day as 2026-11-22, not \"%s\"",
			  o->round_from);
}

static int add_seasons(struct gw_lines *lines, const struct gw_mine_options *o,
		       const struct gw_sales *s, struct gw_err *err)
{
	struct gw_seasons seasons;
	int64_t day;
	int rc = gw_round_start(o, s, &day, err);

	if (rc < 0 || !o->seasons || day == GW_NO_DAY)
		return rc;
	rc = gw_seasons_make(&seasons, s, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; seasons.months > 0 && i < lines->len; i++)
		lines->at[i].season = gw_season_of(&seasons, lines->at[i].suggest, day);
	gw_seasons_release(&seasons);
	return GW_OK;
}

int gw_mine_lines(struct gw_lines *lines, const struct gw_mine_options *o,
		  const struct gw_sales *sales, struct gw_err *err)
{
	int rc;

	memset(lines, 0, sizeof(*lines));
	if (gw_spool_largest(sales->spool) < 2)
		return gw_err_set(err, GW_E_INPUT,
				  "no basket of two items or more: nothing goes with anything");
	rc = o->method == GW_METHOD_RULES ? lines_of_rules(lines, o, sales, err)
					  : lines_of_learning(lines, o, sales, err);
	if (rc == GW_OK && sales->categories.count > 0 && has_services(sales))
		rc = add_services(lines, o, sales, err);
	if (rc == GW_OK)
		rc = add_seasons(lines, o, sales, err);
	if (rc < 0)
		gw_lines_release(lines);
	return rc;
}

static int write_items(const struct gw_mine_options *o, const struct gw_sales *sales,
		       struct gw_err *err)
{
	struct gw_out out;
	int rc = gw_out_open(&out, o->items_output, err), closed;

	if (rc < 0)
		return rc;
	rc = gw_items_write(out.to, sales, NULL, err);
	closed = gw_out_close(&out, rc == GW_OK, rc == GW_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}

int gw_lines_write(const struct gw_lines *lines, const struct gw_mine_options *o,
		   const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_out out;
	int rc = gw_out_open(&out, o->output, err);

	if (rc < 0)
		return rc;
	gw_rules_head(out.to);
	for (size_t i = 0; i < lines->len; i++)
		gw_rules_line(out.to, sales, &lines->at[i]);
	rc = gw_out_close(&out, true, err);
	if (rc == GW_OK && o->items_output != NULL)
		rc = write_items(o, sales, err);
	if (rc < 0)
		return rc;
	fprintf(stderr, "%zu rules written", lines->len);
	if (lines->unfit > 0)
		fprintf(stderr, "; %llu left out, their codes cannot stand in rules.csv",
			(unsigned long long)lines->unfit);
	fputc('\n', stderr);
	return GW_OK;
}
