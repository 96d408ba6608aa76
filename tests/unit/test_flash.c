/*
 * The flash journal by itself: how it is stored, what a start makes of what rotted or was cut in
 * two, and a flash that is full.  Cells that fail or wear are test_flash_wear.c's, power cuts at
 * each operation test_flash_cuts.c's.
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

static uint8_t *find(struct bench *b, const char *text)
{
	for (uint32_t i = 0; i + 8 < MODEL_MAX; i++)
		if (memcmp(b->model.cells + i, text, strlen(text)) == 0)
			return b->model.cells + i;
	fail_msg("\"%s\" is not in flash", text);
	return NULL;
}

static void waits_for_the_register(void **state)
{
	struct bench *b = new_bench(512, 8);

	(void)state;
	scan(b, "one");
	assert_int_equal(settle(b, 50), 0);
	ack(b, 1);
	settle(b, 5000);
	assert_int_equal(b->model.ops, 0); /* a register that lives costs nothing */
	assert_int_equal(gw_flash_wait_ms(&b->flash, b->now_ms), UINT32_MAX);
	scan(b, "two");
	assert_int_equal(settle(b, 150), 1);
	assert_true(b->model.ops > 0);
	/* and a register that does not answer is not waited for */
	scan(b, "three");
	assert_true(gw_flash_step(&b->flash, b->now_ms, 100, true, true));
	/* but a scan that is being read is */
	scan(b, "four");
	assert_false(gw_flash_step(&b->flash, b->now_ms, 100, false, true));
	start(b, true);
	assert_string_equal(held(b), "two|three|");
	free(b);
}

static void is_stored_as_documented(void **state)
{
	struct bench *b = new_bench(512, 8);
	static const uint8_t head[] = {0x51, 1, 0, 13, 0, 0, 0, 0, 0, 0};
	const uint8_t *text;

	(void)state;
	b->now_ms = 0x01020304;
	scan(b, "4006381333931");
	settle(b, 200);
	text = find(b, "4006381333931");
	assert_memory_equal(text - 14, head, sizeof(head));
	assert_memory_equal(text - 4, "\x04\x03\x02\x01", 4);
	assert_int_equal(text[13], 0xFF);
	assert_int_equal(gw_link_get32(text + 14), gw_link_crc32c(1, text - 14, 28));
	assert_int_equal((text - 14 - b->model.cells) % 512, GW_FLASH_HEADER);
	assert_int_equal(gw_flash_record_size(13), 32);
	free(b);
}

static void keeps_what_the_register_knows(void **state)
{
	struct bench *b = new_bench(512, 8);

	(void)state;
	assert_true(gw_flash_open(&b->flash, &b->ring, 77));
	scan(b, "zero"), scan(b, "one"), scan(b, "two");
	gw_ring_take_command(&b->ring);
	settle(b, 200);
	ack(b, 1);
	scan(b, "three");
	settle(b, 200);
	start(b, true);
	assert_int_equal(b->ring.now.session, 77);
	assert_int_equal(b->ring.now.base, 1);
	assert_true(gw_ring_ending(&b->ring));
	assert_string_equal(held(b), "one|two|three|");
	/* no command that was under way is the next one */
	assert_true(b->ring.now.cmd_next > 1000000);
	/* what is scanned now has no number in that session, nor after another loss of power */
	scan(b, "four");
	settle(b, 200);
	assert_int_equal(gw_ring_numbered(&b->ring), 4);
	start(b, true);
	assert_int_equal(gw_ring_numbered(&b->ring), 4);
	assert_string_equal(held(b), "one|two|three|four|");
	ack(b, 4);
	gw_ring_open_session(&b->ring, 0);
	assert_true(gw_flash_open(&b->flash, &b->ring, 78));
	assert_int_equal(b->ring.now.base, 0);
	start(b, true);
	assert_int_equal(b->ring.now.session, 78);
	assert_int_equal(gw_ring_numbered(&b->ring), 1);
	assert_string_equal(held(b), "four|");
	free(b);
}

/* All acknowledged, and told to flash after a second: nothing is offered again. */
static void forgets_what_is_acknowledged(void **state)
{
	struct bench *b = new_bench(512, 8);

	(void)state;
	scan(b, "one"), scan(b, "two");
	settle(b, 200);
	ack(b, 2);
	settle(b, 1100);
	start(b, true);
	assert_string_equal(held(b), "");
	assert_int_equal(b->ring.now.session, 0);
	free(b);
}

