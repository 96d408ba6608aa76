/*
 * Fate of a rule, in this order:
 *
 *	its arm was killed            -> KILLED
 *	belief: loser                 -> LOST
 *	in force, belief: winner      -> WON, or PROMOTED out of the challenger arm
 *	in force, mined again         -> OPEN, or TRIED_ON in the challenger arm
 *	in force, written by hand     -> HAND   (its name is not one of ours)
 *	in force, not mined again     -> STALE
 *	mined, not in force           -> CHALLENGER, or NEW where there was no round before
 *
 * A rule the mining no longer finds but customers surely take stays: customers know better.
 */
#include "tools/mine/round.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/home.h"
#include "base/when.h"
#include "tools/mine/write.h"

static int no_memory(struct gw_err *err)
{
	return gw_err_set(err, GW_E_MEMORY, "out of memory for the round");
}

/* Names made by gw_rule_id: an m and twelve hex digits. */
static bool is_ours(const char *id)
{
	return id[0] == 'm' && strlen(id) == 13 && strspn(id + 1, "0123456789abcdef") == 12;
}

/* The rule of that name, made when it is new; NULL: no memory. */
static struct gw_round_rule *rule_of(struct gw_round *r, const char *id)
{
	uint32_t before = r->ids.count, number;

	number = gw_dict_add(&r->ids, id, strlen(id));
	if (number == GW_DICT_NONE || number != before)
		return number == GW_DICT_NONE ? NULL : &r->rules[number];
	if ((before & (before - 1)) == 0) {
		size_t room = before > 0 ? (size_t)before * 2 : 1;
		struct gw_round_rule *rules = realloc(r->rules, room * sizeof(*rules));

		if (rules == NULL)
			return NULL;
		r->rules = rules;
	}
	r->rules[before] = (struct gw_round_rule){.old = SIZE_MAX};
	r->len = r->ids.count;
	return &r->rules[before];
}

static int gather(struct gw_round *r, const struct gw_lines *lines)
{
	char id[GW_RULE_ID_MAX];
	struct gw_round_rule *rule;

	for (size_t i = 0; i < r->last->len; i++) {
		rule = rule_of(r, gw_old_cell(r->last, i, GW_COL_RULE));
		if (rule == NULL)
			return GW_E_MEMORY;
		rule->old = i;
	}
	for (size_t i = 0; i < lines->len; i++) {
		gw_rule_id(id, r->sales, &lines->at[i]);
		rule = rule_of(r, id);
		if (rule == NULL)
			return GW_E_MEMORY;
		rule->mined = &lines->at[i];
	}
	for (size_t i = 0; i < r->len; i++) {
		uint32_t record;

		rule = &r->rules[i];
		rule->id = gw_dict_text(&r->ids, (uint32_t)i);
		record = gw_dict_find(&r->sales->rules, rule->id, strlen(rule->id));
		if (record != GW_DICT_NONE)
			rule->record = &r->sales->records[record];
	}
	return GW_OK;
}

static bool is_challenger(const struct gw_round *r, const struct gw_round_rule *rule)
{
	return rule->old != SIZE_MAX &&
	       strcmp(gw_old_cell(r->last, rule->old, GW_COL_ARM), GW_CHALLENGER) == 0;
}

static enum gw_fate fate_of(const struct gw_round *r, const struct gw_round_rule *rule,
			    enum gw_verdict verdict)
{
	bool in_force = rule->old != SIZE_MAX || rule->record != NULL;
	bool challenger = is_challenger(r, rule);

	if (challenger && verdict == GW_VERDICT_KILL)
		return GW_FATE_KILLED;
	if (rule->belief.stand == GW_STAND_LOSER)
		return GW_FATE_LOST;
	if (!in_force)
		return r->first ? GW_FATE_NEW : GW_FATE_CHALLENGER;
	if (challenger && (verdict == GW_VERDICT_ADOPT || rule->belief.stand == GW_STAND_WINNER))
		return GW_FATE_PROMOTED;
	if (rule->belief.stand == GW_STAND_WINNER)
		return GW_FATE_WON;
	if (rule->mined != NULL)
		return challenger ? GW_FATE_TRIED_ON : GW_FATE_OPEN;
	return is_ours(rule->id) ? GW_FATE_STALE : GW_FATE_HAND;
}

/* In force before new, and among those winners and hand-written ones before the rest. */
static int rank_of(enum gw_fate fate)
{
	switch (fate) {
	case GW_FATE_WON:
	case GW_FATE_PROMOTED:
	case GW_FATE_HAND:
		return 0;
	case GW_FATE_OPEN:
	case GW_FATE_TRIED_ON:
		return 1;
	default:
		return 2;
	}
}

static int32_t weight_of(const struct gw_round_rule *rule)
{
	return rule->mined != NULL ? rule->mined->weight : 0;
}

