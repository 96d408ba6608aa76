/*
 * The flash journal on cells that fail: a flash that takes nothing, a sector that cannot be erased
 * any more, erases that must wait, and wear against the formula.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/flash_bench.h"

/* A flash that takes nothing is found out, and the dock goes on as if there were none. */
static void broken(void **state)
{
	struct bench *b = new_bench(512, 6);

	(void)state;
	assert_true(gw_flash_works(&b->flash));
	b->model.fails = true;
	scan(b, "one");
	assert_int_equal(settle(b, 300), 0);
	assert_false(gw_flash_works(&b->flash));
	assert_true(gw_flash_open(&b->flash, &b->ring, 5));
	ack(b, 1);
	assert_int_equal(gw_flash_wait_ms(&b->flash, b->now_ms), UINT32_MAX);
	free(b);
}

/* An erase waits until nobody minds. */
static void erases_when_safe(void **state)
{
	struct bench *b = new_bench(512, 6);

	(void)state;
	b->model.unsafe = true;
	scan(b, "one");
	assert_int_equal(settle(b, 300), 0);
	assert_int_equal(flash_model_erases(&b->model), 0);
	b->model.unsafe = false;
	assert_int_equal(settle(b, 50), 1);
	/* at a start nobody does */
	b->model.unsafe = true;
	start(b, true);
	assert_int_equal(b->flash.written, b->ring.now.next);
	assert_int_not_equal(b->flash.log.at, 0);
	free(b);
}

static uint32_t worn_sector;

static bool erase_worn(void *ctx, uint32_t sector)
{
	return sector != worn_sector && flash_model_erase(ctx, sector);
}

/* A change that does not count, in a sector that cannot be erased any more, stays without count. */
static void passes_over_what_does_not_count(void **state)
{
	struct bench *b = new_bench(512, 8);
	uint8_t *sector;

	(void)state;
	scan(b, "one");
	settle(b, 200);
	start(b, true);
	assert_true(gw_flash_open(&b->flash, &b->ring, 9));
	worn_sector = b->flash.log.sector;
	sector = b->model.cells + worn_sector * 512;
	memset(sector + GW_FLASH_HEADER + 24, 0, 512 - GW_FLASH_HEADER - 24);
	b->model.io.erase = erase_worn;
	start(b, true);
	assert_int_equal(b->ring.now.session, 0);
	assert_string_equal(held(b), "one|");
	scan(b, "two");
	settle(b, 200);
	start(b, true);
	assert_string_equal(held(b), "one|two|");
	free(b);
}

/* The formula of gw_flash_endurance against erases that happen, with every scan written. */
static void wears_as_computed(void **state)
{
	static const struct {
		uint32_t sector;
		unsigned sectors, len;
	} rows[] = {{512, 8, 13}, {1024, 32, 13}, {1024, 12, 40}, {2048, 8, 120}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = new_bench(rows[i].sector, rows[i].sectors);
		char text[256] = {0};
		uint64_t scans = 0, erases, worst = 0, least = UINT64_MAX;
		double computed;

		memset(text, '7', rows[i].len);
		while (flash_model_erases(&b->model) < rows[i].sectors * 12u) {
			scan(b, text);
			assert_int_equal(settle(b, 102), 1);
			scans++;
			/* a register that comes back now and then; never long enough for a mark */
			if (scans % 20 == 0)
				ack(b, b->ring.now.next);
		}
		erases = flash_model_erases(&b->model);
		for (unsigned s = 0; s < rows[i].sectors; s++) {
			worst = b->model.erased[s] > worst ? b->model.erased[s] : worst;
			least = b->model.erased[s] < least ? b->model.erased[s] : least;
		}
		/* scans an erase, computed: all scans over all erases */
		computed = (double)gw_flash_endurance(&b->model.io, rows[i].len) /
			   ((double)b->model.io.endurance_k * 1000.0 * rows[i].sectors);
		assert_true((double)scans / (double)erases >= computed * 0.97 &&
			    (double)scans / (double)erases <= computed * 1.03);
		assert_true(worst - least <= 2); /* evenly */
		free(b);
	}
}

/* What PORTING.md says of the STM32F1. */
static void stands_what_is_written(void **state)
{
	static const struct gw_flash_io stm32f1 = {
		.sector_size = 1024, .sector_count = 32, .endurance_k = 10};
	uint64_t scans = gw_flash_endurance(&stm32f1, 13);

	(void)state;
	fprintf(stderr,
		"# stm32f1: %.1f million scans of 13 digits; %.1f years of 3,000 a day and no "
		"register\n",
		(double)scans / 1e6, (double)scans / 3000 / 365.25);
	assert_int_equal(scans, 9600000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken),
		cmocka_unit_test(erases_when_safe),
		cmocka_unit_test(passes_over_what_does_not_count),
		cmocka_unit_test(wears_as_computed),
		cmocka_unit_test(stands_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
