#include "tools/mine/options.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPT_FORMAT = 256,
	OPT_BASKET_COLUMN,
	OPT_ITEM_COLUMN,
	OPT_NAME_COLUMN,
	OPT_PRICE_COLUMN,
	OPT_QTY_COLUMN,
	OPT_TIME_COLUMN,
	OPT_TILL_COLUMN,
	OPT_CATEGORY_COLUMN,
	OPT_TIME_FORMAT,
	OPT_SEPARATOR,
	OPT_UPPER,
	OPT_BASKET_MATCH,
	OPT_ITEM_MATCH,
	OPT_DECIMALS,
	OPT_CATALOGUE,
	OPT_MAX_BASKET,
	OPT_MIN_SUPPORT,
	OPT_MIN_COUNT,
	OPT_MIN_CONFIDENCE,
	OPT_MAX_ANTECEDENT,
	OPT_MEASURE,
	OPT_FDR,
	OPT_PRODUCTIVE,
	OPT_CATEGORIES,
	OPT_TSV,
	OPT_ITEMS,
	OPT_METHOD,
	OPT_MAX_RULES,
	OPT_PER_ITEM,
	OPT_MIN_DAYS,
	OPT_MIN_TILLS,
	OPT_NO_FAMILIES,
	OPT_NO_SEASONS,
	OPT_MONEY,
	OPT_HALF_LIFE,
	OPT_ROUND_FROM,
	OPT_NEXT_ROUND,
	OPT_LAST_ROUND,
	OPT_VERDICTS,
	OPT_MEMORY,
	OPT_THREADS,
	OPT_TRAIN_SHARE,
	OPT_TUNE,
	OPT_NO_TUNE
};

#define INPUT_OPTIONS                                                                              \
	{OPT_FORMAT, "format", "F", "basket, csv, batch or journal (else by the name's ending)"},  \
		{OPT_BASKET_COLUMN, "basket-column", "C", "column of the receipt number"},         \
		{OPT_ITEM_COLUMN, "item-column", "C", "column of the item code"},                  \
		{OPT_NAME_COLUMN, "name-column", "C", "column of the item's name"},                \
		{OPT_PRICE_COLUMN, "price-column", "C", "column of the price a piece"},            \
		{OPT_QTY_COLUMN, "qty-column", "C", "column of the quantity"},                     \
		{OPT_TIME_COLUMN, "time-column", "C", "column of the time of sale"},               \
		{OPT_TILL_COLUMN, "till-column", "C", "column of the till or shop"},               \
		{OPT_CATEGORY_COLUMN, "category-column", "C", "column of the item's category"},    \
		{OPT_TIME_FORMAT, "time-format", "F", "of the time column, as in strptime(3)"},    \
		{OPT_SEPARATOR, "separator", "CHAR", "between fields or items; 'tab' for a TAB"},  \
		{OPT_UPPER, "upper", NULL, "item codes to upper case"},                            \
		{OPT_BASKET_MATCH, "basket-match", "RE", "keep receipts whose number matches"},    \
		{OPT_ITEM_MATCH, "item-match", "RE", "keep items whose code matches"},             \
		{OPT_DECIMALS, "decimals", "N", "of the currency (2)"},                            \
		{OPT_CATALOGUE, "catalogue", "FILE", "items.csv: categories, kinds, costs"},       \
		{OPT_MAX_BASKET, "max-basket", "N", "leave out baskets of more items"},            \
		{OPT_MEMORY, "memory", "MB", "for baskets, before they go to a file (256)"},       \
	{                                                                                          \
		OPT_THREADS, "threads", "N", "(one for each processor)"                            \
	}

