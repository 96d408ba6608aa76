/* The register's end of the link: each scan once, in order; alarms; commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "goeswith/link.h"

struct desk {
	struct gw_link_host host;
	uint32_t next; /* what the journal says */
	uint32_t nonce;
	struct gw_link_frame sent[64];
	uint8_t payloads[64][GW_LINK_PAYLOAD_MAX];
	unsigned sent_count, scans, dones;
	uint8_t scan[GW_LINK_SCAN_MAX];
	struct gw_link_scan last;
	enum gw_link_alarm alarm;
	uint32_t alarm_count, alarms, done_tag;
	enum gw_link_result result;
	bool ack_at_once;
};

static void desk_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct desk *d = ctx;
	struct gw_link_decoder decoder;
	struct gw_link_frame f;

	gw_link_decoder_init(&decoder);
	for (size_t i = 0; i < len; i++)
		if (gw_link_decode(&decoder, bytes[i], &f) && d->sent_count < 64) {
			memcpy(d->payloads[d->sent_count], f.payload, f.payload_len);
			f.payload = d->payloads[d->sent_count];
			d->sent[d->sent_count++] = f;
		}
}

static void desk_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct desk *d = ctx;

	d->scans++;
	d->last = *scan;
	memcpy(d->scan, scan->bytes, scan->len);
	if (d->ack_at_once)
		gw_link_host_ack(&d->host, scan->session, scan->seq);
}

static uint32_t desk_next(void *ctx, uint32_t session)
{
	(void)session;
	return ((struct desk *)ctx)->next;
}

static uint32_t desk_nonce(void *ctx)
{
	return ++((struct desk *)ctx)->nonce;
}

static void desk_hello(void *ctx, const struct gw_link_hello *hello)
{
	(void)ctx, (void)hello;
}

static void desk_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct desk *d = ctx;

	d->alarm = alarm;
	d->alarm_count = count;
	d->alarms++;
}

static void desk_done(void *ctx, uint32_t tag, enum gw_link_result result)
{
	struct desk *d = ctx;

	d->dones++;
	d->done_tag = tag;
	d->result = result;
}

static const struct gw_link_host_ops desk_ops = {desk_send,  desk_scan,  desk_next, desk_nonce,
						 desk_hello, desk_alarm, desk_done, NULL};

static void say(struct desk *d, const struct gw_link_frame *f, int64_t now)
{
	uint8_t wire[GW_LINK_WIRE_MAX];

	gw_link_host_input(&d->host, wire, gw_link_encode(wire, f), now);
}

static void say_state(struct desk *d, uint32_t session, uint32_t base, uint32_t next,
		      uint32_t cmd_next, uint8_t flags, uint8_t state)
{
	uint8_t payload[GW_LINK_HELLO_LEN];
	struct gw_link_hello h = {.next = next, .cmd_next = cmd_next, .state = state};
	struct gw_link_frame f = {GW_LINK_HELLO, flags, session, base, payload, GW_LINK_HELLO_LEN};

	gw_link_hello_put(payload, &h);
	say(d, &f, 0);
}

static void say_hello(struct desk *d, uint32_t session, uint32_t base, uint32_t next,
		      uint32_t cmd_next, uint8_t flags)
{
	say_state(d, session, base, next, cmd_next, flags, 0);
}

static void say_scan(struct desk *d, uint32_t session, uint32_t seq, uint8_t flags,
		     const char *bytes)
{
	uint8_t payload[GW_LINK_PAYLOAD_MAX] = {0, 1, 2, 3, 4};
	struct gw_link_frame f = {GW_LINK_SCAN, flags, session, seq, payload, 5 + strlen(bytes)};

	memcpy(payload + 5, bytes, strlen(bytes));
	say(d, &f, 0);
}

static struct gw_link_frame last_sent(const struct desk *d)
{
	assert_true(d->sent_count > 0);
	return d->sent[d->sent_count - 1];
}

