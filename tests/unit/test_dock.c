/* The dock itself: the ring over resets, forwarding, injection, commands, self-test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/dock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RING     1500u

struct bench {
	struct gw_dock dock;
	struct gw_dock_config config;
	char till[4096], scanner[256];
	size_t till_len, till_room, till_pending, scanner_len, host_room;
	struct gw_link_frame sent[200];
	uint8_t payloads[200][GW_LINK_PAYLOAD_MAX];
	unsigned sent_count, beeps_bad, beeps;
	char shown[100];
	uint8_t state;
	bool forwarded_first;
	union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING];
	} memory;
};

static size_t bench_till(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bench *b = ctx;
	size_t n = len < b->till_room ? len : b->till_room;

	memcpy(b->till + b->till_len, bytes, n);
	b->till_len += n;
	/* Nothing of these bytes may have been looked at before they leave. */
	b->forwarded_first = b->forwarded_first && b->dock.ring.open_len == 0;
	return n;
}

static size_t bench_pending(void *ctx)
{
	return ((struct bench *)ctx)->till_pending;
}

static void bench_scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bench *b = ctx;

	memcpy(b->scanner + b->scanner_len, bytes, len);
	b->scanner_len += len;
}

static size_t bench_room(void *ctx)
{
	return ((struct bench *)ctx)->host_room;
}

static void bench_host(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bench *b = ctx;
	struct gw_link_decoder d;
	struct gw_link_frame f;

	gw_link_decoder_init(&d);
	for (size_t i = 0; i < len; i++)
		if (gw_link_decode(&d, bytes[i], &f)) {
			assert_true(b->sent_count < 200);
			memcpy(b->payloads[b->sent_count], f.payload, f.payload_len);
			f.payload = b->payloads[b->sent_count];
			b->sent[b->sent_count++] = f;
		}
}

static bool bench_display(void *ctx, const uint8_t *a, size_t na, const uint8_t *c, size_t nc)
{
	struct bench *b = ctx;

	snprintf(b->shown, sizeof(b->shown), "%.*s/%.*s", (int)na, (const char *)a, (int)nc,
		 (const char *)c);
	return true;
}

static bool bench_beep(void *ctx, enum gw_link_beep kind)
{
	struct bench *b = ctx;

	b->beeps++;
	b->beeps_bad += kind == GW_LINK_BEEP_BAD;
	return true;
}

static uint8_t bench_state(void *ctx)
{
	return ((struct bench *)ctx)->state;
}

static const struct gw_dock_io bench_io = {bench_till, bench_pending, bench_scanner, bench_room,
					   bench_host, bench_display, bench_beep,    bench_state};

static void start_dock(struct bench *b, uint32_t now)
{
	gw_dock_init(&b->dock, &b->config, &bench_io, b, &b->memory.store, RING, now);
	gw_dock_tick(&b->dock, now);
}

static struct bench *new_bench(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->config = (struct gw_dock_config){
		.scanner = {GW_FRAMING_PLAIN, GW_TERM_ALL, true, 50, 1000},
		.caps = GW_LINK_CAP_TILL | GW_LINK_CAP_INJECT | GW_LINK_CAP_BACK,
		.board = "bench",
		.rto_ms = 200,
		.quiet_ms = 100,
		.inject_ms = 1000,
	};
	b->till_room = sizeof(b->till);
	b->host_room = 100000;
	b->state = GW_LINK_ST_SCANNER | GW_LINK_ST_TILL;
	b->forwarded_first = true;
	start_dock(b, 0);
	gw_dock_tick(&b->dock, 60);
	return b;
}

static void scan(struct bench *b, const char *s, uint32_t now)
{
	gw_dock_scanner_in(&b->dock, (const uint8_t *)s, strlen(s), now);
}

