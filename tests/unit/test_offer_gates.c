/* The offer layer: which rules are open at this moment, and which sale is dealt what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "offer/assign.h"
#include "offer/choose.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- gates */

#define OPEN                                                                                       \
	{                                                                                          \
		.from_day = INT32_MIN, .to_day = INT32_MAX, .days = 0x7F, .to_minute = 1440,       \
		.segment = GW_GATE_ANY, .arm = GW_GATE_ANY, .available = true,                     \
		.margin_minor = 100, .worth = 100                                                  \
	}

/*
 * Legend: an open gate with members changed, asked on day 100, weekday 4
 * (Friday), at 11:40 if nothing else is said, with 10.00 in the basket.
 */

static void test_gates(void **state)
{
	static const uint8_t arms[2] = {1, 0};
	struct gw_gate open = OPEN, g;
	struct gw_decision d = {.day = 100,
				.weekday = 4,
				.minute = 700,
				.has_arm = arms,
				.subtotal_minor = 1000,
				.segment_index = 1,
				.used_rules = {7},
				.used_count = 1};

	(void)state;
#define CASE(expected, ...)                                                                        \
	do {                                                                                       \
		g = open;                                                                          \
		__VA_ARGS__;                                                                       \
		if (gw_gate_open(NULL, &g, &d) != (expected))                                      \
			fail_msg("line %d: %s", __LINE__, #__VA_ARGS__);                           \
	} while (0)
	CASE(true, (void)0);
	CASE(false, g.moment = GW_MOMENT_TOTAL);
	CASE(false, g.available = false);
	CASE(true, g.from_day = 100, g.to_day = 100);
	CASE(false, g.from_day = 101);
	CASE(false, g.to_day = 99);
	CASE(true, g.days = 1 << 4);
	CASE(false, g.days = 0x7F & ~(1 << 4));
	CASE(true, g.from_minute = 700, g.to_minute = 701);
	CASE(false, g.from_minute = 600, g.to_minute = 700); /* the end is not within */
	CASE(true, g.segment = 1);
	CASE(false, g.segment = 0);
	CASE(true, g.arm = 0);
	CASE(false, g.arm = 1);
	CASE(true, g.min_subtotal = 1000);
	CASE(false, g.min_subtotal = 1001);
	CASE(false, g.rule = 7); /* offered before in this sale */
	CASE(true, g.margin_minor = GW_MARGIN_UNKNOWN);
	CASE(false, g.margin_minor = -1);
	d.min_margin_minor = 50;
	CASE(false, g.margin_minor = GW_MARGIN_UNKNOWN);
	CASE(false, g.margin_minor = 49);
	CASE(true, g.margin_minor = 50);
	d.min_confidence = 0.5;
	CASE(true, g.confidence = 0); /* not given: passes */
	CASE(false, g.confidence = 0.4F);
	CASE(true, g.confidence = 0.6F);
	/* Friday 22:00-02:00: open on Friday late, and on Saturday early, not on Friday early. */
	d.minute = 1380;
	CASE(true, g.from_minute = 1320, g.to_minute = 120, g.days = 1 << 4);
	d.minute = 60;
	CASE(false, g.from_minute = 1320, g.to_minute = 120, g.days = 1 << 4);
	CASE(true, g.from_minute = 1320, g.to_minute = 120, g.days = 1 << 3);
	CASE(true, g.from_minute = 1320, g.to_minute = 120, g.from_day = 99, g.to_day = 99);
	CASE(false, g.from_minute = 1320, g.to_minute = 120, g.from_day = 100);
	d.minute = 700;
	CASE(false, g.from_minute = 1320, g.to_minute = 120);
#undef CASE
}

/* --- assignment */

/* Rows of the shared vectors (statistic assign_hash_fnv1a64_fmix64). */
static const struct {
	const char *salt, *basket;
	uint64_t hash;
} hashes[] = {
	{"exp42", "S012-L03-20260105-000123", 0xdb34b9a9bba59a10},
	{"exp42", "S012-L03-20260105-000124", 0x4b207a83e3dd5043},
	{"exp43", "S012-L03-20260105-000123", 0x127b324155353944},
	{"exp42:hold", "S001-L01-20260101-000001", 0xf3165f34b0f8508e},
	{"exp42:arm", "S001-L01-20260101-000001", 0x38ecf15d3128ffbc},
	{"exp42:pick", "S001-L01-20260101-000001", 0xb571205dc3a67ee2},
	{"", "", 0x36610c0f0fbc67ca},
	{"a", "", 0x567184f80fba7fc6},
	{"", "a", 0xa1dfc8fef2748b12},
	{"\xc3\xbc"
	 "bung",
	 "S1-1", 0x42176ee504781f5d},
};

static void test_assign_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hashes); i++)
		assert_true(gw_assign_hash(hashes[i].salt, hashes[i].basket) == hashes[i].hash);
	assert_true(gw_assign_stage("exp42", GW_ASSIGN_STAGE_HOLD, "",
				    "S001-L01-20260101-000001") == 0xf3165f34b0f8508e);
	assert_true(gw_assign_stage("exp42", GW_ASSIGN_STAGE_HOLD, "k",
				    "S001-L01-20260101-000001") != 0xf3165f34b0f8508e);
	assert_int_equal(gw_assign_bucket_ppm(0), 0);
	assert_int_equal(gw_assign_bucket_ppm(UINT64_MAX), 999999);
	assert_int_equal(gw_assign_bucket_ppm((uint64_t)1 << 63), 500000);
	/* floor(h * 10^6 / 2^64) at a bucket's edge: 1/1000000 of 2^64 is 18446744073709.55 */
	assert_int_equal(gw_assign_bucket_ppm(18446744073709u), 0);
	assert_int_equal(gw_assign_bucket_ppm(18446744073710u), 1);
}