static struct desk *new_desk(uint32_t next)
{
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->next = next;
	d->ack_at_once = true;
	gw_link_host_init(&d->host, &desk_ops, d);
	gw_link_host_start(&d->host, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	return d;
}

/* Figures go over the wire whole; a dock of minor version 1 says none of the newer ones. */
static void hello_of_two_ages(void **state)
{
	uint8_t payload[GW_LINK_HELLO_LEN];
	struct gw_link_hello in = {.injected = 7,
				   .board = "stm32f1",
				   .resent = 300,
				   .inject_refused = 2,
				   .inject_timed_out = 65535,
				   .up_s = 86400},
			     out;
	struct gw_link_frame f = {GW_LINK_HELLO, 0, 9, 0, payload, GW_LINK_HELLO_LEN};

	(void)state;
	gw_link_hello_put(payload, &in);
	assert_true(gw_link_hello_get(&out, &f));
	assert_string_equal(out.board, "stm32f1");
	assert_int_equal(out.resent, 300);
	assert_int_equal(out.inject_refused, 2);
	assert_int_equal(out.inject_timed_out, 65535);
	assert_int_equal(out.up_s, 86400);
	f.payload_len = GW_LINK_HELLO_LEAST;
	assert_true(gw_link_hello_get(&out, &f));
	assert_int_equal(out.injected, 7);
	assert_string_equal(out.board, "");
	assert_int_equal(out.up_s, 0);
	assert_int_equal(out.resent + out.inject_refused + out.inject_timed_out, 0);
	f.payload_len = GW_LINK_HELLO_LEAST - 1;
	assert_false(gw_link_hello_get(&out, &f));
}

/* Asking again changes nothing but the figures; before there is a session nobody is asked. */
static void host_asks_for_figures(void **state)
{
	struct desk *d = new_desk(0);
	unsigned sent;

	(void)state;
	gw_link_host_tick(&d->host, 0);
	sent = (unsigned)d->sent_count;
	gw_link_host_ask(&d->host, 10);
	assert_int_equal(d->sent_count, sent);
	say_hello(d, 77, 0, 0, 0, 0);
	gw_link_host_ask(&d->host, 20);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	assert_int_equal(gw_link_get32(last_sent(d).payload), 0);
	say_hello(d, 77, 0, 0, 0, 0);
	assert_int_equal(d->host.dock.session, 77);
	assert_int_equal(gw_link_host_deadline(&d->host), -1);
	free(d);
}

static void host_opens_with_fresh_nonces(void **state)
{
	struct desk *d = new_desk(0);
	uint32_t first = last_sent(d).session;

	(void)state;
	say_hello(d, 0, 0, 0, 0, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	assert_int_not_equal(last_sent(d).session, first);
	assert_int_equal(gw_link_host_deadline(&d->host), 300);
	gw_link_host_tick(&d->host, 300);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	assert_int_equal(d->nonce, 3);
	say_hello(d, 77, 0, 0, 0, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_ACK);
	/* all is well: no wake-ups */
	assert_int_equal(gw_link_host_deadline(&d->host), -1);
	free(d);
}

static void host_takes_each_scan_once(void **state)
{
	struct desk *d = new_desk(UINT32_MAX - 1); /* over the wrap */
	uint32_t b = UINT32_MAX - 1;

	(void)state;
	say_hello(d, 9, b, b + 3, 0, 0);
	say_scan(d, 9, b, 0, "one");
	say_scan(d, 9, b, GW_LINK_F_RETX, "one");
	assert_int_equal(d->scans, 1);
	assert_int_equal(last_sent(d).seq, b + 1);
	say_scan(d, 9, b + 2, 0, "three");
	assert_int_equal(d->scans, 1);
	assert_int_equal(last_sent(d).flags, GW_LINK_F_NAK);
	say_scan(d, 9, b + 1, 0, "two");
	say_scan(d, 9, b + 2, 0, "three");
	assert_int_equal(d->scans, 3);
	assert_int_equal(last_sent(d).seq, b + 3);
	/* another session's scan is not believed; the host asks who is there */
	say_scan(d, 10, b + 3, 0, "four");
	assert_int_equal(d->scans, 3);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	free(d);
}

static void host_joins_pieces(void **state)
{
	struct desk *d = new_desk(0);
	char piece[GW_LINK_PIECE_MAX + 1];

	(void)state;
	memset(piece, 'x', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	say_hello(d, 9, 0, 40, 0, 0);
	say_scan(d, 9, 0, GW_LINK_F_FRAG, piece);
	assert_int_equal(last_sent(d).type, GW_LINK_ACK);
	assert_int_equal(last_sent(d).seq, 0);
	assert_int_equal(last_sent(d).payload[0], 1); /* held, not committed */
	say_scan(d, 9, 1, 0, "end");
	assert_int_equal(d->scans, 1);
	assert_int_equal(d->last.len, GW_LINK_PIECE_MAX + 3);
	assert_int_equal(d->last.seq, 1);
	assert_int_equal(last_sent(d).seq, 2);
	/* 19 pieces are more than 4 KiB: refused, in step again behind it */
	for (uint32_t i = 0; i < 19; i++)
		say_scan(d, 9, 2 + i, GW_LINK_F_FRAG, piece);
	say_scan(d, 9, 21, 0, "end");
	assert_int_equal(d->scans, 2);
	assert_int_equal(d->last.status, GW_LINK_SCAN_TOO_LONG);
	assert_int_equal(d->last.len, 0);
	say_scan(d, 9, 22, 0, "next");
	assert_int_equal(d->last.len, 4);
	free(d);
}

static void host_alarms(void **state)
{
	struct desk *d = new_desk(10);

	(void)state;
	say_hello(d, 9, 15, 20, 0, 0);
	assert_int_equal(d->alarm, GW_LINK_ALARM_HOLE);
	assert_int_equal(d->alarm_count, 5);
	assert_int_equal(last_sent(d).seq, 15);
	say_hello(d, 9, 3, 4, 0, 0);
	assert_int_equal(d->alarm, GW_LINK_ALARM_BEHIND);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	assert_int_equal(gw_link_get32(last_sent(d).payload), 9);
	say_hello(d, 9, 15, 20, 0, GW_LINK_F_NAK);
	assert_int_equal(d->alarm, GW_LINK_ALARM_BUSY);
	free(d);
}

static void host_commits_later(void **state)
{
	struct desk *d = new_desk(0);

	(void)state;
	d->ack_at_once = false;
	say_hello(d, 9, 0, 5, 0, 0);
	say_scan(d, 9, 0, 0, "one");
	say_scan(d, 9, 1, 0, "two");
	assert_int_equal(last_sent(d).seq, 0);
	assert_int_equal(last_sent(d).payload[0], 2);
	/* a HELLO meanwhile does not make them come twice */
	say_hello(d, 9, 0, 5, 0, 0);
	say_scan(d, 9, 0, GW_LINK_F_RETX, "one");
	assert_int_equal(d->scans, 2);
	gw_link_host_ack(&d->host, 8, 1);
	assert_int_equal(last_sent(d).seq, 0);
	gw_link_host_ack(&d->host, 9, 1);
	assert_int_equal(last_sent(d).seq, 2);
	assert_int_equal(last_sent(d).payload[0], 0);
	gw_link_host_ack(&d->host, 9, 700); /* never received: not believed */
	assert_int_equal(last_sent(d).seq, 2);
	gw_link_host_pause(&d->host, true);
	assert_int_equal(last_sent(d).payload[1], 0);
	say_scan(d, 9, 2, 0, "three");
	assert_int_equal(d->scans, 2);
	free(d);
}

/*
 * A dock without power comes back with a session that had ended for us: its flash did not hear of
 * the end.  What we left out of it, and what is not yet on disk, is not taken again.
 */
static void host_knows_a_session_that_comes_back(void **state)
{
	struct desk d = {0};

	(void)state;
	gw_link_host_init(&d.host, &desk_ops, &d);
	gw_link_host_start(&d.host, 0);
	say_hello(&d, 7, 5, 8, 0, 0); /* the journal, from a backup, knows nothing of it */
	assert_int_equal(d.alarm, GW_LINK_ALARM_HOLE);
	assert_int_equal(d.alarm_count, 5);
	say_scan(&d, 7, 5, 0, "five");
	assert_int_equal(d.scans, 1);
	say_hello(&d, 0, 0, 0, 0, 0);
	say_state(&d, 7, 2, 4, 0, 0, GW_LINK_ST_RESTORED);
	assert_int_equal(d.alarms, 1);
	assert_int_equal(last_sent(&d).seq, 5);
	say_scan(&d, 7, 2, 0, "two");
	say_scan(&d, 7, 3, 0, "three");
	assert_int_equal(d.scans, 1);
	/* On disk while the dock has no session: that counts as well. */
	say_hello(&d, 0, 0, 0, 0, 0);
	gw_link_host_ack(&d.host, 7, 5);
	say_state(&d, 7, 2, 6, 0, 0, GW_LINK_ST_RESTORED);
	assert_int_equal(last_sent(&d).seq, 6);
	/* Another session is another. */
	say_hello(&d, 8, 0, 1, 0, 0);
	say_scan(&d, 8, 0, 0, "new");
	assert_int_equal(d.scans, 2);
}

static void answer_command(struct desk *d, uint32_t session, uint32_t seq, uint8_t code,
			   uint8_t result)
{
	uint8_t payload[2] = {code, result};
	struct gw_link_frame f = {GW_LINK_CMDACK, 0, session, seq, payload, 2};

	say(d, &f, 0);
}

static void host_commands(void **state)
{
	struct desk *d = new_desk(0);

	(void)state;
	/* waits for a session, then one at a time */
	assert_int_equal(gw_link_host_inject(&d->host, "4006", 4, 1, 0), GW_OK);
	assert_int_equal(gw_link_host_beep(&d->host, GW_LINK_BEEP_OK, 2, 0), GW_OK);
	assert_int_equal(last_sent(d).type, GW_LINK_OPEN);
	say_hello(d, 9, 0, 0, 41, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_CMD);
	assert_int_equal(last_sent(d).seq, 41);
	assert_memory_equal(last_sent(d).payload,
			    "\x03"
			    "4006",
			    5);
	gw_link_host_tick(&d->host, gw_link_host_deadline(&d->host));
	assert_int_equal(last_sent(d).flags, GW_LINK_F_RETX);
	answer_command(d, 9, 40, GW_LINK_CMD_INJECT, 0); /* an old answer */
	assert_int_equal(d->dones, 0);
	answer_command(d, 9, 41, GW_LINK_CMD_INJECT, GW_LINK_REFUSED);
	assert_int_equal(d->done_tag, 1);
	assert_int_equal(d->result, GW_LINK_REFUSED);
	assert_int_equal(last_sent(d).seq, 42);
	assert_int_equal(last_sent(d).payload[0], GW_LINK_CMD_BEEP);
	answer_command(d, 9, 42, GW_LINK_CMD_BEEP, GW_LINK_DONE);
	assert_int_equal(d->done_tag, 2);
	assert_int_equal(gw_link_host_deadline(&d->host), -1);
	free(d);
}

static void host_commands_over_a_reset(void **state)
{
	struct desk *d = new_desk(0);

	(void)state;
	say_hello(d, 9, 0, 0, 5, 0);
	gw_link_host_inject(&d->host, "4006", 4, 1, 0);
	/* warm: the number was used; the dock will repeat its answer */
	say_hello(d, 9, 0, 0, 6, 0);
	assert_int_equal(d->dones, 0);
	/* power lost: nobody knows whether it was rung, and it is not rung again */
	say_hello(d, 0, 0, 0, 0, 0);
	assert_int_equal(d->dones, 1);
	assert_int_equal(d->result, GW_LINK_UNKNOWN);
	/* a text is said again */
	gw_link_host_display(&d->host, "a", "b", 2, 0);
	say_hello(d, 11, 0, 0, 0, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_CMD);
	say_hello(d, 12, 0, 0, 0, 0);
	assert_int_equal(last_sent(d).type, GW_LINK_CMD);
	assert_int_equal(last_sent(d).session, 12);
	/* the newest text replaces the one that waits */
	gw_link_host_display(&d->host, "old", "", 3, 0);
	gw_link_host_display(&d->host, "new", "", 4, 0);
	assert_int_equal(d->host.queue_count, 2);
	answer_command(d, 12, 0, GW_LINK_CMD_DISPLAY, GW_LINK_DONE);
	assert_memory_equal(last_sent(d).payload + 2, "new", 3);
	/* nobody answers: given up, and not left in the queue */
	while (d->host.queue_count > 0)
		gw_link_host_tick(&d->host, gw_link_host_deadline(&d->host));
	assert_int_equal(d->result, GW_LINK_TIMED_OUT);
	assert_int_equal(d->done_tag, 4);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_opens_with_fresh_nonces),
		cmocka_unit_test(host_takes_each_scan_once),
		cmocka_unit_test(host_joins_pieces),
		cmocka_unit_test(host_alarms),
		cmocka_unit_test(host_commits_later),
		cmocka_unit_test(host_knows_a_session_that_comes_back),
		cmocka_unit_test(host_commands),
		cmocka_unit_test(host_commands_over_a_reset),
		cmocka_unit_test(hello_of_two_ages),
		cmocka_unit_test(host_asks_for_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
