/*
 * The engine: what a sale and its offers do, told as scripts and the events they give.  Rows of
 * `pains` carry the trouble that cashiers report of other tills.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/policy.h"
#include "tests/unit/shop.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Wednesday 2026-03-04 10:00 UTC. */
#define START_MS 1772618400000LL

static const struct shop_item items[] = {
	{"torch", 1299, 700, "light", NULL, 0},
	{"batt", 349, 149, "light", NULL, 0},
	{"tent", 9900, 6000, "camp", NULL, 0},
	{"rope", 500, 200, "camp", NULL, 0},
	{"mat", 2500, 1000, "camp", NULL, 0},
	{"gas", 800, 300, "camp", NULL, -9},
	{"wine", 600, 300, "drink", NULL, 0},
	{"cheese", 450, 200, NULL, NULL, 0},
	{"small", 200, 100, NULL, NULL, 0},
	{"large", 300, 120, NULL, NULL, 0},
	{"wrap", 150, -1, NULL, NULL, 0},
	{"card", 250, 50, NULL, NULL, 0},
	{"milk", 120, 90, NULL, "recall:L7 fresh", 0},
	{"09501101530003", 500, 300, NULL, NULL, 0},
	{"pear", 299, 150, NULL, NULL, 0},
};

static const struct shop_rule rules[] = {
	{"r-batt", "torch", "batt", 0.30, .price = 299},
	{"r-mat", "tent rope", "mat", 0.50, .pos_code = "PLU77"},
	{"r-gas", "tent", "gas", 0.90, .price = 0},
	{"r-wine3", "wine wine wine", "cheese", 0.40, .kind = GW_RULE_BUNDLE, .price = 300},
	{"r-large", "small", "large", 0.40, .kind = GW_RULE_UPGRADE},
	{"r-wrap", "card", "wrap", 0.20, .moment = GW_MOMENT_TOTAL},
	{"r-seg", "cheese", "wine", 0.20, .segment = "gold"},
	{"r-min", "milk", "card", 0.20, .min_subtotal = 300},
	{"r-pear", "pear", "cheese", 0.20, .from_minute = 600, .to_minute = 660},
};

static const struct shop_setting two_offers[] = {{"offers_per_sale", "2"}};
static const struct shop_setting no_offers[] = {{"offers_per_sale", "0"}};
static const struct shop_setting controls[] = {{"control_accept", "YES"},
					       {"control_decline", "NO"},
					       {"control_total", "TOTAL"},
					       {"control_void", "VOID"},
					       {"idle_close_s", "60"}};

static struct shop shop_with(const struct shop_setting *settings, size_t count)
{
	return (struct shop){.items = items,
			     .item_count = COUNT(items),
			     .rules = rules,
			     .rule_count = COUNT(rules),
			     .settings = settings,
			     .setting_count = count};
}

static struct gw_engine *new_engine(const struct gw_table *table)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1", .currency = "EUR"};
	struct gw_engine *e;
	struct gw_err err;

	assert_int_equal(gw_engine_new(&e, &config, &err), GW_OK);
	assert_int_equal(gw_engine_set_table(e, table, &err), GW_OK);
	return e;
}

/* Plays a script on a fresh engine and compares the events; '*' at the end of expect: prefix. */
static void expect_script(const struct shop *shop, const char *why, const char *script,
			  const char *expect)
{
	static char room[20000];
	struct gw_table *table = shop_table(shop);
	struct gw_engine *e = new_engine(table);
	struct gw_text out = gw_text_over(room, sizeof(room));
	struct shop_player p = {.engine = e, .at_ms = START_MS, .mono_ms = 1000, .out = &out};

	gw_text_clear(&out);
	shop_play(&p, script);
	if (strcmp(room, expect) != 0)
		fail_msg("%s\n  script   %s\n  expected %s\n  got      %s", why, script, expect,
			 room);
	gw_engine_free(e);
	gw_table_free(table);
}

struct row {
	const char *why, *script, *expect;
};

static void run_rows(const struct shop *shop, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_script(shop, rows[i].why, rows[i].script, rows[i].expect);
}

#define TORCH "open line:1:torch:1:1299:scan offer:r-batt:299"

