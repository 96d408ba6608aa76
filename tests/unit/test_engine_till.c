/*
 * The engine at a till: codes as scanners send them, the troubles cashiers report of other tills,
 * hold-outs, tables that change, limits, and what the screens are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/policy.h"
#include "offer/assign.h"
#include "tests/unit/shop.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Wednesday 2026-03-04 10:00 UTC. */
#define START_MS 1772618400000LL

/* --- no memory is asked for while selling: the linker sends every request through here */

static size_t requests;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	requests++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	requests++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	requests++;
	return __real_realloc(p, size);
}

/* --- the shop */

static const struct shop_item items[] = {
	{"05901234123457", 400, 200, NULL, NULL, 0},
	{"09501101530003", 500, 300, NULL, "recall:L7", 0},
	{"00000096385074", 150, 50, NULL, NULL, 0},
	{"02200010000009", -1, -1, NULL, NULL, 0},
	{"02500010000000", 20, 10, NULL, NULL, 0},
	{"02811110000006", 1000, 400, NULL, NULL, 0},
	{"02900010000008", 1000, 400, NULL, NULL, 0},
	{"99501101530006", 800, 400, NULL, NULL, 0},
	{"torch", 1299, 700, NULL, NULL, 0},
	{"batt", 349, 149, NULL, NULL, 0},
	{"kite", 999, 500, NULL, "recall", 0},
};

static const struct shop_rule rules[] = {
	{"r-batt", "torch", "batt", 0.30, .price = 299},
	{"r-ean", "05901234123457", "batt", 0.30, .price = 0},
	{"r-gs1", "09501101530003", "batt", 0.30, .price = 0},
	{"r-kite", "kite", "batt", 0.30, .price = 0},
};

static const struct shop_setting settings[] = {{"region", "germany"},
					       {"patterns", "22IIIIINNNNNC price 2 EUR;"
							    "29IIIIINNNNNC weight 3 kg;"
							    "25IIIIINNNNNC count 0 pcs"}};

static struct shop plain_shop(void)
{
	return (struct shop){.items = items,
			     .item_count = COUNT(items),
			     .rules = rules,
			     .rule_count = COUNT(rules),
			     .settings = settings,
			     .setting_count = COUNT(settings)};
}

static struct gw_engine *new_engine(const struct gw_table *table)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1", .currency = "EUR"};
	struct gw_engine *e;

	assert_int_equal(gw_engine_new(&e, &config, NULL), GW_OK);
	assert_int_equal(gw_engine_set_table(e, table, NULL), GW_OK);
	return e;
}

/* A sale being played: table, engine and the text of its events so far. */
struct play {
	struct gw_table *table;
	struct shop_player p;
	struct gw_text out;
	char room[8000];
};

static void play_begin(struct play *play, const struct shop *shop)
{
	play->table = shop_table(shop);
	play->out = gw_text_over(play->room, sizeof(play->room));
	gw_text_clear(&play->out);
	play->p = (struct shop_player){.engine = new_engine(play->table),
				       .at_ms = START_MS,
				       .mono_ms = 5000,
				       .out = &play->out};
}

static void play_end(struct play *play)
{
	gw_engine_free(play->p.engine);
	gw_table_free(play->table);
}

/* Plays on and compares what that gave. */
static void play_expect(struct play *play, const char *why, const char *script, const char *expect)
{
	gw_text_clear(&play->out);
	shop_play(&play->p, script);
	if (strcmp(play->room, expect) != 0)
		fail_msg("%s\n  script   %s\n  expected %s\n  got      %s", why, script, expect,
			 play->room);
}

static void scan_bytes(struct play *play, const char *bytes)
{
	struct gw_input in = {.kind = GW_IN_SCAN,
			      .price_minor = -1,
			      .data = (const uint8_t *)bytes,
			      .data_len = strlen(bytes)};

	play->p.mono_ms += 800;
	play->p.at_ms += 800;
	shop_input(&play->p, &in);
}