static const struct gw_arm two_arms[] = {{"a", 300000}, {"b", 500000}};
static const struct gw_experiment experiments[] = {
	{.id = "old", .salt = "", .from_day = 0, .to_day = 9, .holdout_ppm = 500000},
	{.id = "new",
	 .salt = "",
	 .from_day = 10,
	 .to_day = 20,
	 .holdout_ppm = 100000,
	 .arms = two_arms,
	 .arm_count = 2},
	{.id = "late",
	 .salt = "s",
	 .from_day = 15,
	 .to_day = 20,
	 .holdout_ppm = 20000,
	 .arms = &(const struct gw_arm){"c", 1000000},
	 .arm_count = 1},
};

static void test_assign(void **state)
{
	struct gw_table t = {.experiments = experiments, .experiment_count = 3};
	int hold = 0, a = 0, b = 0, none = 0, nested = 0;

	(void)state;
	assert_string_equal(gw_assign_experiment(&t, "", 12)->id, "new");
	assert_string_equal(gw_assign_experiment(&t, "c", 15)->id, "late");
	assert_null(gw_assign_experiment(&t, "c", 12));
	assert_null(gw_assign_experiment(&t, "", 30));
	for (int i = 0; i < 20000; i++) {
		char basket[GW_BASKET_ID_MAX];
		struct gw_assignment x, wide;
		bool in_a, in_b;

		snprintf(basket, sizeof(basket), "S1-T1-20260101-%06d", i);
		x = gw_assign(&t, "", 0, "", basket, 12);
		wide = gw_assign(&t, "", 200000, "", basket, 12);
		in_a = gw_assign_has_arm(&t, "a", "", basket, 12);
		in_b = gw_assign_has_arm(&t, "b", "", basket, 12);
		assert_false(in_a && in_b);
		assert_int_equal(x.holdout_ppm, 100000);
		assert_int_equal(wide.holdout_ppm, 200000);
		assert_int_equal(x.holdout, x.bucket_ppm < 100000);
		assert_true(!x.holdout || wide.holdout); /* 10 % lies within 20 % */
		assert_string_equal(x.arm, in_a ? "a" : in_b ? "b" : "");
		hold += x.holdout;
		nested += wide.holdout;
		a += in_a;
		b += in_b;
		none += !in_a && !in_b;
		assert_true(gw_assign_has_arm(&t, "c", "", basket, 16));
		assert_false(gw_assign_has_arm(&t, "c", "", basket, 12));
	}
	/* Five standard deviations of a binomial with n = 20,000. */
	assert_in_range(hold, 2000 - 212, 2000 + 212);
	assert_in_range(nested, 4000 - 283, 4000 + 283);
	assert_in_range(a, 6000 - 324, 6000 + 324);
	assert_in_range(b, 10000 - 354, 10000 + 354);
	assert_in_range(none, 4000 - 283, 4000 + 283);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_assign_hash),
		cmocka_unit_test(test_assign),
	};

	return cmocka_run_group_tests_name("offer_gates", tests, NULL, NULL);
}
