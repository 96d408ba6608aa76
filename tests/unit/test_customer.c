/* What the customer reads: twenty columns, and nothing that is not for his eyes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "customer.h"
#include "firmware/display.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct gw_customer fresh(void)
{
	struct gw_customer c;

	assert_int_equal(gw_customer_configure(&c, NULL, NULL), GW_OK);
	return c;
}

static struct gw_view selling(void)
{
	return (struct gw_view){.state = GW_VIEW_SELLING, .decimals = 2, .total_minor = 2413};
}

static void offers_in_twenty_columns(void **state)
{
	/* name; price; total; what the two lines must be, -: blank */
	static const struct {
		const char *name;
		int64_t price, total;
		const char *first, *second;
	} rows[] = {
		{"Batteries AA, 4 pack", 349, 2413, "Batteries AA, 4 pack", "+3.49    Total 24.13"},
		{"A name much longer than that", 349, 2413, "A name much longer t",
		 "+3.49    Total 24.13"},
		/* cut at a blank: none is left at the end */
		{"Apple juice, naturally cloudy", 0, 5, "Apple juice, natural",
		 "+0.00     Total 0.05"},
		{"Twenty characters on a", -1, 5, "Twenty characters on", "Total           0.05"},
		/* no room for the word; then none for the sum */
		{"TV", 123450, 1234567, "TV", "+1234.50    12345.67"},
		{"TV", 1234567890123, 12345678901, "TV", "+12345678901.23"},
		/* u and its dots apart: one column */
		{"Mu\xCC\x88sli mit Rosinen und Nu\xCC\x88ssen", 100, 100,
		 "Mu\xCC\x88sli mit Rosinen un", "+1.00     Total 1.00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_customer c = fresh();
		struct gw_view v = selling();

		v.total_minor = rows[i].total;
		v.offer = (struct gw_view_offer){
			.active = true, .name = rows[i].name, .price_minor = rows[i].price};
		assert_true(gw_customer_look(&c, &v, 0));
		assert_string_equal(c.line[0], rows[i].first);
		assert_string_equal(c.line[1], rows[i].second);
		assert_false(gw_customer_look(&c, &v, 1)); /* the same is not sent twice */
	}
}

/* Whatever the name, the price stands where it stood: by the dock's own rule of columns. */
static void prices_keep_their_place(void **state)
{
	static const char *const names[] = {
		"Torch",
		"Stra\xC3\x9F"
		"enbahn Modell 1:87 rot",
		"e\xCC\x81"
		"clair e\xCC\x81"
		"clair e\xCC\x81"
		"clair",
		"Z\xCC\xB6\xCC\x9B\xCD\x9B"
		"algo",
		"caf\xC3\xA9 \xE2\x80\x9C"
		"cr\xC3\xA8me\xE2\x80\x9D \xE2\x82\xAC",
		"\xFF\xFE bad bytes \x1B[2J \x07",
		"\xF0\x9F\x8D\x8E\xEF\xB8\x8F Apple",
	};
	struct gw_display display = {GW_DISPLAY_ESCPOS, GW_DISPLAY_CP858};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct gw_view_line line = {
			.name = names[i], .code = "1", .qty = 2, .amount_minor = 1299};
		struct gw_customer c = fresh();
		struct gw_view v = selling();
		uint8_t out[GW_DISPLAY_COLUMNS];

		v.lines = &line;
		v.line_count = 1;
		assert_true(gw_customer_look(&c, &v, 0));
		gw_display_line(&display, out, (const uint8_t *)c.line[0], strlen(c.line[0]));
		assert_memory_equal(out, "2x ", 3);
		assert_memory_equal(out + 14, " 12.99", 6);
		for (size_t k = 0; k < sizeof(out); k++)
			assert_true(out[k] >= 0x20 && out[k] != 0x7F);
	}
}