static const struct row sale_rows[] = {
	{"a sale opens with its first scan and closes at the second total", "s:rope tot tot",
	 "open line:1:rope:1:500:scan subtotal close:1:1:500:total"},
	{"tender tells the till's own total", "s:rope ten:450",
	 "open line:1:rope:1:500:scan close:1:1:450:tender"},
	{"cancel", "s:rope can", "open line:1:rope:1:500:scan close:1:1:500:cancel"},
	{"the same item again is a line of its own", "s:rope s:rope ten",
	 "open line:1:rope:1:500:scan line:2:rope:1:500:scan close:2:2:1000:tender"},
	{"a till's line has its quantity and price", "l:rope*3@450 ten",
	 "open line:1:rope:3:450:host close:1:3:1350:tender"},
	{"quantity of the last line, and of a line", "s:rope s:wine q:0*2 q:1*4 ten",
	 "open line:1:rope:1:500:scan line:2:wine:1:600:scan line:2:wine:2:600:scan "
	 "line:1:rope:4:500:scan close:2:6:3200:tender"},
	{"voids leave the numbers of the other lines", "s:rope s:wine v:1 s:rope v ten",
	 "open line:1:rope:1:500:scan line:2:wine:1:600:scan void:1 line:3:rope:1:500:scan "
	 "void:3 close:1:1:600:tender"},
	{"what cannot be voided is told", "s:rope v:2 v v v:1",
	 "open line:1:rope:1:500:scan error:'The sale has no line 2' void:1 "
	 "error:'The sale has no line' error:'The sale has no line 1'"},
	{"commands outside a sale are told, nothing more", "tot ten v can sus res yes no nv mute",
	 "error:'No sale is open' error:'No sale is open' error:'No sale is open' "
	 "error:'No sale is open' error:'No sale is open' error:'No such sale was put aside' "
	 "error:'There is no offer to accept' error:'There is no offer' "
	 "error:'There is no offer' error:'No sale is open'"},
	{"scanning after the total goes on with the sale", "s:rope tot s:wine tot tot",
	 "open line:1:rope:1:500:scan subtotal line:2:wine:1:600:scan subtotal "
	 "close:2:2:1100:total"},
	{"put aside, another customer, taken up again", "s:rope sus s:wine ten res s:cheese ten",
	 "open line:1:rope:1:500:scan suspend open line:1:wine:1:600:scan close:1:1:600:tender "
	 "resume line:2:cheese:1:450:scan close:2:2:950:tender"},
	{"the sale put aside is named", "s:rope sus s:wine sus res:S1-T1-20260304-000001 ten",
	 "open line:1:rope:1:500:scan suspend open line:1:wine:1:600:scan suspend resume "
	 "close:1:1:500:tender"},
	{"one sale at a time", "s:rope sus s:wine res",
	 "open line:1:rope:1:500:scan suspend open line:1:wine:1:600:scan "
	 "error:'A sale is open: close it or put it aside first'"},
	{"who sells, and to whom", "cash:17 seg:gold s:rope",
	 "login:17 open segment:gold line:1:rope:1:500:scan"},
	{"practice begins between sales only", "s:rope prac:1 ten prac:1 s:rope",
	 "open line:1:rope:1:500:scan error:'Practice cannot begin or end within a sale' "
	 "close:1:1:500:tender open line:1:rope:1:500:scan"},
	{"an idle sale closes itself after five minutes", "s:rope +299999 +1",
	 "open line:1:rope:1:500:scan close:1:1:500:idle"},
	{"the next customer's scan closes a forgotten sale first", "s:rope ~400000 s:wine",
	 "open line:1:rope:1:500:scan close:1:1:500:idle open line:1:wine:1:600:scan"},
};