static void say(struct bench *b, uint8_t type, uint8_t flags, uint32_t session, uint32_t seq,
		const void *payload, size_t len, uint32_t now)
{
	uint8_t wire[GW_LINK_WIRE_MAX];
	struct gw_link_frame f = {type, flags, session, seq, payload, len};

	gw_dock_host_in(&b->dock, wire, gw_link_encode(wire, &f), now);
}

static void open_session(struct bench *b, uint32_t session, uint32_t now)
{
	say(b, GW_LINK_OPEN, 0, session, 0, "\0\0\0", 4, now);
}

static const struct gw_link_frame *last(const struct bench *b)
{
	assert_true(b->sent_count > 0);
	return &b->sent[b->sent_count - 1];
}

static const struct gw_link_frame *last_of(const struct bench *b, uint8_t type)
{
	for (unsigned i = b->sent_count; i-- > 0;)
		if (b->sent[i].type == type)
			return &b->sent[i];
	fail_msg("no frame of type %u was sent", type);
	return NULL;
}

static unsigned count_of(const struct bench *b, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->sent_count; i++)
		n += b->sent[i].type == type;
	return n;
}

static void forwards_first(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	scan(b, "4006381333931\r", 100);
	assert_memory_equal(b->till, "4006381333931\r", 14);
	assert_true(b->forwarded_first);
	/* too long, disturbed, memory full, register gone: all the same to the till */
	b->host_room = 0;
	for (int i = 0; i < 100; i++) {
		scan(b, "12345678901234567890\r", 200);
		assert_int_equal(b->till_len, 14 + 21 * (size_t)(i + 1));
	}
	assert_true(b->dock.ring.now.lost > 0);
	assert_int_equal(b->beeps_bad, b->dock.ring.now.lost);
	/* a till that takes nothing costs bytes, not scans */
	b->till_room = 0;
	scan(b, "1\r", 300);
	assert_int_equal(b->dock.till_dropped, 2);
	gw_dock_till_in(&b->dock, (const uint8_t *)"\x07", 1, 400);
	assert_int_equal(b->scanner_len, 1);
	free(b);
}

static void sessions(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(last(b)->type, GW_LINK_HELLO);
	assert_int_equal(last(b)->session, 0);
	scan(b, "one\r", 100);
	assert_int_equal(last(b)->type, GW_LINK_HELLO); /* no session, no SCAN */
	open_session(b, 0, 110);                        /* 0 is no session */
	assert_int_equal(last(b)->session, 0);
	open_session(b, 5, 120);
	open_session(b, 6, 130); /* the first counts */
	assert_int_equal(b->dock.ring.now.session, 5);
	assert_int_equal(b->sent[b->sent_count - 1].type, GW_LINK_HELLO);
	assert_int_equal(b->sent[b->sent_count - 2].type, GW_LINK_SCAN);
	assert_int_equal(b->sent[b->sent_count - 2].seq, 0);
	/* only who knows the session may replace it */
	say(b, GW_LINK_OPEN, 0, 7, 0, "\5\0\0", 4, 140);
	assert_int_equal(b->dock.ring.now.session, 7);
	free(b);
}

static void survives_a_reset(void **state)
{
	struct bench *b = new_bench();
	unsigned before;

	(void)state;
	open_session(b, 5, 100);
	scan(b, "one\rtwo\rhal", 110);
	say(b, GW_LINK_ACK, 0, 5, 1, "\0\x08", 2, 120);
	start_dock(b, 130);
	assert_true(b->dock.warm);
	assert_int_equal(b->dock.ring.now.session, 5);
	assert_int_equal(b->dock.ring.now.base, 1);
	assert_int_equal(b->dock.ring.now.next, 2);
	/* the half-read scan is refused, the next one is good */
	scan(b, "f\rthree\r", 140);
	assert_int_equal(b->dock.ring.now.next, 4);
	before = b->sent_count;
	say(b, GW_LINK_ACK, 0, 5, 1, "\0\x08", 2, 150);
	assert_true(b->sent_count >= before);
	/* a bit of the memory falls over: a cold start, not garbage */
	b->memory.store.data[3] ^= 4;
	b->memory.store.data[30] ^= 4;
	b->memory.store.data[45] ^= 4;
	start_dock(b, 160);
	assert_false(b->dock.warm);
	assert_int_equal(b->dock.ring.now.session, 0);
	free(b);
}

