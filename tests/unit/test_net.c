/* What head office's answers are read with, and rows are packed with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "store/queries.h"
#include "tools/net/clickhouse.h"
#include "tools/net/gzip.h"

/* --- rows ------------------------------------------------------------------------------------- */

struct seen {
	char text[256]; /* cells in <>, NULL as -, rows ended by a semicolon */
	int stop;       /* what the callback returns */
};

static int see(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);

	for (int i = 0; i < columns; i++)
		at += (size_t)snprintf(s->text + at, sizeof(s->text) - at, "%s%s%s",
				       cells[i].text != NULL ? "<" : "",
				       cells[i].text != NULL ? cells[i].text : "-",
				       cells[i].text != NULL ? ">" : "");
	snprintf(s->text + at, sizeof(s->text) - at, ";");
	return s->stop;
}

static void test_rows(void **state)
{
	static const struct {
		int columns;
		const char *in;
		size_t len; /* 0: strlen */
		int rc;
		const char *seen;
	} rows[] = {
		{2, "a\tb\n", 0, GW_OK, "<a><b>;"},
		{2, "", 0, GW_OK, ""},
		{1, "\n\n", 0, GW_OK, "<>;<>;"},
		{3, "a\\tb\t\\N\t\\\\N\n", 0, GW_OK, "<a\tb>-<\\N>;"},
		{1, "\\n\\r\\b\\f\\'\n", 0, GW_OK, "<\n\r\b\f'>;"},
		{1, "\\0\n", 0, GW_OK, "<>;"}, /* a NUL inside, two bytes long */
		{2, "a\n", 0, GW_E_INPUT, ""},
		{2, "a\tb\tc\n", 0, GW_E_INPUT, ""},
		{2, "a\tb\na", 0, GW_E_INPUT, "<a><b>;"},
		{1, "a\\q\n", 0, GW_E_INPUT, ""},
		{1, "a\\\n", 0, GW_E_INPUT, ""},
		{1, "a\0b\n", 4, GW_E_INPUT, ""},
		{1, "good\nbad\\q\ngood\n", 0, GW_E_INPUT, "<good>;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 20; piece += 6) {
			size_t len = rows[i].len > 0 ? rows[i].len : strlen(rows[i].in);
			struct seen seen = {.stop = GW_OK};
			struct gw_err err = {0};
			struct gw_rows r;

			gw_rows_init(&r, rows[i].columns, see, &seen);
			for (size_t at = 0; at < len; at += piece)
				gw_rows_feed(&r, rows[i].in + at,
					     len - at < piece ? len - at : piece);
			assert_int_equal(gw_rows_end(&r, &err), rows[i].rc);
			assert_string_equal(seen.text, rows[i].seen);
			assert_int_equal(err.text[0] != '\0', rows[i].rc != GW_OK);
			gw_rows_release(&r);
		}
}

static void test_rows_stop(void **state)
{
	struct seen seen = {.stop = GW_E_STORAGE};
	struct gw_err err = {0};
	struct gw_rows r;

	(void)state;
	gw_rows_init(&r, 1, see, &seen);
	assert_false(gw_rows_feed(&r, "a\nb\n", 4));
	assert_int_equal(gw_rows_end(&r, &err), GW_E_STORAGE);
	assert_string_equal(seen.text, "<a>;");
	assert_string_equal(err.text, ""); /* the sentence is the callback's own */
	gw_rows_release(&r);
}

static void test_row_too_long(void **state)
{
	static char kilobyte[1024];
	struct seen seen = {.stop = GW_OK};
	struct gw_rows r;
	int n = 0;

	(void)state;
	memset(kilobyte, 'x', sizeof(kilobyte));
	gw_rows_init(&r, 1, see, &seen);
	while (n < 10000 && gw_rows_feed(&r, kilobyte, sizeof(kilobyte)))
		n++;
	assert_in_range(n, 4000, 4096);
	assert_int_equal(gw_rows_end(&r, NULL), GW_E_INPUT);
	gw_rows_release(&r);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} rows[] = {{"0", true, 0},
		    {"-9223372036854775808", true, INT64_MIN},
		    {"9223372036854775807", true, INT64_MAX},
		    {"9223372036854775808", false, 0},
		    {"", false, 0},
		    {"-", false, 0},
		    {"1-2", false, 0},
		    {" 1", false, 0},
		    {"1.5", false, 0},
		    {"0x10", false, 0},
		    {"000000000000000000000001", false, 0}};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gw_rows_cell cell = {rows[i].text, strlen(rows[i].text)};

		assert_int_equal(gw_rows_number(&cell, &n), rows[i].good);
		if (rows[i].good)
			assert_true(n == rows[i].value);
	}
	assert_false(gw_rows_number(&(struct gw_rows_cell){NULL, 0}, &n));
}

