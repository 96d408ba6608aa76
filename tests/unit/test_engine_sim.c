/*
 * A whole random shop from one seed: random tables, customers, keys, pauses, tables swapped and
 * registers restarted, with the rules of the house checked after every input.  SEED=... repeats a
 * run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/random.h"
#include "tests/unit/shop.h"

#define ITEMS  30
#define RULES  60
#define INPUTS 4000

static const char *const segments[] = {"", "gold", "new"};

/* --- a random table */

static char codes[ITEMS][16], ids[RULES][8], conditions[RULES][80];
static struct shop_item items[ITEMS];
static struct shop_rule rules[RULES];
static struct shop_setting settings[7];
static char values[7][16];

static void draw_items(uint64_t *rng)
{
	static const char *const groups[] = {NULL, "g1", "g2", "g3"};

	for (int i = 0; i < ITEMS; i++) {
		snprintf(codes[i], sizeof(codes[i]), "item%d", i);
		items[i] = (struct shop_item){
			.code = codes[i],
			.price = (int64_t)random_below(rng, 1000) - 1,
			.cost = (int64_t)random_below(rng, 100) - 1,
			.category = groups[random_below(rng, 4)],
			.stock = random_below(rng, 15) == 0 ? -9 : 0,
		};
	}
	items[0].category = "g1";
	items[1].category = "g2";
	items[2].category = "g3";
}

static void draw_conditions(uint64_t *rng, char *out, size_t size, uint32_t suggest)
{
	uint32_t count = random_below(rng, 10) == 0 ? 0 : 1 + random_below(rng, 2);
	struct gw_text t = gw_text_over(out, size);

	gw_text_clear(&t);
	for (uint32_t c = 0; c < count; c++) {
		if (c > 0)
			gw_text_add_char(&t, ' ');
		if (random_below(rng, 5) == 0)
			gw_text_addf(&t, "category:g%u", 1 + random_below(rng, 3));
		else
			gw_text_add(&t, codes[(suggest + 1 + random_below(rng, 9)) % ITEMS]);
	}
}

static void draw_rules(uint64_t *rng)
{
	for (uint32_t r = 0; r < RULES; r++) {
		uint32_t suggest = random_below(rng, ITEMS);

		snprintf(ids[r], sizeof(ids[r]), "r%u", r);
		draw_conditions(rng, conditions[r], sizeof(conditions[r]), suggest);
		rules[r] = (struct shop_rule){
			.id = ids[r],
			.conditions = conditions[r],
			.suggest = codes[suggest],
			.weight = (1 + random_below(rng, 100)) / 100.0,
			.price = random_below(rng, 2) ? 90 + random_below(rng, 100) : 0,
			.kind = (enum gw_rule_kind)random_below(rng, 3),
			.moment = random_below(rng, 5) == 0 ? GW_MOMENT_TOTAL : GW_MOMENT_SCAN,
			.pos_code = random_below(rng, 4) == 0 ? "PLU1" : NULL,
			.segment = segments[random_below(rng, 12) == 0 ? 1 : 0],
			.min_subtotal = random_below(rng, 6) == 0 ? 500 : 0,
			.arm = random_below(rng, 6) == 0 ? "a" : NULL,
		};
	}
}

static const struct gw_arm arms[] = {{"a", 500000}, {"b", 500000}};
static const struct gw_experiment experiment = {.id = "x",
						.hypothesis = "",
						.metric = "",
						.salt = "k",
						.from_day = 0,
						.to_day = 99999,
						.holdout_ppm = 300000,
						.arms = arms,
						.arm_count = 2};

static struct gw_table *draw_table(uint64_t *rng, int *offers_per_sale)
{
	static const char *const keys[] = {"offers_per_sale", "offer_ms",   "idle_close_s",
					   "rush_gap_ms",     "min_weight", "control_total",
					   "total_close_s"};
	struct shop shop = {.items = items,
			    .item_count = ITEMS,
			    .rules = rules,
			    .rule_count = RULES,
			    .settings = settings,
			    .setting_count = 7,
			    .experiments = &experiment,
			    .experiment_count = 1};

