/*
 * The engine over many sales: hold-outs, tables that change, practice, limits, clocks and restarts,
 * and what the screens are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "offer/assign.h"
#include "engine/policy.h"
#include "tests/unit/play.h"

/* --- hold-out */

static const struct gw_arm arms[] = {{"a", 500000}, {"b", 500000}};
static const struct gw_experiment all_held = {.id = "x",
					      .hypothesis = "",
					      .metric = "",
					      .salt = "",
					      .from_day = 0,
					      .to_day = 99999,
					      .holdout_ppm = 1000000,
					      .arms = arms,
					      .arm_count = 2};

static struct shop held_shop(void)
{
	struct shop shop = plain_shop();

	shop.experiments = &all_held;
	shop.experiment_count = 1;
	return shop;
}

static void test_ghost(void **state)
{
	struct shop shop = held_shop();
	const struct gw_event *events;
	struct play play;
	size_t n;

	(void)state;
	play_begin(&play, &shop);
	play_expect(&play, "a ghost is logged", "s:torch",
		    "open line:1:torch:1:1299:scan ghost:r-batt:299");
	n = gw_engine_events(play.p.engine, &events);
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == GW_EV_GHOST) {
			assert_string_equal(events[i].u.offer.experiment, "x");
			assert_string_equal(events[i].u.offer.eligible_ids, "r-batt");
			assert_int_equal(events[i].u.offer.margin_minor, 150);
			assert_int_equal(events[i].u.offer.holdout_ppm, 1000000);
			assert_int_equal(events[i].u.offer.propensity_ppm, 1000000);
			assert_string_equal(events[i].u.offer.why[0], "torch");
		}
	play_expect(&play, "no key reaches it", "yes no",
		    "error:'There is no offer to accept' error:'There is no offer'");
	play_expect(&play, "it does not run out", "+9000", "");
	play_expect(&play, "bought unprompted: the line belongs to no offer", "s:batt ten",
		    "line:2:batt:1:349:scan outcome:1:accepted_by_scan:2:349 "
		    "close:2:2:1648:tender");
	play_expect(&play, "else ignored at the end", "s:torch can",
		    "open line:1:torch:1:1299:scan ghost:r-batt:299 outcome:1:ignored:0:0 "
		    "close:1:1:1299:cancel");
	play_end(&play);
}

/* A ghost holds the place of an offer for as long as the offer would have stood there. */
static void test_ghost_place(void **state)
{
	static const struct shop_setting two[] = {{"offers_per_sale", "2"}};
	static const struct shop_rule pair[] = {
		{"r-batt", "torch", "batt", 0.30, .price = 299},
		{"r-kite", "00000096385074", "torch", 0.30, .price = 0},
	};
	struct shop shop = held_shop();
	struct play play;

	(void)state;
	shop.settings = two;
	shop.setting_count = 1;
	shop.rules = pair;
	shop.rule_count = 2;
	play_begin(&play, &shop);
	play_expect(&play, "while it would be on the screen, no second one",
		    "s:torch ~1000 s:batt v:1 s:]E496385074 ~300 s:]E496385074",
		    "open line:1:torch:1:1299:scan ghost:r-batt:299 line:2:batt:1:349:scan "
		    "outcome:1:accepted_by_scan:2:349 void:1 line:3:00000096385074:1:150:scan "
		    "line:4:00000096385074:1:150:scan ghost:r-kite:1299");
	play_expect(&play, "not met: until its time is over",
		    "can s:torch v s:]E496385074 ~7000 s:]E496385074 ~1200 s:]E496385074",
		    "outcome:2:ignored:0:0 close:3:3:649:cancel open line:1:torch:1:1299:scan "
		    "ghost:r-batt:299 void:1 line:2:00000096385074:1:150:scan "
		    "line:3:00000096385074:1:150:scan line:4:00000096385074:1:150:scan "
		    "ghost:r-kite:1299");
	play_end(&play);
}

/* A held-out sale looks exactly like one without an offer: same picture, beeps and deadlines. */
static void test_ghost_unseen(void **state)
{
	struct shop held = held_shop(), none = plain_shop();
	struct play a, b;

	(void)state;
	none.rule_count = 0;
	play_begin(&a, &held);
	play_begin(&b, &none);
	a.p.all = b.p.all = true;
	for (int i = 0; i < 3; i++) {
		const struct gw_view *v, *u;

		shop_play(&a.p, "s:torch");
		shop_play(&b.p, "s:torch");
		v = gw_engine_view(a.p.engine);
		u = gw_engine_view(b.p.engine);
		assert_memory_equal(&v->offer, &u->offer, sizeof(v->offer));
		assert_int_equal(v->note, u->note);
		assert_int_equal(v->total_minor, u->total_minor);
		assert_int_equal(v->offers_shown, 0);
		assert_int_equal(gw_engine_deadline(a.p.engine), gw_engine_deadline(b.p.engine));
	}
	assert_null(strstr(a.room, "beep:offer"));
	play_end(&a);
	play_end(&b);
}

