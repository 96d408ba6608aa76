/*
 * The dock with a flash journal: when it beeps, and what hosts of every kind make of a session that
 * comes back from flash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/dock.h"
#include "tests/unit/flash_model.h"

#define RING 3000u

struct bench {
	struct flash_model model; /* first: the flash is called with the dock's context */
	struct gw_dock dock;
	struct gw_dock_config config;
	unsigned good, bad; /* beeps */
	struct gw_link_frame hello, scan;
	uint8_t result; /* of the last command */
	uint8_t hello_bytes[GW_LINK_PAYLOAD_MAX], scan_bytes[GW_LINK_PAYLOAD_MAX];
	unsigned scans;
	uint32_t now;
	union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING];
	} memory;
};

static size_t till(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes;
	return len;
}

static size_t none(void *ctx)
{
	(void)ctx;
	return 0;
}

static size_t room(void *ctx)
{
	(void)ctx;
	return 4096;
}

static void scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static void keep(struct gw_link_frame *to, uint8_t *room_for, const struct gw_link_frame *f)
{
	*to = *f;
	memcpy(room_for, f->payload, f->payload_len);
	to->payload = room_for;
}

static void host(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bench *b = ctx;
	struct gw_link_decoder d;
	struct gw_link_frame f;

	gw_link_decoder_init(&d);
	for (size_t i = 0; i < len; i++)
		if (gw_link_decode(&d, bytes[i], &f)) {
			if (f.type == GW_LINK_HELLO)
				keep(&b->hello, b->hello_bytes, &f);
			else if (f.type == GW_LINK_SCAN)
				keep(&b->scan, b->scan_bytes, &f), b->scans++;
			else if (f.type == GW_LINK_CMDACK)
				b->result = f.payload[1];
		}
}

static bool display(void *ctx, const uint8_t *a, size_t na, const uint8_t *c, size_t nc)
{
	(void)ctx, (void)a, (void)na, (void)c, (void)nc;
	return false;
}

static bool beep(void *ctx, enum gw_link_beep kind)
{
	struct bench *b = ctx;

	b->good += kind == GW_LINK_BEEP_OK;
	b->bad += kind == GW_LINK_BEEP_BAD;
	return true;
}

static uint8_t state_bits(void *ctx)
{
	(void)ctx;
	return GW_LINK_ST_SCANNER | GW_LINK_ST_TILL;
}

static const struct gw_dock_io io = {till, none, scanner, room, host, display, beep, state_bits};

static void run(struct bench *b, uint32_t ms)
{
	for (uint32_t end = b->now + ms; b->now != end; b->now++)
		gw_dock_tick(&b->dock, b->now);
}

static void power_on(struct bench *b)
{
	memset(&b->memory, 0xA5, sizeof(b->memory));
	gw_dock_init(&b->dock, &b->config, &io, b, &b->memory.store, RING, b->now);
	run(b, 100);
}

static struct bench *new_bench(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	flash_model_init(&b->model, 1024, 8, 4, 1);
	b->config = (struct gw_dock_config){
		.scanner = {GW_FRAMING_PLAIN, GW_TERM_ALL, false, 50, 1000},
		.rto_ms = 200,
		.quiet_ms = 100,
		.inject_ms = 1000,
		.beep_on_ack = true,
		.new_clock = true,
		.flash = &b->model.io,
		.flash_hold_ms = 150,
	};
	power_on(b);
	return b;
}

static void scan(struct bench *b, const char *s)
{
	gw_dock_scanner_in(&b->dock, (const uint8_t *)s, strlen(s), b->now);
}

static void say(struct bench *b, uint8_t type, uint32_t session, uint32_t seq, const void *payload,
		size_t len)
{
	uint8_t wire[GW_LINK_WIRE_MAX];
	struct gw_link_frame f = {type, 0, session, seq, payload, len};

	gw_dock_host_in(&b->dock, wire, gw_link_encode(wire, &f), b->now);
}

static void ack(struct bench *b, uint32_t session, uint32_t next)
{
	say(b, GW_LINK_ACK, session, next, "\0\x08", 2);
}

static struct gw_link_hello hello(const struct bench *b)
{
	struct gw_link_hello h;

	assert_true(gw_link_hello_get(&h, &b->hello));
	return h;
}

/* One good beep a scan: when it is safe, in whichever place it is so first. */
static void beeps_when_it_is_safe(void **state)
{
	struct bench *b = new_bench();
	uint64_t ops;

	(void)state;
	assert_true((hello(b).caps & GW_LINK_CAP_FLASH) != 0);
	say(b, GW_LINK_OPEN, 5, 0, "\0\0\0", 4);
	ops = b->model.ops; /* the header of this life */
	scan(b, "one\r");
	run(b, 20);
	assert_int_equal(b->good, 0);
	ack(b, 5, 1);
	assert_int_equal(b->good, 1); /* the register was quicker */
	run(b, 1000);
	assert_int_equal(b->good, 1);
	assert_int_equal(b->model.ops, ops);
	scan(b, "two\r");
	run(b, 100);
	assert_int_equal(b->good, 1);
	run(b, 100);
	assert_int_equal(b->good, 2); /* flash was */
	ack(b, 5, 2);
	assert_int_equal(b->good, 2);
	b->model.fails = true; /* neither: the old rule */
	scan(b, "three\r");
	run(b, 1000);
	assert_int_equal(b->good, 2);
	assert_true((hello(b).caps & GW_LINK_CAP_FLASH) != 0); /* said before it was found out */
	ack(b, 5, 3);
	assert_int_equal(b->good, 3);
	assert_int_equal(b->bad, 0);
	free(b);
}

