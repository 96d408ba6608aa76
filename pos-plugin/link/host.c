/*
 * The register's side of the link.
 *
 *	STOPPED --start--> ASKING --HELLO with a session--> RESUMED --stop--> STOPPED
 *	                    |  ^ OPEN(fresh nonce) at once, then ever more slowly
 *	                    `--' HELLO with session 0: OPEN(fresh nonce)
 *
 * Arrow -> function: start gw_link_host_start, HELLO take_hello, OPEN ask, stop gw_link_host_stop.
 *
 * Every OPEN carries a nonce of its own, because a repeated one could open a session a second time
 * after the dock lost power, and then the numbers of new scans would look like old ones.
 *
 * Two counters divide a session: below `committed` the journal has it, below `expected` it has
 * been handed to the register (or is a piece of a scan not yet whole).  ACK tells both.
 */
#include "goeswith/link.h"

#define ASK_FIRST_MS  150
#define ASK_MOST_MS   1000
#define CMD_FIRST_MS  300u
#define CMD_RTO_MS    2000u
#define CMD_GIVEUP_MS 10000
#define HELD_MOST     200u

static void send_frame(struct gw_link_host *h, const struct gw_link_frame *frame)
{
	uint8_t wire[GW_LINK_WIRE_MAX];
	size_t len = gw_link_encode(wire, frame);

	if (len > 0)
		h->ops->send(h->ctx, wire, len);
}

/* Asks for a HELLO; `replaces` is the session the nonce may take the place of. */
static void ask(struct gw_link_host *h, uint32_t replaces, int64_t now_ms)
{
	uint8_t payload[4];
	struct gw_link_frame f = {.type = GW_LINK_OPEN, .payload = payload, .payload_len = 4};

	f.session = h->ops->nonce(h->ctx);
	gw_link_put32(payload, replaces);
	send_frame(h, &f);
	h->open_at_ms = now_ms + h->ask_ms;
	h->ask_ms = h->ask_ms * 2 < ASK_MOST_MS ? h->ask_ms * 2 : ASK_MOST_MS;
}

static void send_ack(struct gw_link_host *h, bool nak)
{
	uint32_t held = h->expected - h->committed;
	uint32_t room = held < HELD_MOST ? HELD_MOST - held : 0;
	uint8_t payload[2];
	struct gw_link_frame f = {.type = GW_LINK_ACK,
				  .flags = nak ? GW_LINK_F_NAK : 0,
				  .session = h->dock.session,
				  .seq = h->committed,
				  .payload = payload,
				  .payload_len = 2};

	payload[0] = (uint8_t)held;
	payload[1] = (uint8_t)(h->paused ? 0 : room < GW_LINK_WINDOW ? room : GW_LINK_WINDOW);
	h->told = h->expected;
	h->ack_due = h->nak_due = false;
	send_frame(h, &f);
}

void gw_link_host_init(struct gw_link_host *h, const struct gw_link_host_ops *ops, void *ctx)
{
	static const struct gw_link_hello nobody = {0};

	h->ops = ops;
	h->ctx = ctx;
	h->dock = nobody;
	h->started = h->resumed = h->busy = h->paused = false;
	h->ack_due = h->nak_due = false;
	h->session = h->committed = h->expected = h->told = h->ahead = 0;
	h->open_at_ms = h->cmd_at_ms = -1;
	h->cmd_rto_ms = 0;
	h->ask_ms = ASK_FIRST_MS;
	h->cmd_seq = 0;
	h->cmd_sent = false;
	h->piece_len = 0;
	h->piece_skip = false;
	h->queue_count = 0;
	h->frames = h->again = h->naks = h->commands_again = 0;
	h->tested = h->test_failed = 0;
	gw_link_decoder_init(&h->decoder);
}

/* Back to what is certain: everything in memory only will be sent again. */
static void forget_pieces(struct gw_link_host *h)
{
	h->piece_len = 0;
	h->piece_skip = false;
	h->ahead = 0;
}

void gw_link_host_start(struct gw_link_host *h, int64_t now_ms)
{
	gw_link_decoder_init(&h->decoder);
	h->started = true;
	h->resumed = h->busy = false;
	h->ask_ms = ASK_FIRST_MS;
	ask(h, 0, now_ms);
}

void gw_link_host_stop(struct gw_link_host *h)
{
	h->started = h->resumed = false;
	h->open_at_ms = h->cmd_at_ms = -1;
}

/* --- commands -------------------------------------------------------------------------------- */