/* Only baskets of the arm see its rules, and the arm is written down. */
static void test_arms(void **state)
{
	struct gw_experiment e = all_held;
	struct shop_rule rule = rules[0];
	struct shop shop = plain_shop();
	const struct gw_event *events;
	int seen = 0, unseen = 0;
	struct play play;

	(void)state;
	e.holdout_ppm = 0;
	rule.arm = "a";
	shop.experiments = &e;
	shop.experiment_count = shop.rule_count = 1;
	shop.rules = &rule;
	play_begin(&play, &shop);
	for (int i = 0; i < 40; i++) {
		bool offered = false;
		size_t n;

		shop_play(&play.p, "s:torch");
		n = gw_engine_events(play.p.engine, &events);
		for (size_t k = 0; k < n; k++)
			if (events[k].kind == GW_EV_OFFER) {
				offered = true;
				assert_string_equal(events[k].u.offer.arm, "a");
			}
		assert_int_equal(offered,
				 gw_assign_has_arm(play.table, "a", "",
						   gw_engine_view(play.p.engine)->basket, 20516));
		seen += offered;
		unseen += !offered;
		shop_play(&play.p, "ten");
	}
	assert_true(seen > 5 && unseen > 5);
	play_end(&play);
}

/* --- tables */

static void test_table_swap(void **state)
{
	struct shop shop = plain_shop(), next = plain_shop();
	struct shop_item renamed[COUNT(items)];
	struct gw_table *table;
	struct play play;

	(void)state;
	memcpy(renamed, items, sizeof(items));
	renamed[8].price = 1099;
	next.items = renamed;
	next.version = "2";
	play_begin(&play, &shop);
	play.p.all = true;
	play_expect(&play, "a new table is told with the first input", "+1", "table");
	table = shop_table(&next);
	play_expect(&play, "two sales, one of them put aside", "s:torch sus s:torch",
		    "open line:1:torch:1:1299:scan beep:ok offer:r-batt:299 beep:offer "
		    "outcome:1:withdrawn:0:0 suspend open line:1:torch:1:1299:scan beep:ok "
		    "offer:r-batt:299 beep:offer");
	assert_int_equal(gw_engine_set_table(play.p.engine, table, NULL), GW_OK);
	assert_ptr_equal(gw_engine_table(play.p.engine), play.table);
	play_expect(&play, "within a sale the old table stands", "s:torch",
		    "line:2:torch:1:1299:scan beep:ok");
	play_expect(&play, "between sales it is swapped", "ten",
		    "outcome:1:ignored:0:0 close:2:2:2598:tender table");
	assert_ptr_equal(gw_engine_table(play.p.engine), table);
	gw_table_free(play.table); /* nothing may hold on to it, the sale put aside included */
	play.table = table;
	play_expect(&play, "the sale put aside goes on with the new one, its line as it was",
		    "res s:torch ten",
		    "resume line:2:torch:1:1099:scan beep:ok close:2:2:2398:tender");
	assert_string_equal(gw_engine_view(play.p.engine)->table_version, "2");
	play_end(&play);
}

static void test_expired_table(void **state)
{
	struct shop shop = plain_shop();
	struct play play;

	(void)state;
	shop.expires_ms = START_MS - 72 * 3600000LL + 1000;
	play_begin(&play, &shop);
	play_expect(&play, "three days of grace", "s:torch can",
		    "open line:1:torch:1:1299:scan offer:r-batt:299 outcome:1:ignored:0:0 "
		    "close:1:1:1299:cancel");
	assert_false(gw_engine_view(play.p.engine)->suggestions_off);
	play_expect(&play, "then it sells, and suggests nothing", "s:torch",
		    "open line:1:torch:1:1299:scan");
	assert_true(gw_engine_view(play.p.engine)->suggestions_off);
	play_end(&play);
}