static void injects_when_quiet(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	scan(b, "1234\r\n56", 1000); /* CRLF; a scan is under way */
	say(b, GW_LINK_CMD, 0, 5, 0,
	    "\x03"
	    "4006",
	    5, 1010);
	assert_int_equal(b->till_len, 8);
	scan(b, "78\r\n", 1040);
	for (uint32_t now = 1040; now < 1140; now += 10) {
		gw_dock_tick(&b->dock, now);
		assert_int_equal(b->till_len, 12);
	}
	b->till_pending = 1; /* still on the wire */
	gw_dock_tick(&b->dock, 1145);
	assert_int_equal(b->till_len, 12);
	b->till_pending = 0;
	gw_dock_tick(&b->dock, 1150);
	assert_memory_equal(b->till, "1234\r\n5678\r\n4006\r\n", 18);
	gw_dock_tick(&b->dock, 1160);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[1], GW_LINK_DONE);
	assert_int_equal(count_of(b, GW_LINK_CMDACK), 1);
	/* the same command again: the same answer, rung once */
	say(b, GW_LINK_CMD, GW_LINK_F_RETX, 5, 0,
	    "\x03"
	    "4006",
	    5, 1200);
	assert_int_equal(count_of(b, GW_LINK_CMDACK), 2);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[1], GW_LINK_DONE);
	assert_int_equal(b->till_len, 18);
	/* an injected code is not a scan */
	assert_int_equal(b->dock.ring.now.next, 2);
	free(b);
}

static void refuses_to_inject(void **state)
{
	static const struct {
		const char *code;
		uint8_t len;
	} rows[] = {{"a\rb", 3}, {"\x1b", 1}, {"", 0}};
	struct bench *b = new_bench();
	uint32_t number = 0;

	(void)state;
	open_session(b, 5, 100);
	for (size_t i = 0; i < COUNT(rows); i++, number++) {
		char p[8] = {GW_LINK_CMD_INJECT};

		memcpy(p + 1, rows[i].code, rows[i].len);
		say(b, GW_LINK_CMD, 0, 5, number, p, rows[i].len + 1u, 1000);
		assert_int_equal(last(b)->type, GW_LINK_CMDACK);
		assert_int_equal(last(b)->payload[1], GW_LINK_REFUSED);
	}
	b->state = GW_LINK_ST_SCANNER; /* no till */
	say(b, GW_LINK_CMD, 0, 5, number++,
	    "\x03"
	    "4006",
	    5, 1000);
	assert_int_equal(b->dock.cmd_result, GW_LINK_REFUSED);
	b->state |= GW_LINK_ST_TILL;
	/* never quiet */
	for (uint32_t now = 2000; now < 3200; now += 50) {
		scan(b, "1\r", now);
		if (now == 2000)
			say(b, GW_LINK_CMD, 0, 5, number,
			    "\x03"
			    "4006",
			    5, now);
		gw_dock_tick(&b->dock, now);
	}
	assert_int_equal(b->dock.cmd_result, GW_LINK_TIMED_OUT);
	assert_int_equal(b->dock.injected, 0);
	assert_int_equal(b->dock.inject_refused, COUNT(rows) + 1);
	assert_int_equal(b->dock.inject_timed_out, 1);
	free(b);
}