static const struct gw_cli_option mine_options[] = {
	{'o', "output", "FILE", "write rules.csv there (else to stdout)"},
	{OPT_TSV, "tsv", NULL, "print exact rules as tab-separated counts"},
	{OPT_ITEMS, "items", "FILE", "write items.csv too: what was sold, with usual prices"},
	{OPT_METHOD, "method", "M", "auto, sparse, dense, counts or rules"},
	{OPT_MIN_SUPPORT, "min-support", "S", "share of baskets that hold the whole rule"},
	{OPT_MIN_COUNT, "min-count", "N", "the same as a number of baskets"},
	{OPT_MIN_CONFIDENCE, "min-confidence", "C", "share of the antecedent's baskets"},
	{OPT_MAX_ANTECEDENT, "max-antecedent", "K", "items in an antecedent, 1 to 3 (1)"},
	{OPT_MEASURE, "measure", "NAME", "lift, conviction, fisher ...: print it, order by it"},
	{OPT_FDR, "fdr", "Q", "keep rules significant at this false-discovery rate"},
	{OPT_PRODUCTIVE, "productive", NULL, "drop rules that do not beat their parts"},
	{OPT_CATEGORIES, "categories", NULL, "with --tsv: rules from whole categories as well"},
	{OPT_MAX_RULES, "max-rules", "N", "at most so many (40000)"},
	{OPT_PER_ITEM, "per-item", "N", "at most so many for one antecedent (1000)"},
	{OPT_TUNE, "tune", NULL, "find the parameters on the last fifth of the sales first"},
	{OPT_MIN_DAYS, "min-days", "N", "a rule needs sales on so many days (1)"},
	{OPT_MIN_TILLS, "min-tills", "N", "a rule needs sales at so many tills (1)"},
	{OPT_NO_FAMILIES, "no-families", NULL, "let variants of a product suggest each other"},
	{OPT_NO_SEASONS, "no-seasons", NULL, "no dates on rules of seasonal items"},
	{OPT_MONEY, "money", "A", "choose rules by weight x price^A (0)"},
	{OPT_HALF_LIFE, "half-life", "DAYS", "older sales count less (0: they do not)"},
	{OPT_ROUND_FROM, "round-from", "DATE", "first day of the round (the day after the data)"},
	{OPT_NEXT_ROUND, "next-round", "DIR", "write the next round's files there"},
	{OPT_LAST_ROUND, "last-round", "DIR", "with the rules.csv now in force"},
	{OPT_VERDICTS, "verdicts", "FILE", "CSV: arm, verdict (adopt or kill)"},
	INPUT_OPTIONS,
	{0},
};

static const struct gw_cli_option evaluate_options[] = {
	{OPT_TRAIN_SHARE, "train-share", "S", "share of the baskets to learn from (0.8)"},
	{OPT_METHOD, "method", "M", "only these: rules, counts, sparse or dense"},
	{OPT_NO_TUNE, "no-tune", NULL, "the defaults instead of parameters found in training"},
	{'o', "output", "FILE", "write the rules.csv of --method (sparse) there"},
	{OPT_ITEMS, "items", "FILE", "and items.csv"},
	{OPT_MAX_RULES, "max-rules", "N", "rules a table may hold (40000)"},
	INPUT_OPTIONS,
	{0},
};

const struct gw_cli_program gw_mine_program = {
	.name = "goeswith-mine",
	.synopsis = "[OPTION]... FILE...\nevaluate [OPTION]... FILE...",
	.about = "Finds in sales what goes with what, and writes the register's rules.\n"
		 "FILE is a list of baskets, a CSV of receipt rows, a journal, an uploaded batch, "
		 "a\n"
		 "collector's database, a directory of them, head office's\n"
		 "clickhouse:http://HOST:PORT[/DATABASE], or - for standard input; .gz and .zst "
		 "are\n"
		 "unpacked.",
	.options = mine_options,
};

const struct gw_cli_program gw_mine_evaluate_program = {
	.name = "goeswith-mine evaluate",
	.synopsis = "[OPTION]... FILE...",
	.about = "Learns from the first sales and measures on the later ones how often an item "
		 "taken\n"
		 "out of a basket is suggested from the rest: hit@1, hit@3, hit@5, MRR@10.",
	.options = evaluate_options,
	.json = true,
};

static int take_format(struct gw_mine_options *o, const char *value, struct gw_err *err)
{
	static const struct {
		const char *name;
		enum gw_format format;
	} table[] = {{"basket", GW_FORMAT_BASKET},
		     {"csv", GW_FORMAT_CSV},
		     {"batch", GW_FORMAT_BATCH},
		     {"journal", GW_FORMAT_JOURNAL}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, value) == 0) {
			o->read.format = table[i].format;
			return GW_OK;
		}
	return gw_err_set(err, GW_E_USAGE,
			  "--format takes basket, csv, batch or journal, not \"%s\"", value);
}

static int take_method(struct gw_mine_options *o, const char *value, struct gw_err *err)
{
	static const char *const names[] = {"auto", "sparse", "dense", "counts", "rules"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], value) == 0) {
			o->method = (enum gw_method)i;
			return GW_OK;
		}
	return gw_err_set(err, GW_E_USAGE,
			  "--method takes auto, sparse, dense, counts or rules, not \"%s\"", value);
}

static int take_measure(struct gw_mine_options *o, const char *value, struct gw_err *err)
{
	if (gw_measure_find(value) == NULL)
		return gw_err_set(err, GW_E_USAGE,
				  "--measure takes one of"
#define GW_MEASURE_NAME(name, fn) " " name
				  GW_MEASURE_MAP(GW_MEASURE_NAME)
#undef GW_MEASURE_NAME
					  ", not \"%s\"",
				  value);
	o->measure = value;
	return GW_OK;
}

