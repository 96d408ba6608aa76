/*
 * The parts of goeswith-sync that need hardly any disk: names, signatures, acknowledgements, waits,
 * shares, and a book that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>
#include <sqlite3.h>
#include <zstd.h>

#include "tools/sync/ack.h"
#include "tools/sync/book.h"
#include "tools/sync/book_intake.h"
#include "tools/sync/device.h"
#include "tools/sync/pull.h"
#include "tools/sync/push.h"
#include "tools/sync/steady.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed = 20261122;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

static void names_of_batches(void **state)
{
	static const struct {
		const char *name;
		int rc;
	} rows[] = {
		{"00112233aabbccdd-000000000001-000000000500-0123456789abcdef0123456789abcdef"
		 ".ndjson.zst",
		 GW_OK},
		{"00112233aabbccdd-000000000500-000000000001-0123456789abcdef0123456789abcdef"
		 ".ndjson.zst",
		 GW_E_INPUT},
		{"00112233aabbccdd-000000000000-000000000001-0123456789abcdef0123456789abcdef"
		 ".ndjson.zst",
		 GW_E_INPUT},
		{"00112233aabbccdd-000000000001-000000000500-0123456789abcdef.ndjson.zst",
		 GW_E_INPUT},
		{"00112233aabbccdd-000000000001-000000000500-0123456789ABCDEF0123456789abcdef"
		 ".ndjson.zst",
		 GW_E_INPUT},
		{"../x-000000000001-000000000500-0123456789abcdef0123456789abcdef.ndjson.zst",
		 GW_E_INPUT},
		{"a-1-2-0123456789abcdef0123456789abcdef.ndjson.zst.exe", GW_E_INPUT},
		{"", GW_E_INPUT},
	};
	struct file_name n;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (file_name_parse(&n, rows[i].name) != rows[i].rc)
			fail_msg("row %zu: %s", i, rows[i].name);
	assert_int_equal(file_name_parse(&n, rows[0].name), GW_OK);
	assert_string_equal(n.epoch, "00112233aabbccdd");
	assert_int_equal(n.first, 1);
	assert_int_equal(n.last, 500);
	assert_string_equal(n.hash, "0123456789abcdef0123456789abcdef");
}

/* A signed batch, as seal.c makes it. */
static size_t make_signed(uint8_t *out, size_t size, const struct device_key *key)
{
	static const char text[] =
		"{\"goeswith\":1,\"terminal\":\"S-T\",\"epoch\":\"00112233aabbccdd\",\"first\":1,"
		"\"last\":2,\"prev\":\"\",\"sealed_at\":\"2026-11-22T09:41:12.345Z\"}\n"
		"{\"seq\":1,\"at\":\"2026-11-22T09:41:12.345Z\",\"mono\":1,\"boot\":1,\"kind\":"
		"\"open\"}\n"
		"{\"seq\":2,\"at\":\"2026-11-22T09:41:12.345Z\",\"mono\":1,\"boot\":1,\"kind\":"
		"\"line\",\"line\":1,\"code\":\"A\",\"qty\":1,\"source\":\"scan\"}\n";
	size_t n = ZSTD_compress(out, size, text, sizeof(text) - 1, 15);

	assert_false(ZSTD_isError(n));
	device_sign(out + n, key, out, n);
	return n + DEVICE_TRAILER;
}

static size_t mutate(uint8_t *data, size_t len)
{
	size_t at = len > 1 ? draw((uint32_t)len) : 0;

	if (len < 2)
		return len;

	switch (draw(4)) {
	case 0:
		data[at] ^= (uint8_t)(1u << draw(8));
		return len;
	case 1:
		memmove(data + at, data + at + 1, len - at - 1);
		return len - 1;
	case 2:
		memmove(data + at + 1, data + at, len - at);
		data[at] = (uint8_t)draw(256);
		return len + 1;
	default:
		return 1 + at; /* cut */
	}
}

