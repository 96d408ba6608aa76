/*
 * The engine and what scanners send: codes of all kinds, refusals, measures, two codes on one pack,
 * and the troubles cashiers report of other tills.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/play.h"

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

/* What this terminal's scanner does in its own way: identifiers of its maker, a stand-in for GS. */
static void test_scan_settings(void **state)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1", .currency = "EUR"};
	struct shop shop = plain_shop();
	struct gw_err err = {0};
	struct play play;

	(void)state;
	play_begin(&play, &shop);
	gw_engine_free(play.p.engine);
	config.scan = "code-ids=zebra;gs=|;pattern=28IIIIVNNNNNC count 0 pcs";
	assert_int_equal(gw_engine_new(&play.p.engine, &config, &err), GW_OK);
	assert_int_equal(gw_engine_set_table(play.p.engine, play.table, NULL), GW_OK);
	scan_bytes(&play, "A5901234123457");
	scan_bytes(&play, "]d2010950110153000310L7|17260101");
	scan_bytes(&play, "]E02811119000120");
	assert_non_null(strstr(play.room, "line:1:05901234123457:1:400"));
	assert_non_null(strstr(play.room, "line:2:09501101530003:1:500"));
	assert_non_null(strstr(play.room, "line:3:02811110000006:12"));
	play_end(&play);

	config.scan = "code-ids=nobody";
	assert_int_equal(gw_engine_new(&play.p.engine, &config, &err), GW_E_INPUT);
	assert_null(play.p.engine);
	assert_non_null(strstr(err.text, "code-ids is 'nobody'"));
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
		cmocka_unit_test(test_scan_settings), cmocka_unit_test(test_twins),
		cmocka_unit_test(test_measures),      cmocka_unit_test(test_pains),
		cmocka_unit_test(test_no_allocation),
	};

	return cmocka_run_group_tests_name("engine_scan", tests, NULL, NULL);
}