static int take_separator(struct gw_mine_options *o, const char *value, struct gw_err *err)
{
	if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0) {
		o->read.separator = '\t';
		return GW_OK;
	}
	if (strlen(value) != 1 || *value == '"' || *value == '\n')
		return gw_err_set(err, GW_E_USAGE,
				  "--separator takes one character or 'tab', not \"%s\"", value);
	o->read.separator = *value;
	return GW_OK;
}

static int take_pattern(const char *option, const char *value, regex_t *room,
			const regex_t **pattern, struct gw_err *err)
{
	char why[200];
	int rc;

	if (*pattern != NULL)
		regfree(room);
	*pattern = NULL;
	rc = regcomp(room, value, REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, room, why, sizeof(why));
		return gw_err_set(err, GW_E_USAGE, "%s: \"%s\": %s", option, value, why);
	}
	*pattern = room;
	return GW_OK;
}

static int take_real(const char *option, const char *value, double least, double most, double *out,
		     struct gw_err *err)
{
	char *end;

	*out = strtod(value, &end);
	if (end == value || *end != '\0' || !(*out >= least && *out <= most))
		return gw_err_set(err, GW_E_USAGE, "%s takes a number from %g to %g, not \"%s\"",
				  option, least, most, value);
	return GW_OK;
}

/* Options whose value is a text; true when id was one. */
static bool take_text(struct gw_mine_options *o, int id, const char *value)
{
	const struct {
		int id;
		const char **to;
	} table[] = {{'o', &o->output},
		     {OPT_ITEMS, &o->items_output},
		     {OPT_CATALOGUE, &o->catalogue},
		     {OPT_NEXT_ROUND, &o->next_round},
		     {OPT_LAST_ROUND, &o->last_round},
		     {OPT_VERDICTS, &o->verdicts},
		     {OPT_ROUND_FROM, &o->round_from},
		     {OPT_BASKET_COLUMN, &o->read.basket_column},
		     {OPT_ITEM_COLUMN, &o->read.item_column},
		     {OPT_NAME_COLUMN, &o->read.name_column},
		     {OPT_PRICE_COLUMN, &o->read.price_column},
		     {OPT_QTY_COLUMN, &o->read.qty_column},
		     {OPT_TIME_COLUMN, &o->read.time_column},
		     {OPT_TILL_COLUMN, &o->read.till_column},
		     {OPT_CATEGORY_COLUMN, &o->read.category_column},
		     {OPT_TIME_FORMAT, &o->read.time_format}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].id == id) {
			*table[i].to = value;
			return true;
		}
	return false;
}

/* Whole numbers; GW_E_NOT_FOUND when id is no such option. */
static int take_number(struct gw_mine_options *o, int id, const char *value, struct gw_err *err)
{
	static const struct {
		int id;
		const char *name;
		long long least, most;
	} table[] = {{OPT_MIN_COUNT, "--min-count", 1, UINT32_MAX},
		     {OPT_MAX_ANTECEDENT, "--max-antecedent", 1, 3},
		     {OPT_MAX_RULES, "--max-rules", 1, 100000000},
		     {OPT_PER_ITEM, "--per-item", 1, 1000000},
		     {OPT_MAX_BASKET, "--max-basket", 2, UINT32_MAX},
		     {OPT_MIN_DAYS, "--min-days", 1, 64},
		     {OPT_MIN_TILLS, "--min-tills", 1, 64},
		     {OPT_MEMORY, "--memory", 1, 1 << 20},
		     {OPT_THREADS, "--threads", 1, 256},
		     {OPT_DECIMALS, "--decimals", 0, 4}};
	long long n = 0;
	int rc = GW_E_NOT_FOUND;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].id == id)
			rc = gw_cli_number(table[i].name, value, table[i].least, table[i].most, &n,
					   err);
	if (rc < 0)
		return rc;
	switch (id) {
	case OPT_MIN_COUNT:
		o->min_count = (uint64_t)n;
		break;
	case OPT_MAX_ANTECEDENT:
		o->antecedent_max = (int)n;
		break;
	case OPT_MAX_RULES:
		o->rules_max = (uint32_t)n;
		break;
	case OPT_PER_ITEM:
		o->per_item = (uint32_t)n;
		break;
	case OPT_MAX_BASKET:
		o->max_basket = (uint32_t)n;
		break;
	case OPT_MIN_DAYS:
		o->days_min = (uint32_t)n;
		break;
	case OPT_MIN_TILLS:
		o->tills_min = (uint32_t)n;
		break;
	case OPT_MEMORY:
		o->memory = (size_t)n << 20;
		break;
	case OPT_THREADS:
		o->threads = (int)n;
		break;
	default:
		o->decimals = (int)n;
		break;
	}
	return GW_OK;
}