/* Ten thousand edited files: the signature refuses each, and the parser survives each. */
static void every_mutation_of_a_batch_is_refused(void **state)
{
	struct device_key key;
	uint8_t good[2048], bad[2100];
	struct gw_batch *b;
	struct gw_err err;
	size_t len;
	int parsed = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	assert_true(sodium_init() >= 0);
	crypto_sign_keypair(key.public_key, key.secret_key);
	memset(key.id, 7, sizeof(key.id));
	len = make_signed(good, sizeof(good), &key);
	assert_int_equal(device_verify(&key, good, len), GW_OK);
	assert_int_equal(gw_batch_parse(&b, good, len, &err), GW_OK);
	assert_int_equal(gw_batch_count(b), 2);
	gw_batch_free(b);
	for (int i = 0; i < 10000; i++) {
		size_t n = len;

		memcpy(bad, good, len);
		for (uint32_t k = draw(4); k < 4; k++)
			n = mutate(bad, n);
		if (n == len && memcmp(bad, good, len) == 0)
			continue;
		if (device_verify(&key, bad, n) == GW_OK)
			fail_msg("mutation %d passes", i);
		if (gw_batch_parse(&b, bad, n, &err) == GW_OK) {
			parsed++;
			gw_batch_free(b);
		} else {
			assert_true(err.text[0] != '\0');
		}
	}
	/* Some damage only touches the signature: that is what it is for. */
	assert_true(parsed < 5000);
	key.public_key[0] ^= 1;
	assert_int_equal(device_verify(&key, good, len), GW_E_DENIED);
	assert_int_equal(device_verify(&key, good, len - DEVICE_TRAILER), GW_E_NOT_FOUND);
	assert_int_equal(device_verify(&key, good, 3), GW_E_NOT_FOUND);
}

static void acknowledgements_are_read(void **state)
{
	static const char good[] =
		"{\"goeswith_ack\":1,\"terminal\":\"S-T\",\"at\":\"2026-11-22T09:41:12.345Z\","
		"\"epochs\":[{\"epoch\":\"aa\",\"committed\":7,\"gaps\":[[1,2]]},"
		"{\"epoch\":\"bb\",\"committed\":900}],"
		"\"rejected\":[{\"name\":\"x.ndjson.zst\",\"reason\":\"bad\\u001b[31m\"}],\"new\":"
		"1}";
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"goeswith_ack\":1,\"terminal\":\"S-T2\",\"at\":\"2026-11-22T09:41:12.345Z\"}",
		"{\"goeswith_ack\":1,\"terminal\":\"S-T\",\"at\":\"today\"}",
		"{\"goeswith_ack\":1,\"terminal\":\"S-T\",\"at\":\"2026-11-22T09:41:12.345Z\","
		"\"epochs\":[{\"epoch\":\"aa\",\"committed\":-7}]}",
		"{\"goeswith_ack\":1,\"terminal\":\"S-T\",\"at\":\"2026-11-22T09:41:12.345Z\","
		"\"epochs\":[{\"epoch\":\"aa\",\"committed\":\"all\"}]}",
	};
	struct ack *ack = calloc(1, sizeof(*ack));

	(void)state;
	assert_int_equal(ack_parse(ack, "S-T", good, strlen(good), NULL), GW_OK);
	assert_int_equal(ack_committed(ack, "aa"), 7);
	assert_int_equal(ack_committed(ack, "bb"), 900);
	assert_int_equal(ack_committed(ack, "cc"), 0);
	assert_string_equal(ack_rejected(ack, "x.ndjson.zst"), "bad [31m");
	assert_null(ack_rejected(ack, "y.ndjson.zst"));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ack_parse(ack, "S-T", bad[i], strlen(bad[i]), NULL) != GW_E_INPUT)
			fail_msg("%s", bad[i]);
	free(ack);
}

/* Waits are at random below a bound that doubles up to a quarter of an hour. */
static void waits_grow_and_spread(void **state)
{
	(void)state;
	for (int64_t tries = 0; tries < 70; tries++) {
		int64_t bound = tries < 10 ? INT64_C(1000) << tries : 900000, most = 0,
			least = bound;

		if (bound > 900000)
			bound = 900000;
		for (int i = 0; i < 200; i++) {
			int64_t wait = push_backoff_ms(tries);

			assert_in_range(wait, 1, bound);
			most = wait > most ? wait : most;
			least = wait < least ? wait : least;
		}
		assert_true(most > bound * 8 / 10 && least < bound * 2 / 10);
	}
}