/* By rank, then the weightier, then as they came. */
static int by_standing(const void *a, const void *b)
{
	const struct gw_round_rule *x = *(struct gw_round_rule *const *)a;
	const struct gw_round_rule *y = *(struct gw_round_rule *const *)b;
	int rank = rank_of(x->fate) - rank_of(y->fate);

	if (rank != 0)
		return rank;
	if (weight_of(x) != weight_of(y))
		return weight_of(x) > weight_of(y) ? -1 : 1;
	return (x > y) - (x < y);
}

/*
 * A table holds so many rules at most.  Those in force come first, but a twentieth of the room is
 * kept for new ones, or a full table would never learn anything.
 */
static int make_room(struct gw_round *r, size_t most)
{
	struct gw_round_rule **stay = malloc((r->len + 1) * sizeof(struct gw_round_rule *));
	size_t len = 0, new_rules = 0, kept, room;

	if (stay == NULL)
		return GW_E_MEMORY;
	for (size_t i = 0; i < r->len; i++)
		if (gw_fate_stays(r->rules[i].fate)) {
			stay[len++] = &r->rules[i];
			new_rules += rank_of(r->rules[i].fate) == 2;
		}
	qsort(stay, len, sizeof(struct gw_round_rule *), by_standing);
	kept = len - new_rules;
	room = most / 20 < new_rules ? most / 20 : new_rules;
	if (kept > most - room)
		kept = most - room;
	for (size_t i = kept; i < len - new_rules; i++)
		stay[i]->fate = GW_FATE_CROWDED;
	for (size_t i = len - new_rules + (most - kept); i < len; i++)
		stay[i]->fate = GW_FATE_CROWDED;
	free(stay);
	return GW_OK;
}

static int judge(struct gw_round *r, enum gw_verdict verdict, size_t most)
{
	static const struct gw_rule_record none;

	r->field = gw_field_of(r->sales->records, r->sales->rules.count);
	for (size_t i = 0; i < r->len; i++) {
		struct gw_round_rule *rule = &r->rules[i];

		rule->belief = gw_belief_of(rule->record != NULL ? rule->record : &none, &r->field);
		rule->fate = fate_of(r, rule, verdict);
	}
	if (make_room(r, most) < 0)
		return GW_E_MEMORY;
	for (size_t i = 0; i < r->len; i++) {
		/* A new rule that found no room changes nothing, so nothing is said of it. */
		if (r->rules[i].fate != GW_FATE_CROWDED || r->rules[i].old != SIZE_MAX)
			r->counts[r->rules[i].fate]++;
	}
	return GW_OK;
}

/* --- writing
 * -------------------------------------------------------------------------------------- */

static const char *arm_of(const struct gw_round *r, const struct gw_round_rule *rule)
{
	switch (rule->fate) {
	case GW_FATE_CHALLENGER:
	case GW_FATE_TRIED_ON:
		return GW_CHALLENGER;
	case GW_FATE_PROMOTED:
		return "";
	default:
		return rule->old != SIZE_MAX ? gw_old_cell(r->last, rule->old, GW_COL_ARM) : "";
	}
}

static void put_number(FILE *to, double n)
{
	fprintf(to, "%.6g", n);
}

/* A rule of the last round: its own cells, with the numbers of the new mining where it has some. */
static void put_old(FILE *to, const struct gw_round *r, const struct gw_round_rule *rule)
{
	const struct gw_rule_line *m = rule->mined;

	for (int c = 0; c < GW_RULE_COLUMNS; c++) {
		if (c > 0)
			putc(',', to);
		if (m != NULL && c == GW_COL_WEIGHT)
			fprintf(to, "%d.%04d", m->weight / GW_WEIGHT_UNIT,
				m->weight % GW_WEIGHT_UNIT);
		else if (m != NULL && c == GW_COL_SUPPORT)
			put_number(to, gw_support(&m->counts));
		else if (m != NULL && c == GW_COL_CONFIDENCE)
			put_number(to, gw_confidence(&m->counts));
		else if (m != NULL && c == GW_COL_LIFT)
			put_number(to, gw_lift(&m->counts));
		else if (c == GW_COL_ARM)
			gw_csv_put(to, arm_of(r, rule));
		else
			gw_csv_put(to, gw_old_cell(r->last, rule->old, (enum gw_rule_column)c));
	}
	putc('\n', to);
}

static void put_rules(FILE *to, const struct gw_round *r)
{
	gw_rules_head(to);
	for (size_t i = 0; i < r->len; i++) {
		const struct gw_round_rule *rule = &r->rules[i];

		if (!gw_fate_stays(rule->fate))
			continue;
		if (rule->old != SIZE_MAX) {
			put_old(to, r, rule);
		} else if (rule->mined != NULL) {
			struct gw_rule_line line = *rule->mined;

			line.arm = arm_of(r, rule);
			gw_rules_line(to, r->sales, &line);
		}
	}
}

