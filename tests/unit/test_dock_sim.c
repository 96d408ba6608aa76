/*
 * The real dock and the real host side of the link in virtual time, with everything that can happen
 * between them: noise, stalls, crashes of the register, warm resets at any write of the dock's
 * memory, power losses, jumping clocks, slow disks.
 *
 * Held at the end of each seed: every scan the dock took is in the journal once and in order (if
 * the dock lost no power meanwhile), none is there twice, none that was refused is there at all,
 * and the till got every byte that reached the dock.
 *
 *	DOCK_SIM_SEEDS=3000 test_dock_sim     more seeds        DOCK_SIM_SEED=17 test_dock_sim one
 *	DOCK_SIM_FIRST=3001                   from this one on
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

#define RUN_MS 20000u

static uint32_t number(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void play_seeds(bool flash)
{
	const char *one = getenv("DOCK_SIM_SEED");
	uint32_t first = one != NULL ? number("DOCK_SIM_SEED", 1) : number("DOCK_SIM_FIRST", 1);
	uint32_t count = one != NULL ? 1 : number("DOCK_SIM_SEEDS", 100);
	static struct world w;
	uint64_t scans = 0, journalled = 0, crashes = 0, warms = 0, colds = 0, cuts = 0,
		 restored = 0;

	for (uint32_t seed = first; seed < first + count; seed++) {
		struct play p = {.seed = seed, .run_ms = RUN_MS, .flash = flash};

		if (!world_play(&w, &p))
			fail_msg("seed %u%s: %s; replay: DOCK_SIM_SEED=%u", seed,
				 flash ? " with flash" : "", w.fault, seed);
		scans += w.scans;
		journalled += w.journal_count;
		crashes += w.crashes;
		warms += w.warms;
		colds += w.colds;
		cuts += w.cuts;
		restored += w.restored;
	}
	fprintf(stderr,
		"# %u seeds: %llu scans, %llu journalled, %llu host crashes, %llu warm and %llu "
		"cold resets\n",
		count, (unsigned long long)scans, (unsigned long long)journalled,
		(unsigned long long)crashes, (unsigned long long)warms, (unsigned long long)colds);
	if (flash)
		fprintf(stderr,
			"# with flash: %llu cuts in a program or erase, %llu pieces restored\n",
			(unsigned long long)cuts, (unsigned long long)restored);
	assert_true(one != NULL || journalled * 3 > scans);
	assert_true(one != NULL || !flash || (cuts > count / 4 && restored > count));
}

static void seeds(void **state)
{
	(void)state;
	play_seeds(false);
}

static void seeds_with_flash(void **state)
{
	(void)state;
	play_seeds(true);
}

/* A register that acknowledges before it commits must be caught. */
static void negative_control(void **state)
{
	static struct world w;
	unsigned caught = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct play p = {.seed = seed, .run_ms = RUN_MS, .ack_first = true};

		caught += !world_play(&w, &p);
	}
	assert_in_range(caught, 10, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds),
		cmocka_unit_test(seeds_with_flash),
		cmocka_unit_test(negative_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