static void a_share_of_terminals_is_that_share(void **state)
{
	int chosen = 0, both = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char till[32];
		bool a, b;

		snprintf(till, sizeof(till), "S%04d-T%02d", i / 10, i % 10);
		a = pull_is_chosen(till, "table-a", 100000);
		b = pull_is_chosen(till, "table-b", 100000);
		chosen += a;
		both += a && b;
		/* Who is in the tenth is in the half. */
		assert_true(!a || pull_is_chosen(till, "table-a", 500000));
		assert_false(pull_is_chosen(till, "table-a", 0));
		assert_true(pull_is_chosen(till, "table-a", 1000000));
	}
	assert_in_range(chosen, 1800, 2200);
	/* Another roll-out draws anew. */
	assert_in_range(both, 130, 270);
}

/* Hours; up: since the machine was started. */
static void a_wrong_clock_makes_nothing_old(void **state)
{
	static const struct {
		const char *what;
		int64_t before, up_before, wall, up, office, now;
	} rows[] = {
		{"an hour passes, with 1 % for slow clocks", 1000, 100, 1001, 101, 0, 1001},
		{"the clock jumps twenty years ahead", 1000, 100, 176200, 200, 0, 1101},
		{"and back", 176200, 100, 1001, 101, 0, 1001},
		{"two weeks without power: a day is believed", 1000, 500, 1336, 1, 0, 1024},
		{"head office knows better", 1000, 500, 1336, 1, 1300, 1300},
		{"but not better than this clock", 1000, 500, 1336, 1, 99999, 1336},
		{"a clock that was never set, now is", 0, 10, 496000, 11, 0, 1},
	};
	const int64_t hour = 3600000;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct steady before = {rows[i].before * hour, rows[i].up_before * hour};
		int64_t now = steady_step(&before, rows[i].wall * hour, rows[i].up * hour,
					  rows[i].office * hour);

		if (now / hour != rows[i].now)
			fail_msg("%s: %lld", rows[i].what, (long long)(now / hour));
	}
}

/* Taken for "nothing waits", it would have the terminals told that all is in ClickHouse. */
static void a_book_that_cannot_be_read_is_not_empty(void **state)
{
	char folder[TMP_NAME_MAX], path[TMP_NAME_MAX + 32];
	struct book_event e = {.till = "S1-T1",
			       .epoch = "b1909be3ed2d00b6",
			       .seq = 1,
			       .basket = "",
			       .kind = "start",
			       .body = "{}"};
	struct gw_err err = {0};
	struct book *book;
	sqlite3 *other;
	int64_t count;

	(void)state;
	assert_non_null(mkdtemp(tmp_name(folder, "book")));
	snprintf(path, sizeof(path), "%s/intake.db", folder);
	assert_int_equal(book_open(&book, path, true, &err), GW_OK);
	assert_int_equal(book_intake_waiting(book, 9, &count, &err), GW_OK);
	assert_int_equal(count, 0);
	assert_int_equal(book_intake_put(book, &e, &err), GW_OK);
	assert_int_equal(book_intake_waiting(book, 9, &count, &err), GW_OK);
	assert_int_equal(count, 1);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "DROP TABLE event", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_true(book_intake_waiting(book, 9, &count, &err) < 0);
	assert_non_null(strstr(err.text, "event"));
	book_close(book);
	snprintf(path, sizeof(path), "rm -r '%s'", folder);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_batches),
		cmocka_unit_test(every_mutation_of_a_batch_is_refused),
		cmocka_unit_test(acknowledgements_are_read),
		cmocka_unit_test(waits_grow_and_spread),
		cmocka_unit_test(a_wrong_clock_makes_nothing_old),
		cmocka_unit_test(a_share_of_terminals_is_that_share),
		cmocka_unit_test(a_book_that_cannot_be_read_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
