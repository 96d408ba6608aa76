/* The register's pages: what the scanner screen advises can be configured, and a card leaves no
 * trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "page_scans.h"
#include "base/home.h"
#include "port/port.h"
#include "sync_news.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_can_be_configured),
		cmocka_unit_test(keeps_the_newest_in_front),
		cmocka_unit_test(forgets_cards),
		cmocka_unit_test(advises_the_parity),
		cmocka_unit_test(hears_of_the_sync_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
