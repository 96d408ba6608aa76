/* Mining: what the readers make of files, events and batches, and the small judgments on items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/when.h"
#include "tools/mine/belief.h"
#include "tools/mine/evidence.h"
#include "tools/mine/family.h"
#include "tools/mine/fold.h"
#include "tools/mine/read.h"
#include "tools/mine/season.h"
#include "tools/mine/tablefile.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Hands out a text in pieces of a size that puts every boundary somewhere bad once. */
struct pieces {
	const char *at;
	size_t left, piece;
};

static int64_t read_piece(void *ctx, char *room, size_t size)
{
	struct pieces *p = ctx;
	size_t n = p->left < p->piece ? p->left : p->piece;

	n = n < size ? n : size;
	memcpy(room, p->at, n);
	p->at += n;
	p->left -= n;
	return (int64_t)n;
}

/* Baskets as text: items by commas, baskets by '/', "@T" behind one of till T. */
static void digest(const struct gw_sales *s, char *out, size_t size)
{
	struct gw_text t = gw_text_over(out, size);
	struct gw_spool_reader r = {0};
	struct gw_basket b;

	for (uint32_t k = 0; k < gw_spool_blocks(s->spool); k++) {
		assert_int_equal(gw_spool_open(s->spool, k, &r, NULL), GW_OK);
		while (gw_spool_next(&r, &b)) {
			for (uint32_t i = 0; i < b.count; i++)
				gw_text_addf(&t, "%s%s", i > 0 ? "," : "",
					     gw_dict_text(&s->items, b.items[i]));
			if (b.till != GW_NO_TILL)
				gw_text_addf(&t, "@%s", gw_dict_text(&s->tills, b.till));
			gw_text_add(&t, "/");
		}
	}
	gw_spool_reader_release(&r);
}

static void basket_lines(void **state)
{
	static const struct {
		const char *in;
		char separator;
		const char *want;
	} rows[] = {
		{"1 2 3\n4\n", 0, "1,2,3/4/"},
		{"  1   2 \r\n\n3", 0, "1,2/3/"},
		{"cream cheese \twhole milk\n", 0, "cream cheese,whole milk/"},
		{"a b\tc\n", ' ', "a,b,c/"},
		{"a;b;;c d\n", ';', "a,b,c d/"},
		{"x x y x\n", 0, "x,y/"},
		{"a\x01z b\n", 0, "b/"},       /* a control character: told, and left out */
		{"a \xFF\xFE b\n", 0, "a,b/"}, /* not UTF-8 */
		{"\xC3\xBC a\n", 0, "\xC3\xBC,a/"},
	};
	char out[500];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t piece = 1; piece < 5; piece++) {
			struct pieces p = {rows[i].in, strlen(rows[i].in), piece};
			struct gw_stream in = {read_piece, &p, "test"};
			struct gw_read_options o = {.separator = rows[i].separator};
			struct gw_sales s;

			assert_int_equal(gw_sales_init(&s, piece % 2 * 1000), GW_OK);
			assert_int_equal(gw_read_baskets(&s, &in, &o, NULL), GW_OK);
			digest(&s, out, sizeof(out));
			assert_string_equal(out, rows[i].want);
			gw_sales_release(&s);
		}
}

static void receipts(void **state)
{
	static const struct {
		const char *in, *want;
		enum gw_drop drop;
		int dropped;
	} rows[] = {
		{"receipt,item\n1,a\n2,a\n1,b\n", "a,b/a/", GW_DROP_SYNTAX, 0},
		{"Invoice No,Stock Code,Till\n1, a ,T1\n1,b,T1\n", "a,b@T1/", GW_DROP_SYNTAX, 0},
		{"receipt,item,qty\n1,a,1\n1,b,-1\n2,b,0\n", "a/", GW_DROP_RETURN, 2},
		{"receipt,item,price\n1,a,1.005\n1,b,0\n", "a/", GW_DROP_PRICE, 1},
		{"receipt,item,qty\n1,a,x\n1,b,1\n", "b/", GW_DROP_NUMBER, 1},
		{"receipt,item,time\n1,a,2024-02-30\n1,b,2024-02-28 10:00\n", "b/", GW_DROP_NUMBER,
		 1},
		{"receipt,item\n,a\n1,\n1,b\n", "b/", GW_DROP_NO_KEY, 2},
		{"receipt,item\n1\n1,b\n", "b/", GW_DROP_NO_KEY, 1},
		{"receipt,item\n1,a\"b\n1,b\n", "b/", GW_DROP_SYNTAX, 1},
	};
	char out[500];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pieces p = {rows[i].in, strlen(rows[i].in), 7};
		struct gw_stream in = {read_piece, &p, "test"};
		struct gw_read_options o = {0};
		struct gw_sales s;

		assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
		assert_int_equal(gw_read_csv(&s, &in, &o, NULL), GW_OK);
		digest(&s, out, sizeof(out));
		assert_string_equal(out, rows[i].want);
		assert_int_equal(s.intake.dropped[rows[i].drop], rows[i].dropped);
		gw_sales_release(&s);
	}
}