/* Legend: one scan into a fresh register, its bytes, and the events behind "open". */
static const struct {
	const char *why, *bytes, *expect;
} scan_rows[] = {
	{"EAN-13 with its identifier (a prefix is never part of the code)", "]E05901234123457",
	 "line:1:05901234123457:1:400:scan beep:ok offer:r-ean:349 beep:offer"},
	{"EAN-13 without one", "5901234123457",
	 "line:1:05901234123457:1:400:scan beep:ok offer:r-ean:349 beep:offer"},
	{"EAN-8", "]E496385074", "line:1:00000096385074:1:150:scan beep:ok"},
	{"a GS1 code fires the rule as a plain scan does", "]d20109501101530003",
	 "line:1:09501101530003:1:500:scan beep:ok offer:r-gs1:349 beep:offer"},
	{"an EAN with a two-digit add-on is the magazine", "]E3590123412345712",
	 "line:1:05901234123457:1:400:scan beep:ok offer:r-ean:349 beep:offer"},
	{"price in the code", "]E02200010006872", "line:1:02200010000009:1:687:scan beep:ok"},
	{"count in the code", "]E02500010000123", "line:1:02500010000000:12:20:scan beep:ok"},
	{"weight in the code: the portion's price, half up", "]E02900010012049",
	 "line:1:02900010000008:1:1204:scan beep:ok"},
	{"a weight that fails its own check digit is sold, and told", "]E02811110006879",
	 "line:1:02811110000006:1:687:scan beep:ok "
	 "warn:'Weight or price in the code is doubtful: 02811110000006'"},
	{"a code nobody knows is sold all the same", "]E04006381333931",
	 "line:1:04006381333931:1:-1:scan unknown:04006381333931:1 beep:ok"},
	{"an expired pack warns, and is no moment to sell", "]d2010950110153000317260101",
	 "line:1:09501101530003:1:500:scan beep:ok warn:'Expired on 2026-01-01: 09501101530003'"},
	{"good until today is not expired", "]d2010950110153000317260304",
	 "line:1:09501101530003:1:500:scan beep:ok offer:r-gs1:349 beep:offer"},
	{"a recalled lot warns", "]d2010950110153000310L7",
	 "line:1:09501101530003:1:500:scan beep:ok "
	 "warn:'Recalled, do not sell: 09501101530003, lot L7'"},
	{"another lot does not", "]d2010950110153000310L8",
	 "line:1:09501101530003:1:500:scan beep:ok offer:r-gs1:349 beep:offer"},
	{"an item recalled whole", "kite",
	 "line:1:kite:1:999:scan beep:ok warn:'Recalled, do not sell: kite'"},
};

static void test_scans(void **state)
{
	struct shop shop = plain_shop();

	(void)state;
	for (size_t i = 0; i < COUNT(scan_rows); i++) {
		struct play play;

		play_begin(&play, &shop);
		shop_play(&play.p, "seg:"); /* the sale is open */
		gw_text_clear(&play.out);
		play.p.all = true;
		scan_bytes(&play, scan_rows[i].bytes);
		if (strcmp(play.room, scan_rows[i].expect) != 0)
			fail_msg("%s\n  scan     %s\n  expected %s\n  got      %s",
				 scan_rows[i].why, scan_rows[i].bytes, scan_rows[i].expect,
				 play.room);
		play_end(&play);
	}
}

/* Refused scans: told, never kept, and the sale goes on. */
static void test_refused(void **state)
{
	static const char card[] = "4111111111111111", magnetic[] = "%B4111111111111111^DOE/J^30";
	struct shop shop = plain_shop();
	struct gw_input long_scan = {.kind = GW_IN_SCAN, .data_len = 4096};
	static uint8_t bytes[4096];
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	play.p.all = true;
	scan_bytes(&play, card);
	assert_non_null(strstr(play.room, "refused:'payment card number refused'"));
	assert_non_null(strstr(play.room, "beep:bad"));
	assert_null(strstr(play.room, "4111"));
	assert_null(strstr(play.room, "open"));
	assert_int_equal(gw_engine_view(play.p.engine)->note, GW_NOTE_CARD);
	assert_null(strstr(gw_engine_view(play.p.engine)->subject, "4111"));
	scan_bytes(&play, magnetic);
	assert_null(strstr(play.room, "4111"));
	shop_play(&play.p, "l:4111111111111111*1@500");
	assert_null(strstr(play.room, "4111"));
	memset(bytes, 'x', sizeof(bytes));
	long_scan.data = bytes;
	shop_input(&play.p, &long_scan);
	gw_text_clear(&play.out);
	scan_bytes(&play, "]E05901234123458"); /* wrong check digit */
	assert_non_null(strstr(play.room, "refused:"));
	assert_int_equal(gw_engine_view(play.p.engine)->note, GW_NOTE_REFUSED);
	play.p.all = false;
	play_expect(&play, "the sale goes on", "s:torch",
		    "open line:1:torch:1:1299:scan offer:r-batt:299");
	play_end(&play);
}

/* A pack with bars and a 2D code, both sent by the scanner, is one line; two packs are two. */
static void test_twins(void **state)
{
	struct shop shop = plain_shop();
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	scan_bytes(&play, "]E09501101530003");
	assert_int_equal(gw_engine_view(play.p.engine)->line_count, 1);
	gw_text_clear(&play.out);
	play.p.all = true;
	scan_bytes(&play, "]d2010950110153000310L7"); /* only this one tells of the recalled lot */
	assert_string_equal(play.room, "warn:'Recalled, do not sell: 09501101530003, lot L7'");
	assert_int_equal(gw_engine_view(play.p.engine)->line_count, 1);
	scan_bytes(&play, "]E09501101530003");
	scan_bytes(&play, "]E09501101530003");
	assert_int_equal(gw_engine_view(play.p.engine)->line_count, 3);
	play_end(&play);
}