static int take(struct gw_mine_options *o, int id, const char *value, struct gw_err *err)
{
	switch (id) {
	case OPT_FORMAT:
		return take_format(o, value, err);
	case OPT_METHOD:
		return take_method(o, value, err);
	case OPT_MEASURE:
		return take_measure(o, value, err);
	case OPT_SEPARATOR:
		return take_separator(o, value, err);
	case OPT_BASKET_MATCH:
		return take_pattern("--basket-match", value, &o->basket_match,
				    &o->read.basket_match, err);
	case OPT_ITEM_MATCH:
		return take_pattern("--item-match", value, &o->item_match, &o->read.item_match,
				    err);
	case OPT_MIN_SUPPORT:
		o->support_given = true;
		return gw_fraction_parse("--min-support", value, &o->min_support, err);
	case OPT_MIN_CONFIDENCE:
		return gw_fraction_parse("--min-confidence", value, &o->min_confidence, err);
	case OPT_TRAIN_SHARE:
		return gw_fraction_parse("--train-share", value, &o->train_share, err);
	case OPT_FDR:
		return take_real("--fdr", value, 0, 1, &o->fdr, err);
	case OPT_MONEY:
		return take_real("--money", value, 0, 2, &o->money, err);
	case OPT_HALF_LIFE:
		return take_real("--half-life", value, 0, 100000, &o->half_life_days, err);
	case OPT_UPPER:
		o->read.upper = true;
		return GW_OK;
	case OPT_TUNE:
	case OPT_NO_TUNE:
		o->tune = id == OPT_TUNE;
		return GW_OK;
	case OPT_PRODUCTIVE:
		o->productive = true;
		return GW_OK;
	case OPT_CATEGORIES:
		o->categories = true;
		return GW_OK;
	case OPT_TSV:
		o->tsv = true;
		return GW_OK;
	case OPT_NO_FAMILIES:
		o->families = false;
		return GW_OK;
	case OPT_NO_SEASONS:
		o->seasons = false;
		return GW_OK;
	default:
		return take_text(o, id, value) ? GW_OK : take_number(o, id, value, err);
	}
}

static int check(const struct gw_mine_options *o, struct gw_err *err)
{
	if (o->min_count > 0 && o->support_given)
		return gw_err_set(err, GW_E_USAGE,
				  "--min-count and --min-support exclude each other");
	if ((o->tsv || o->method == GW_METHOD_RULES) && (o->days_min > 1 || o->tills_min > 1))
		return gw_err_set(err, GW_E_USAGE,
				  "--min-days and --min-tills go with learned weights, not with "
				  "exact rules");
	if (o->tsv && o->next_round != NULL)
		return gw_err_set(err, GW_E_USAGE, "--tsv and --next-round exclude each other");
	return GW_OK;
}

int gw_mine_options_take(struct gw_mine_options *o, struct gw_cli *cli)
{
	struct gw_err err;
	const char *value;
	int id;

	memset(o, 0, sizeof(*o));
	o->min_support = (struct gw_fraction){0, 1};
	o->min_confidence = (struct gw_fraction){0, 1};
	o->train_share = (struct gw_fraction){8, 10};
	o->antecedent_max = 1;
	o->rules_max = 40000;
	o->per_item = 1000;
	o->days_min = o->tills_min = 1;
	o->memory = (size_t)256 << 20;
	o->decimals = 2;
	o->families = o->seasons = true;
	o->read.progress = true;
	o->tune = cli->program == &gw_mine_evaluate_program;
	while ((id = gw_cli_next(cli, &value)) > 0)
		if (take(o, id, value, &err) < 0) {
			cli->exit_status = gw_cli_usage(cli->program, "%s", err.text);
			return GW_E_USAGE;
		}
	if (id < 0)
		return GW_E_USAGE;
	if (check(o, &err) < 0) {
		cli->exit_status = gw_cli_usage(cli->program, "%s", err.text);
		return GW_E_USAGE;
	}
	if (cli->first == cli->argc) {
		cli->exit_status = gw_cli_usage(cli->program, "name the sales to read");
		return GW_E_USAGE;
	}
	return GW_OK;
}

void gw_mine_options_release(struct gw_mine_options *o)
{
	if (o->read.basket_match != NULL)
		regfree(&o->basket_match);
	if (o->read.item_match != NULL)
		regfree(&o->item_match);
}