/* More receipts than stay open: one that comes back is told of, not counted as a second one. */
static void late_rows(void **state)
{
	size_t room = 3000000, len = 0;
	char *text = malloc(room);
	struct gw_read_options o = {0};
	struct gw_sales s;

	(void)state;
	len += (size_t)snprintf(text, room, "receipt,item\nfirst,a\n");
	for (int i = 0; i < 70000; i++)
		len += (size_t)snprintf(text + len, room - len, "%d,b\n%d,c\n", i, i);
	len += (size_t)snprintf(text + len, room - len, "first,b\n69999,a\n");
	struct pieces p = {text, len, 65536};
	struct gw_stream in = {read_piece, &p, "test"};

	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	assert_int_equal(gw_read_csv(&s, &in, &o, NULL), GW_OK);
	assert_int_equal(s.intake.baskets, 70001);
	assert_int_equal(s.intake.dropped[GW_DROP_LATE], 1);
	assert_int_equal(s.facts[0].baskets, 2); /* a: the first receipt, and 69999 still open */
	assert_true(gw_spool_on_disk(s.spool));
	gw_sales_release(&s);
	free(text);
}

static void facts(void **state)
{
	struct gw_sales s;
	uint32_t a;

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	a = gw_sales_item(&s, " a ", 3);
	assert_int_equal(a, gw_sales_item(&s, "a", 1));
	assert_true(gw_sales_price(&s, a) == GW_NO_PRICE);
	/* the commonest price, though six were seen; the name most rows give */
	for (int i = 0; i < 5; i++) {
		gw_sales_tell(&s, a, "Tea", 3, 250);
		gw_sales_tell(&s, a, i % 2 == 0 ? "Tea" : "?", i % 2 == 0 ? 3 : 1, 100 + i);
	}
	assert_int_equal(gw_sales_price(&s, a), 250);
	assert_string_equal(gw_sales_name(&s, a), "Tea");
	gw_sales_release(&s);
}

static struct gw_event event(enum gw_event_kind kind, const char *basket)
{
	struct gw_event e = {.kind = kind, .at_ms = 1000};

	snprintf(e.basket, sizeof(e.basket), "%s", basket);
	return e;
}

static void line(struct gw_fold *fold, const char *basket, int number, const char *code, int offer)
{
	struct gw_event e = event(GW_EV_LINE, basket);

	e.u.line =
		(struct gw_ev_line){.line = number, .qty = 1, .price_minor = 100, .offer = offer};
	snprintf(e.u.line.code, sizeof(e.u.line.code), "%s", code);
	assert_int_equal(gw_fold_event(fold, &e, NULL), GW_OK);
}

static void finish(struct gw_fold *fold, const char *basket, enum gw_close_reason reason)
{
	struct gw_event e = event(GW_EV_CLOSE, basket);

	e.u.close.reason = reason;
	assert_int_equal(gw_fold_event(fold, &e, NULL), GW_OK);
}