/* Weighed and counted goods: the portion's price, the weight, the quantity. */
static void test_measures(void **state)
{
	struct shop shop = plain_shop();
	const struct gw_view_line *l;
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	scan_bytes(&play, "]d201995011015300063103000750"); /* variable measure, 0.750 kg at 8.00 */
	l = gw_engine_view(play.p.engine)->lines;
	assert_string_equal(l[0].name, "99501101530006");
	assert_int_equal(l[0].milli, 750);
	assert_int_equal(l[0].price_minor, 600);
	assert_int_equal(l[0].amount_minor, 600);
	scan_bytes(&play, "]d201995011015300063922599"); /* ... with its price to pay */
	assert_int_equal(gw_engine_view(play.p.engine)->lines[1].price_minor, 599);
	scan_bytes(&play, "]d201995011015300063012"); /* ... counted */
	assert_int_equal(gw_engine_view(play.p.engine)->lines[2].qty, 12);
	gw_text_clear(&play.out);
	play_expect(&play, "weighed", "q:1*2", "error:'A weighed item has no quantity'");
	scan_bytes(&play, "]d201095011015300033103000750"); /* a packet that says its weight */
	assert_int_equal(gw_engine_view(play.p.engine)->lines[3].price_minor, 500);
	assert_int_equal(gw_engine_view(play.p.engine)->lines[3].milli, 0);
	play_end(&play);
}

/*
 * What cashiers suffer from elsewhere; the number is that of the list of pains in the design notes'
 * order, the words are the pain.
 */
static void test_pains(void **state)
{
	struct shop shop = plain_shop();
	struct play play;
	char expect[4000];
	struct gw_text t = gw_text_over(expect, sizeof(expect));

	(void)state;
	play_begin(&play, &shop);
	gw_text_clear(&t);
	gw_text_add(&t, "open");
	for (int i = 1; i <= 10; i++)
		gw_text_addf(&t, " line:%d:batt:1:349:scan", i);
	play_expect(&play, "2: ten fast scans become quantity five",
		    "s:batt ~-790 s:batt ~-790 s:batt ~-790 s:batt ~-790 s:batt ~-790 s:batt "
		    "~-790 s:batt ~-790 s:batt ~-790 s:batt ~-790 s:batt",
		    expect);
	play_expect(&play, "3: the scanner's Enter presses a button: it is no product", "can",
		    "close:10:10:3490:cancel");
	play_expect(&play, "4: a scan lands in the wrong field; an add-on of a magazine is no item",
		    "s:torch s:]E112 s:torch",
		    "open line:1:torch:1:1299:scan offer:r-batt:299 line:2:torch:1:1299:scan");
	play_expect(&play, "7: a scan at the wrong moment locks the till, order gone",
		    "tot s:torch tot", "subtotal line:3:torch:1:1299:scan subtotal");
	play_expect(&play, "8: a pop-up that waits for a choice: an offer asks for none", "ten",
		    "outcome:1:ignored:0:0 close:3:3:3897:tender");
	play_expect(&play, "15: changes unseen until restart; 16: till and office disagree",
		    "l:torch*1@1199", "open line:1:torch:1:1199:host offer:r-batt:299");
	play_expect(&play, "17: an apply step nobody wants: the add-on itself is the yes",
		    "l:batt@299", "line:2:batt:1:299:host:1 outcome:1:accepted_by_scan:2:299");
	play_expect(&play, "being made to ask twice", "s:torch ten",
		    "line:3:torch:1:1299:scan close:3:3:2797:tender");
	play_end(&play);
}

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

/* Whatever comes in, memory is asked for when a table is set and at no other time. */
static void test_no_allocation(void **state)
{
	static const char everything[] =
		"cash:1 seg:gold s:torch yes s:torch v:1 q:0*3 s:nope l:batt*2@5 l:nope tot tot "
		"s:torch no +1 s:torch +9000 mute sus s:kite sus res ten s:4111111111111111 "
		"s:]E05901234123457 nv can prac:1 s:torch can prac:0 res can late:99:torch can";
	struct shop shop = plain_shop();
	struct play play;
	size_t before;

	(void)state;
	play_begin(&play, &shop);
	assert_true(requests > 0); /* the counter counts */
	before = requests;
	shop_play(&play.p, everything);
	assert_int_equal(requests, before);
	play_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scans),         cmocka_unit_test(test_refused),
		cmocka_unit_test(test_twins),         cmocka_unit_test(test_measures),
		cmocka_unit_test(test_pains),         cmocka_unit_test(test_ghost),
		cmocka_unit_test(test_ghost_place),   cmocka_unit_test(test_ghost_unseen),
		cmocka_unit_test(test_arms),          cmocka_unit_test(test_table_swap),
		cmocka_unit_test(test_expired_table), cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_config),        cmocka_unit_test(test_practice),
		cmocka_unit_test(test_limits),        cmocka_unit_test(test_local_time),
		cmocka_unit_test(test_clocks),        cmocka_unit_test(test_view),
		cmocka_unit_test(test_no_allocation),
	};

	return cmocka_run_group_tests_name("engine_till", tests, NULL, NULL);
}