static void other_commands(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	say(b, GW_LINK_CMD, 0, 5, 0,
	    "\x02\x03"
	    "abcde",
	    7, 200);
	assert_string_equal(b->shown, "abc/de");
	say(b, GW_LINK_CMD, 0, 5, 1,
	    "\x02\x09"
	    "abcde",
	    7, 200); /* line 1 longer than all */
	assert_int_equal(last(b)->payload[1], GW_LINK_REFUSED);
	say(b, GW_LINK_CMD, 0, 5, 2, "\x01\x01", 2, 200);
	assert_int_equal(b->beeps_bad, 1);
	say(b, GW_LINK_CMD, 0, 5, 3, "\x63", 1, 200);
	assert_int_equal(last(b)->payload[1], GW_LINK_UNSUPPORTED);
	say(b, GW_LINK_CMD, 0, 5, 9, "\x01\x01", 2, 200); /* not the next number */
	assert_int_equal(last(b)->type, GW_LINK_HELLO);
	assert_int_equal(b->beeps_bad, 1);
	say(b, GW_LINK_CMD, 0, 5, 4, "\x04\x01", 2, 200);
	scan(b, "ab", 300);
	assert_int_equal(last(b)->type, GW_LINK_RAW);
	assert_memory_equal(last(b)->payload + 5, "ab", 2);
	free(b);
}

static struct gw_link_setup taken;

static bool bench_setup(void *ctx, const struct gw_link_setup *s)
{
	(void)ctx;
	if (s->baud_100 > 1152) /* a speed this board does not have */
		return false;
	taken = *s;
	return true;
}

/* A box from the shelf is told how its scanner speaks. */
static void is_set_up(void **state)
{
	static const uint8_t stx[] = {GW_LINK_CMD_SETUP, 1, 8, 1, 100, 0, 96, 0, 0x27},
			     wild[] = {GW_LINK_CMD_SETUP, 3, 8, 1, 100, 0, 96, 0, 0x27},
			     fast[] = {GW_LINK_CMD_SETUP, 0, 8, 1, 100, 0, 0, 9, 8};
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	say(b, GW_LINK_CMD, 0, 5, 0, stx, sizeof(stx), 200);
	assert_int_equal(last(b)->payload[1], GW_LINK_UNSUPPORTED);
	b->config.setup = bench_setup;
	say(b, GW_LINK_CMD, 0, 5, 1, stx, sizeof(stx), 200);
	assert_int_equal(b->dock.cmd_result, GW_LINK_DONE);
	assert_int_equal(taken.baud_100, 96);
	assert_int_equal(taken.bits, 7);
	assert_int_equal(taken.parity, 2);
	assert_int_equal(taken.idle_gap_ms, 100);
	gw_dock_tick(&b->dock, 400);
	scan(b,
	     "\x02"
	     "one\rtwo\x03",
	     500); /* CR is no terminator now */
	assert_int_equal(last(b)->type, GW_LINK_SCAN);
	assert_int_equal(last(b)->payload_len, 5 + 7);
	assert_memory_equal(last(b)->payload + 5, "one\rtwo", 7);
	assert_memory_equal(b->scanner, "\x06", 1);
	/* the same again costs nothing, not even a scan that is under way */
	scan(b,
	     "\x02"
	     "thr",
	     600);
	say(b, GW_LINK_CMD, 0, 5, 2, stx, sizeof(stx), 610);
	scan(b, "ee\x03", 620);
	assert_memory_equal(last(b)->payload + 5, "three", 5);
	say(b, GW_LINK_CMD, 0, 5, 3, wild, sizeof(wild), 700);
	assert_int_equal(b->dock.cmd_result, GW_LINK_REFUSED);
	b->dock.cmd_result = GW_LINK_UNKNOWN;
	say(b, GW_LINK_CMD, 0, 5, 4, fast, sizeof(fast), 700);
	assert_int_equal(b->dock.cmd_result, GW_LINK_REFUSED);
	b->dock.cmd_result = GW_LINK_UNKNOWN;
	say(b, GW_LINK_CMD, 0, 5, 5, stx, 5, 700);
	assert_int_equal(b->dock.cmd_result, GW_LINK_REFUSED);
	assert_int_equal(b->dock.how.framing, GW_FRAMING_STXETX);
	free(b);
}