/* A piece that a start found by luck is steady afterwards. */
static void writes_the_last_piece_again(void **state)
{
	struct bench *b = new_bench(512, 8);

	(void)state;
	scan(b, "one"), scan(b, "two");
	settle(b, 300);
	start(b, true);
	assert_string_equal(held(b), "one|two|");
	*find(b, "two") ^= 4; /* the first of them: the one that the cut may have caught */
	scan(b, "three");
	settle(b, 300);
	start(b, true);
	assert_string_equal(held(b), "one|two|three|");
	free(b);
}

static uint8_t *check_after(struct bench *b, const char *text)
{
	uint32_t size = gw_flash_record_size((uint32_t)strlen(text));

	return find(b, text) - GW_FLASH_HEAD + size - 4;
}

/* A record that reads as whole now and not then is there for all of a start, or for none of it. */
static void reads_a_start_once(void **state)
{
	struct bench *b = new_bench(512, 8), *again = malloc(sizeof(*again));
	unsigned with = 0, without = 0;
	char found[16];

	(void)state;
	assert_non_null(again);
	scan(b, "one");
	settle(b, 200);
	scan(b, "two"), scan(b, "three");
	ack(b, 3); /* flash will hear of it with the next piece only */
	scan(b, "four");
	settle(b, 200);
	b->model.unsteady[check_after(b, "four") - b->model.cells] = 1;
	for (uint64_t luck = 1; luck <= 64; luck++) {
		*again = *b;
		again->model.random = luck * 0x9E3779B97F4A7C15u;
		start(again, true);
		snprintf(found, sizeof(found), "%.15s", held(again));
		assert_true(strcmp(found, "four|") == 0 || strcmp(found, "one|") == 0 ||
			    found[0] == '\0');
		/* "two" and "three" were never there, and nobody is told that they were lost. */
		assert_int_equal(again->flash.filled, 0);
		assert_int_equal(again->ring.now.lost, 0);
		/* It stays so, once there were new numbers. */
		if (found[0] == '\0') {
			assert_true(gw_flash_open(&again->flash, &again->ring, 9));
		}
		start(again, true);
		assert_string_equal(held(again), found);
		with += found[0] == 'f';
		without += found[0] != 'f';
	}
	assert_true(with > 4 && without > 4);
	free(again);
	free(b);
}

/* What a start did not find, a later one must not, once new numbers were given out in between. */
static void finds_nothing_late(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct bench *b = new_bench(512, 8);
		uint8_t *check;

		if (how < 2) {
			scan(b, "one");
			settle(b, 200);
			ack(b, 1);
			settle(b, 1100);
		}
		if (how == 1)
			start(b, true); /* so that "two" opens a sector */
		scan(b, "two");
		settle(b, 200);
		/* The piece's check, or that of the header it came with; in the last, the first
		 * ever. */
		check = how == 0 ? check_after(b, "two") : find(b, "two") - GW_FLASH_HEAD - 4;
		*check ^= 1;
		start(b, true);
		assert_string_equal(held(b), "");
		assert_true(gw_flash_open(&b->flash, &b->ring, 9));
		scan(b, "three");
		ack(b, 1);
		*check ^= 1; /* nothing, if its sector was erased for another header */
		start(b, true);
		assert_string_equal(held(b), "");
		free(b);
	}
}