static void put_experiment(FILE *to, const struct gw_round *r)
{
	char from[GW_WHEN_MAX], until[GW_WHEN_MAX];
	bool trial = r->counts[GW_FATE_CHALLENGER] + r->counts[GW_FATE_TRIED_ON] > 0;

	gw_when_format(from, r->from_day * GW_DAY_MS);
	gw_when_format(until, (r->from_day + GW_ROUND_DAYS - 1) * GW_DAY_MS);
	fputs("experiment,hypothesis,metric,from,to,holdout_ppm,arms,salt\n", to);
	fprintf(to, "round-%.10s,\"%s\",margin,%.10s,%.10s,%d,", from,
		trial ? "The new rules add margin beyond the rules in force, because the latest "
			"sales speak for them."
		      : "Offers from these rules add margin to the sale, because customers buy "
			"these things together.",
		from, until, GW_HOLDOUT_PPM);
	if (trial)
		fprintf(to, "current:%d " GW_CHALLENGER ":%d", 1000000 - GW_CHALLENGER_PPM,
			GW_CHALLENGER_PPM);
	else
		fputs("current:1000000", to);
	fprintf(to, ",%.10s\n", from);
}

struct part {
	const char *name;
	void (*put)(FILE *to, const struct gw_round *round);
};

static int write_parts(const struct gw_round *r, const char *dir, struct gw_err *err)
{
	static const struct part parts[] = {{"rules.csv", put_rules},
					    {"experiments.csv", put_experiment},
					    {"round.md", gw_round_page}};
	int rc = gw_home_make(dir, err);

	for (size_t i = 0; rc == GW_OK && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char path[GW_PATH_MAX];
		struct gw_out out = {0};

		rc = gw_path_join(path, dir, parts[i].name, err);
		if (rc == GW_OK)
			rc = gw_out_open(&out, path, err);
		if (rc < 0)
			break;
		parts[i].put(out.to, r);
		rc = gw_out_close(&out, true, err);
	}
	return rc;
}

static int write_items(const struct gw_sales *sales, const char *path, struct gw_err *err)
{
	struct gw_out out;
	int closed, rc = gw_out_open(&out, path, err);

	if (rc < 0)
		return rc;
	rc = gw_items_write(out.to, sales, NULL, err);
	closed = gw_out_close(&out, rc == GW_OK, rc == GW_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}

static int merge_and_write(const struct gw_mine_options *o, const struct gw_sales *sales,
			   const struct gw_last_round *last, const struct gw_lines *lines,
			   int64_t from_day, struct gw_err *err)
{
	struct gw_round round = {.sales = sales, .last = last, .from_day = from_day};
	enum gw_verdict verdict;
	int rc = gw_verdict_of(&verdict, o->verdicts, GW_CHALLENGER, err);

	if (rc < 0)
		return rc;
	round.first = last->len == 0 && sales->rules.count == 0;
	gw_dict_init(&round.ids);
	rc = gather(&round, lines);
	if (rc == GW_OK)
		rc = judge(&round, verdict, o->rules_max);
	rc = rc == GW_OK ? write_parts(&round, o->next_round, err) : no_memory(err);
	if (rc == GW_OK && o->items_output != NULL)
		rc = write_items(sales, o->items_output, err);
	if (rc == GW_OK)
		fprintf(stderr,
			"%s: rules.csv, experiments.csv and round.md written; read round.md\n",
			o->next_round);
	gw_dict_release(&round.ids);
	free(round.rules);
	return rc;
}

int gw_round_make(const struct gw_mine_options *o, const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_mine_options wider = *o;
	struct gw_last_round last = {0};
	struct gw_lines lines;
	int64_t from_day;
	int rc = gw_round_start(o, sales, &from_day, err);

	if (rc == GW_OK && from_day == GW_NO_DAY)
		rc = gw_err_set(
			err, GW_E_USAGE,
			"the sales carry no dates; say with --round-from when the round begins");
	if (rc == GW_OK && o->last_round != NULL)
		rc = gw_last_round_load(&last, o->last_round, err);
	/* A rule in force that just misses the table is not stale: a quarter more is mined. */
	if (last.len > 0 || sales->rules.count > 0)
		wider.rules_max += wider.rules_max / 4;
	if (rc == GW_OK)
		rc = gw_mine_lines(&lines, &wider, sales, err);
	if (rc == GW_OK) {
		rc = merge_and_write(o, sales, &last, &lines, from_day, err);
		gw_lines_release(&lines);
	}
	gw_last_round_release(&last);
	return rc;
}
