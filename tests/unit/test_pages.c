/* The register's pages: what the scanner screen advises can be configured, and a card leaves no
 * trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "page_scans.h"
#include "page_today.h"
#include "base/home.h"
#include "base/when.h"
#include "port/port.h"
#include "sync_news.h"
#include "tests/unit/store_help.h"
#include "tmp.h"

static void every_profile_can_be_configured(void **state)
{
	(void)state;
	for (size_t i = 0; gw_profile_at(i) != NULL; i++) {
		const struct gw_profile *p = gw_profile_at(i);
		const struct gw_port_settings *s = gw_port_brand(p->name);

		assert_non_null(s);
		assert_int_equal(s->bits, p->data_bits);
		assert_int_equal(s->framing, p->style);
		assert_int_equal(s->parity == GW_PARITY_EVEN, p->parity == 'E');
		assert_int_equal(s->parity == GW_PARITY_ODD, p->parity == 'O');
	}
}

static void keeps_the_newest_in_front(void **state)
{
	struct gw_page_scans *page = malloc(sizeof(*page));
	char code[16];

	(void)state;
	assert_non_null(page);
	gw_page_scans_init(page, "/dev/x", NULL);
	for (int i = 0; i < GW_UI_SCANS_MAX + 3; i++) {
		int n = snprintf(code, sizeof(code), "CODE-%d", i);

		gw_page_scans_add(page, (const uint8_t *)code, (size_t)n, i);
	}
	assert_int_equal(page->shown.count, GW_UI_SCANS_MAX);
	assert_int_equal(page->shown.scans, GW_UI_SCANS_MAX + 3);
	for (int i = 0; i < GW_UI_SCANS_MAX; i++) {
		const struct gw_ui_scan *s = &page->shown.last[i];

		snprintf(code, sizeof(code), "CODE-%d", GW_UI_SCANS_MAX + 2 - i);
		assert_memory_equal(s->raw, code, strlen(code));
		assert_int_equal(s->raw_len, strlen(code));
		assert_string_equal(s->fields[1].value, code);
	}
	free(page);
}

/* Is the number anywhere in the page's memory? */
static bool holds(const struct gw_page_scans *page, const char *digits)
{
	return memmem(page, sizeof(*page), digits, strlen(digits)) != NULL;
}

static void forgets_cards(void **state)
{
	static const char card[] = "4111111111111111";
	struct gw_page_scans *page = malloc(sizeof(*page));

	(void)state;
	assert_non_null(page);
	gw_page_scans_init(page, "/dev/x", NULL);
	gw_page_scans_raw(page, (const uint8_t *)card, sizeof(card) - 1);
	assert_true(holds(page, card));
	gw_page_scans_add(page, (const uint8_t *)card, sizeof(card) - 1, 0);
	assert_false(holds(page, card));
	assert_int_equal(page->shown.refused, 1);
	free(page);
}

static void advises_the_parity(void **state)
{
	struct gw_page_scans *page = malloc(sizeof(*page));
	uint8_t line[] = "4006381333931\r9501101530003\r4006381333931\r";

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i + 1 < sizeof(line); i++)
		if (__builtin_parity(line[i]))
			line[i] |= 0x80;
	gw_page_scans_init(page, "/dev/x", NULL);
	gw_page_scans_raw(page, line, sizeof(line) - 1);
	assert_non_null(strstr(page->shown.best_profile, "brand = 7e1"));
	gw_page_scans_leave(page);
	assert_string_equal(page->shown.best_profile, "");
	free(page);
}

