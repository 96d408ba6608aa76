/* goeswith-mine: from sales to rules.  See goeswith-mine(1). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/mine/category.h"
#include "tools/mine/counted.h"
#include "tools/mine/evaluate.h"
#include "tools/mine/fold.h"
#include "tools/mine/options.h"
#include "tools/mine/round.h"
#include "tools/mine/round_table.h"
#include "tools/mine/rules.h"
#include "tools/mine/sales.h"
#include "tools/mine/write.h"
#include "tools/net/office.h"

#define SPOOL_SHARE 4 /* a quarter of --memory for the spool's blocks */

static int processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

static int read_inputs(struct gw_sales *sales, const struct gw_cli *cli,
		       const struct gw_mine_options *o, struct gw_err *err)
{
	struct gw_fold *fold;
	int rc = GW_OK;

	sales->decimals = o->decimals;
	sales->max_basket = o->max_basket;
	if (o->catalogue != NULL)
		rc = gw_sales_catalogue(sales, o->catalogue, err);
	if (rc < 0)
		return rc;
	if (gw_fold_new(&fold, sales) < 0)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (int i = cli->first; rc == GW_OK && i < cli->argc; i++)
		rc = gw_read_path(sales, fold, cli->argv[i], &o->read, err);
	gw_fold_free(fold);
	return rc;
}