static void test_no_table(void **state)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1"};
	struct shop_player p = {.at_ms = START_MS};
	char room[1000];
	struct gw_text out = gw_text_over(room, sizeof(room));

	(void)state;
	assert_int_equal(gw_engine_new(&p.engine, &config, NULL), GW_OK);
	p.out = &out;
	gw_text_clear(&out);
	shop_play(&p, "s:torch l:batt*2@300 v:1 tot ten");
	assert_string_equal(room, "open line:1:torch:1:-1:scan unknown:torch:1 "
				  "line:2:batt:2:300:host unknown:batt:2 void:1 subtotal "
				  "close:1:2:600:tender");
	assert_null(gw_engine_fit(p.engine));
	gw_engine_free(p.engine);
}

static void test_config(void **state)
{
	static const struct {
		const char *store, *terminal;
		int code;
	} rows[] = {{"S1", "T1", GW_OK},
		    {"", "T1", GW_E_INPUT},
		    {"S1", NULL, GW_E_INPUT},
		    {"S-1", "T1", GW_E_INPUT},
		    {"A234567890123456", "T1", GW_E_INPUT},
		    {"A23456789012345", "T1", GW_OK}};
	struct gw_input bad = {.kind = GW_IN_SCAN, .data_len = 3};
	struct gw_engine *e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_engine_config config = {.store = rows[i].store,
						  .terminal = rows[i].terminal};

		assert_int_equal(gw_engine_new(&e, &config, NULL), rows[i].code);
		assert_int_equal(e != NULL, rows[i].code == GW_OK);
		if (e != NULL) {
			assert_int_equal(gw_engine_input(e, &bad), GW_E_BUG);
			bad.kind = GW_IN_TICK + 1;
			assert_int_equal(gw_engine_input(e, &bad), GW_E_BUG);
			bad.kind = GW_IN_SCAN;
		}
		gw_engine_free(e);
	}
	gw_engine_free(NULL);
}

/* --- practice, limits, the clock */

static void test_practice(void **state)
{
	struct shop shop = plain_shop();
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	shop_play(&play.p, "prac:1 s:torch");
	assert_true(gw_engine_view(play.p.engine)->practice);
	assert_string_equal(gw_engine_view(play.p.engine)->basket, "S1-T1-20260304-P00001");
	shop_play(&play.p, "ten prac:0 s:torch");
	/* The real numbers have no gap. */
	assert_string_equal(gw_engine_view(play.p.engine)->basket, "S1-T1-20260304-000001");
	play_end(&play);
}

static void test_limits(void **state)
{
	struct shop shop = plain_shop();
	const struct gw_view *v;
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	play.p.out = NULL;
	for (int i = 0; i < 1001; i++)
		shop_play(&play.p, "s:batt");
	play.p.out = &play.out;
	v = gw_engine_view(play.p.engine);
	assert_int_equal(v->line_count, 1000);
	assert_int_equal(v->items, 1001);
	assert_int_equal(v->total_minor, 1001 * 349);
	play_expect(&play, "beyond the thousandth line", "v:1001 v:1000 s:batt ten",
		    "error:'Line 1001 is beyond the 1000 that can be changed' void:1000 "
		    "line:1002:batt:1:349:scan close:1001:1001:349349:tender");
	for (int i = 0; i < 8; i++)
		shop_play(&play.p, "s:torch sus");
	play_expect(&play, "a ninth sale put aside closes the oldest", "s:batt sus",
		    "open line:1:batt:1:349:scan close:1:1:1299:idle suspend");
	assert_int_equal(gw_engine_view(play.p.engine)->suspended, 8);
	play_expect(&play, "a name that nobody put aside", "res:S1-T1-20260304-000002",
		    "error:'No such sale was put aside'");
	play_end(&play);
}

/* Midnight and the shop's own time: the id has the local day. */
static void test_local_time(void **state)
{
	struct shop shop = plain_shop();
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	play.p.at_ms = START_MS + 13 * 3600000LL + 1800000; /* 23:30 UTC */
	gw_engine_set_utc_offset(play.p.engine, 60);
	shop_play(&play.p, "s:torch");
	assert_string_equal(gw_engine_view(play.p.engine)->basket, "S1-T1-20260305-000001");
	play_end(&play);
}

/* A monotonic clock that goes back is held; a wall clock may jump as it likes. */
static void test_clocks(void **state)
{
	struct shop shop = plain_shop();
	const struct gw_event *events;
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	shop_play(&play.p, "s:torch");
	play.p.mono_ms -= 3000;
	play.p.at_ms -= 7200000;
	shop_play(&play.p, "s:torch");
	gw_engine_events(play.p.engine, &events);
	assert_int_equal(events[0].mono_ms, 5800);
	assert_int_equal(events[0].at_ms, START_MS + 1600 - 7200000);
	play_end(&play);
}