static void offer(struct gw_fold *fold, bool ghost, enum gw_result result)
{
	struct gw_event e = event(ghost ? GW_EV_GHOST : GW_EV_OFFER, "B1");

	snprintf(e.u.offer.rule, sizeof(e.u.offer.rule), "r1");
	e.u.offer.margin_minor = 40;
	assert_int_equal(gw_fold_event(fold, &e, NULL), GW_OK);
	e = event(GW_EV_OUTCOME, "B1");
	snprintf(e.u.outcome.rule, sizeof(e.u.outcome.rule), "r1");
	e.u.outcome.result = result;
	e.u.outcome.ghost = ghost;
	e.u.outcome.value_minor = result == GW_RESULT_ACCEPTED ? 120 : 0;
	assert_int_equal(gw_fold_event(fold, &e, NULL), GW_OK);
}

static void events(void **state)
{
	struct gw_event taken_out = event(GW_EV_VOID, "B1");
	struct gw_fold *fold;
	struct gw_sales s;
	char out[200];

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	assert_int_equal(gw_fold_new(&fold, &s), GW_OK);
	assert_int_equal(gw_fold_source(fold, "T1", "e", 1, 100), GW_OK);
	line(fold, "B1", 1, "a", 0);
	line(fold, "B2", 1, "x", 0); /* another sale, put aside meanwhile */
	line(fold, "B1", 2, "b", 0);
	line(fold, "B1", 2, "b", 0); /* its quantity changed */
	line(fold, "B1", 3, "c", 1); /* sold by an offer: no evidence */
	line(fold, "B1", 4, "d", 0);
	taken_out.u.voided.line = 4;
	assert_int_equal(gw_fold_event(fold, &taken_out, NULL), GW_OK);
	offer(fold, false, GW_RESULT_ACCEPTED);
	offer(fold, false, GW_RESULT_DECLINED);
	offer(fold, false, GW_RESULT_NOT_VOICED);
	offer(fold, false, GW_RESULT_WITHDRAWN);
	offer(fold, true, GW_RESULT_ACCEPTED_BY_SCAN);
	offer(fold, true, GW_RESULT_EXPIRED);
	finish(fold, "B1", GW_CLOSE_TENDER);
	finish(fold, "B2", GW_CLOSE_CANCEL);
	line(fold, "B3", 1, "y", 0); /* never closed */
	digest(&s, out, sizeof(out));
	assert_string_equal(out, "a,b@T1/");
	assert_int_equal(s.intake.dropped[GW_DROP_CANCELLED], 1);
	assert_int_equal(s.rules.count, 1);
	assert_int_equal(s.records[0].shown, 4);
	assert_int_equal(s.records[0].accepted, 1);
	assert_int_equal(s.records[0].not_voiced, 1);
	assert_int_equal(s.records[0].withdrawn, 1);
	assert_int_equal(s.records[0].ghosts, 2);
	assert_int_equal(s.records[0].ghosts_bought, 1);
	assert_int_equal(s.records[0].value_minor, 120);
	gw_fold_free(fold);
	gw_sales_release(&s);
}

/* A line told again counts as it was told last, whatever came between; one taken out stays out. */
static void told_again(void **state)
{
	struct gw_event taken_out = event(GW_EV_VOID, "B1");
	struct gw_fold *fold;
	struct gw_sales s;
	char out[200], code[2] = "a";

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	assert_int_equal(gw_fold_new(&fold, &s), GW_OK);
	assert_int_equal(gw_fold_source(fold, "T1", "e", 1, 100), GW_OK);
	for (int i = 1; i <= 8; i++, code[0]++) /* as many as there is room for at first */
		line(fold, "B1", i, code, 0);
	line(fold, "B1", 1, "z", 0);
	line(fold, "B1", 2, "b", 1); /* an offer's after all */
	taken_out.u.voided.line = 3;
	assert_int_equal(gw_fold_event(fold, &taken_out, NULL), GW_OK);
	line(fold, "B1", 3, "c", 0);
	line(fold, "B1", 9, "i", 0);
	finish(fold, "B1", GW_CLOSE_TENDER);
	digest(&s, out, sizeof(out));
	assert_string_equal(out, "z,d,e,f,g,h,i@T1/");
	gw_fold_free(fold);
	gw_sales_release(&s);
}