/* Baskets a rule needs: --min-count, else --min-support, else `otherwise`. */
static uint32_t least_count(const struct gw_mine_options *o, const struct gw_sales *sales,
			    uint32_t otherwise)
{
	uint64_t n = o->min_count;

	if (n == 0 && o->support_given)
		n = gw_count_for(o->min_support, gw_sales_baskets(sales));
	if (n == 0)
		n = otherwise;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Rules from categories to items outside them, over the same thresholds. */
static int print_categories(const struct gw_mine_options *o, const struct gw_tsv *tsv,
			    uint32_t least, struct gw_err *err)
{
	const struct gw_sales *s = tsv->sales;
	struct gw_category_counts counts;
	int rc = gw_categories_count(&counts, s, err);

	if (rc < 0)
		return rc;
	for (uint32_t k = 0; k < counts.categories; k++)
		for (uint32_t i = 0; i < counts.items; i++) {
			struct gw_counts c = {gw_category_both(&counts, k, i), counts.n_x[k],
					      s->facts[i].baskets, gw_sales_baskets(s)};

			if (c.n_xy >= least && gw_at_least(c.n_xy, c.n_x, o->min_confidence))
				gw_tsv_category(tsv, k, i, &c);
		}
	gw_categories_release(&counts);
	return GW_OK;
}

static int print_tsv(const struct gw_mine_options *o, const struct gw_sales *sales,
		     const struct gw_itemsets *sets, uint32_t least, struct gw_err *err)
{
	struct gw_rule_filter filter = {o->min_confidence, o->fdr, o->productive};
	uint64_t baskets = gw_sales_baskets(sales);
	struct gw_rule_list list = {0};
	struct gw_out out;
	int rc = gw_out_open(&out, o->output, err);

	if (rc < 0)
		return rc;
	struct gw_tsv tsv = {out.to, sales, sets, NULL};

	if (o->measure != NULL)
		tsv.measure = gw_measure_find(o->measure);
	if (o->fdr == 0) {
		rc = gw_rules_each(sets, baskets, &filter, gw_tsv_rule, &tsv);
	} else {
		rc = gw_rules_collect(&list, sets, baskets, &filter, err);
		for (size_t i = 0; rc == GW_OK && i < list.len; i++)
			rc = gw_tsv_rule(&tsv, &list.at[i]);
		gw_rule_list_release(&list);
	}
	if (rc == GW_OK && o->categories)
		rc = print_categories(o, &tsv, least, err);
	int closed = gw_out_close(&out, rc != GW_E_MEMORY, rc != GW_E_MEMORY ? err : NULL);

	return rc < 0 ? rc : closed;
}

static int mine_exact(const struct gw_mine_options *o, const struct gw_sales *sales,
		      struct gw_err *err)
{
	struct gw_mine_limits limits = {.min_count = least_count(o, sales, 1),
					.size_max = o->antecedent_max + 1,
					.threads = o->threads,
					.memory = o->memory};
	struct gw_itemsets sets = {0};
	struct gw_order order;
	int rc = gw_order_make(&order, sales, NULL, limits.min_count, 0, err);

	if (rc < 0)
		return rc;
	rc = gw_itemsets_mine(&sets, sales->spool, &order, &limits, err);
	if (rc == GW_OK)
		rc = print_tsv(o, sales, &sets, limits.min_count, err);
	gw_itemsets_release(&sets);
	gw_order_release(&order);
	return rc;
}

/* --- counts made at head office's server -------------------------------------------------------
 */

/* Whether items and pairs of one server are all that is asked for. */
static bool may_be_counted(const struct gw_mine_options *o, const struct gw_cli *cli)
{
	return cli->argc - cli->first == 1 && gw_clickhouse_is(cli->argv[cli->first]) && o->tsv &&
	       o->antecedent_max == 1 && !o->categories && o->max_basket == 0;
}

static int mine_counts(const struct gw_mine_options *o, const struct gw_sales *sales,
		       const struct gw_item_keys *keys, struct gw_office *office,
		       struct gw_err *err)
{
	uint32_t least = least_count(o, sales, 1);
	struct gw_itemsets sets;
	struct gw_order order;
	int rc = gw_order_make(&order, sales, NULL, least, 0, err);

	if (rc < 0)
		return rc;
	rc = gw_counted_pairs(&sets, keys, &order, office, least, err);
	if (rc == GW_OK) {
		rc = print_tsv(o, sales, &sets, least, err);
		gw_itemsets_release(&sets);
	}
	gw_order_release(&order);
	return rc;
}

/* *read: the sales have to be read all the same. */
static int mine_counted(const struct gw_mine_options *o, const struct gw_cli *cli, bool *read,
			struct gw_err *err)
{
	struct gw_item_keys keys = {NULL, 0, 0};
	struct gw_office *office;
	struct gw_sales sales;
	int rc = gw_office_open(&office, cli->argv[cli->first], "goeswith-mine", o->read.conf, err);

	if (rc < 0)
		return rc;
	rc = gw_sales_init(&sales, 0);
	if (rc == GW_OK && o->catalogue != NULL)
		rc = gw_sales_catalogue(&sales, o->catalogue, err);
	if (rc == GW_OK)
		rc = gw_counted_items(&keys, &sales, office, read, err);
	if (rc == GW_OK && !*read)
		rc = mine_counts(o, &sales, &keys, office, err);
	gw_item_keys_release(&keys);
	gw_sales_release(&sales);
	gw_office_close(office);
	return rc;
}

/* What the verb does with the sales it was given. */
typedef int verb_fn(struct gw_mine_options *o, const struct gw_cli *cli, struct gw_sales *sales,
		    struct gw_err *err);

static int mine(struct gw_mine_options *o, const struct gw_cli *cli, struct gw_sales *sales,
		struct gw_err *err)
{
	struct gw_lines lines;
	int rc;

	(void)cli;
	if (o->tsv)
		return mine_exact(o, sales, err);
	if (o->next_round != NULL)
		return gw_round_make(o, sales, err);
	rc = gw_mine_lines(&lines, o, sales, err);
	if (rc < 0)
		return rc;
	rc = gw_lines_write(&lines, o, sales, err);
	gw_lines_release(&lines);
	return rc;
}

static int evaluate(struct gw_mine_options *o, const struct gw_cli *cli, struct gw_sales *sales,
		    struct gw_err *err)
{
	return gw_evaluate(sales, o, cli->json, stdout, err);
}

static int read_and(verb_fn *verb, struct gw_mine_options *o, const struct gw_cli *cli,
		    struct gw_err *err)
{
	struct gw_sales sales;
	int rc = gw_sales_init(&sales, o->memory / SPOOL_SHARE);

	if (rc == GW_OK)
		rc = read_inputs(&sales, cli, o, err);
	gw_intake_print(&sales, stderr, !isatty(2) && cli->verbose == 0);
	if (rc == GW_OK)
		rc = verb(o, cli, &sales, err);
	gw_sales_release(&sales);
	return rc;
}

/* The configuration is needed for a server's password only. */
static int load_conf(struct gw_conf **conf, const struct gw_cli *cli, struct gw_err *err)
{
	char home[GW_PATH_MAX], path[GW_PATH_MAX];
	bool needed = false;
	int rc;

	for (int i = cli->first; i < cli->argc; i++)
		needed |= gw_clickhouse_is(cli->argv[i]);
	if (!needed)
		return GW_OK;
	rc = gw_home_path(home, cli->home, err);
	if (rc == GW_OK)
		rc = gw_path_join(path, home, "goeswith.conf", err);
	return rc == GW_OK ? gw_conf_load(conf, cli->config != NULL ? cli->config : path, err) : rc;
}

static int run(const struct gw_cli_program *program, int argc, char **argv, verb_fn *verb)
{
	struct gw_cli cli = gw_cli_start(program, argc, argv);
	struct gw_mine_options options;
	struct gw_conf *conf = NULL;
	struct gw_err err = {0};
	bool read;
	int rc;

	if (gw_mine_options_take(&options, &cli) < 0) {
		gw_mine_options_release(&options);
		return cli.exit_status;
	}
	if (options.threads == 0)
		options.threads = processors();
	options.read.keep_keys = verb == evaluate;
	rc = load_conf(&conf, &cli, &err);
	options.read.conf = conf;
	read = verb != mine || !may_be_counted(&options, &cli);
	if (rc == GW_OK && !read)
		rc = mine_counted(&options, &cli, &read, &err);
	if (rc == GW_OK && read)
		rc = read_and(verb, &options, &cli, &err);
	gw_conf_free(conf);
	gw_mine_options_release(&options);
	return rc < 0 ? gw_cli_fail(program, &err) : 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "evaluate") == 0)
		return run(&gw_mine_evaluate_program, argc - 1, argv + 1, evaluate);
	return run(&gw_mine_program, argc, argv, mine);
}