/* Every field that is not for the customer holds a word that must not appear. */
static void keeps_secrets(void **state)
{
	struct gw_view_line line = {.name = "Milk", .code = "SECRET", .qty = 1, .amount_minor = 99};
	struct gw_customer c = fresh();
	struct gw_view v = selling();

	(void)state;
	v.basket = v.cashier = v.segment = v.subject = v.table_version = "SECRET";
	v.lines = &line;
	v.line_count = 1;
	v.offer = (struct gw_view_offer){.active = true,
					 .rule = "SECRET",
					 .code = "SECRET",
					 .name = "Cream",
					 .script = "SECRET",
					 .price_minor = 120,
					 .why = {"SECRET", "SECRET", "SECRET"},
					 .why_more = 77};
	for (int turn = 0; turn < 3; turn++) {
		assert_true(gw_customer_look(&c, &v, 0));
		assert_null(strstr(c.line[0], "SECRET"));
		assert_null(strstr(c.line[1], "SECRET"));
		assert_null(strstr(c.line[1], "77"));
		v.offer.active = false; /* then the sale without it, then with an unknown code */
		if (turn == 1) {
			line.name = "SECRET";
			line.unknown = true;
			line.amount_minor = -1;
			v.total_partial = true;
		}
	}
	assert_string_equal(c.line[0], "");
	assert_string_equal(c.line[1], "");
}

static void thanks_and_greets(void **state)
{
	struct gw_event close = {.kind = GW_EV_CLOSE,
				 .u.close = {.total_minor = 2413, .reason = GW_CLOSE_TENDER}};
	struct gw_customer c = fresh();
	struct gw_view v = selling(), idle = {.state = GW_VIEW_IDLE, .decimals = 2};
	struct gw_event other = {.kind = GW_EV_LINE};

	(void)state;
	assert_true(gw_customer_look(&c, &idle, 0));
	assert_string_equal(c.line[0], "Welcome");
	assert_int_equal(gw_customer_deadline(&c), -1);
	gw_customer_event(&c, &v, &other, 0);
	gw_customer_event(&c, &idle, &close, 1000);
	assert_true(gw_customer_look(&c, &idle, 1000));
	assert_string_equal(c.line[0], "Thank you");
	assert_string_equal(c.line[1], "Total          24.13");
	assert_int_equal(gw_customer_deadline(&c), 1000 + GW_CUSTOMER_THANKS_MS);
	assert_true(gw_customer_look(&c, &idle, 1000 + GW_CUSTOMER_THANKS_MS));
	assert_string_equal(c.line[0], "Welcome");
	assert_int_equal(gw_customer_deadline(&c), -1);
	/* some price was unknown, and the till did not tell the sum: thanks without one */
	v.total_partial = true;
	gw_customer_event(&c, &v, &other, 2000);
	gw_customer_event(&c, &idle, &close, 2000);
	assert_true(gw_customer_look(&c, &idle, 2000));
	assert_string_equal(c.line[1], "");
	close.u.close.total_from_till = true;
	gw_customer_event(&c, &idle, &close, 2000);
	assert_true(gw_customer_look(&c, &idle, 2000));
	assert_string_equal(c.line[1], "Total          24.13");
	/* the next customer is not the one who was thanked */
	assert_true(gw_customer_look(&c, &v, 2001));
	assert_int_equal(gw_customer_deadline(&c), -1);
	/* dropped: no thanks */
	close.u.close.reason = GW_CLOSE_CANCEL;
	gw_customer_event(&c, &idle, &close, 3000);
	assert_true(gw_customer_look(&c, &idle, 3000));
	assert_string_equal(c.line[0], "Welcome");
}

static void practice_is_nobodys_business(void **state)
{
	struct gw_customer c = fresh();
	struct gw_view v = selling();

	(void)state;
	v.practice = true;
	v.offer = (struct gw_view_offer){.active = true, .name = "Cream", .price_minor = 1};
	assert_true(gw_customer_look(&c, &v, 0));
	assert_string_equal(c.line[0], "Welcome");
	assert_string_equal(c.line[1], "");
	/* a self-test has the display for a while; a sale takes it back at once */
	v.practice = false;
	gw_customer_lend(&c, 3000);
	v.state = GW_VIEW_IDLE;
	assert_false(gw_customer_look(&c, &v, 10));
	assert_int_equal(gw_customer_deadline(&c), 3000);
	v.state = GW_VIEW_SELLING;
	assert_true(gw_customer_look(&c, &v, 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_in_twenty_columns),
		cmocka_unit_test(prices_keep_their_place),
		cmocka_unit_test(keeps_secrets),
		cmocka_unit_test(thanks_and_greets),
		cmocka_unit_test(practice_is_nobodys_business),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
