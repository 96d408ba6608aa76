/* The base layer: CSV, money, time, UTF-8, JSON, paths and configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/home.h"
#include "base/json.h"
#include "base/money.h"
#include "base/utf8.h"
#include "base/when.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A reader that hands out a string one byte at a time, the hardest case for a buffer. */
struct drip {
	const char *at, *end;
};

static int64_t read_drip(void *ctx, char *room, size_t size)
{
	struct drip *d = ctx;

	if (d->at == d->end || size == 0)
		return 0;
	*room = *d->at++;
	return 1;
}

/* Fields joined by '|', records by '/', a fault as "!line:column". */
static void csv_digest(const char *in, size_t len, char *out, size_t size)
{
	struct drip d = {in, in + len};
	struct gw_text t = gw_text_over(out, size);
	struct gw_csv *csv;
	struct gw_err err;
	unsigned line, column;
	int n;

	assert_int_equal(gw_csv_new(&csv, read_drip, &d, ','), GW_OK);
	while ((n = gw_csv_next(csv, &err)) != 0) {
		if (n < 0) {
			assert_int_equal(sscanf(err.text, "line %u, column %u", &line, &column), 2);
			gw_text_addf(&t, "!%u:%u/", line, column);
			continue;
		}
		for (int i = 0; i < n; i++)
			gw_text_addf(&t, "%s%s", gw_csv_field(csv, i)->at, i + 1 < n ? "|" : "/");
	}
	gw_csv_free(csv);
}

static void csv_records(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"a,b\n1,2\n", "a|b/1|2/"},
		{"a,b\r\n1,2", "a|b/1|2/"},
		{"\xEF\xBB\xBF"
		 "a\n",
		 "a/"},
		{"\n\r\na\n\n", "a/"},
		{"\"a,b\",\"c\"\"d\"\n", "a,b|c\"d/"},
		{"\"two\nlines\",x\ny\n", "two\nlines|x/y/"},
		{",\n", "|/"},
		{"\"\"\n", "/"},
		{"a\"b\nc\n", "!1:2/c/"},
		{"\"a\"b\nc\n", "!1:4/c/"},
		/* a quote never closed: the good lines behind it are still read */
		{"x,\"open\ngood,1\nbetter,2\n", "!1:3/good|1/better|2/"},
	};
	char out[200];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		csv_digest(rows[i].in, strlen(rows[i].in), out, sizeof(out));
		assert_string_equal(out, rows[i].want);
	}
	csv_digest("a\0b\nc\n", 6, out, sizeof(out));
	assert_string_equal(out, "!1:1/c/");
}

static void csv_places(void **state)
{
	const char *in = "a,bb,\"c\nd\",e\n";
	struct drip d = {in, in + strlen(in)};
	static const unsigned line[] = {1, 1, 1, 2}, column[] = {1, 3, 6, 4};
	struct gw_csv *csv;

	(void)state;
	assert_int_equal(gw_csv_new(&csv, read_drip, &d, ','), GW_OK);
	assert_int_equal(gw_csv_next(csv, NULL), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(gw_csv_field(csv, i)->line, line[i]);
		assert_int_equal(gw_csv_field(csv, i)->column, column[i]);
	}
	gw_csv_free(csv);
}

static void csv_over_long(void **state)
{
	size_t len = GW_CSV_RECORD_MAX + 100000;
	char *in = malloc(len + 8);
	struct drip d = {in, in + len + 6};
	struct gw_err err;
	struct gw_csv *csv;

	(void)state;
	memset(in, 'x', len);
	memcpy(in + len, "\nok\n,\n", 6);
	assert_int_equal(gw_csv_new(&csv, read_drip, &d, ','), GW_OK);
	assert_int_equal(gw_csv_next(csv, &err), GW_E_INPUT);
	assert_non_null(strstr(err.text, "longer than"));
	assert_int_equal(gw_csv_next(csv, &err), 1);
	assert_string_equal(gw_csv_field(csv, 0)->at, "ok");
	gw_csv_free(csv);
	free(in);
}