static void send_command(struct gw_link_host *h, int64_t now_ms)
{
	struct gw_link_frame f = {.type = GW_LINK_CMD,
				  .flags = h->cmd_sent ? GW_LINK_F_RETX : 0,
				  .session = h->dock.session,
				  .seq = h->cmd_seq,
				  .payload = h->queue[0].bytes,
				  .payload_len = h->queue[0].len};

	if (!h->cmd_sent)
		h->cmd_rto_ms = CMD_FIRST_MS;
	else
		h->commands_again++;
	h->cmd_sent = true;
	send_frame(h, &f);
	h->cmd_at_ms = now_ms + h->cmd_rto_ms;
	h->cmd_rto_ms = h->cmd_rto_ms * 2 < CMD_RTO_MS ? h->cmd_rto_ms * 2 : CMD_RTO_MS;
}

static void next_command(struct gw_link_host *h, int64_t now_ms)
{
	if (h->queue_count > 0 && h->resumed && !h->cmd_sent)
		send_command(h, now_ms);
}

/* Takes the first command off the queue and tells its end. */
static void finish_command(struct gw_link_host *h, enum gw_link_result result)
{
	uint32_t tag = h->queue[0].tag;

	for (uint8_t i = 1; i < h->queue_count; i++)
		h->queue[i - 1] = h->queue[i];
	h->queue_count--;
	h->cmd_sent = false;
	h->cmd_at_ms = -1;
	if (h->ops->done != NULL)
		h->ops->done(h->ctx, tag, result);
}

/* After a HELLO: is the command under way still one the dock can tell apart? */
static void settle_command(struct gw_link_host *h, const struct gw_link_hello *hello, bool same)
{
	if (h->cmd_sent && !(same && hello->cmd_next - h->cmd_seq <= 1)) {
		/* Its number means nothing to this dock any more.  A beep or a text may be said
		 * again, a code must not be rung twice. */
		if (h->queue[0].bytes[0] == GW_LINK_CMD_INJECT)
			finish_command(h, GW_LINK_UNKNOWN);
		h->cmd_sent = false;
	}
	if (!h->cmd_sent)
		h->cmd_seq = hello->cmd_next;
}

static void take_cmdack(struct gw_link_host *h, const struct gw_link_frame *f, int64_t now_ms)
{
	if (!h->cmd_sent || f->session != h->dock.session || f->seq != h->cmd_seq ||
	    f->payload_len < 2 || f->payload[0] != h->queue[0].bytes[0])
		return;
	h->cmd_seq++;
	if (f->payload[0] == GW_LINK_CMD_SELFTEST) {
		h->tested = f->payload_len >= 4 ? f->payload[2] : 0;
		h->test_failed = f->payload_len >= 4 ? f->payload[3] : 0;
	}
	finish_command(h, (enum gw_link_result)f->payload[1]);
	next_command(h, now_ms);
}

static int enqueue(struct gw_link_host *h, struct gw_link_order *order, int64_t now_ms)
{
	order->until_ms = now_ms + CMD_GIVEUP_MS;
	/* A text that still waits is out of date. */
	if (order->bytes[0] == GW_LINK_CMD_DISPLAY)
		for (uint8_t i = h->cmd_sent ? 1 : 0; i < h->queue_count; i++)
			if (h->queue[i].bytes[0] == GW_LINK_CMD_DISPLAY) {
				h->queue[i] = *order;
				return GW_OK;
			}
	if (h->queue_count == GW_LINK_QUEUE_MAX)
		return GW_E_FULL;
	h->queue[h->queue_count++] = *order;
	next_command(h, now_ms);
	return GW_OK;
}

int gw_link_host_order(struct gw_link_host *h, enum gw_link_command command, uint8_t argument,
		       uint32_t tag, int64_t now_ms)
{
	struct gw_link_order order = {.len = 2, .tag = tag};

	order.bytes[0] = (uint8_t)command;
	order.bytes[1] = argument;
	return enqueue(h, &order, now_ms);
}

int gw_link_host_beep(struct gw_link_host *h, enum gw_link_beep kind, uint32_t tag, int64_t now_ms)
{
	return gw_link_host_order(h, GW_LINK_CMD_BEEP, (uint8_t)kind, tag, now_ms);
}

static size_t put_text(uint8_t *at, size_t room, const char *text)
{
	size_t n = 0;

	while (n < room && text[n] != '\0') {
		at[n] = (uint8_t)text[n];
		n++;
	}
	return n;
}

int gw_link_host_display(struct gw_link_host *h, const char *line1, const char *line2, uint32_t tag,
			 int64_t now_ms)
{
	struct gw_link_order order = {.tag = tag};
	size_t n;

	/* Twenty characters of four bytes are 80 bytes; what is longer cannot be shown anyway. */
	order.bytes[0] = GW_LINK_CMD_DISPLAY;
	n = put_text(order.bytes + 2, 100, line1);
	order.bytes[1] = (uint8_t)n;
	n += put_text(order.bytes + 2 + n, 100, line2);
	order.len = (uint8_t)(n + 2);
	return enqueue(h, &order, now_ms);
}