static const struct row offer_rows[] = {
	{"accepted by key: the till rings it, the line waits for the till", "s:torch ~900 yes ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "close:2:2:1598:tender"},
	{"accepted by scanning it", "s:torch s:batt",
	 TORCH " line:2:batt:1:299:scan:1 outcome:1:accepted_by_scan:2:299"},
	{"accepted by the till's own line, at its price", "s:torch l:batt@310",
	 TORCH " line:2:batt:1:310:host:1 outcome:1:accepted_by_scan:2:310"},
	{"the till's echo of the injected code is no second piece", "s:torch yes l:batt@305 ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:2:batt:1:305:offer:1 close:2:2:1604:tender"},
	{"... but the next one is", "s:torch yes l:batt l:batt ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:2:batt:1:299:offer:1 line:3:batt:1:349:host close:3:3:1947:tender"},
	{"... and another quantity", "s:torch yes l:batt*2 ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:3:batt:2:349:host close:3:4:2296:tender"},
	{"nothing types it into the till: scanning it there is no second piece",
	 "s:torch yes s:batt ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:2:batt:1:299:offer:1 close:2:2:1598:tender"},
	{"... but the next scan is", "s:torch yes s:batt s:batt ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:2:batt:1:299:offer:1 line:3:batt:1:349:scan close:3:3:1947:tender"},
	{"typed into the till by the dock: a scan of it is a second piece",
	 "s:torch yes inj:2 s:batt ten",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt "
	       "line:2:batt:1:299:offer:1 line:3:batt:1:349:scan close:3:3:1947:tender"},
	{"declined", "s:torch no s:torch ten",
	 TORCH " outcome:1:declined:0:0 line:2:torch:1:1299:scan close:2:2:2598:tender"},
	{"declined with a reason", "s:torch no:has_it", TORCH " outcome:1:declined/has_it:0:0"},
	{"a reason that is none", "s:torch no:maybe no",
	 TORCH " error:'A reason is out_of_stock, has_it or not_suitable' outcome:1:declined:0:0"},
	{"not voiced", "s:torch nv", TORCH " outcome:1:not_voiced:0:0"},
	{"expired is not declined", "s:torch +7999 +1", TORCH " outcome:1:expired:0:0"},
	{"a key that comes too late hits nothing", "s:torch ~8000 yes",
	 TORCH " outcome:1:expired:0:0 error:'There is no offer to accept'"},
	{"ignored at the end", "s:torch ten", TORCH " outcome:1:ignored:0:0 close:1:1:1299:tender"},
	{"withdrawn when its reason is voided", "s:torch v:1 yes",
	 TORCH " void:1 outcome:1:withdrawn:0:0 error:'There is no offer to accept'"},
	{"not withdrawn while another piece is there", "s:torch s:torch v:1",
	 TORCH " line:2:torch:1:1299:scan void:1"},
	{"withdrawn when the sale is put aside", "s:torch sus res",
	 TORCH " outcome:1:withdrawn:0:0 suspend resume"},
	{"one a sale", "s:torch no:has_it ~2000 s:small ten",
	 TORCH " outcome:1:declined/has_it:0:0 line:2:small:1:200:scan close:2:2:1499:tender"},
	{"mute: nobody asked, and no more offers", "s:torch mute s:small",
	 TORCH " outcome:1:not_voiced:0:0 mute line:2:small:1:200:scan"},
	{"muted before", "s:rope mute s:torch",
	 "open line:1:rope:1:500:scan mute line:2:torch:1:1299:scan"},
	{"two conditions; the till rings another code", "s:tent s:rope yes",
	 "open line:1:tent:1:9900:scan line:2:rope:1:500:scan offer:r-mat:2500 "
	 "line:3:mat:1:2500:offer:1? outcome:1:accepted:3:2500 inject:PLU77"},
	{"scanning the other code accepts too", "s:tent s:rope s:PLU77",
	 "open line:1:tent:1:9900:scan line:2:rope:1:500:scan offer:r-mat:2500 "
	 "line:3:PLU77:1:2500:scan:1 outcome:1:accepted_by_scan:3:2500"},
	{"the till confirms with the other code", "s:tent s:rope yes l:PLU77@2400",
	 "open line:1:tent:1:9900:scan line:2:rope:1:500:scan offer:r-mat:2500 "
	 "line:3:mat:1:2500:offer:1? outcome:1:accepted:3:2500 inject:PLU77 "
	 "line:3:mat:1:2400:offer:1"},
	{"a bundle: any three, by scans", "s:wine s:wine s:wine yes",
	 "open line:1:wine:1:600:scan line:2:wine:1:600:scan line:3:wine:1:600:scan "
	 "offer:r-wine3:300 line:4:cheese:1:300:offer:1? outcome:1:accepted:4:300 inject:cheese"},
	{"a bundle: any three, by quantity; two do not do", "s:wine q:1*2 q:1*3 q:1*2",
	 "open line:1:wine:1:600:scan line:1:wine:2:600:scan line:1:wine:3:600:scan "
	 "offer:r-wine3:300 line:1:wine:2:600:scan outcome:1:withdrawn:0:0"},
	{"an upgrade takes the place of what it upgrades", "s:small yes ten",
	 "open line:1:small:1:200:scan offer:r-large:300 line:2:large:1:300:offer:1? "
	 "outcome:1:accepted:2:100 warn:'Take out at the till: small' void:1 inject:large "
	 "close:1:1:300:tender"},
	{"... one piece of it", "s:small q:1*3 yes ten",
	 "open line:1:small:1:200:scan offer:r-large:300 line:1:small:3:200:scan "
	 "line:2:large:1:300:offer:1? outcome:1:accepted:2:100 "
	 "warn:'Take out at the till: small' line:1:small:2:200:scan inject:large "
	 "close:2:3:700:tender"},
	{"a rule for the total waits for it", "s:card tot yes",
	 "open line:1:card:1:250:scan subtotal offer:r-wrap:150 line:2:wrap:1:150:offer:1? "
	 "outcome:1:accepted:2:150 inject:wrap"},
	{"a rule for a segment", "s:cheese can seg:gold s:cheese",
	 "open line:1:cheese:1:450:scan close:1:1:450:cancel open segment:gold "
	 "line:1:cheese:1:450:scan offer:r-seg:600"},
	{"a least subtotal", "s:milk s:rope v:2",
	 "open line:1:milk:1:120:scan line:2:rope:1:500:scan offer:r-min:250 void:2 "
	 "outcome:1:withdrawn:0:0"},
	{"hours", "s:pear can ~3600000 s:pear",
	 "open line:1:pear:1:299:scan offer:r-pear:450 outcome:1:ignored:0:0 "
	 "close:1:1:299:cancel open line:1:pear:1:299:scan"},
	{"never what is in the sale already", "s:batt s:torch",
	 "open line:1:batt:1:349:scan line:2:torch:1:1299:scan"},
	{"out of stock by the table (gas): rather nothing", "s:tent",
	 "open line:1:tent:1:9900:scan"},
	{"out of stock by the cashier: not again that day, but on the next",
	 "s:torch no:out_of_stock ten s:torch ten ~86400000 s:torch",
	 TORCH " outcome:1:declined/out_of_stock:0:0 close:1:1:1299:tender "
	       "open line:1:torch:1:1299:scan close:1:1:1299:tender " TORCH},
	{"a return is no moment to sell", "l:torch*-1 s:torch ten",
	 "open line:1:torch:-1:1299:host line:2:torch:1:1299:scan close:2:1:0:tender"},
	{"a rush of scans",
	 "s:rope ~-500 s:rope ~-500 s:rope ~-500 s:rope ~-500 s:rope ~-500 s:torch",
	 "open line:1:rope:1:500:scan line:2:rope:1:500:scan line:3:rope:1:500:scan "
	 "line:4:rope:1:500:scan line:5:rope:1:500:scan line:6:torch:1:1299:scan"},
	{"a buffer being emptied is no rush",
	 "s:rope ~-795 s:rope ~-795 s:rope ~-795 s:rope ~-795 s:rope ~-795 s:torch",
	 "open line:1:rope:1:500:scan line:2:rope:1:500:scan line:3:rope:1:500:scan "
	 "line:4:rope:1:500:scan line:5:rope:1:500:scan line:6:torch:1:1299:scan "
	 "offer:r-batt:299"},
	{"a sale taken up again begins without haste",
	 "s:rope ~-500 s:rope ~-500 s:rope ~-500 s:rope ~-500 s:rope ~-800 sus res ~-500 s:torch",
	 "open line:1:rope:1:500:scan line:2:rope:1:500:scan line:3:rope:1:500:scan "
	 "line:4:rope:1:500:scan line:5:rope:1:500:scan suspend resume "
	 "line:6:torch:1:1299:scan offer:r-batt:299"},
	{"a scan that was held back gets no offer", "late:51:torch can late:50:torch",
	 "open line:1:torch:1:1299:scan close:1:1:1299:cancel " TORCH},
};

static const struct row two_rows[] = {
	{"the second offer waits a second: a key meant for the first cannot hit it",
	 "s:torch no:has_it ~-700 s:small ~300 s:rope ~700 s:rope",
	 TORCH " outcome:1:declined/has_it:0:0 line:2:small:1:200:scan line:3:rope:1:500:scan "
	       "offer:r-large:300 line:4:rope:1:500:scan"},
	{"an offer on the screen is not replaced", "s:torch s:small no:has_it",
	 TORCH " line:2:small:1:200:scan outcome:1:declined/has_it:0:0"},
	{"two at most", "s:torch nv ~1000 s:small nv ~1000 s:tent s:rope",
	 TORCH " outcome:1:not_voiced:0:0 line:2:small:1:200:scan offer:r-large:300 "
	       "outcome:2:not_voiced:0:0 line:3:tent:1:9900:scan line:4:rope:1:500:scan"},
	{"a plain no ends it for this customer", "s:torch no ~5000 s:small",
	 TORCH " outcome:1:declined:0:0 line:2:small:1:200:scan"},
	{"once a rule, also after it ran out", "s:torch +8000 ~5000 s:torch",
	 TORCH " outcome:1:expired:0:0 line:2:torch:1:1299:scan"},
};

static const struct row control_rows[] = {
	{"control barcodes", "s:torch s:YES s:VOID s:TOTAL s:TOTAL",
	 TORCH " line:2:batt:1:299:offer:1? outcome:1:accepted:2:299 inject:batt void:2 subtotal "
	       "close:1:1:1299:total"},
	{"decline by barcode", "s:torch s:NO", TORCH " outcome:1:declined:0:0"},
	{"idle as the table says", "s:rope +60000",
	 "open line:1:rope:1:500:scan close:1:1:500:idle"},
	{"an offer that runs out does not keep a sale alive", "s:torch +8000 +52000",
	 TORCH " outcome:1:expired:0:0 close:1:1:1299:idle"},
};

static void test_sale(void **state)
{
	struct shop shop = shop_with(NULL, 0);

	(void)state;
	run_rows(&shop, sale_rows, COUNT(sale_rows));
}

static const struct row off_rows[] = {
	{"the off switch", "s:torch s:tent s:rope tot",
	 "open line:1:torch:1:1299:scan line:2:tent:1:9900:scan line:3:rope:1:500:scan subtotal"},
};

static void test_offers(void **state)
{
	struct shop shop = shop_with(NULL, 0);

	(void)state;
	run_rows(&shop, offer_rows, COUNT(offer_rows));
	shop = shop_with(two_offers, COUNT(two_offers));
	run_rows(&shop, two_rows, COUNT(two_rows));
	shop = shop_with(no_offers, COUNT(no_offers));
	run_rows(&shop, off_rows, COUNT(off_rows));
}

static void test_controls(void **state)
{
	struct shop shop = shop_with(controls, COUNT(controls));

	(void)state;
	run_rows(&shop, control_rows, COUNT(control_rows));
}

/* --- which one */

#define RULE(name, when, what, evidence, ...)                                                      \
	{                                                                                          \
		.id = (name), .conditions = (when), .suggest = (what), .weight = (evidence),       \
		__VA_ARGS__                                                                        \
	}

static const struct shop_item equal_items[] = {
	{"x", 1000, 500, NULL, NULL, 0},   {"y", 1000, 500, NULL, NULL, 0},
	{"a", 200, 100, NULL, NULL, 0},    {"b", 200, 100, NULL, NULL, 0},
	{"rich", 900, 400, NULL, NULL, 0}, {"poor", 900, 899, NULL, NULL, 0},
	{"loss", 100, 400, NULL, NULL, 0}, {"dark", -1, -1, NULL, NULL, 0},
};

/*
 * Legend: up to three rules, a script, and the rule that is offered ("" none).  A late scan gets no
 * offer, so that two items are there when one is chosen.
 */
static const struct {
	const char *why;
	struct shop_rule rules[3];
	const char *script, *offered;
} choices[] = {
	{"the stronger", {RULE("1", "x", "a", 0.2), RULE("2", "x", "b", 0.3)}, "s:x", "2"},
	{"two weak ones add up against a strong one",
	 {RULE("1", "x", "a", 0.3), RULE("2", "x", "b", 0.2), RULE("3", "y", "b", 0.2)},
	 "late:99:x s:y",
	 "2"},
	{"evidence times margin",
	 {RULE("1", "x", "a", 0.3), RULE("2", "x", "rich", 0.2)},
	 "s:x",
	 "2"},
	{"a discount costs margin",
	 {RULE("1", "x", "a", 0.3, .price = 110), RULE("2", "x", "b", 0.2)},
	 "s:x",
	 "2"},
	{"hardly a margin", {RULE("1", "x", "a", 0.1), RULE("2", "x", "poor", 0.9)}, "s:x", "1"},
	{"an upgrade brings only what it is above the old margin",
	 {RULE("1", "x", "rich", 0.9, .kind = GW_RULE_UPGRADE), RULE("2", "x", "a", 0.1)},
	 "s:x",
	 "2"},
	{"never at a loss", {RULE("1", "x", "loss", 0.9)}, "s:x", ""},
	{"an unknown cost is no reason against it", {RULE("1", "x", "dark", 0.9)}, "s:x", "1"},
	{"equal: the priority",
	 {RULE("1", "x", "a", 0.2), RULE("2", "x", "b", 0.2, .priority = 1)},
	 "s:x",
	 "2"},
	{"equal: the earlier", {RULE("1", "x", "a", 0.2), RULE("2", "x", "b", 0.2)}, "s:x", "1"},
	{"of one pairing, the variant with the higher priority",
	 {RULE("1", "x", "a", 0.2), RULE("2", "x", "a", 0.1, .priority = 5)},
	 "s:x",
	 "2"},
	{"variants of a pairing do not count twice",
	 {RULE("1", "x", "a", 0.2), RULE("2", "x", "a", 0.2, .segment = "gold"),
	  RULE("3", "x", "b", 0.3)},
	 "s:x",
	 "3"},
	{"... nor in another order",
	 {RULE("1", "x y", "a", 0.2), RULE("2", "y x", "a", 0.2), RULE("3", "x", "b", 0.3)},
	 "late:99:x s:y",
	 "3"},
	{"a rule for everyone", {RULE("1", "", "a", 0.2)}, "s:x", "1"},
};

static void test_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct shop shop = {.items = equal_items,
				    .item_count = COUNT(equal_items),
				    .rules = choices[i].rules};
		struct shop_player p = {.at_ms = START_MS};
		struct gw_table *table;

		while (shop.rule_count < 3 && choices[i].rules[shop.rule_count].id != NULL)
			shop.rule_count++;
		table = shop_table(&shop);
		p.engine = new_engine(table);
		shop_play(&p, choices[i].script);
		if (strcmp(gw_engine_view(p.engine)->offer.rule, choices[i].offered) != 0)
			fail_msg("%s: offered '%s'", choices[i].why,
				 gw_engine_view(p.engine)->offer.rule);
		gw_engine_free(p.engine);
		gw_table_free(table);
	}
}