/* Session 5 with numbers 1 to 3 unacknowledged, after a loss of power; "four" has no number. */
static struct bench *restored(void)
{
	struct bench *b = new_bench();

	say(b, GW_LINK_OPEN, 5, 0, "\0\0\0", 4);
	scan(b, "zero\rone\rtwo\rthree\r");
	run(b, 300);
	ack(b, 5, 1);
	scan(b, "lost with the power\r");
	power_on(b);
	scan(b, "four\r");
	run(b, 300);
	assert_int_equal(b->hello.session, 5);
	assert_int_equal(b->hello.seq, 0); /* that number 0 is acknowledged, flash never heard */
	assert_int_equal(hello(b).next, 4);
	assert_true((hello(b).state & GW_LINK_ST_RESTORED) != 0);
	b->scans = 0;
	return b;
}

static void a_host_with_all_of_it(void **state)
{
	struct bench *b = restored();

	(void)state;
	/* It has the one as well that was lost with the power, and says so. */
	ack(b, 5, 5);
	assert_int_equal(b->hello.session, 0);
	assert_true((hello(b).state & GW_LINK_ST_RESTORED) == 0);
	b->scans = 0;
	say(b, GW_LINK_OPEN, 6, 0, "\0\0\0", 4);
	assert_int_equal(b->scans, 1);
	assert_int_equal(b->scan.session, 6);
	assert_int_equal(b->scan.seq, 0);
	assert_memory_equal(b->scan.payload + GW_LINK_SCAN_HEADER, "four", 4);
	free(b);
}

static void a_host_with_some_of_it(void **state)
{
	struct bench *b = restored();

	(void)state;
	ack(b, 5, 2);
	assert_int_equal(b->scan.session, 5);
	assert_int_equal(b->scan.seq, 3); /* and none beyond */
	assert_memory_equal(b->scan.payload + GW_LINK_SCAN_HEADER, "three", 5);
	ack(b, 5, 4);
	assert_int_equal(b->hello.session, 0);
	free(b);
}

/* Revision 1.1 knows no RESTORED: it finds the dock behind its journal and replaces the session. */
static void an_old_host(void **state)
{
	struct bench *b = restored();

	(void)state;
	say(b, GW_LINK_OPEN, 6, 0, "\4\0\0", 4); /* of another session: nothing */
	assert_int_equal(b->hello.session, 5);
	b->scans = 0;
	say(b, GW_LINK_OPEN, 7, 0, "\5\0\0", 4);
	assert_int_equal(b->hello.session, 7);
	assert_int_equal(b->scans, 1); /* what it has is not sent again under new numbers */
	assert_int_equal(b->scan.seq, 0);
	assert_memory_equal(b->scan.payload + GW_LINK_SCAN_HEADER, "four", 4);
	free(b);
}

/* A session is not taken before flash knows what its numbers mean. */
static void waits_for_the_flash(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	scan(b, "one\r");
	run(b, 300);
	assert_int_equal(b->good, 1);
	power_on(b); /* no sector is open, a state needs an erase */
	ack(b, 0, 0);
	b->model.unsafe = true;
	b->dock.flash.log.at = 0;
	b->dock.flash.log.erased = false;
	say(b, GW_LINK_OPEN, 5, 0, "\0\0\0", 4);
	assert_int_equal(b->dock.ring.now.session, 0);
	b->model.unsafe = false;
	say(b, GW_LINK_OPEN, 6, 0, "\0\0\0", 4);
	assert_int_equal(b->dock.ring.now.session, 6);
	power_on(b);
	assert_int_equal(b->dock.ring.now.session, 6);
	free(b);
}

/* A code that a later life might put into the till's line again is not put there. */
static void refuses_what_might_come_twice(void **state)
{
	static const uint8_t inject[] = {GW_LINK_CMD_INJECT, '4', '2'},
			     beep_ok[] = {GW_LINK_CMD_BEEP, GW_LINK_BEEP_OK};
	struct bench *b = restored();
	uint32_t next = hello(b).cmd_next;

	(void)state;
	b->config.caps = GW_LINK_CAP_INJECT;
	say(b, GW_LINK_CMD, 5, next, inject, sizeof(inject));
	run(b, 500);
	assert_int_equal(b->result, GW_LINK_DONE);
	b->dock.flash.log.state.cmd_next -= 1u << 30; /* as if flash had been too full to hear */
	say(b, GW_LINK_CMD, 5, next + 1, inject, sizeof(inject));
	assert_int_equal(b->result, GW_LINK_REFUSED);
	say(b, GW_LINK_CMD, 5, next + 2, beep_ok, sizeof(beep_ok));
	assert_int_equal(b->result, GW_LINK_DONE);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beeps_when_it_is_safe),
		cmocka_unit_test(a_host_with_all_of_it),
		cmocka_unit_test(a_host_with_some_of_it),
		cmocka_unit_test(an_old_host),
		cmocka_unit_test(waits_for_the_flash),
		cmocka_unit_test(refuses_what_might_come_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
