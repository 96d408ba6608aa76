/* The page of a round: what changed and why, in words a shopkeeper uses. */
#include <string.h>

#include "base/money.h"
#include "base/utf8.h"
#include "base/when.h"
#include "tools/mine/round.h"

#define SHOWN 20 /* rules told one by one under each heading */

static void put_item_name(FILE *to, const struct gw_round *r, const char *code)
{
	char safe[GW_ITEM_CODE_MAX * 3 + 1];
	uint32_t item = gw_dict_find(&r->sales->items, code, strlen(code));
	const char *name = item != GW_DICT_NONE ? gw_sales_name(r->sales, item) : "";

	gw_utf8_sanitize(safe, sizeof(safe), name[0] != '\0' ? name : code,
			 strlen(name[0] != '\0' ? name : code));
	for (const char *p = safe; *p != '\0'; p++) {
		if (strchr("\\`*_[]<>|#", *p) != NULL)
			putc('\\', to);
		putc(*p, to);
	}
	if (name[0] != '\0')
		fprintf(to, " (%s)", code);
}

/* "A (1) + B (2) -> C (3)"; a blank-separated `if` of the last round is taken apart. */
static void put_rule(FILE *to, const struct gw_round *r, const struct gw_round_rule *rule)
{
	const struct gw_dict *items = &r->sales->items;

	if (rule->old != SIZE_MAX) {
		char copy[1024], *rest = copy, *word;
		bool begun = false;

		snprintf(copy, sizeof(copy), "%s", gw_old_cell(r->last, rule->old, GW_COL_IF));
		while ((word = strsep(&rest, " ")) != NULL) {
			if (word[0] == '\0')
				continue;
			fputs(begun ? " + " : "", to);
			put_item_name(to, r, word);
			begun = true;
		}
		fputs(begun ? " → " : "anything → ", to);
		put_item_name(to, r, gw_old_cell(r->last, rule->old, GW_COL_SUGGEST));
		return;
	}
	if (rule->mined == NULL)
		return;
	if (rule->mined->category != GW_DICT_NONE)
		fprintf(to, "anything of %s",
			gw_dict_text(&r->sales->categories, rule->mined->category));
	for (int i = 0; i < rule->mined->conditions; i++) {
		fputs(i > 0 ? " + " : "", to);
		put_item_name(to, r, gw_dict_text(items, rule->mined->condition[i]));
	}
	fputs(" → ", to);
	put_item_name(to, r, gw_dict_text(items, rule->mined->suggest));
}

static void put_offers(FILE *to, const struct gw_round *r, const struct gw_round_rule *rule)
{
	const struct gw_belief *b = &rule->belief;
	char money[GW_MONEY_MAX];

	if (rule->record == NULL || b->asked == 0)
		return;
	fprintf(to, "; asked %llu times, accepted %llu (surely between %.1f %% and %.1f %%)",
		(unsigned long long)b->asked, (unsigned long long)rule->record->accepted,
		b->low * 100, b->high * 100);
	fprintf(to, "; bought unasked about %.1f %%", b->unasked * 100);
	if (rule->record->value_minor > 0)
		fprintf(to, "; brought %s",
			gw_money_format(money, rule->record->value_minor, r->sales->decimals));
}

static void put_sales(FILE *to, const struct gw_round_rule *rule)
{
	const struct gw_counts *c;

	if (rule->mined == NULL)
		return;
	c = &rule->mined->counts;
	fprintf(to, "; together in %llu baskets, %.1f times what chance would give",
		(unsigned long long)c->n_xy, gw_lift(c));
}

/* True for new rules from the same items; the mining puts them next to each other. */
static bool same_antecedent(const struct gw_round_rule *a, const struct gw_round_rule *b)
{
	return a->old == SIZE_MAX && b->old == SIZE_MAX && a->mined != NULL && b->mined != NULL &&
	       a->mined->category == b->mined->category &&
	       a->mined->conditions == b->mined->conditions &&
	       memcmp(a->mined->condition, b->mined->condition, sizeof(a->mined->condition)) == 0;
}

static void put_fate(FILE *to, const struct gw_round *r, enum gw_fate fate, const char *what,
		     const char *why)
{
	const struct gw_round_rule *told = NULL;
	size_t left = SHOWN;

	if (r->counts[fate] == 0)
		return;
	fprintf(to, "\n## %c%s: %zu — %s\n\n", what[0] - 32, what + 1, r->counts[fate], why);
	for (size_t i = 0; i < r->len && left > 0; i++) {
		const struct gw_round_rule *rule = &r->rules[i];

		if (rule->fate != fate || (fate == GW_FATE_CROWDED && rule->old == SIZE_MAX))
			continue;
		/* One rule of each antecedent, so that a page shows more than one corner. */
		if (told != NULL && same_antecedent(rule, told))
			continue;
		told = rule;
		fprintf(to, "- `%s` ", rule->id);
		put_rule(to, r, rule);
		put_offers(to, r, rule);
		put_sales(to, rule);
		fputs("\n", to);
		left--;
	}
	if (r->counts[fate] > SHOWN - left)
		fprintf(to, "- ... and %zu more\n", r->counts[fate] - (SHOWN - left));
}

static void put_head(FILE *to, const struct gw_round *r)
{
	char day[GW_WHEN_MAX], first[GW_WHEN_MAX], last[GW_WHEN_MAX];

	fprintf(to, "# Round from %.10s\n\n", gw_when_format(day, r->from_day * GW_DAY_MS));
	fprintf(to, "Learned from %llu baskets",
		(unsigned long long)gw_spool_count(r->sales->spool));
	if (r->sales->first_ms != GW_NO_TIME)
		fprintf(to, " of %.10s to %.10s", gw_when_format(first, r->sales->first_ms),
			gw_when_format(last, r->sales->last_ms));
	if (r->sales->tills.count > 0)
		fprintf(to, ", from %u tills", r->sales->tills.count);
	fputs(".\n", to);
	if (r->sales->rules.count > 0)
		fprintf(to,
			"Of the customers who were asked, %.1f %% accepted; where the offer was "
			"held "
			"back, %.1f %% bought the same thing all the same.\n",
			r->field.accepted * 100, r->field.unasked * 100);
}

static void put_next_steps(FILE *to, const struct gw_round *r)
{
	bool trial = r->counts[GW_FATE_CHALLENGER] + r->counts[GW_FATE_TRIED_ON] > 0;

	fputs("\n## Before you sign\n\n"
	      "Nothing here is in force yet. Strike out or change lines of rules.csv as you see "
	      "fit: "
	      "prices, wording, dates and rules of your own survive the next round. Bounds above "
	      "hold however often one looks.\n\n",
	      to);
	fprintf(to,
		"Experiment: %d %% of the baskets see no offer, so that what the offers add can be "
		"measured%s\n",
		GW_HOLDOUT_PPM / 10000,
		trial ? "; of the others, one in five sees the challengers as well as the rules in "
			"force."
		      : ".");
}

void gw_round_page(FILE *to, const struct gw_round *r)
{
	put_head(to, r);
#define GW_FATE_PUT(name, what, why) put_fate(to, r, name, what, why);
	GW_FATE_MAP(GW_FATE_PUT)
#undef GW_FATE_PUT
	put_next_steps(to, r);
}
