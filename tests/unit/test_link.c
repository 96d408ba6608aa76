/* The link: codec against a plain second implementation, noise; the sending window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "goeswith/link.h"
#include "link/sender.h"

static uint64_t random_state = 0x60E5;

static uint32_t roll(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33);
}

/* COBS as its paper tells it, block by block. */
static size_t plain_cobs(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t code_at = 0, n = 1;
	uint8_t code = 1;

	for (size_t i = 0; i < len; i++) {
		if (in[i] != 0) {
			out[n++] = in[i];
			code++;
			continue;
		}
		out[code_at] = code;
		code_at = n++;
		code = 1;
	}
	out[code_at] = code;
	return n;
}

/* CRC-32C bit by bit. */
static uint32_t plain_crc(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xFFFFFFFFu;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
	}
	return ~crc;
}

static void crc(void **state)
{
	uint8_t bytes[64];

	(void)state;
	/* RFC 3720, appendix B.4: 32 zeros, 32 ones, 0..31; and the usual check word. */
	memset(bytes, 0, 32);
	assert_int_equal(gw_link_crc32c(0, bytes, 32), 0x8A9136AAu);
	memset(bytes, 0xFF, 32);
	assert_int_equal(gw_link_crc32c(0, bytes, 32), 0x62A8AB43u);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(gw_link_crc32c(0, bytes, 32), 0x46DD794Eu);
	assert_int_equal(gw_link_crc32c(0, "123456789", 9), 0xE3069283u);
	assert_int_equal(gw_link_crc32c(gw_link_crc32c(0, "1234", 4), "56789", 5), 0xE3069283u);
}

static struct gw_link_frame random_frame(uint8_t payload[GW_LINK_PAYLOAD_MAX])
{
	struct gw_link_frame f = {.type = (uint8_t)(roll() % 32),
				  .flags = (uint8_t)roll(),
				  .session = roll(),
				  .seq = roll() * 2u,
				  .payload = payload,
				  .payload_len = roll() % (GW_LINK_PAYLOAD_MAX + 1)};
	uint32_t zeros = roll() % 3; /* none, some, all */

	for (size_t i = 0; i < f.payload_len; i++)
		payload[i] = zeros == 2 || (zeros == 1 && roll() % 4 == 0) ? 0 : (uint8_t)roll();
	return f;
}

static void codec(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t payload[GW_LINK_PAYLOAD_MAX], wire[GW_LINK_WIRE_MAX],
			raw[GW_LINK_FRAME_MAX], want[GW_LINK_WIRE_MAX] = {0};
		struct gw_link_frame f = random_frame(payload), got = {0};
		size_t len = gw_link_encode(wire, &f), n = 10 + f.payload_len, good = 0;
		struct gw_link_decoder d;

		raw[0] = (uint8_t)(1u << 5 | f.type);
		raw[1] = f.flags;
		for (int k = 0; k < 4; k++) {
			raw[2 + k] = (uint8_t)(f.session >> 8 * k);
			raw[6 + k] = (uint8_t)(f.seq >> 8 * k);
		}
		memcpy(raw + 10, payload, f.payload_len);
		for (int k = 0; k < 4; k++)
			raw[n + (size_t)k] = (uint8_t)(plain_crc(raw, n) >> 8 * k);
		assert_int_equal(len, plain_cobs(raw, n + 4, want + 1) + 2);
		assert_memory_equal(wire, want, len);
		gw_link_decoder_init(&d);
		for (size_t k = 0; k < len; k++)
			good += gw_link_decode(&d, wire[k], &got);
		assert_int_equal(good, 1);
		assert_int_equal(d.bad_count, 0);
		assert_int_equal(got.type, f.type);
		assert_int_equal(got.flags, f.flags);
		assert_int_equal(got.session, f.session);
		assert_int_equal(got.seq, f.seq);
		assert_int_equal(got.payload_len, f.payload_len);
		assert_memory_equal(got.payload, payload, f.payload_len);
	}
}

/* Any one burst of at most 32 bits is found, and the frame behind it is read. */
static void noise(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t payload[GW_LINK_PAYLOAD_MAX], wire[2 * GW_LINK_WIRE_MAX];
		struct gw_link_frame f = random_frame(payload), got = {0};
		struct gw_link_decoder d;
		size_t len = gw_link_encode(wire, &f), at = 1 + roll() % (len - 2), good = 0,
		       first = 0;

		wire[at] ^= (uint8_t)(1 + roll() % 255);
		(void)gw_link_encode(wire + len, &f);
		gw_link_decoder_init(&d);
		for (size_t k = 0; k < 2 * len; k++)
			if (gw_link_decode(&d, wire[k], &got)) {
				good++;
				first += k < len - 1;
			}
		assert_int_equal(first, 0);
		assert_int_equal(good, 1);
		assert_true(d.bad_count >= 1);
	}
}