int gw_link_host_inject(struct gw_link_host *h, const void *code, size_t len, uint32_t tag,
			int64_t now_ms)
{
	struct gw_link_order order = {.tag = tag};
	const uint8_t *bytes = code;

	if (len == 0 || len > GW_LINK_PAYLOAD_MAX - 1)
		return GW_E_INPUT;
	order.bytes[0] = GW_LINK_CMD_INJECT;
	for (size_t i = 0; i < len; i++)
		order.bytes[1 + i] = bytes[i];
	order.len = (uint8_t)(len + 1);
	return enqueue(h, &order, now_ms);
}

int gw_link_host_setup(struct gw_link_host *h, const struct gw_link_setup *setup, uint32_t tag,
		       int64_t now_ms)
{
	struct gw_link_order order = {.len = 1 + GW_LINK_SETUP_LEN, .tag = tag};

	order.bytes[0] = GW_LINK_CMD_SETUP;
	gw_link_setup_put(order.bytes + 1, setup);
	return enqueue(h, &order, now_ms);
}

/* --- what the dock says ---------------------------------------------------------------------- */

/* Compares the dock's window with the journal's; false when a new session must be opened. */
static bool align(struct gw_link_host *h, const struct gw_link_hello *hello)
{
	if ((int32_t)(hello->next - h->expected) < 0) {
		/* It forgot what it sent from memory only; what is left of the session we have. */
		if ((hello->state & GW_LINK_ST_RESTORED) != 0)
			return true;
		h->ops->alarm(h->ctx, GW_LINK_ALARM_BEHIND, h->expected - hello->next);
		return false;
	}
	if ((int32_t)(hello->base - h->expected) > 0) {
		h->ops->alarm(h->ctx, GW_LINK_ALARM_HOLE, hello->base - h->expected);
		forget_pieces(h);
		h->committed = h->expected = hello->base;
	}
	return true;
}

static void take_hello(struct gw_link_host *h, const struct gw_link_frame *f, int64_t now_ms)
{
	struct gw_link_hello hello;
	bool same;

	if (!gw_link_hello_get(&hello, f))
		return;
	if ((f->flags & GW_LINK_F_NAK) != 0) {
		if (!h->busy)
			h->ops->alarm(h->ctx, GW_LINK_ALARM_BUSY, 0);
		h->busy = true;
		return;
	}
	same = hello.session == h->dock.session;
	/* A session that comes back after a HELLO without one (flash brought it) still has what was
	 * received since, and what was left out: the journal may know less of it than we. */
	if (hello.session != h->session && hello.session != 0) {
		forget_pieces(h);
		h->session = hello.session;
		h->committed = h->expected = h->ops->next_expected(h->ctx, hello.session);
	}
	if (same && (int32_t)(hello.lost - h->dock.lost) > 0)
		h->ops->alarm(h->ctx, GW_LINK_ALARM_LOST, hello.lost - h->dock.lost);
	h->resumed = false;
	settle_command(h, &hello, same);
	h->dock = hello;
	h->busy = false;
	h->resumed = hello.session != 0;
	h->ops->hello(h->ctx, &h->dock);
	if (!h->resumed) {
		ask(h, 0, now_ms);
		return;
	}
	if (!align(h, &hello)) {
		h->resumed = false;
		ask(h, hello.session, now_ms);
		return;
	}
	h->open_at_ms = -1;
	h->ask_ms = ASK_FIRST_MS;
	send_ack(h, false);
	next_command(h, now_ms);
}

static void deliver(struct gw_link_host *h, const struct gw_link_frame *f, const uint8_t *bytes,
		    size_t len)
{
	struct gw_link_scan scan = {
		.session = f->session,
		.seq = f->seq,
		.port = f->payload[0] & 15u,
		.status = f->payload[0] >> 4,
		.flags = f->flags & (GW_LINK_F_LOST | GW_LINK_F_CLK),
		.t_ms = gw_link_get32(f->payload + 1),
		.bytes = bytes,
		.len = len,
	};

	if (h->piece_skip) {
		scan.status = GW_LINK_SCAN_TOO_LONG;
		scan.len = 0;
	}
	h->ops->scan(h->ctx, &scan);
}

/* The piece with the expected number. */
static void take_piece(struct gw_link_host *h, const struct gw_link_frame *f)
{
	const uint8_t *bytes = f->payload + GW_LINK_SCAN_HEADER;
	size_t len = f->payload_len - GW_LINK_SCAN_HEADER;
	bool more = (f->flags & GW_LINK_F_FRAG) != 0;

	h->ahead = 0;
	h->expected++;
	if (!more && h->piece_len == 0 && !h->piece_skip) {
		deliver(h, f, bytes, len);
		return;
	}
	if (len > sizeof(h->pieces) - h->piece_len)
		h->piece_skip = true;
	for (size_t i = 0; i < len && !h->piece_skip; i++)
		h->pieces[h->piece_len++] = bytes[i];
	if (more)
		return;
	deliver(h, f, h->pieces, h->piece_len);
	h->piece_len = 0;
	h->piece_skip = false;
}