static void money(void **state)
{
	static const struct {
		const char *text;
		int decimals, rc;
		int64_t minor;
		const char *back;
	} rows[] = {
		{"3.49", 2, GW_OK, 349, "3.49"},
		{"-0.5", 2, GW_OK, -50, "-0.50"},
		{"12", 2, GW_OK, 1200, "12.00"},
		{"1299", 0, GW_OK, 1299, "1299"},
		{"0", 0, GW_OK, 0, "0"},
		{"0.007", 3, GW_OK, 7, "0.007"},
		{"1.50", 1, GW_OK, 15, "1.5"},
		{".5", 2, GW_OK, 50, "0.50"},
		{"1.005", 2, GW_E_INPUT, 0, NULL},
		{"", 2, GW_E_INPUT, 0, NULL},
		{".", 2, GW_E_INPUT, 0, NULL},
		{"1,50", 2, GW_E_INPUT, 0, NULL},
		{"99999999999999999999", 2, GW_E_INPUT, 0, NULL},
	};
	char out[GW_MONEY_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t minor;

		assert_int_equal(gw_money_parse(rows[i].text, strlen(rows[i].text),
						rows[i].decimals, &minor),
				 rows[i].rc);
		if (rows[i].rc != GW_OK)
			continue;
		assert_int_equal(minor, rows[i].minor);
		assert_string_equal(gw_money_format(out, minor, rows[i].decimals), rows[i].back);
	}
	assert_string_equal(gw_money_format(out, INT64_MIN, 2), "-92233720368547758.08");
	assert_int_equal(gw_money_decimals("JPY"), 0);
	assert_int_equal(gw_money_decimals("EUR"), 2);
	assert_int_equal(gw_money_decimals("KWD"), 3);
}

static void when(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *back; /* NULL: refused */
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
		{"2026-11-22T09:41:12.345Z", 1795340472345, "2026-11-22T09:41:12.345Z"},
		{"2026-11-22T10:41:12.345+01:00", 1795340472345, "2026-11-22T09:41:12.345Z"},
		{"2024-02-29 23:59:60Z", 1709251199000, "2024-02-29T23:59:59.000Z"},
		{"1969-12-31T23:59:59.9Z", -100, "1969-12-31T23:59:59.900Z"},
		{"2023-02-29T00:00:00Z", 0, NULL},
		{"2023-13-01T00:00:00Z", 0, NULL},
		{"2023-01-01T24:00:00Z", 0, NULL},
		{"2023-01-01T00:00:00", 0, NULL},
		{"2023-01-01T00:00:00Zx", 0, NULL},
		{"", 0, NULL},
	};
	char out[GW_WHEN_MAX];
	int64_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = gw_when_parse(rows[i].text, strlen(rows[i].text), &n);

		assert_int_equal(rc, rows[i].back != NULL ? GW_OK : GW_E_INPUT);
		if (rows[i].back == NULL)
			continue;
		assert_int_equal(n, rows[i].ms);
		assert_string_equal(gw_when_format(out, n), rows[i].back);
	}
	assert_int_equal(gw_civil_from_ms(1795340472345).weekday, 6);
	assert_int_equal(gw_date_parse("2000-03-01", 10, &n), GW_OK);
	assert_int_equal(n, 11017);
}

static void utf8(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"Müsli", "Müsli"},
		{"a\r\n\tb", "a b"},
		{"evil\xE2\x80\xAE"
		 "gpj",
		 "evilgpj"}, /* U+202E right-to-left override */
		{"so\xC2\xAD"
		 "ft",
		 "soft"}, /* soft hyphen */
		{"zero\xE2\x80\x8B"
		 "width",
		 "zerowidth"},
		{"bad\xC3(", "bad\xEF\xBF\xBD("},
		{"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* a surrogate */
		{"\x1B[2Jx", "[2Jx"},
		{"\xF0\x9F\x94\x8B", "\xF0\x9F\x94\x8B"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		gw_utf8_sanitize(out, sizeof(out), rows[i].in, strlen(rows[i].in));
		assert_string_equal(out, rows[i].want);
	}
	assert_int_equal(gw_utf8_sanitize(out, 4, "aaü", 4), 2);
	assert_int_equal(gw_utf8_cut("aü", 2), 1);
	assert_int_equal(gw_utf8_cut("aü", 3), 3);
	assert_false(gw_utf8_valid("\xC0\x80", 2));
}