	draw_items(rng);
	draw_rules(rng);
	*offers_per_sale = (int)random_below(rng, 3);
	snprintf(values[0], sizeof(values[0]), "%d", *offers_per_sale);
	snprintf(values[1], sizeof(values[1]), "%u", random_below(rng, 3) * 4000);
	snprintf(values[2], sizeof(values[2]), "%u", random_below(rng, 2) * 120);
	snprintf(values[3], sizeof(values[3]), "%u", random_below(rng, 2) * 400);
	snprintf(values[4], sizeof(values[4]), "0.%u", random_below(rng, 3));
	snprintf(values[5], sizeof(values[5]), "TOTAL");
	snprintf(values[6], sizeof(values[6]), "%u", random_below(rng, 2) * 3);
	for (int i = 0; i < 7; i++)
		settings[i] = (struct shop_setting){keys[i], values[i]};
	return shop_table(&shop);
}

/* --- random inputs, as words of a script */

static void draw_word(uint64_t *rng, char *word, size_t size)
{
	static const char *const others[] = {
		"yes",
		"no",
		"no:has_it",
		"no:not_suitable",
		"nv",
		"mute",
		"v",
		"v:1",
		"v:3",
		"tot",
		"tot",
		"ten",
		"ten:777",
		"can",
		"sus",
		"res",
		"cash:7",
		"seg:gold",
		"seg:new",
		"q:0*2",
		"q:1*3",
		"q:2*1",
		"s:unknown1",
		"s:PLU1",
		"l:PLU1",
		"s:TOTAL",
		"s:4111",
		"q:9*9",
		"no:out_of_stock",
		"late:900:item3",
		"s:5901234123457",
		"prac:0",
		"s:item1 ~-600 s:item2 ~-600 s:item3 ~-600 s:item4 ~-600 s:item5",
		"inj:2",
		"yes"};
	uint32_t kind = random_below(rng, 100);

	if (kind < 45)
		snprintf(word, size, "s:%s", codes[random_below(rng, ITEMS)]);
	else if (kind < 55)
		snprintf(word, size, "l:%s*%d", codes[random_below(rng, ITEMS)],
			 (int)random_below(rng, 5) - 1);
	else if (kind < 65)
		snprintf(word, size, "%c%u", random_below(rng, 2) ? '+' : '~',
			 random_below(rng, 12) == 0 ? 200000 : random_below(rng, 3000));
	else
		snprintf(word, size, "%s",
			 others[random_below(rng, sizeof(others) / sizeof(others[0]))]);
}

/* --- what must hold */

struct offer_seen {
	char rule[GW_ID_MAX], code[GW_CODE_MAX];
	bool open, ghost;
};

struct sale_seen {
	char basket[GW_BASKET_ID_MAX];
	bool open, suspended, said_no, returned;
	int last_line, offers;
	struct offer_seen list[GW_WHY_MAX + 1];
	int64_t total;
	int64_t amount[2000];
};

struct watch {
	struct sale_seen sales[32];
	int offers_per_sale;
	int64_t last_mono;
	int offers, ghosts, outcomes[GW_RESULT_COUNT], closes;
};

static struct sale_seen *find_seen(struct watch *w, const char *basket)
{
	for (int i = 0; i < 32; i++)
		if (strcmp(w->sales[i].basket, basket) == 0)
			return &w->sales[i];
	return NULL;
}

static void see_line(struct sale_seen *s, const struct gw_ev_line *l)
{
	int64_t amount = l->price_minor < 0 ? 0 : l->qty * l->price_minor;

	assert_true(l->line >= 1 && l->line <= s->last_line + 1);
	assert_true(l->qty != 0 && l->code[0] != '\0');
	assert_true(l->offer >= 0 && l->offer <= s->offers);
	if (l->offer > 0)
		assert_false(s->list[l->offer - 1].ghost); /* a ghost leaves no trace */
	if (l->line > s->last_line)
		s->last_line = l->line;
	s->total += amount - s->amount[l->line];
	s->amount[l->line] = amount;
	s->returned = s->returned || l->qty < 0;
}

