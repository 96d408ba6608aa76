/*
 * Three streams meet here and only one may wait for another: the register's.
 *
 *	scanner ==> till            gw_dock_scanner_in, before anything else
 *	        \-> scanner.c -> ring.c -> sender (go-back-N) -> register
 *	till    --> scanner         gw_dock_till_in
 *	register -> commands        beep, display, inject, capture, self-test
 *
 * A code goes into the till's line only when no scan is under way, the line has been silent for
 * quiet_ms and nothing is left to send; it goes in one piece, so that a scan that starts meanwhile
 * stands behind it, never within.
 */
#include "firmware/dock_inside.h"

#define HELLO_MS 1000u

void gw_dock_send(struct gw_dock *d, const struct gw_link_frame *frame)
{
	uint8_t wire[GW_LINK_WIRE_MAX];
	size_t len = gw_link_encode(wire, frame);

	if (len > 0 && d->io->host_room(d->ctx) >= len)
		d->io->host(d->ctx, wire, len);
}

static void put_board(struct gw_link_hello *hello, const char *board)
{
	unsigned n = 0;

	while (n < GW_LINK_BOARD_LEN - 1 && board[n] != '\0') {
		hello->board[n] = board[n];
		n++;
	}
	while (n < GW_LINK_BOARD_LEN)
		hello->board[n++] = '\0';
}

static uint8_t state_of(const struct gw_dock *d)
{
	return (uint8_t)(d->io->state(d->ctx) | (d->warm ? GW_LINK_ST_WARM : 0) |
			 (d->config->watchdog ? GW_LINK_ST_WATCHDOG : 0) |
			 (gw_scanner_in_step(&d->scanner) ? 0 : GW_LINK_ST_STARTING) |
			 (gw_ring_ending(&d->ring) ? GW_LINK_ST_RESTORED : 0));
}

void gw_dock_hello(const struct gw_dock *d, uint32_t now_ms, struct gw_link_hello *hello)
{
	const struct gw_ring_header *ring = &d->ring.now;

	hello->session = ring->session;
	hello->base = ring->base;
	hello->next = gw_ring_numbered(&d->ring);
	hello->lost = ring->lost;
	hello->now_ms = now_ms;
	hello->bad_frames = d->decoder.bad_count;
	hello->rx_errors = d->rx_errors;
	hello->too_long = d->too_long;
	hello->resyncs = d->scanner.resync_count;
	hello->till_dropped = d->till_dropped;
	for (unsigned i = 0; i < 8; i++)
		hello->unit[i] = d->config->unit[i];
	hello->minor = GW_LINK_MINOR;
	hello->caps =
		(uint8_t)(d->config->caps | (gw_flash_works(&d->flash) ? GW_LINK_CAP_FLASH : 0));
	hello->state = state_of(d);
	hello->version[0] = GW_DOCK_VERSION_MAJOR;
	hello->version[1] = GW_DOCK_VERSION_MINOR;
	hello->version[2] = GW_DOCK_VERSION_PATCH;
	hello->ring_kib_x16 = (uint16_t)(ring->size / 64u < 65535u ? ring->size / 64u : 65535u);
	hello->ring_used_permille = (uint16_t)(ring->used / (ring->size / 1000u + 1u));
	hello->cmd_next = ring->cmd_next;
	hello->boots = (uint16_t)(ring->boots < 65535u ? ring->boots : 65535u);
	hello->injected = d->injected;
	put_board(hello, d->config->board != NULL ? d->config->board : "");
	hello->resent = d->resent;
	hello->inject_refused = d->inject_refused;
	hello->inject_timed_out = d->inject_timed_out;
	hello->up_s = d->up_s + (now_ms - d->up_ms) / 1000u;
}

static GW_OWN_FRAME void send_hello(struct gw_dock *d, uint32_t now_ms)
{
	uint8_t payload[GW_LINK_HELLO_LEN];
	struct gw_link_hello hello;
	struct gw_link_frame f = {
		.type = GW_LINK_HELLO, .payload = payload, .payload_len = GW_LINK_HELLO_LEN};

	gw_dock_hello(d, now_ms, &hello);
	gw_link_hello_put(payload, &hello);
	f.session = hello.session;
	f.seq = hello.base;
	gw_dock_send(d, &f);
	d->hello_due = false;
	d->hello_ms = now_ms;
	d->told_lost = hello.lost;
	d->told_state = hello.state;
}