/* Rot in the middle costs the scan it hits, and says so. */
static void rots_in_the_open(void **state)
{
	struct bench *b = new_bench(2048, 8);
	char large[600];

	(void)state;
	memset(large, 'L', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	memcpy(large + 300, "middle", 6);
	scan(b, "one"), scan(b, "two"), scan(b, large), scan(b, "four"), scan(b, "five");
	settle(b, 400);
	*find(b, "two") ^= 8;
	*find(b, "middle") ^= 64;
	start(b, true);
	/* the numbers stay: one for "two", three for the large one */
	assert_string_equal(held(b), "one|!|!|!|!|four|five|");
	assert_int_equal(b->flash.filled, 4);
	assert_int_equal(b->ring.now.lost, 4);
	assert_true(b->flash.log.bad >= 2);
	free(b);
}

/* The state of cells after a thousand random flips, sector by sector, is never worse than refused.
 */
static void rots_anyhow(void **state)
{
	struct bench *b = new_bench(512, 8), *fresh = malloc(sizeof(*fresh));
	unsigned found = 0;

	(void)state;
	assert_non_null(fresh);
	for (int i = 0; i < 40; i++) {
		char text[20];

		snprintf(text, sizeof(text), "%013d", i);
		scan(b, text);
	}
	settle(b, 400);
	srand(1);
	for (int round = 0; round < 500; round++) {
		*fresh = *b;
		fresh->flash.log.io = &fresh->model.io;
		for (int n = round % 50; n >= 0; n--)
			fresh->model.cells[rand() % 4096] ^= (uint8_t)(1u << rand() % 8);
		start(fresh, true);
		for (const char *p = held(fresh); *p != '\0'; p++)
			if (*p == '|')
				found++;
		assert_true(fresh->flash.restored <= 40);
		scan(fresh, "more");
		settle(fresh, 300);
		start(fresh, true);
		assert_non_null(strstr(held(fresh), "more|"));
	}
	assert_true(found > 500 * 10);
	free(fresh);
	free(b);
}

/* Full: what is in RAM only is not promised; acknowledgements make room. */
static void full(void **state)
{
	struct bench *b = new_bench(512, 6);
	unsigned safe = 0, scans = 0;

	(void)state;
	while (b->ring.now.used + 40 < RING) {
		scan(b, "4006381333931");
		safe += settle(b, 120);
		scans++;
	}
	assert_in_range(safe, 3 * 14, 4 * 14);
	assert_true(scans > safe);
	/* cold starts find room for themselves, and for a session */
	for (int i = 0; i < 5; i++) {
		start(b, true);
		assert_in_range(b->ring.now.next, safe, scans);
	}
	assert_true(gw_flash_open(&b->flash, &b->ring, 5));
	start(b, true);
	assert_int_equal(b->ring.now.session, 5);
	assert_int_equal(b->ring.now.next - b->ring.now.base, safe);
	ack(b, b->ring.now.next);
	gw_ring_open_session(&b->ring, 0);
	scan(b, "after");
	assert_int_equal(settle(b, 200), 1);
	free(b);
}

/* A reset between flash and the ring's header, when a session took the sector kept for it. */
static void a_reset_as_a_session_opens(void **state)
{
	struct bench *b = new_bench(512, 6);
	uint8_t *ram = malloc(sizeof(b->memory));
	uint32_t saves;

	(void)state;
	assert_non_null(ram);
	(void)fill_up(b);
	for (int i = 0; i < 5; i++)
		start(b, true);
	for (uint32_t session = 4; session < 6; session++) {
		assert_int_equal(b->ring.now.session, 0);
		memcpy(ram, &b->memory, sizeof(b->memory));
		saves = b->ring.now.generation;
		assert_true(gw_flash_open(&b->flash, &b->ring, session));
		assert_int_equal(b->ring.now.generation - saves, 1); /* in one step */
		memcpy(&b->memory, ram, sizeof(b->memory));
		start(b, false);
		/* flash has it, so the ring has */
		assert_int_equal(b->ring.now.session, session);
		assert_int_equal(b->ring.now.base, 0);
		start(b, true);
		assert_int_equal(b->ring.now.session, session == 4 ? 4 : 0); /* 5 is empty */
		ack(b, b->ring.now.next);
		gw_ring_open_session(&b->ring, 0);
	}
	free(ram);
	free(b);
}

static jmp_buf reset;
static uint32_t reads_to_reset;

static bool read_or_reset(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	if (reads_to_reset > 0 && --reads_to_reset == 0)
		longjmp(reset, 1);
	return flash_model_read(ctx, at, bytes, len);
}

/* A warm reset while a start fills the ring: what is there by then is not all that there was. */
static void a_reset_within_a_start(void **state)
{
	struct bench *b = new_bench(512, 8), *again = malloc(sizeof(*again));
	volatile bool more = true;
	char before[200];

	(void)state;
	assert_non_null(again);
	assert_true(gw_flash_open(&b->flash, &b->ring, 7));
	scan(b, "one"), scan(b, "two"), scan(b, "three"), scan(b, "four"), scan(b, "five");
	settle(b, 300);
	snprintf(before, sizeof(before), "%.199s", held(b));
	for (volatile uint32_t n = 1; more; n++) {
		*again = *b;
		again->model.io.read = read_or_reset;
		reads_to_reset = n;
		if (setjmp(reset) == 0) {
			start(again, true);
			more = false;
		}
		reads_to_reset = 0;
		start(again, false);
		assert_string_equal(held(again), before);
		assert_int_equal(again->ring.now.session, 7);
		scan(again, "six");
		settle(again, 300);
		start(again, true);
		assert_memory_equal(held(again), before, strlen(before));
		assert_string_equal(held(again) + strlen(before), "six|");
		assert_int_equal(again->flash.filled, 0);
	}
	free(again);
	free(b);
}

/* No start may give a command the number of one that an earlier start has carried out. */
static void counts_commands(void **state)
{
	struct bench *b = new_bench(512, 6);
	uint32_t next;

	(void)state;
	assert_true(gw_flash_commands(&b->flash));
	assert_true(gw_flash_open(&b->flash, &b->ring, 7));
	scan(b, "one");
	settle(b, 200);
	for (int i = 0; i < 3; i++) {
		next = b->ring.now.cmd_next;
		start(b, true);
		assert_true(b->ring.now.cmd_next - next >= 1u << 30);
		assert_true(gw_flash_commands(&b->flash));
		start(b, false);
		assert_true(gw_flash_commands(&b->flash));
	}
	/* Without room to write that down, none is. */
	(void)fill_up(b);
	start(b, true);
	assert_int_equal(b->ring.now.session, 7);
	assert_false(gw_flash_commands(&b->flash));
	next = b->ring.now.cmd_next;
	start(b, true);
	assert_int_equal(b->ring.now.cmd_next, next);
	ack(b, b->ring.now.next);
	gw_ring_open_session(&b->ring, 0);
	assert_true(gw_flash_open(&b->flash, &b->ring, 8));
	assert_true(gw_flash_commands(&b->flash));
	free(b);
}

/* With all acknowledged there is room, whatever was not found again. */
static void is_not_held_back_by_what_is_gone(void **state)
{
	struct bench *b = new_bench(512, 6);
	char large[226];

	(void)state;
	(void)fill_up(b);
	for (int i = 0; i < 5; i++)
		start(b, true);
	assert_true(gw_flash_open(&b->flash, &b->ring, 4)); /* takes the last free sector */
	for (uint32_t s = 0; s < 6; s++)
		memset(b->model.cells + s * 512 + GW_FLASH_HEADER, 0, 512 - GW_FLASH_HEADER);
	start(b, true);
	assert_string_equal(held(b), "");
	assert_true(gw_flash_open(&b->flash, &b->ring, 5));
	free(b);

	/* A start that finds less leaves a header with a lower ordinal behind higher ones. */
	b = new_bench(512, 6);
	for (int i = 0; i < 3 * 14; i++) {
		scan(b, "4006381333931");
		assert_int_equal(settle(b, 120), 1);
	}
	for (uint32_t s = 1; s < 3; s++)
		memset(b->model.cells + s * 512 + GW_FLASH_HEADER, 0, 512 - GW_FLASH_HEADER);
	start(b, true);
	assert_int_equal(b->ring.now.next, 14);
	memset(large, 'L', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	for (int i = 0; i < 12; i++) {
		ack(b, b->ring.now.next);
		scan(b, large);
		assert_int_equal(settle(b, 120), 1);
	}
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_the_register),
		cmocka_unit_test(is_stored_as_documented),
		cmocka_unit_test(keeps_what_the_register_knows),
		cmocka_unit_test(forgets_what_is_acknowledged),
		cmocka_unit_test(writes_the_last_piece_again),
		cmocka_unit_test(reads_a_start_once),
		cmocka_unit_test(finds_nothing_late),
		cmocka_unit_test(rots_in_the_open),
		cmocka_unit_test(rots_anyhow),
		cmocka_unit_test(full),
		cmocka_unit_test(a_reset_as_a_session_opens),
		cmocka_unit_test(a_reset_within_a_start),
		cmocka_unit_test(counts_commands),
		cmocka_unit_test(is_not_held_back_by_what_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