static void see_offer(struct watch *w, struct sale_seen *s, const struct gw_event *v)
{
	const struct gw_ev_offer *o = &v->u.offer;
	bool ghost = v->kind == GW_EV_GHOST;

	assert_int_equal(o->offer, s->offers + 1);
	assert_true(s->offers < w->offers_per_sale);
	assert_false(s->said_no || s->returned);
	for (int i = 0; i < s->offers; i++) {
		assert_string_not_equal(s->list[i].rule, o->rule);
		assert_string_not_equal(s->list[i].code, o->code);
		assert_true(!s->list[i].open || s->list[i].ghost);
		/* Treated or held out: the same for all of a basket's offers of one experiment. */
		assert_int_equal(s->list[i].ghost, ghost);
	}
	assert_int_equal(ghost, o->hold_bucket_ppm < o->holdout_ppm);
	assert_int_equal(o->holdout_ppm, 300000);
	assert_int_equal(o->propensity_ppm, 1000000);
	assert_true(o->eligible >= 1 && o->eligible <= 32);
	assert_true(strncmp(o->eligible_ids, o->rule, strlen(o->rule)) == 0);
	assert_int_equal(o->subtotal_minor, s->total);
	memcpy(s->list[s->offers].rule, o->rule, sizeof(o->rule));
	memcpy(s->list[s->offers].code, o->code, sizeof(o->code));
	s->list[s->offers].open = true;
	s->list[s->offers++].ghost = ghost;
	w->offers += !ghost;
	w->ghosts += ghost;
}

static void see_outcome(struct watch *w, struct sale_seen *s, const struct gw_ev_outcome *o)
{
	struct offer_seen *seen;

	assert_in_range(o->offer, 1, s->offers);
	seen = &s->list[o->offer - 1];
	assert_true(seen->open);
	assert_int_equal(seen->ghost, o->ghost);
	assert_string_equal(seen->rule, o->rule);
	assert_true(o->ms >= 0);
	if (o->ghost)
		assert_true(o->result == GW_RESULT_ACCEPTED_BY_SCAN ||
			    o->result == GW_RESULT_IGNORED);
	assert_int_equal(o->line > 0, o->result == GW_RESULT_ACCEPTED ||
					      o->result == GW_RESULT_ACCEPTED_BY_SCAN);
	if (o->result == GW_RESULT_DECLINED && o->why[0] == '\0')
		s->said_no = true;
	seen->open = false;
	w->outcomes[o->result]++;
}

static void see_close(struct watch *w, struct sale_seen *s, const struct gw_ev_close *c)
{
	for (int i = 0; i < s->offers; i++)
		assert_false(s->list[i].open); /* every offer has its outcome */
	assert_true(c->lines >= 0 && c->lines <= s->last_line);
	if (!c->total_from_till)
		assert_int_equal(c->total_minor, s->total);
	s->open = false;
	w->closes++;
}

static void see(void *ctx, const struct gw_event *v)
{
	struct watch *w = ctx;
	struct sale_seen *s;

	assert_true(v->mono_ms >= w->last_mono);
	w->last_mono = v->mono_ms;
	if (v->kind == GW_EV_OPEN) {
		assert_null(find_seen(w, v->basket));
		for (s = w->sales; s->open; s++)
			assert_true(s < &w->sales[31]);
		memset(s, 0, sizeof(*s));
		memcpy(s->basket, v->basket, sizeof(s->basket));
		s->open = true;
		return;
	}
	s = v->basket[0] != '\0' ? find_seen(w, v->basket) : NULL;
	assert_true(v->basket[0] == '\0' || s != NULL);
	if (s == NULL) {
		assert_true(v->kind == GW_EV_LOGIN || v->kind == GW_EV_TABLE ||
			    v->kind == GW_EV_ERROR || v->kind == GW_EV_REFUSED ||
			    v->kind == GW_EV_UNKNOWN || v->kind == GW_EV_BEEP);
		return;
	}
	assert_true(s->open);
	if (v->kind == GW_EV_RESUME)
		assert_true(s->suspended);
	else if (v->kind != GW_EV_CLOSE && v->kind != GW_EV_OUTCOME)
		assert_false(s->suspended);
	if (v->kind == GW_EV_LINE)
		see_line(s, &v->u.line);
	if (v->kind == GW_EV_VOID) {
		s->total -= s->amount[v->u.voided.line];
		s->amount[v->u.voided.line] = 0;
	}
	if (v->kind == GW_EV_OFFER || v->kind == GW_EV_GHOST)
		see_offer(w, s, v);
	if (v->kind == GW_EV_OUTCOME)
		see_outcome(w, s, &v->u.outcome);
	if (v->kind == GW_EV_CLOSE)
		see_close(w, s, &v->u.close);
	if (v->kind == GW_EV_SUSPEND || v->kind == GW_EV_RESUME)
		s->suspended = v->kind == GW_EV_SUSPEND;
}