struct few {
	struct gw_event list[16];
	size_t count;
};

static void keep_few(void *ctx, const struct gw_event *v)
{
	struct few *few = ctx;

	if (v->kind == GW_EV_OPEN || v->kind == GW_EV_LINE)
		few->list[few->count++] = *v;
}

/* A register that restarts in a rush is in a rush still, whatever its new clock says. */
static void test_restart_in_a_rush(void **state)
{
	static const int64_t clocks[] = {0, 100000000};
	struct shop shop = plain_shop();

	(void)state;
	for (size_t i = 0; i < COUNT(clocks); i++) {
		struct few few = {.count = 0};
		struct play play;

		play_begin(&play, &shop);
		play.p.on_event = keep_few;
		play.p.ctx = &few;
		shop_play(&play.p,
			  "s:batt ~-500 s:batt ~-500 s:batt ~-500 s:batt ~-500 s:batt v:1");
		play.p.on_event = NULL;
		gw_engine_free(play.p.engine);
		play.p.engine = new_engine(play.table);
		for (size_t k = 0; k < few.count; k++)
			assert_int_equal(gw_engine_restore(play.p.engine, &few.list[k]), GW_OK);
		play.p.mono_ms = clocks[i];
		play_expect(&play, "no offer", "~-500 s:kite",
			    "line:6:kite:1:999:scan "
			    "warn:'Recalled, do not sell: kite'");
		for (int line = 1; line <= 5; line++) {
			char word[8];

			snprintf(word, sizeof(word), "v:%d", line);
			shop_play(&play.p, word);
		}
		play_expect(&play, "still none", "~-500 s:torch", "line:7:torch:1:1299:scan");
		play_expect(&play, "out of it", "~3000 s:torch",
			    "line:8:torch:1:1299:scan offer:r-batt:299");
		play_end(&play);
	}
}

static void test_view(void **state)
{
	struct shop shop = plain_shop();
	const struct gw_view *v;
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	v = gw_engine_view(play.p.engine);
	assert_int_equal(v->state, GW_VIEW_IDLE);
	assert_string_equal(v->currency, "EUR");
	shop_play(&play.p, "cash:17 s:torch");
	assert_int_equal(v->state, GW_VIEW_SELLING);
	assert_int_equal(v->note, GW_NOTE_OFFERED);
	assert_string_equal(v->subject, "batt");
	assert_string_equal(v->cashier, "17");
	assert_true(v->offer.active);
	assert_string_equal(v->offer.name, "batt");
	assert_string_equal(v->offer.script, "Ask!");
	assert_int_equal(v->offer.price_minor, 299);
	assert_int_equal(v->offer.saves_minor, 50);
	assert_string_equal(v->offer.why[0], "torch");
	assert_null(v->offer.why[1]);
	assert_int_equal(gw_engine_deadline(play.p.engine), play.p.mono_ms + 8000);
	shop_play(&play.p, "yes");
	assert_int_equal(v->note, GW_NOTE_TAKEN);
	assert_false(v->offer.active);
	assert_true(v->lines[1].unconfirmed);
	assert_int_equal(v->offers_accepted, 1);
	shop_play(&play.p, "l:batt@299 tot");
	assert_false(v->lines[1].unconfirmed);
	assert_int_equal(v->state, GW_VIEW_TOTALLED);
	assert_int_equal(v->note, GW_NOTE_SUBTOTAL);
	assert_string_equal(v->subject, "15.98");
	shop_play(&play.p, "s:unknown9");
	assert_true(v->lines[2].unknown && v->total_partial);
	assert_string_equal(v->lines[2].name, "unknown9");
	shop_play(&play.p, "ten:1600");
	assert_int_equal(v->note, GW_NOTE_CLOSED);
	assert_string_equal(v->subject, "16.00");
	assert_int_equal(v->sales_closed, 1);
	assert_int_equal(v->line_count, 0);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ghost),
		cmocka_unit_test(test_ghost_place),
		cmocka_unit_test(test_ghost_unseen),
		cmocka_unit_test(test_arms),
		cmocka_unit_test(test_table_swap),
		cmocka_unit_test(test_expired_table),
		cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_practice),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_local_time),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_restart_in_a_rush),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests_name("engine_till", tests, NULL, NULL);
}