static void over_long_and_foreign(void **state)
{
	uint8_t wire[GW_LINK_WIRE_MAX], payload[GW_LINK_PAYLOAD_MAX + 1] = {0};
	struct gw_link_frame f = {.type = GW_LINK_ACK}, got;
	struct gw_link_decoder d;
	size_t len;

	(void)state;
	gw_link_decoder_init(&d);
	for (int i = 0; i < 5000; i++)
		assert_false(gw_link_decode(&d, 7, &got));
	assert_false(gw_link_decode(&d, 0, &got));
	assert_int_equal(d.bad_count, 1);
	len = gw_link_encode(wire, &f);
	for (size_t i = 0; i < len; i++)
		assert_true(gw_link_decode(&d, wire[i], &got) == (i == len - 1));
	f.payload = payload;
	f.payload_len = GW_LINK_PAYLOAD_MAX + 1;
	assert_int_equal(gw_link_encode(wire, &f), 0);
	/* major version 5: header byte and check made by hand */
	{
		uint8_t raw[14] = {5u << 5 | GW_LINK_HELLO}, stuffed[20];
		size_t n;

		gw_link_put32(raw + 10, plain_crc(raw, 10));
		n = plain_cobs(raw, 14, stuffed);
		for (size_t i = 0; i < n; i++)
			assert_false(gw_link_decode(&d, stuffed[i], &got));
		assert_false(gw_link_decode(&d, 0, &got));
		assert_int_equal(d.foreign_major, 5);
	}
}

/* --- the sending window -------------------------------------------------------------------------
 */

static void window(void **state)
{
	/* also around 2^32 */
	static const uint32_t starts[] = {0, 5, UINT32_MAX - 3, UINT32_MAX, 0x7FFFFFFEu};
	struct gw_link_sender s;
	uint32_t seq;
	bool again;

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint32_t b = starts[i];

		gw_link_sender_init(&s, b, 200);
		assert_int_equal(gw_link_sender_wait_ms(&s, 0), UINT32_MAX);
		for (uint32_t k = 0; k < 8; k++) {
			assert_true(gw_link_sender_pick(&s, b + 20, 100, &seq, &again));
			assert_int_equal(seq, b + k);
			assert_false(again);
		}
		assert_false(gw_link_sender_pick(&s, b + 20, 100, &seq, &again));
		gw_link_sender_acked(&s, b + 3, 0, 8, 110);
		assert_true(gw_link_sender_pick(&s, b + 20, 110, &seq, &again));
		assert_int_equal(seq, b + 8);
		/* the window moves with what the host holds */
		gw_link_sender_acked(&s, b + 3, 6, 8, 120);
		assert_true(gw_link_sender_pick(&s, b + 20, 120, &seq, &again));
		assert_int_equal(seq, b + 9);
		/* NAK: from what it has */
		gw_link_sender_back(&s, 130);
		assert_true(gw_link_sender_pick(&s, b + 20, 130, &seq, &again));
		assert_int_equal(seq, b + 9);
		assert_true(again);
		/* a new host without the old one's memory */
		gw_link_sender_acked(&s, b + 3, 0, 8, 140);
		assert_true(gw_link_sender_pick(&s, b + 20, 140, &seq, &again));
		assert_int_equal(seq, b + 3);
		/* a stale ACK changes nothing */
		gw_link_sender_acked(&s, b + 1, 0, 8, 150);
		assert_int_equal(s.acked, b + 3);
		/* all there: silence */
		gw_link_sender_acked(&s, b + 20, 0, 8, 160);
		assert_int_equal(gw_link_sender_wait_ms(&s, 160), UINT32_MAX);
	}
}

static void window_timeouts(void **state)
{
	/* misses and doubling, then one HELLO a second */
	static const struct {
		uint32_t at;
		enum gw_link_send want;
	} rows[] = {{199, GW_LINK_SEND_NOTHING},  {200, GW_LINK_SEND_AGAIN},
		    {599, GW_LINK_SEND_NOTHING},  {600, GW_LINK_SEND_AGAIN},
		    {1400, GW_LINK_SEND_AGAIN},   {3000, GW_LINK_SEND_HELLO},
		    {3999, GW_LINK_SEND_NOTHING}, {4000, GW_LINK_SEND_HELLO},
		    {5000, GW_LINK_SEND_HELLO}};
	struct gw_link_sender s;
	uint32_t seq;
	bool again;

	(void)state;
	gw_link_sender_init(&s, 0, 200);
	assert_true(gw_link_sender_pick(&s, 1, 0, &seq, &again));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(gw_link_sender_timeout(&s, rows[i].at), rows[i].want);
		if (rows[i].want == GW_LINK_SEND_AGAIN) {
			assert_true(gw_link_sender_pick(&s, 1, rows[i].at, &seq, &again));
			assert_true(again);
		}
	}
	assert_false(gw_link_sender_pick(&s, 1, 5000, &seq, &again));
	gw_link_sender_acked(&s, 0, 0, 8, 5001);
	assert_true(gw_link_sender_pick(&s, 1, 5001, &seq, &again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc),    cmocka_unit_test(codec),
		cmocka_unit_test(noise),  cmocka_unit_test(over_long_and_foreign),
		cmocka_unit_test(window), cmocka_unit_test(window_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