static void send_scan(struct gw_dock *d, uint32_t seq, bool again)
{
	uint8_t payload[GW_LINK_PAYLOAD_MAX];
	struct gw_link_frame f = {.type = GW_LINK_SCAN,
				  .session = d->ring.now.session,
				  .seq = seq,
				  .payload = payload};

	f.payload_len = gw_ring_piece(&d->ring, seq, payload, &f.flags);
	if (again) {
		f.flags |= GW_LINK_F_RETX;
		gw_dock_count(&d->resent);
	}
	if (f.payload_len > 0)
		gw_dock_send(d, &f);
}

/* Without room for a frame the register is not there, or has more to read than it can. */
static bool host_ready(const struct gw_dock *d)
{
	return d->io->host_room(d->ctx) >= GW_LINK_WIRE_MAX;
}

/* Sends as many scans as window and line take. */
static void pump(struct gw_dock *d, uint32_t now_ms)
{
	uint32_t seq;
	bool again;

	while (d->ring.now.session != 0 && host_ready(d) &&
	       gw_link_sender_pick(&d->sender, gw_ring_numbered(&d->ring), now_ms, &seq, &again))
		send_scan(d, seq, again);
}

/* --- the scanner's sink ------------------------------------------------------------------------
 */

static void sink_begin(void *ctx)
{
	struct gw_dock *d = ctx;

	gw_ring_begin(&d->ring);
}

static void sink_put(void *ctx, uint8_t byte)
{
	struct gw_dock *d = ctx;

	(void)gw_ring_put(&d->ring, byte);
}

static void sink_cut(void *ctx, uint32_t len)
{
	struct gw_dock *d = ctx;

	gw_ring_cut(&d->ring, len);
}

static bool commit(struct gw_dock *d, enum gw_link_scan_status status, uint32_t now_ms)
{
	bool kept = gw_ring_commit(&d->ring, (uint8_t)((unsigned)status << 4), now_ms);

	if (!kept || status != GW_LINK_SCAN_GOOD)
		(void)d->io->beep(d->ctx, GW_LINK_BEEP_BAD);
	return kept;
}

static bool sink_end(void *ctx, uint32_t now_ms)
{
	return commit(ctx, GW_LINK_SCAN_GOOD, now_ms);
}

static void sink_refuse(void *ctx, enum gw_link_scan_status why, uint32_t now_ms)
{
	struct gw_dock *d = ctx;

	if (why == GW_LINK_SCAN_TOO_LONG)
		gw_dock_count(&d->too_long);
	gw_ring_begin(&d->ring);
	(void)commit(d, why, now_ms);
}

static void sink_answer(void *ctx, const uint8_t *bytes, uint32_t len)
{
	struct gw_dock *d = ctx;

	d->io->scanner(d->ctx, bytes, len);
}

static const struct gw_scanner_sink sink = {sink_begin, sink_put,    sink_cut,
					    sink_end,   sink_refuse, sink_answer};

void gw_dock_init(struct gw_dock *d, const struct gw_dock_config *config,
		  const struct gw_dock_io *io, void *ctx, struct gw_ring_store *store,
		  uint32_t size, uint32_t now_ms)
{
	d->config = config;
	d->io = io;
	d->ctx = ctx;
	d->warm = gw_ring_attach(&d->ring, store, size, config->new_clock);
	d->warm = gw_flash_attach(&d->flash, config->flash, ctx, &d->ring, d->warm) || d->warm;
	d->how = config->scanner;
	gw_scanner_init(&d->scanner, &d->how, &sink, d, now_ms);
	gw_link_sender_init(&d->sender, d->ring.now.base, config->rto_ms);
	gw_link_decoder_init(&d->decoder);
	d->hello_ms = now_ms;
	d->hello_due = true;
	d->told_lost = d->ring.now.lost;
	d->told_state = 0;
	d->capture = false;
	d->rx_errors = d->too_long = d->resent = 0;
	d->injected = d->inject_refused = d->inject_timed_out = 0;
	d->up_s = 0;
	d->up_ms = now_ms;
	d->till_dropped = 0;
	/* What a command of the life before came to, nobody knows. */
	d->cmd_code = 0;
	d->cmd_result = GW_LINK_UNKNOWN;
	d->tested = d->test_failed = 0;
	d->cmd_busy = d->inject_out = d->loop = false;
	d->inject_len = d->loop_at = 0;
	d->line_ms = d->inject_start_ms = now_ms;
}