static void check_view(struct gw_engine *e, struct watch *w, int64_t now)
{
	const struct gw_view *v = gw_engine_view(e);
	int64_t total = 0, deadline = gw_engine_deadline(e);
	int32_t pieces = 0;

	assert_true(deadline == -1 || deadline > now);
	for (size_t i = 0; i < v->line_count; i++) {
		const struct gw_view_line *l = &v->lines[i];

		assert_non_null(l->name);
		if (l->voided)
			continue;
		total += l->price_minor >= 0 ? l->amount_minor : 0;
		pieces += l->qty > 0 ? l->qty : 0;
	}
	assert_int_equal(total, v->total_minor);
	assert_int_equal(pieces, v->items);
	if (v->state == GW_VIEW_IDLE) {
		assert_string_equal(v->basket, "");
		assert_false(v->offer.active);
		return;
	}
	assert_int_equal(find_seen(w, v->basket)->total, v->total_minor);
	if (v->offer.active) {
		const struct sale_seen *s = find_seen(w, v->basket);

		assert_true(s->list[v->offer.offer - 1].open);
		assert_false(s->list[v->offer.offer - 1].ghost);
		assert_string_equal(s->list[v->offer.offer - 1].rule, v->offer.rule);
	}
}

static struct gw_engine *new_engine(const struct gw_table *table, uint32_t next_basket)
{
	struct gw_engine_config config = {
		.store = "S1", .terminal = "T1", .currency = "EUR", .next_basket = next_basket};
	struct gw_engine *e;

	assert_int_equal(gw_engine_new(&e, &config, NULL), GW_OK);
	assert_int_equal(gw_engine_set_table(e, table, NULL), GW_OK);
	return e;
}

static void test_shop(void **state)
{
	uint64_t rng = random_seed();
	static struct watch w;
	int offers = 0, ghosts = 0, taken = 0, ended = 0;

	(void)state;
	for (int round = 0; round < 12; round++) {
		struct shop_player p = {.at_ms = 1772618400000LL, .on_event = see, .ctx = &w};
		struct gw_table *table;

		memset(&w, 0, sizeof(w));
		table = draw_table(&rng, &w.offers_per_sale);
		p.engine = new_engine(table, 1);
		for (int i = 0; i < INPUTS; i++) {
			char word[128];

			draw_word(&rng, word, sizeof(word));
			shop_play(&p, word);
			if (word[0] == '~') /* no input: nothing can have happened */
				continue;
			check_view(p.engine, &w, p.mono_ms);
		}
		assert_true(w.closes > 50);
		offers += w.offers;
		ghosts += w.ghosts;
		taken += w.outcomes[GW_RESULT_ACCEPTED];
		for (int r = 0; r < GW_RESULT_COUNT; r++)
			ended += w.outcomes[r] > 0;
		gw_engine_free(p.engine);
		gw_table_free(table);
	}
	/* The shop was a lively one: the checks above had something to check. */
	assert_true(offers > 100 && ghosts > 20 && taken > 5 && ended > GW_RESULT_COUNT);
}

/* --- restarts */

static bool is_kept(enum gw_event_kind kind)
{
	static const bool kept[] = {
#define KEPT(name, word, journal) journal,
		GW_EVENT_MAP(KEPT)
#undef KEPT
	};
	return kept[kind];
}

struct journal {
	struct gw_event *list;
	size_t count, room;
};

static void keep(void *ctx, const struct gw_event *v)
{
	struct journal *j = ctx;

	if (!is_kept(v->kind))
		return;
	if (j->count == j->room) {
		j->room = j->room > 0 ? 2 * j->room : 256;
		j->list = realloc(j->list, j->room * sizeof(*j->list));
		assert_non_null(j->list);
	}
	j->list[j->count++] = *v;
}

static bool is_closed(const struct journal *j, const char *basket)
{
	for (size_t i = j->count; i-- > 0;)
		if (j->list[i].kind == GW_EV_CLOSE && strcmp(j->list[i].basket, basket) == 0)
			return true;
	return false;
}

static uint32_t count_opened(const struct journal *j)
{
	uint32_t count = 0;

	for (size_t i = 0; i < j->count; i++)
		count += j->list[i].kind == GW_EV_OPEN;
	return count;
}

static bool outlives_its_sale(const struct gw_event *v)
{
	return (v->kind == GW_EV_OUTCOME && strcmp(v->u.outcome.why, "out_of_stock") == 0) ||
	       (v->kind == GW_EV_CLOSE && v->u.close.reason == GW_CLOSE_TENDER);
}