/* Days and months are the shop's: 15:30 and 23:30 UTC lie on one day west of it, not on two. */
static void the_shops_days(void **state)
{
	static const struct {
		int utc_offset_min;
		int64_t closes_ms, when_ms;
	} rows[] = {
		{-480, 15 * 3600000 + 1800000, 7 * 3600000 + 1800000},
		{-480, GW_DAY_MS + 1800000, 16 * 3600000 + 1800000},
		{840, GW_DAY_MS, GW_DAY_MS + 14 * 3600000},
		{GW_UTC_UNKNOWN, GW_DAY_MS, GW_DAY_MS},
		{1441, GW_DAY_MS, GW_DAY_MS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_event open = event(GW_EV_OPEN, "B1"), close = event(GW_EV_CLOSE, "B1");
		struct gw_fold *fold;
		struct gw_sales s;

		assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
		assert_int_equal(gw_fold_new(&fold, &s), GW_OK);
		assert_int_equal(gw_fold_source(fold, "T1", "e", 1, 100), GW_OK);
		open.u.open.utc_offset_min = rows[i].utc_offset_min;
		assert_int_equal(gw_fold_event(fold, &open, NULL), GW_OK);
		line(fold, "B1", 1, "a", 0);
		close.at_ms = rows[i].closes_ms;
		assert_int_equal(gw_fold_event(fold, &close, NULL), GW_OK);
		assert_int_equal(s.first_ms, rows[i].when_ms);
		gw_fold_free(fold);
		gw_sales_release(&s);
	}
}

/* Uploaded outcomes do not repeat the rule: it is the offer's of that number, in that sale. */
static void outcomes_without_rule(void **state)
{
	static const char *const baskets[] = {"B1", "B2"};
	struct gw_fold *fold;
	struct gw_sales s;

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	assert_int_equal(gw_fold_new(&fold, &s), GW_OK);
	assert_int_equal(gw_fold_source(fold, "T1", "e", 1, 100), GW_OK);
	for (int b = 0; b < 2; b++)
		for (int n = 1; n <= 2; n++) {
			struct gw_event e = event(GW_EV_OFFER, baskets[b]);

			e.u.offer.offer = n;
			snprintf(e.u.offer.rule, sizeof(e.u.offer.rule), "%s-%d", baskets[b], n);
			assert_int_equal(gw_fold_event(fold, &e, NULL), GW_OK);
		}
	struct gw_event taken = event(GW_EV_OUTCOME, "B1");

	taken.u.outcome.offer = 2;
	taken.u.outcome.result = GW_RESULT_ACCEPTED;
	assert_int_equal(gw_fold_event(fold, &taken, NULL), GW_OK);
	assert_int_equal(s.rules.count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(s.records[i].accepted,
				 strcmp(gw_dict_text(&s.rules, i), "B1-2") == 0);
	gw_fold_free(fold);
	gw_sales_release(&s);
}

static void known_events(void **state)
{
	struct gw_fold *fold;
	struct gw_sales s;

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	assert_int_equal(gw_fold_new(&fold, &s), GW_OK);
	gw_fold_source(fold, "T1", "e", 100, 199);
	gw_fold_source_done(fold, 199);
	gw_fold_source(fold, "T1", "e", 1, INT64_MAX);
	assert_false(gw_fold_is_known(fold, 99));
	assert_true(gw_fold_is_known(fold, 100) && gw_fold_is_known(fold, 199));
	assert_false(gw_fold_is_known(fold, 200));
	gw_fold_source_done(fold, 500);
	gw_fold_source(fold, "T1", "f", 1, 50); /* another epoch is another journal */
	assert_false(gw_fold_is_known(fold, 20));
	gw_fold_source(fold, "T2", "e", 1, 50);
	assert_false(gw_fold_is_known(fold, 20));
	gw_fold_free(fold);
	gw_sales_release(&s);
}

static void families(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"LUNCH BAG WOODLAND", "LUNCH BAG  CARS BLUE", true},
		{"ALARM CLOCK BAKELIKE GREEN", "Alarm clock bakelike red", true},
		{"PINK REGENCY TEACUP AND SAUCER", "ROSES REGENCY TEACUP AND SAUCER", true},
		{"PACK OF 72 RETROSPOT CAKE CASES", "PACK OF 60 PINK PAISLEY CAKE CASES", true},
		{"COLA 1L", "COLA 0.5L", true},
		{"COLA", "COLA 0,5L", true},
		{"Käse jung", "Käse alt", false},
		{"REGENCY CAKESTAND 3 TIER", "REGENCY TEA PLATE ROSES", false},
		{"RED RETROSPOT PICNIC BAG", "LUNCH BAG RED RETROSPOT", false},
		{"SET OF 3 CAKE TINS", "SET OF 4 PANTRY JARS", false},
		{"TEA", "CUP", false},
		{"", "", false},
		{"TEA", "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(gw_names_are_variants(rows[i].a, rows[i].b), rows[i].same);
		assert_int_equal(gw_names_are_variants(rows[i].b, rows[i].a), rows[i].same);
	}
	assert_true(gw_codes_are_variants("85123A", "85123B"));
	assert_true(gw_codes_are_variants("85123", "85123b"));
	assert_false(gw_codes_are_variants("85123A", "851231"));
	assert_false(gw_codes_are_variants("12A", "12B"));
	assert_false(gw_codes_are_variants("05012345678900", "05012345678901"));
}

/* One item sold on the 10th of the months whose digit is above 0, that many times ten. */
static struct gw_season season(const char *months, int64_t from_day)
{
	struct gw_seasons seasons;
	struct gw_season found;
	struct gw_sales s;
	uint32_t other, item;

	assert_int_equal(gw_sales_init(&s, 100000), GW_OK);
	other = gw_sales_item(&s, "other", 5);
	item = gw_sales_item(&s, "item", 4);
	for (int m = 0; months[m] != '\0'; m++) {
		int64_t day = gw_days_from_civil(2023 + m / 12, m % 12 + 1, 10);
		struct gw_basket b = {day * GW_DAY_MS, GW_NO_TILL, "", 0, &other, 1};

		assert_int_equal(gw_sales_add(&s, &b, NULL), GW_OK);
		b.items = &item;
		for (int n = 0; n < (months[m] - '0') * 10; n++)
			assert_int_equal(gw_sales_add(&s, &b, NULL), GW_OK);
	}
	assert_int_equal(gw_seasons_make(&seasons, &s, NULL), GW_OK);
	found = (struct gw_season){GW_NO_DAY, GW_NO_DAY};
	if (seasons.months > 0)
		found = gw_season_of(&seasons, item, from_day);
	gw_seasons_release(&seasons);
	gw_sales_release(&s);
	return found;
}

static void seasons(void **state)
{
	static const struct {
		const char *months; /* from January 2023 */
		const char *round, *from, *to;
	} rows[] = {
		{"000000000019", "2024-01-01", NULL, NULL}, /* new at the data's end */
		{"900000000019", "2024-01-05", "2024-01-05",
		 "2024-01-31"}, /* Dec to Jan, both ends */
		{"000005500000", "2023-12-31", "2024-06-01", "2024-07-31"}, /* inside the data */
		{"000005500000", "2024-06-20", "2024-06-20", "2024-07-31"},
		{"111111111111", "2024-01-01", NULL, NULL}, /* all year */
		{"990000000000", "2024-01-01", NULL, NULL}, /* given up */
		{"000550000000000550000", "2024-11-01", "2025-04-01", "2025-05-31"},
		{"000100000000", "2024-01-01", NULL, NULL}, /* ten baskets: too few */
		{"05500", "2024-01-01", NULL, NULL},        /* five months: too short */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_season got, want = {GW_NO_DAY, GW_NO_DAY};
		int64_t day;

		assert_int_equal(gw_date_parse(rows[i].round, 10, &day), GW_OK);
		if (rows[i].from != NULL) {
			gw_date_parse(rows[i].from, 10, &want.from_day);
			gw_date_parse(rows[i].to, 10, &want.to_day);
		}
		got = season(rows[i].months, day);
		assert_true(got.from_day == want.from_day && got.to_day == want.to_day);
	}
}

static void breadth(void **state)
{
	/* a and b on three days at one till; a and c on one day at three tills */
	struct gw_weight room[2];
	struct gw_sales s;
	struct gw_order order;

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t ab[] = {gw_sales_item(&s, "a", 1), gw_sales_item(&s, "b", 1)};
		uint32_t ac[] = {gw_sales_item(&s, "a", 1), gw_sales_item(&s, "c", 1)};
		struct gw_basket b = {(int64_t)i * GW_DAY_MS, 0, "", 0, ab, 2};
		struct gw_basket c = {0, i, "", 0, ac, 2};

		gw_sales_add(&s, &b, NULL);
		gw_sales_add(&s, &c, NULL);
	}
	assert_int_equal(gw_order_make(&order, &s, NULL, 1, 0, NULL), GW_OK);
	for (uint32_t days = 1; days <= 4; days++)
		for (uint32_t tills = 1; tills <= 4; tills++) {
			struct gw_weights w = {room, 2};

			room[0] = (struct gw_weight){0, 1, 5, 3};
			room[1] = (struct gw_weight){0, 2, 5, 3};
			assert_int_equal(gw_evidence_filter(&w, s.spool, &order, days, tills, NULL),
					 GW_OK);
			assert_int_equal(w.len,
					 (days <= 3 && tills <= 1) + (days <= 1 && tills <= 3));
		}
	gw_order_release(&order);
	gw_sales_release(&s);
}