/* --- what the register says --------------------------------------------------------------------
 */

static void begin_session(struct gw_dock *d)
{
	gw_link_sender_init(&d->sender, d->ring.now.base, d->config->rto_ms);
	d->hello_due = true;
}

static void end_session(struct gw_dock *d)
{
	gw_ring_open_session(&d->ring, 0);
	begin_session(d);
}

static void take_open(struct gw_dock *d, const struct gw_link_frame *f)
{
	uint32_t replaces = f->payload_len >= 4 ? gw_link_get32(f->payload) : 0;

	d->hello_due = true;
	if (f->session == 0 || f->session == d->ring.now.session || replaces != d->ring.now.session)
		return;
	/* Whoever replaces what was restored knows more of it than we: it has all of it. */
	if (gw_ring_ending(&d->ring)) {
		(void)gw_ring_ack(&d->ring, gw_ring_numbered(&d->ring));
		(void)gw_flash_acked(&d->flash);
		end_session(d);
	}
	if (gw_flash_open(&d->flash, &d->ring, f->session))
		begin_session(d);
}

static void beep_good(struct gw_dock *d)
{
	if (d->config->beep_on_ack)
		(void)d->io->beep(d->ctx, GW_LINK_BEEP_OK);
}

static void take_ack(struct gw_dock *d, const struct gw_link_frame *f, uint32_t now_ms)
{
	struct gw_ring_header *ring = &d->ring.now;
	uint32_t held = f->payload_len >= 2 ? f->payload[0] : 0;
	uint32_t credit = f->payload_len >= 2 ? f->payload[1] : GW_LINK_WINDOW;
	uint32_t end = gw_ring_numbered(&d->ring), next = f->seq;

	if (f->session != ring->session || f->session == 0) {
		d->hello_due = true;
		return;
	}
	/* What is left of a session may be less than the host has of it. */
	if (gw_ring_ending(&d->ring) && (int32_t)(next - end) > 0)
		next = end;
	/* Numbers the ring does not hold: a stale ACK, or one for another dock's life. */
	if (next - ring->base > end - ring->base)
		return;
	if (held > end - next)
		held = end - next;
	gw_link_sender_acked(&d->sender, next, held, credit, now_ms);
	if ((f->flags & GW_LINK_F_NAK) != 0)
		gw_link_sender_back(&d->sender, now_ms);
	if (gw_ring_ack(&d->ring, next) > 0 && gw_flash_acked(&d->flash))
		beep_good(d);
	if (gw_ring_ending(&d->ring) && ring->base == end)
		end_session(d);
}

static void take_frame(struct gw_dock *d, const struct gw_link_frame *f, uint32_t now_ms)
{
	switch (f->type) {
	case GW_LINK_OPEN:
		take_open(d, f);
		break;
	case GW_LINK_ACK:
		take_ack(d, f, now_ms);
		break;
	case GW_LINK_CMD:
		gw_dock_command(d, f, now_ms);
		break;
	default: /* a later minor version's business */
		break;
	}
}

void gw_dock_host_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms)
{
	struct gw_link_frame f;

	for (size_t i = 0; i < len; i++)
		if (gw_link_decode(&d->decoder, bytes[i], &f))
			take_frame(d, &f, now_ms);
	gw_dock_tick(d, now_ms);
}

void gw_dock_host_new(struct gw_dock *d, uint32_t now_ms)
{
	d->decoder.len = 0;
	d->decoder.skipping = false;
	d->capture = false;
	d->hello_due = true;
	gw_dock_tick(d, now_ms);
}

/* --- the scanner's and the till's bytes ---------------------------------------------------------
 */

static GW_OWN_FRAME void send_raw(struct gw_dock *d, const uint8_t *bytes, size_t len,
				  uint32_t now_ms)
{
	uint8_t payload[GW_LINK_PAYLOAD_MAX];
	struct gw_link_frame f = {
		.type = GW_LINK_RAW, .session = d->ring.now.session, .payload = payload};

	payload[0] = 0;
	gw_link_put32(payload + 1, now_ms);
	while (len > 0) {
		size_t n = len < GW_LINK_PIECE_MAX ? len : GW_LINK_PIECE_MAX;

		for (size_t i = 0; i < n; i++)
			payload[GW_LINK_SCAN_HEADER + i] = bytes[i];
		f.payload_len = GW_LINK_SCAN_HEADER + n;
		gw_dock_send(d, &f);
		bytes += n;
		len -= n;
	}
}

