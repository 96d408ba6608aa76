/*
 * Fuzz target: the link's decoder and both sides behind it.  The first byte chooses who reads the
 * rest; a frame the fuzzer cannot get past the check is made for it from its bytes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/dock.h"
#include "goeswith/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct both {
	struct gw_link_host host;
	struct gw_dock dock;
	uint32_t expected, nonce, room;
};

static void send(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes;
	if (len > GW_LINK_WIRE_MAX)
		abort();
}

static void scan(void *ctx, const struct gw_link_scan *s)
{
	struct both *b = ctx;

	if (s->len > GW_LINK_SCAN_MAX ||
	    (s->len > 0 && s->status != GW_LINK_SCAN_GOOD && s->bytes == NULL))
		abort();
	gw_link_host_ack(&b->host, s->session, s->seq);
}

static uint32_t next(void *ctx, uint32_t session)
{
	(void)ctx;
	return session % 7;
}

static uint32_t nonce(void *ctx)
{
	return ++((struct both *)ctx)->nonce;
}

static void hello(void *ctx, const struct gw_link_hello *h)
{
	(void)ctx, (void)h;
}

static void alarm(void *ctx, enum gw_link_alarm a, uint32_t count)
{
	(void)ctx, (void)a, (void)count;
}

static void done(void *ctx, uint32_t tag, enum gw_link_result r)
{
	struct both *b = ctx;

	/* The register answers with another command from within. */
	if (tag < 3 && r == GW_LINK_DONE)
		gw_link_host_beep(&b->host, GW_LINK_BEEP_OK, tag + 1, 0);
}

static const struct gw_link_host_ops host_ops = {send, scan, next, nonce, hello, alarm, done, NULL};

static size_t take(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes;
	return len;
}

static size_t pending(void *ctx)
{
	(void)ctx;
	return 0;
}

static size_t room(void *ctx)
{
	return ((struct both *)ctx)->room;
}

static bool display(void *ctx, const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	uint8_t sum = 0;

	(void)ctx;
	for (size_t i = 0; i < na; i++)
		sum = (uint8_t)(sum + a[i]);
	for (size_t i = 0; i < nb; i++)
		sum = (uint8_t)(sum + b[i]);
	return sum != 1;
}

static bool beep(void *ctx, enum gw_link_beep kind)
{
	(void)ctx;
	return kind <= GW_LINK_BEEP_OFFER;
}

static uint8_t state(void *ctx)
{
	(void)ctx;
	return GW_LINK_ST_SCANNER | GW_LINK_ST_TILL;
}

static const struct gw_dock_io dock_io = {take, pending, send, room, send, display, beep, state};

static const struct gw_dock_config config = {
	.scanner = {GW_FRAMING_PLAIN, GW_TERM_ALL, true, 50, 1024},
	.caps = GW_LINK_CAP_TILL | GW_LINK_CAP_INJECT,
	.rto_ms = 200,
	.quiet_ms = 10,
	.inject_ms = 1000,
};

static void feed(struct both *b, bool to_host, const uint8_t *bytes, size_t len, uint32_t now)
{
	if (to_host)
		gw_link_host_input(&b->host, bytes, len, now);
	else
		gw_dock_host_in(&b->dock, bytes, len, now);
}

/* [length][type][flags][session][seq][payload ...]: small numbers, so that they meet. */
static void feed_frame(struct both *b, bool to_host, const uint8_t *p, size_t len, uint32_t now)
{
	uint8_t wire[GW_LINK_WIRE_MAX];
	struct gw_link_frame f = {p[0] % 9, p[1], p[2] % 4, p[3], p + 4, len - 4};

	feed(b, to_host, wire, gw_link_encode(wire, &f), now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + 1500];
	} memory;
	static struct both b;
	uint32_t now = 1;
	bool to_host;

	if (size == 0)
		return 0;
	memset(&memory, 0, sizeof(memory));
	memset(&b, 0, sizeof(b));
	b.room = GW_LINK_WIRE_MAX;
	gw_link_host_init(&b.host, &host_ops, &b);
	gw_link_host_start(&b.host, 0);
	gw_link_host_display(&b.host, "a", "b", 1, 0);
	gw_dock_init(&b.dock, &config, &dock_io, &b, &memory.store, 1500, 0);
	to_host = (data[0] & 1u) != 0;
	if ((data[0] & 2u) != 0) {
		feed(&b, to_host, data + 1, size - 1, now);
		return 0;
	}
	for (size_t at = 1; at + 1 < size;) {
		size_t len = data[at++];

		if (len > size - at)
			len = size - at;
		now += (uint32_t)len;
		if (len >= 4 && len - 4 <= GW_LINK_PAYLOAD_MAX)
			feed_frame(&b, to_host, data + at, len, now);
		else if (len > 0)
			gw_dock_scanner_in(&b.dock, data + at, len, now);
		gw_dock_tick(&b.dock, now);
		gw_link_host_tick(&b.host, now);
		at += len;
	}
	return 0;
}