static void hears_of_the_sync_tool(void **state)
{
	static const struct {
		const char *text;
		int64_t unsent; /* of 120 events */
		const char *trouble;
	} rows[] = {
		{"{\"sent\":100,\"at_ms\":1,\"trouble\":\"\"}", 20, ""},
		{"{\"sent\":120,\"trouble\":\"no\\u001b[2Jroute\"}", 0, "no [2Jroute"},
		{"{\"sent\":500}", 0, ""}, /* of another journal: nothing waits that we know of */
		{"{\"sent\":-1}", -1, ""},
		{"{\"sent\":\"many\"}", -1, ""},
		{"[]", -1, ""},
		{"", -1, ""},
	};
	char dir[TMP_NAME_MAX], path[GW_PATH_MAX];
	struct gw_sync_news news;

	(void)state;
	assert_non_null(mkdtemp(tmp_name(dir, "pages")));
	gw_sync_news_read(&news, dir);
	assert_int_equal(gw_sync_news_unsent(&news, 120), -1);
	assert_int_equal(gw_path_join(path, dir, GW_SYNC_NEWS, NULL), GW_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(gw_file_replace(path, rows[i].text, strlen(rows[i].text), NULL),
				 GW_OK);
		gw_sync_news_read(&news, dir);
		assert_int_equal(gw_sync_news_unsent(&news, 120), rows[i].unsent);
		assert_string_equal(news.trouble, rows[i].trouble);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void append_sale(struct gw_journal *j, int number, const char *closes, int offset_min)
{
	struct gw_event open = event_of(GW_EV_OPEN, number, 0);
	struct gw_event close = close_of(number, 1, 100, GW_CLOSE_TENDER);

	assert_int_equal(gw_when_parse(closes, strlen(closes), &close.at_ms), GW_OK);
	open.at_ms = close.at_ms;
	open.u.open.utc_offset_min = offset_min;
	append_one(j, open);
	append_one(j, close);
}

/* F9 counts as the report does: by the sale's clock, else by the machine's, on a day of 25 hours.
 */
static void the_day_is_the_shops(void **state)
{
	struct gw_page_today *page = calloc(1, sizeof(*page));
	struct gw_now now = {.at_ms = 0};
	struct gw_journal *j;
	struct gw_today t;
	struct gw_period day;
	struct folder f;

	(void)state;
	assert_non_null(page);
	folder_make(&f);
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	j = journal_open(&f);
	append_sale(j, 1, "2026-10-24T21:59:00Z", 120);            /* 24th */
	append_sale(j, 2, "2026-10-24T22:00:00Z", 120);            /* 25th 00:00 */
	append_sale(j, 3, "2026-10-24T21:30:00Z", 180);            /* 25th, further east */
	append_sale(j, 4, "2026-10-25T22:59:00Z", 60);             /* 25th 23:59 */
	append_sale(j, 5, "2026-10-25T22:59:59Z", GW_UTC_UNKNOWN); /* 25th 23:59, here */
	append_sale(j, 7, "2026-10-24T22:30:00Z", GW_UTC_UNKNOWN); /* 25th 00:30, here */
	append_sale(j, 6, "2026-10-25T23:00:00Z", 60);             /* 26th */
	assert_int_equal(gw_when_parse("2026-10-25T22:59:59Z", 20, &now.at_ms), GW_OK);
	gw_page_today_fill(page, f.journal, now);
	assert_null(page->shown.problem);
	day = gw_period_here(page->shown.day, page->shown.day);
	assert_int_equal(day.from_ms, 1792886400000);
	assert_int_equal(gw_store_today(f.journal, &day, &t, NULL), GW_OK);
	assert_int_equal(t.sales, 5);
	assert_int_equal(page->shown.today.sales, t.sales);
	now.at_ms += 7 * GW_DAY_MS;
	gw_page_today_fill(page, f.journal, now);
	assert_true(page->shown.has_before);
	assert_int_equal(page->shown.before.sales, 5);
	assert_int_equal(page->shown.today.sales, 0);
	gw_journal_close(j);
	unsetenv("TZ");
	tzset();
	folder_remove(&f);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_can_be_configured),
		cmocka_unit_test(keeps_the_newest_in_front),
		cmocka_unit_test(forgets_cards),
		cmocka_unit_test(advises_the_parity),
		cmocka_unit_test(hears_of_the_sync_tool),
		cmocka_unit_test(the_day_is_the_shops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