void gw_dock_scanner_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms)
{
	if (!d->config->forwarded)
		d->till_dropped += (uint32_t)(len - d->io->till(d->ctx, bytes, len));
	d->line_ms = now_ms;
	if (d->capture)
		send_raw(d, bytes, len, now_ms);
	for (size_t i = 0; i < len; i++)
		gw_scanner_byte(&d->scanner, bytes[i], now_ms);
	pump(d, now_ms);
}

void gw_dock_scanner_error(struct gw_dock *d, uint32_t now_ms)
{
	gw_dock_count(&d->rx_errors);
	gw_scanner_error(&d->scanner, now_ms);
}

void gw_dock_begin_anew(struct gw_dock *d, uint32_t now_ms)
{
	uint16_t resyncs = d->scanner.resync_count;

	if (d->ring.open)
		sink_refuse(d, GW_LINK_SCAN_PARTIAL, now_ms);
	gw_scanner_init(&d->scanner, &d->how, &sink, d, now_ms);
	d->scanner.resync_count = resyncs;
}

void gw_dock_scanner_restart(struct gw_dock *d, uint32_t now_ms)
{
	gw_dock_begin_anew(d, now_ms);
	gw_dock_tick(d, now_ms);
}

void gw_dock_till_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms)
{
	if (d->loop) { /* our own bytes, not the till's word to the scanner */
		for (size_t i = 0; i < len && gw_dock_loop_open(d); i++)
			d->loop_at = bytes[i] == d->inject[d->loop_at] ? (uint8_t)(d->loop_at + 1)
				     : bytes[i] == d->inject[0]        ? 1
								       : 0;
		gw_dock_inject(d, now_ms);
		return;
	}
	if ((d->config->caps & GW_LINK_CAP_BACK) != 0)
		d->io->scanner(d->ctx, bytes, len);
}

/* --- time ---------------------------------------------------------------------------------------
 */

/* Whether something changed that the register should hear of without asking. */
static bool news(const struct gw_dock *d)
{
	return d->ring.now.lost != d->told_lost || state_of(d) != d->told_state;
}

/* Timers of the link run only while there is somebody to send to. */
static void tick_link(struct gw_dock *d, uint32_t now_ms)
{
	enum gw_link_send next = gw_link_sender_timeout(&d->sender, now_ms);

	if (d->hello_due || next == GW_LINK_SEND_HELLO ||
	    (d->ring.now.session == 0 && now_ms - d->hello_ms >= HELLO_MS) ||
	    (news(d) && now_ms - d->hello_ms >= HELLO_MS / 10))
		send_hello(d, now_ms);
	pump(d, now_ms);
}

void gw_dock_tick(struct gw_dock *d, uint32_t now_ms)
{
	uint32_t gone_s = (now_ms - d->up_ms) / 1000u;

	d->up_s += gone_s;
	d->up_ms += gone_s * 1000u;
	gw_scanner_tick(&d->scanner, now_ms);
	gw_dock_inject(d, now_ms);
	if (gw_flash_step(&d->flash, now_ms, d->config->flash_hold_ms,
			  gw_scanner_between(&d->scanner), gw_link_sender_probing(&d->sender)))
		beep_good(d);
	if (host_ready(d))
		tick_link(d, now_ms);
}

static uint32_t sooner(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t until(uint32_t now_ms, uint32_t since_ms, uint32_t span_ms)
{
	uint32_t gone = now_ms - since_ms;

	return gone >= span_ms ? 0 : span_ms - gone;
}

uint32_t gw_dock_wait_ms(const struct gw_dock *d, uint32_t now_ms)
{
	uint32_t wait = gw_scanner_wait_ms(&d->scanner, now_ms);

	if (host_ready(d)) {
		wait = sooner(wait, gw_link_sender_wait_ms(&d->sender, now_ms));
		if (d->hello_due)
			wait = 0;
		if (d->ring.now.session == 0)
			wait = sooner(wait, until(now_ms, d->hello_ms, HELLO_MS));
		if (news(d))
			wait = sooner(wait, until(now_ms, d->hello_ms, HELLO_MS / 10));
	}
	if (d->inject_len > 0)
		wait = sooner(wait, 10);
	return sooner(wait, gw_flash_wait_ms(&d->flash, now_ms));
}