static void beliefs(void **state)
{
	/* shown, accepted, ghosts, ghosts bought */
	static const struct {
		uint64_t shown, accepted, ghosts, bought;
		enum gw_stand stand;
	} rows[] = {
		{0, 0, 0, 0, GW_STAND_UNTRIED},      {20, 20, 0, 0, GW_STAND_OPEN},
		{500, 100, 100, 2, GW_STAND_WINNER}, {500, 20, 2000, 400, GW_STAND_LOSER},
		{800, 0, 0, 0, GW_STAND_LOSER},      {60, 5, 0, 0, GW_STAND_OPEN},
	};
	struct gw_field field = {.accepted = .08, .unasked = .02};
	double low, high;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_rule_record r = {.shown = rows[i].shown,
					   .accepted = rows[i].accepted,
					   .ghosts = rows[i].ghosts,
					   .ghosts_bought = rows[i].bought};

		assert_int_equal(gw_belief_of(&r, &field).stand, rows[i].stand);
	}
	/* reference values of the beta-binomial confidence sequence */
	gw_share_bounds(700, 1000, 0.05, 100, &low, &high);
	assert_true(fabs(low - 0.651629) < 1e-6 && fabs(high - 0.745949) < 1e-6);
	gw_share_bounds(60, 1000, 0.05, 500, &low, &high);
	assert_true(fabs(low - 0.039) < 5e-4 && fabs(high - 0.085) < 5e-4);
	gw_share_bounds(0, 0, 0.05, 500, &low, &high);
	assert_true(low == 0 && high == 1);
}