/* A command whose number is used is not carried out again after a reset, come what may. */
static void a_reset_never_rings_twice(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	say(b, GW_LINK_CMD, 0, 5, 0,
	    "\x03"
	    "4006",
	    5, 1000);
	assert_int_equal(b->till_len, 5); /* out, and the reset comes before the answer */
	start_dock(b, 1001);
	assert_true(b->dock.warm);
	say(b, GW_LINK_CMD, GW_LINK_F_RETX, 5, 0,
	    "\x03"
	    "4006",
	    5, 3000);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[1], GW_LINK_UNKNOWN);
	gw_dock_tick(&b->dock, 4000);
	assert_int_equal(b->till_len, 5);
	free(b);
}

static void disbelieves_wild_acks(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	scan(b, "1\r2\r", 200);
	say(b, GW_LINK_ACK, 0, 5, 700, "\0\x08", 2, 210);        /* never sent */
	say(b, GW_LINK_ACK, 0, 4, 2, "\0\x08", 2, 210);          /* another session */
	say(b, GW_LINK_ACK, 0, 5, UINT32_MAX, "\0\x08", 2, 210); /* before the first */
	assert_int_equal(b->dock.ring.now.base, 0);
	assert_int_equal(b->dock.sender.acked, 0);
	say(b, GW_LINK_ACK, 0, 5, 2, "\0\x08", 2, 220);
	assert_int_equal(b->dock.ring.now.used, 0);
	free(b);
}

static void silent_when_done(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	open_session(b, 5, 100);
	scan(b, "1\r", 200);
	say(b, GW_LINK_ACK, 0, 5, 1, "\0\x08", 2, 210);
	gw_dock_tick(&b->dock, 400);
	assert_int_equal(gw_dock_wait_ms(&b->dock, 400), UINT32_MAX);
	/* the scanner is pulled out: said without being asked */
	b->state = GW_LINK_ST_TILL;
	gw_dock_tick(&b->dock, 2000);
	assert_int_equal(last(b)->type, GW_LINK_HELLO);
	assert_int_equal(gw_dock_wait_ms(&b->dock, 2000), UINT32_MAX);
	free(b);
}

/* Until the first pause the dock says that it is not ready, and what it refuses is counted. */
static void says_when_it_is_ready(void **state)
{
	struct bench *b = new_bench();
	struct gw_link_hello h;

	(void)state;
	assert_true(gw_link_hello_get(&h, last_of(b, GW_LINK_HELLO)));
	assert_int_equal(h.state & GW_LINK_ST_STARTING, GW_LINK_ST_STARTING);
	gw_dock_tick(&b->dock, 200);
	assert_true(gw_link_hello_get(&h, last_of(b, GW_LINK_HELLO)));
	assert_int_equal(h.state & GW_LINK_ST_STARTING, 0);
	gw_dock_scanner_restart(&b->dock, 1000);
	assert_true(gw_link_hello_get(&h, last_of(b, GW_LINK_HELLO)));
	assert_int_equal(h.state & GW_LINK_ST_STARTING, GW_LINK_ST_STARTING);
	/* the second half of a scan: refused, heard, numbered, counted */
	scan(b, "8100\r", 1010);
	assert_int_equal(b->beeps_bad, 1);
	assert_int_equal(b->dock.ring.now.next, 1);
	gw_dock_tick(&b->dock, 1200);
	assert_true(gw_link_hello_get(&h, last_of(b, GW_LINK_HELLO)));
	assert_int_equal(h.state & GW_LINK_ST_STARTING, 0);
	assert_int_equal(h.resyncs, 1);
	assert_int_equal(h.up_s, 1);
	assert_string_equal(h.board, "bench");
	free(b);
}