/* --- packing ---------------------------------------------------------------------------------- */

static void test_gzip(void **state)
{
	enum { LEN = 3000000 };
	char *in = malloc(LEN), *out = malloc(LEN + 1);
	struct gw_gzip *z;
	uint32_t chance = 7;

	(void)state;
	assert_true(in != NULL && out != NULL);
	for (int i = 0; i < LEN; i++) /* hard to pack, so that the room has to grow */
		in[i] = (char)((chance = chance * 1664525 + 1013904223) >> 24);
	assert_int_equal(gw_gzip_new(&z, NULL), GW_OK);
	for (int round = 0; round < 2; round++) {
		z_stream unpack = {.next_out = (unsigned char *)out, .avail_out = LEN + 1};
		const void *data;
		size_t len;

		gw_gzip_clear(z);
		for (int at = 0; at < LEN; at += LEN / 30)
			assert_int_equal(gw_gzip_add(z, in + at, LEN / 30), GW_OK);
		assert_int_equal(gw_gzip_plain(z), LEN);
		assert_int_equal(gw_gzip_end(z, &data, &len), GW_OK);
		unpack.next_in = (unsigned char *)(size_t)data;
		unpack.avail_in = (unsigned)len;
		assert_int_equal(inflateInit2(&unpack, 15 + 16), Z_OK);
		assert_int_equal(inflate(&unpack, Z_FINISH), Z_STREAM_END);
		assert_int_equal(unpack.total_out, LEN);
		assert_int_equal(unpack.avail_in, 0);
		assert_memory_equal(in, out, LEN);
		inflateEnd(&unpack);
	}
	gw_gzip_free(z);
	free(in);
	free(out);
}

/* --- statements ------------------------------------------------------------------------------- */

static void test_quote(void **state)
{
	char room[64];
	struct gw_text t = gw_text_over(room, sizeof(room));

	(void)state;
	gw_clickhouse_quote(&t, "a'b\\c");
	assert_string_equal(room, "'a\\'b\\\\c'");
}

static void test_queries(void **state)
{
	static int64_t keys[1000];
	struct gw_query_values values = {
		{INT64_MIN + 1, INT64_MAX, INT64_MIN + 1, INT64_MAX, -36000000}, keys, 0};
	size_t size = GW_QUERY_ROOM(1000);
	char *room = malloc(size);

	(void)state;
	assert_non_null(room);
	for (int i = 0; i < 1000; i++)
		keys[i] = INT64_MIN + i;
	for (int q = 0; q < 2 * GW_QUERY_COUNT; q++) {
		enum gw_query query = (enum gw_query)(q % GW_QUERY_COUNT);
		struct gw_text t = gw_text_over(room, size);

		values.key_count = q < GW_QUERY_COUNT ? 0 : 1000;
		gw_query_clickhouse(&t, query, &values);
		assert_false(t.cut);
		assert_true(t.len > 20);
		assert_null(strchr(room, '?'));
		/* Without it a row that arrived twice counts twice. */
		assert_non_null(strstr(room, " FINAL"));
		assert_int_equal(gw_query_sqlite(query)[0] != '\0',
				 query < GW_QUERY_REPORTS || query == GW_QUERY_JOURNALS);
	}
	free(room);
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {"clickhouse:",
					  "clickhouse:ftp://h/",
					  "clickhouse:http://",
					  "clickhouse:http:///db",
					  "clickhouse:http://u:p@h:1/db",
					  "clickhouse:http://h:1/db?x=1",
					  "clickhouse:http://h:1/a/b",
					  "clickhouse:http://h:1/1a",
					  "clickhouse:http://h:1/d'b"};
	struct gw_clickhouse *c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(gw_clickhouse_open(&c, bad[i], "test", NULL, NULL), GW_E_USAGE);
	assert_int_equal(
		gw_clickhouse_open(&c, "clickhouse:http://127.0.0.1:1/x", "test", NULL, NULL),
		GW_E_DEVICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),         cmocka_unit_test(test_rows_stop),
		cmocka_unit_test(test_row_too_long), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_gzip),         cmocka_unit_test(test_quote),
		cmocka_unit_test(test_queries),      cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