static void rule_names(void **state)
{
	struct gw_rule_line a = {
		.condition = {0, 1}, .conditions = 2, .category = GW_DICT_NONE, .suggest = 2};
	struct gw_rule_line b = a;
	char x[GW_RULE_ID_MAX], y[GW_RULE_ID_MAX];
	struct gw_sales s;

	(void)state;
	assert_int_equal(gw_sales_init(&s, 1000), GW_OK);
	for (const char *code = "abc"; *code != '\0'; code++)
		gw_sales_item(&s, code, 1);
	b.condition[0] = 1;
	b.condition[1] = 0;
	gw_rule_id(x, &s, &a);
	gw_rule_id(y, &s, &b);
	assert_string_equal(x, y); /* the order of conditions says nothing */
	b.suggest = 0;
	gw_rule_id(y, &s, &b);
	assert_string_not_equal(x, y);
	assert_int_equal(strlen(x), 13);
	assert_true(gw_rule_code_fits("85123A") && !gw_rule_code_fits("cream cheese"));
	gw_sales_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(basket_lines), cmocka_unit_test(receipts),
		cmocka_unit_test(late_rows),    cmocka_unit_test(facts),
		cmocka_unit_test(events),       cmocka_unit_test(known_events),
		cmocka_unit_test(told_again),   cmocka_unit_test(outcomes_without_rule),
		cmocka_unit_test(families),     cmocka_unit_test(seasons),
		cmocka_unit_test(breadth),      cmocka_unit_test(beliefs),
		cmocka_unit_test(rule_names),   cmocka_unit_test(the_shops_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
