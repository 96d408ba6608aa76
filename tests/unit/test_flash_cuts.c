/*
 * A power cut at every single program and erase of a history, and then again during the start or
 * the scans after it.  Each history is the real dock with a flash journal and the real register's
 * link code, which is away now and then; it is played once to count its operations, then once for
 * each of them with the power cut there.  Held: what the cashier heard a good beep for arrives,
 * once and in order (dock_play.c's judge).
 *
 *	FLASH_CUT_SEED=17 test_flash_cuts   another history       FLASH_CUT_RUN_MS=20000 a
 *	longer one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dock_world.h"

static struct world w;

static uint32_t number(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void play(struct play *p)
{
	if (!world_play(&w, p))
		fail_msg("FLASH_CUT_SEED=%u, cut at %llu and %llu after: %s", p->seed,
			 (unsigned long long)p->cut_at, (unsigned long long)p->cut_again, w.fault);
}

/* How many programs and erases the history takes undisturbed. */
static uint64_t count_ops(struct play *p)
{
	p->cut_at = p->cut_again = 0;
	play(p);
	assert_int_equal(w.colds, 1);
	assert_int_equal(w.restored, 0);
	return w.flash.ops;
}

static void cut_everywhere(void **state)
{
	uint32_t first = number("FLASH_CUT_SEED", 1), run_ms = number("FLASH_CUT_RUN_MS", 3000);
	uint64_t cuts = 0, restored = 0;

	(void)state;
	for (uint32_t seed = first; seed < first + 3; seed++) {
		struct play p = {.seed = seed, .run_ms = run_ms, .flash = true, .calm = true};
		uint64_t ops = count_ops(&p);

		/* Otherwise the history does not try what it is meant to. */
		assert_true(ops > 200 && flash_model_erases(&w.flash) > 2);
		for (p.cut_at = 1; p.cut_at <= ops; p.cut_at++) {
			play(&p);
			assert_int_equal(w.cuts, 1);
			cuts++;
			restored += w.restored;
		}
	}
	fprintf(stderr, "# power cut at each of %llu operations, %llu pieces restored\n",
		(unsigned long long)cuts, (unsigned long long)restored);
	assert_true(restored > cuts);
}

/* The first operations after a cut are those of the start: each of them is cut as well. */
static void cut_twice(void **state)
{
	uint32_t seed = number("FLASH_CUT_SEED", 1) + 3;
	struct play p = {.seed = seed, .run_ms = 2500, .flash = true, .calm = true};
	uint64_t ops = count_ops(&p), pairs = 0;

	(void)state;
	for (uint64_t at = 1; at <= ops; at += 9)
		for (uint64_t again = 1; again <= 20; again++) {
			p.cut_at = at;
			p.cut_again = again;
			play(&p);
			pairs += w.cuts == 2;
		}
	fprintf(stderr, "# %llu pairs of cuts\n", (unsigned long long)pairs);
	assert_true(pairs > ops);
}

/* A flash that is full when the first cut comes, with warm resets: pairs, the second one soon. */
static void cut_when_full(void **state)
{
	uint32_t first = number("FLASH_CUT_SEED", 1) + 4;
	uint64_t pairs = 0, crowded = 0;

	(void)state;
	for (uint32_t seed = first; seed < first + 3; seed++) {
		struct play p = {
			.seed = seed, .run_ms = 2500, .flash = true, .calm = true, .full = true};
		uint64_t ops;

		play(&p);
		ops = w.flash.ops;
		assert_true(ops > 200);
		for (p.cut_at = ops / 2; p.cut_at <= ops; p.cut_at += 7) {
			p.cut_again = 1 + (p.cut_at * 11 + seed) % 90;
			play(&p);
			pairs += w.cuts == 2;
			crowded += w.crowded;
		}
	}
	fprintf(stderr, "# a full flash: %llu pairs of cuts, %llu starts without room\n",
		(unsigned long long)pairs, (unsigned long long)crowded);
	assert_true(pairs > 50 && crowded > pairs / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(cut_twice),
		cmocka_unit_test(cut_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