static void take_scan(struct gw_link_host *h, const struct gw_link_frame *f, int64_t now_ms)
{
	if (f->payload_len < GW_LINK_SCAN_HEADER)
		return;
	if (!h->resumed || f->session != h->dock.session) {
		if (h->open_at_ms < 0) {
			h->resumed = false;
			ask(h, 0, now_ms);
		}
		return;
	}
	if (f->seq == h->expected) {
		if (h->expected - h->committed < HELD_MOST && !h->paused)
			take_piece(h, f);
	} else if ((int32_t)(f->seq - h->expected) < 0) {
		h->ack_due = true;
		h->again++;
	} else if (h->ahead++ % GW_LINK_WINDOW == 0) {
		/* And again after a window of others, should the NAK or its answer be lost. */
		h->nak_due = true;
		h->naks++;
	}
}

static void take_raw(struct gw_link_host *h, const struct gw_link_frame *f)
{
	if (h->ops->raw != NULL && f->payload_len >= GW_LINK_SCAN_HEADER)
		h->ops->raw(h->ctx, f->payload[0] & 15u, gw_link_get32(f->payload + 1),
			    f->payload + GW_LINK_SCAN_HEADER, f->payload_len - GW_LINK_SCAN_HEADER);
}

static void take_frame(struct gw_link_host *h, const struct gw_link_frame *f, int64_t now_ms)
{
	h->frames++;
	switch (f->type) {
	case GW_LINK_HELLO:
		take_hello(h, f, now_ms);
		break;
	case GW_LINK_SCAN:
		take_scan(h, f, now_ms);
		break;
	case GW_LINK_CMDACK:
		take_cmdack(h, f, now_ms);
		break;
	case GW_LINK_RAW:
		take_raw(h, f);
		break;
	default: /* a later minor version's business */
		break;
	}
}

void gw_link_host_input(struct gw_link_host *h, const uint8_t *bytes, size_t len, int64_t now_ms)
{
	uint8_t foreign = h->decoder.foreign_major;
	struct gw_link_frame f;

	if (!h->started)
		return;
	for (size_t i = 0; i < len; i++)
		if (gw_link_decode(&h->decoder, bytes[i], &f))
			take_frame(h, &f, now_ms);
	/* What is received but not yet durable is told too: the dock need not send it again. */
	if (h->resumed && (h->ack_due || h->nak_due || h->told != h->expected))
		send_ack(h, h->nak_due);
	if (h->decoder.foreign_major != foreign)
		h->ops->alarm(h->ctx, GW_LINK_ALARM_MAJOR, h->decoder.foreign_major);
}

/* --- time and the register's own calls ------------------------------------------------------- */

void gw_link_host_tick(struct gw_link_host *h, int64_t now_ms)
{
	if (h->open_at_ms >= 0 && now_ms >= h->open_at_ms)
		ask(h, 0, now_ms);
	if (h->queue_count > 0 && now_ms >= h->queue[0].until_ms) {
		bool sent = h->cmd_sent;

		/* Only a HELLO can tell which number the dock takes next. */
		h->resumed = h->resumed && !sent;
		finish_command(h, GW_LINK_TIMED_OUT);
		if (sent && h->started)
			ask(h, 0, now_ms);
	}
	if (h->cmd_sent && h->cmd_at_ms >= 0 && now_ms >= h->cmd_at_ms && h->resumed)
		send_command(h, now_ms);
}

int64_t gw_link_host_deadline(const struct gw_link_host *h)
{
	int64_t at = h->open_at_ms;

	if (h->queue_count > 0 && (at < 0 || h->queue[0].until_ms < at))
		at = h->queue[0].until_ms;
	if (h->cmd_sent && h->resumed && h->cmd_at_ms >= 0 && (at < 0 || h->cmd_at_ms < at))
		at = h->cmd_at_ms;
	return at;
}

void gw_link_host_ack(struct gw_link_host *h, uint32_t session, uint32_t seq)
{
	uint32_t next = seq + 1;

	if (session != h->session || (int32_t)(next - h->committed) <= 0 ||
	    (int32_t)(h->expected - next) < 0)
		return;
	h->committed = next;
	if (h->resumed)
		send_ack(h, false);
}

void gw_link_host_ask(struct gw_link_host *h, int64_t now_ms)
{
	/* An OPEN that replaces no session is answered by a HELLO and changes nothing. */
	if (h->resumed)
		ask(h, 0, now_ms);
}

void gw_link_host_pause(struct gw_link_host *h, bool paused)
{
	if (h->paused == paused)
		return;
	h->paused = paused;
	if (h->resumed)
		send_ack(h, false);
}