static void json(void **state)
{
	char room[200];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	(void)state;
	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "name", "a\"b\\\n\x01ü\xFF");
	gw_json_key(&j, "list");
	gw_json_begin(&j, '[');
	gw_json_int(&j, -3);
	gw_json_double(&j, 0.1, 17);
	gw_json_double(&j, 1.0 / 0.0, 6);
	gw_json_end(&j, ']');
	gw_json_member_bool(&j, "ok", true);
	gw_json_end(&j, '}');
	assert_string_equal(room, "{\"name\":\"a\\\"b\\\\\\n\\u0001ü\xEF\xBF\xBD\","
				  "\"list\":[-3,0.10000000000000001,null],\"ok\":true}");
	assert_false(t.cut);
}

static void hashes(void **state)
{
	(void)state;
	/* FNV-1a 64 of "a" (draft-eastlake-fnv, appendix C). */
	assert_true(gw_fnv1a64(GW_FNV1A64_START, "a", 1) == 0xAF63DC4C8601EC8Cu);
	assert_true(gw_fmix64(0) == 0);
	assert_true(gw_fmix64(1) == 0xB456BCFC34C2CB2Cu);
}

/* A text that quotes what somebody else wrote cannot steer the terminal that shows it. */
static void errors(void **state)
{
	struct gw_err err = {0};
	char noise[600];

	(void)state;
	assert_int_equal(gw_err_set(&err, GW_E_INPUT, "line %d: \"%s\"", 3, "a\x1b[2J\xFF\r\nb"),
			 GW_E_INPUT);
	assert_string_equal(err.text, "line 3: \"a [2J\xEF\xBF\xBD b\"");
	assert_int_equal(gw_err_errno(&err, GW_E_STORAGE, 2, "%s", "\x07x\xE2\x80\xAEy"),
			 GW_E_STORAGE);
	assert_string_equal(err.text, "xy: No such file or directory");
	/* what grows in the cleaning is cut at a character */
	memset(noise, 0xFF, sizeof(noise) - 1);
	noise[sizeof(noise) - 1] = '\0';
	gw_err_set(&err, GW_E_INPUT, "%s", noise);
	assert_int_equal(strlen(err.text), (sizeof(err.text) - 1) / 3 * 3);
	assert_int_equal(gw_err_set(NULL, GW_E_INPUT, "%s", noise), GW_E_INPUT);
}

static void files(void **state)
{
	char dir[TMP_NAME_MAX], path[GW_PATH_MAX], deep[GW_PATH_MAX];
	struct gw_err err = {0};
	struct gw_conf *conf;
	struct stat st;
	char *data;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(tmp_name(dir, "base")));
	assert_int_equal(gw_path_join(deep, dir, "a/b/c", &err), GW_OK);
	assert_int_equal(gw_home_make(deep, &err), GW_OK);
	assert_int_equal(gw_home_make(deep, &err), GW_OK);
	assert_int_equal(gw_path_join(path, deep, "goeswith.conf", &err), GW_OK);
	assert_int_equal(gw_conf_load(&conf, path, &err), GW_OK);
	assert_string_equal(gw_conf_get(conf, "scanner", "port", "none"), "none");
	gw_conf_free(conf);
	assert_int_equal(gw_file_replace(path, "[scanner]\nport = x\n", 19, &err), GW_OK);
	assert_int_equal(gw_conf_load(&conf, path, &err), GW_OK);
	assert_string_equal(gw_conf_get(conf, "scanner", "port", "none"), "x");
	gw_conf_free(conf);
	assert_int_equal(gw_file_replace(path, "[scanner]\nnonsense\n", 19, &err), GW_OK);
	assert_int_equal(gw_conf_load(&conf, path, &err), GW_E_INPUT);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(gw_file_read(path, 5, &data, &len, &err), GW_E_INPUT);
	assert_int_equal(gw_file_read("/nowhere/x", 5, &data, &len, &err), GW_E_NOT_FOUND);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(gw_file_replace(path, "x", 1, &err), GW_E_DENIED);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rmdir(deep), 0);
		*strrchr(deep, '/') = '\0';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_records),   cmocka_unit_test(csv_places),
		cmocka_unit_test(csv_over_long), cmocka_unit_test(money),
		cmocka_unit_test(when),          cmocka_unit_test(utf8),
		cmocka_unit_test(json),          cmocka_unit_test(hashes),
		cmocka_unit_test(files),         cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