/* --- another chooser, and what would be offered first */

static bool pick_last(void *state, const struct gw_candidate *list, size_t count,
		      const char *basket, struct gw_pick *pick)
{
	size_t *seen = state;

	assert_non_null(list);
	assert_string_equal(basket, "S1-T1-20260304-000001");
	*seen = count;
	*pick = (struct gw_pick){count - 1, 250000};
	return true;
}

static void test_policy(void **state)
{
	static const struct shop_rule two[] = {{"1", "x", "a", 0.3, .price = 0},
					       {"2", "x", "b", 0.2, .price = 0}};
	struct shop shop = {.items = equal_items,
			    .item_count = COUNT(equal_items),
			    .rules = two,
			    .rule_count = 2};
	struct gw_table *table = shop_table(&shop);
	struct shop_player p = {.engine = new_engine(table), .at_ms = START_MS};
	size_t seen = 0, n;
	const struct gw_chooser last = {pick_last, &seen};
	const struct gw_event *events;
	uint32_t first[3];

	(void)state;
	gw_engine_set_chooser(p.engine, &last);
	shop_play(&p, "s:x");
	assert_int_equal(seen, 2);
	n = gw_engine_events(p.engine, &events);
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == GW_EV_OFFER) {
			assert_string_equal(events[i].u.offer.rule, "2");
			assert_int_equal(events[i].u.offer.propensity_ppm, 250000);
			assert_int_equal(events[i].u.offer.eligible, 2);
			assert_string_equal(events[i].u.offer.eligible_ids, "1 2");
		}
	assert_int_equal(gw_fit_rank(gw_engine_fit(p.engine), first, 3), 2);
	assert_string_equal(table->items[first[0]].code, "a");
	assert_string_equal(table->items[first[1]].code, "b");
	shop_play(&p, "s:a"); /* what is in the sale is not offered */
	assert_int_equal(gw_fit_rank(gw_engine_fit(p.engine), first, 3), 1);
	assert_string_equal(table->items[first[0]].code, "b");
	gw_engine_free(p.engine);
	gw_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sale),     cmocka_unit_test(test_offers),
		cmocka_unit_test(test_controls), cmocka_unit_test(test_choice),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