static void order_test(struct bench *b, uint32_t number, uint8_t how, uint32_t now)
{
	uint8_t p[2] = {GW_LINK_CMD_SELFTEST, how};

	say(b, GW_LINK_CMD, 0, 5, number, p, 2, now);
}

static void tests_itself(void **state)
{
	const uint8_t all =
		GW_LINK_TEST_CRC | GW_LINK_TEST_RING | GW_LINK_TEST_BEEP | GW_LINK_TEST_DISPLAY;
	struct bench *b = new_bench();
	const struct gw_link_frame *f;

	(void)state;
	open_session(b, 5, 100);
	/* in the middle of a scan: refused, nothing shown */
	scan(b, "400", 190);
	order_test(b, 0, GW_LINK_TEST_PLAIN, 200);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[1], GW_LINK_REFUSED);
	assert_string_equal(b->shown, "");
	scan(b, "6381\r", 210);
	order_test(b, 1, GW_LINK_TEST_PLAIN, 400);
	f = last_of(b, GW_LINK_CMDACK);
	assert_int_equal(f->payload_len, 4);
	assert_int_equal(f->payload[1], GW_LINK_DONE);
	assert_int_equal(f->payload[2], all);
	assert_int_equal(f->payload[3], 0);
	assert_int_equal(b->beeps, 1);
	/* a broken record in the memory of scans is found */
	b->memory.store.data[GW_RING_RECORD] ^= 1;
	order_test(b, 2, GW_LINK_TEST_PLAIN, 500);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[3], GW_LINK_TEST_RING);
	b->memory.store.data[GW_RING_RECORD] ^= 1;
	free(b);
}

static void tests_the_tills_line(void **state)
{
	static const char text[] = "goeswith self-test";
	struct bench *b = new_bench();
	const struct gw_link_frame *f;

	(void)state;
	open_session(b, 5, 100);
	order_test(b, 0, GW_LINK_TEST_LOOP, 1000);
	assert_int_equal(count_of(b, GW_LINK_CMDACK), 0);
	assert_memory_equal(b->till, text, sizeof(text) - 1);
	/* the plug leads it back in two runs, behind noise; the scanner hears none of it */
	gw_dock_till_in(&b->dock, (const uint8_t *)"ggoes", 5, 1010);
	assert_int_equal(count_of(b, GW_LINK_CMDACK), 0);
	gw_dock_till_in(&b->dock, (const uint8_t *)text + 4, sizeof(text) - 5, 1020);
	f = last_of(b, GW_LINK_CMDACK);
	assert_int_equal(f->payload[1], GW_LINK_DONE);
	assert_int_equal(f->payload[2] & GW_LINK_TEST_TILL, GW_LINK_TEST_TILL);
	assert_int_equal(f->payload[3], 0);
	assert_int_equal(b->scanner_len, 0);
	/* no plug: told as failed, and the till's word passes again */
	order_test(b, 1, GW_LINK_TEST_LOOP, 2000);
	gw_dock_tick(&b->dock, 2600);
	assert_int_equal(last_of(b, GW_LINK_CMDACK)->payload[3], GW_LINK_TEST_TILL);
	gw_dock_till_in(&b->dock, (const uint8_t *)"\x07", 1, 2700);
	assert_int_equal(b->scanner_len, 1);
	assert_int_equal(b->dock.injected, 0);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_first),
		cmocka_unit_test(sessions),
		cmocka_unit_test(survives_a_reset),
		cmocka_unit_test(injects_when_quiet),
		cmocka_unit_test(refuses_to_inject),
		cmocka_unit_test(other_commands),
		cmocka_unit_test(is_set_up),
		cmocka_unit_test(silent_when_done),
		cmocka_unit_test(a_reset_never_rings_twice),
		cmocka_unit_test(disbelieves_wild_acks),
		cmocka_unit_test(says_when_it_is_ready),
		cmocka_unit_test(tests_itself),
		cmocka_unit_test(tests_the_tills_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