/* What a host feeds after a restart; texts behind pointers are gone, as in a journal. */
static void restore(struct gw_engine *e, const struct journal *j)
{
	size_t login = SIZE_MAX;

	for (size_t i = 0; i < j->count; i++)
		if (j->list[i].kind == GW_EV_LOGIN)
			login = i;
	for (size_t i = 0; i < j->count; i++) {
		struct gw_event v = j->list[i];
		bool open = v.basket[0] != '\0' && !is_closed(j, v.basket);

		if (!open && i != login && !outlives_its_sale(&v))
			continue;
		if (v.kind == GW_EV_LINE)
			v.u.line.name = NULL;
		if (v.kind == GW_EV_OFFER || v.kind == GW_EV_GHOST) {
			v.u.offer.name = v.u.offer.script = v.u.offer.eligible_ids = NULL;
			memset(v.u.offer.why, 0, sizeof(v.u.offer.why));
		}
		assert_int_equal(gw_engine_restore(e, &v), GW_OK);
	}
}

static void play_both(struct shop_player *a, struct shop_player *b, const char *word)
{
	static char left[8192], right[8192];
	struct gw_text t = gw_text_over(left, sizeof(left)), u = gw_text_over(right, sizeof(right));

	gw_text_clear(&t);
	gw_text_clear(&u);
	a->out = &t;
	b->out = &u;
	a->all = b->all = false;
	shop_play(a, word);
	shop_play(b, word);
	if (strcmp(left, right) != 0)
		fail_msg("after a restart, at %s:\n  went on  %s\n  restored %s", word, left,
			 right);
	if (word[0] != '~' && gw_engine_deadline(a->engine) != -1)
		assert_int_equal(gw_engine_deadline(a->engine) - a->mono_ms,
				 gw_engine_deadline(b->engine) - b->mono_ms);
	a->out = b->out = NULL;
}

static void check_same_view(const struct gw_engine *a, const struct gw_engine *b)
{
	const struct gw_view *v = gw_engine_view(a), *u = gw_engine_view(b);

	assert_int_equal(v->state, u->state);
	assert_int_equal(v->line_count, u->line_count);
	assert_int_equal(v->offer.active, u->offer.active);
	assert_string_equal(v->offer.name, u->offer.name);
	assert_string_equal(v->offer.script, u->offer.script);
	assert_string_equal(v->cashier, u->cashier);
	assert_string_equal(v->segment, u->segment);
	assert_int_equal(v->suspended, u->suspended);
	assert_int_equal(v->muted, u->muted);
	for (size_t i = 0; i < v->line_count; i++) {
		assert_string_equal(v->lines[i].name, u->lines[i].name);
		assert_int_equal(v->lines[i].voided, u->lines[i].voided);
		assert_int_equal(v->lines[i].unconfirmed, u->lines[i].unconfirmed);
		assert_int_equal(v->lines[i].unknown, u->lines[i].unknown);
	}
}

/*
 * Cut anywhere, restore into a fresh engine whose monotonic clock begins anew, go on with both: the
 * same from then on.
 */
static void test_restart(void **state)
{
	uint64_t rng = random_seed();

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct journal j = {0};
		int offers_per_sale, before = (int)random_below(&rng, 150);
		struct gw_table *table = draw_table(&rng, &offers_per_sale);
		struct shop_player a = {.at_ms = 1772618400000LL, .on_event = keep, .ctx = &j}, b;
		char word[128];

		a.engine = new_engine(table, 1);
		shop_play(&a, "s:item1 ten"); /* a till that tenders, see gw_engine_restore */
		for (int i = 0; i < before; i++) {
			draw_word(&rng, word, sizeof(word));
			shop_play(&a, word);
		}
		b = a;
		b.engine = new_engine(table, 1 + count_opened(&j));
		b.mono_ms = random_below(&rng, 100000000);
		b.on_event = NULL;
		restore(b.engine, &j);
		a.on_event = NULL;
		check_same_view(a.engine, b.engine);
		for (int i = 0; i < 150; i++) {
			draw_word(&rng, word, sizeof(word));
			play_both(&a, &b, word);
		}
		check_same_view(a.engine, b.engine);
		gw_engine_free(a.engine);
		gw_engine_free(b.engine);
		gw_table_free(table);
		free(j.list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shop),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests_name("engine_sim", tests, NULL, NULL);
}
