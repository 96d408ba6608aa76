#include "dock_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "port/dock_spawn.h"
#include "port/port.h"

#define OUT_MAX      8192 /* commands and acknowledgements; what does not fit is repeated */
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000
/* Tags of orders that are not injections, which count up from 1. */
#define DISPLAY_TAG UINT32_MAX
#define SETUP_TAG   (UINT32_MAX - 1)
#define TEST_TAG    (UINT32_MAX - 2)
#define LINE_MAX    100
#define LINGER_S    60 /* how long a dock without a till waits for a register that died */

/* A dock box on a serial line: PROTOCOL.md forbids XON/XOFF, everything else is the usual. */
static const struct gw_port_settings box_line = {
	.brand = "dock box",
	.baud = 115200,
	.bits = 8,
	.parity = GW_PARITY_NONE,
	.stop = 1,
	.flow = GW_FLOW_NONE,
	.about = "link to a dock",
};

struct gw_dock_client {
	const struct gw_options *options; /* borrowed */
	const struct gw_dock_client_ops *ops;
	void *ctx;
	struct gw_link_host link;
	struct gw_port port;
	struct gw_dock_peer peer; /* the software dock we are connected to, pid 0: none */
	bool up, told_once;
	bool greeted; /* a HELLO has come since we connected */
	bool busy;    /* another register was served when we last spoke */
	enum gw_dock_state told;
	int64_t retry_at_ms, retry_ms; /* retry_at_ms -1: connected */
	int64_t now_ms;
	uint32_t clock_less_dock; /* our clock less the dock's, modulo 2^32 */
	uint8_t out[OUT_MAX];
	size_t out_len;
	char text[GW_TEXT_MAX], told_text[GW_TEXT_MAX];
	char show[2][LINE_MAX]; /* what the customer is to read */
	bool capture_stale;
	bool show_wanted, show_stale; /* there is something; the dock does not have it */
	uint16_t boots;               /* of the dock, as it last said */
	uint32_t session;
	uint8_t capture;                 /* enum gw_capture_by */
	int64_t asked_us, round_trip_us; /* asked_us 0: nothing is awaited */
	int64_t scans, refused;
	int64_t codes[GW_LINK_UNKNOWN + 1]; /* by enum gw_link_result */
	unsigned injecting;
	uint32_t told_setup; /* the session in which it was told of its scanner */
};

/* --- what the link wants ---------------------------------------------------------------------- */

static void flush(struct gw_dock_client *c)
{
	while (c->up && c->out_len > 0) {
		int n = gw_port_write(&c->port, c->out, c->out_len, NULL);

		if (n <= 0)
			return;
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
}

static void link_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct gw_dock_client *c = ctx;

	if (len > sizeof(c->out) - c->out_len)
		return;
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
	flush(c);
}

/* How long ago the dock read it, by the difference of the two clocks at its last HELLO. */
static int32_t lateness(const struct gw_dock_client *c, const struct gw_link_scan *scan)
{
	uint32_t late = (uint32_t)c->now_ms - c->clock_less_dock - scan->t_ms;

	if ((scan->flags & GW_LINK_F_CLK) != 0)
		return INT32_MAX; /* from before the dock's reset: old, but nobody knows how old */
	return late > INT32_MAX ? 0 : (int32_t)late;
}

static void link_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct gw_dock_client *c = ctx;
	int rc = c->ops->scan(c->ctx, scan, lateness(c, scan));

	c->scans += scan->status == GW_LINK_SCAN_GOOD;
	c->refused += scan->status != GW_LINK_SCAN_GOOD;

	gw_link_host_ack(&c->link, scan->session, scan->seq);
	if (rc == GW_E_FULL)
		gw_link_host_pause(&c->link, true);
}

static uint32_t link_next_expected(void *ctx, uint32_t session)
{
	struct gw_dock_client *c = ctx;

	return c->ops->next_expected(c->ctx, session);
}

static uint32_t link_nonce(void *ctx)
{
	struct gw_dock_client *c = ctx;
	uint32_t nonce;

	do
		if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
			nonce = (uint32_t)c->now_ms;
	while (nonce == 0 || c->ops->next_expected(c->ctx, nonce) != 0);
	return nonce;
}

static void tell(struct gw_dock_client *c, enum gw_dock_state state, const char *text)
{
	if (c->told_once && state == c->told)
		return;
	c->told_once = true;
	c->told = state;
	snprintf(c->told_text, sizeof(c->told_text), "%s", text);
	c->ops->changed(c->ctx, state, text);
}

static void send_display(struct gw_dock_client *c)
{
	if (!c->up || !c->show_wanted || !c->show_stale ||
	    (c->link.dock.caps & GW_LINK_CAP_DISPLAY) == 0)
		return;
	c->show_stale = gw_link_host_display(&c->link, c->show[0], c->show[1], DISPLAY_TAG,
					     c->now_ms) != GW_OK;
}

/* A box from the shelf does not know the scanner; it forgets what it was told when its power goes.
 */
static void send_setup(struct gw_dock_client *c, const struct gw_link_hello *hello)
{
	const struct gw_port_settings *s =
		c->options->brand != NULL ? gw_port_brand(c->options->brand) : NULL;
	struct gw_link_setup setup;

	if (s == NULL || c->options->dock == NULL || (hello->caps & GW_LINK_CAP_SETUP) == 0 ||
	    hello->session == c->told_setup)
		return;
	setup = (struct gw_link_setup){.framing = s->framing,
				       .terminators = s->terminators,
				       .answer = c->options->answer,
				       .idle_gap_ms = s->idle_gap_ms,
				       .baud_100 = (uint16_t)(s->baud / 100),
				       .bits = s->bits,
				       .parity = s->parity};
	if (gw_link_host_setup(&c->link, &setup, SETUP_TAG, c->now_ms) == GW_OK)
		c->told_setup = hello->session;
}

static void link_hello(void *ctx, const struct gw_link_hello *hello)
{
	struct gw_dock_client *c = ctx;
	bool scanner = (hello->state & GW_LINK_ST_SCANNER) != 0;
	bool starting = (hello->state & GW_LINK_ST_STARTING) != 0;
	/* A dock greets whoever connects; the next HELLO is for the one it serves. */
	bool ours = c->greeted || !c->busy;

	c->greeted = true;
	c->clock_less_dock = (uint32_t)c->now_ms - hello->now_ms;
	if (hello->session == 0 || !ours)
		return; /* not ours yet */
	c->busy = false;
	/* A dock that was reset has begun its display anew, and forgotten who captures. */
	if (hello->boots != c->boots || hello->session != c->session) {
		c->show_stale = true;
		c->capture_stale = c->capture != 0;
	}
	c->boots = hello->boots;
	c->session = hello->session;
	if (c->capture_stale)
		(void)gw_link_host_order(&c->link, GW_LINK_CMD_CAPTURE, 1, 0, c->now_ms);
	c->capture_stale = false;
	send_setup(c, hello);
	send_display(c);
	if (c->asked_us != 0)
		c->round_trip_us = gw_clock_us() - c->asked_us;
	c->asked_us = 0;
	if (!scanner)
		tell(c, GW_DOCK_ALONE, "Scanner unplugged; trying again");
	else
		tell(c, starting ? GW_DOCK_STARTING : GW_DOCK_READY, "");
	if (c->ops->figures != NULL)
		c->ops->figures(c->ctx);
}

static void link_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct gw_dock_client *c = ctx;

	switch (alarm) {
	case GW_LINK_ALARM_HOLE:
		c->ops->gap(c->ctx, count, "scans the journal had before it was put back");
		break;
	case GW_LINK_ALARM_LOST:
		c->ops->gap(c->ctx, count, "scans the dock refused: its memory was full");
		break;
	case GW_LINK_ALARM_BEHIND:
		c->ops->gap(c->ctx, 0, "the dock was older than the journal; a new session began");
		break;
	case GW_LINK_ALARM_BUSY:
		c->busy = true;
		tell(c, GW_DOCK_GONE, "Another register has the scanner; end it first");
		break;
	case GW_LINK_ALARM_MAJOR:
		tell(c, GW_DOCK_GONE, "The dock is of another version; update it");
		break;
	default:
		break;
	}
}

static void end_inject(struct gw_dock_client *c, uint32_t tag, enum gw_link_result result)
{
	c->injecting -= c->injecting > 0;
	c->codes[result <= GW_LINK_UNKNOWN ? result : GW_LINK_UNKNOWN]++;
	c->ops->injected(c->ctx, tag, result);
}

static void link_done(void *ctx, uint32_t tag, enum gw_link_result result)
{
	struct gw_dock_client *c = ctx;

	if (tag == DISPLAY_TAG)
		c->show_stale =
			c->show_stale || result != GW_LINK_DONE; /* again at the next HELLO */
	else if (tag == SETUP_TAG && result == GW_LINK_REFUSED)
		tell(c, GW_DOCK_ALONE, "The dock cannot be set to this scanner");
	else if (tag == SETUP_TAG)
		c->told_setup = result == GW_LINK_DONE ? c->told_setup : 0;
	else if (tag == TEST_TAG && c->ops->tested != NULL)
		c->ops->tested(c->ctx, result, c->link.tested, c->link.test_failed);
	else if (tag != 0 && tag != TEST_TAG)
		end_inject(c, tag, result);
}

static void link_raw(void *ctx, uint8_t port, uint32_t t_ms, const uint8_t *bytes, size_t len)
{
	struct gw_dock_client *c = ctx;

	(void)port;
	if (c->ops->raw != NULL)
		c->ops->raw(c->ctx, bytes, len, t_ms);
}

static const struct gw_link_host_ops link_ops = {
	.send = link_send,
	.scan = link_scan,
	.next_expected = link_next_expected,
	.nonce = link_nonce,
	.hello = link_hello,
	.alarm = link_alarm,
	.done = link_done,
	.raw = link_raw,
};

/* --- the connection --------------------------------------------------------------------------- */

static int reach_software_dock(const struct gw_options *o, struct gw_dock_peer *peer,
			       struct gw_err *err)
{
	struct gw_dock_options d = gw_dock_options_default(o->scanner);

	d.brand = o->brand;
	d.till = o->till;
	d.display = o->display;
	d.display_type = o->display_type;
	d.display_line = o->display_line;
	d.linger_s = o->till != NULL ? -1 : LINGER_S;
	return gw_dock_connect(peer, o->home, &d, err);
}

void gw_dock_client_serve_till(const struct gw_options *o)
{
	struct gw_dock_peer peer;

	if (o->scanner == NULL || o->till == NULL || gw_home_make(o->home, NULL) != GW_OK)
		return;
	if (reach_software_dock(o, &peer, NULL) == GW_OK)
		close(peer.fd);
}

static int reach(struct gw_dock_client *c, struct gw_err *err)
{
	int rc;

	if (c->options->dock != NULL)
		return gw_port_open(&c->port, c->options->dock, &box_line, err);
	rc = reach_software_dock(c->options, &c->peer, err);
	return rc == GW_OK ? gw_port_open_fd(&c->port, c->peer.fd, err) : rc;
}

static void connect_now(struct gw_dock_client *c)
{
	struct gw_err err = {0};

	if (reach(c, &err) != GW_OK) {
		snprintf(c->text, sizeof(c->text), "Scanner not there: %.*s",
			 (int)sizeof(c->text) - 20, err.text);
		c->retry_ms = c->retry_ms == 0 ? RETRY_MIN_MS : c->retry_ms * 2;
		if (c->retry_ms > RETRY_MAX_MS)
			c->retry_ms = RETRY_MAX_MS;
		c->retry_at_ms = c->now_ms + c->retry_ms;
		tell(c, GW_DOCK_GONE, c->text);
		return;
	}
	c->up = true;
	c->greeted = false;
	c->show_stale = true;
	c->capture_stale = c->capture != 0;
	c->retry_at_ms = -1;
	c->out_len = 0;
	c->asked_us = 0;
}

static void disconnect(struct gw_dock_client *c)
{
	gw_port_close(&c->port);
	gw_link_host_stop(&c->link);
	c->up = false;
	/* At once: a killed dock is back within a second.  A busy one is not free so soon. */
	c->retry_at_ms = c->now_ms + (c->busy ? RETRY_MAX_MS : 0);
	tell(c, GW_DOCK_GONE, "The scanner's dock stopped; starting it again");
}

int gw_dock_client_new(struct gw_dock_client **out, const struct gw_options *options,
		       const struct gw_dock_client_ops *ops, void *ctx, struct gw_err *err)
{
	struct gw_dock_client *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (c == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	c->options = options;
	c->ops = ops;
	c->ctx = ctx;
	c->port.fd = -1;
	c->round_trip_us = -1;
	gw_link_host_init(&c->link, &link_ops, c);
	*out = c;
	return GW_OK;
}

void gw_dock_client_free(struct gw_dock_client *c)
{
	if (c == NULL)
		return;
	if (c->up) {
		flush(c);
		gw_link_host_stop(&c->link);
		gw_port_close(&c->port);
	}
	if (c->peer.pid > 0 && c->options->till == NULL && !c->options->keep_dock)
		(void)gw_dock_end(&c->peer, NULL);
	free(c);
}

int gw_dock_client_fd(const struct gw_dock_client *c)
{
	return c->up ? c->port.fd : -1;
}

short gw_dock_client_events(const struct gw_dock_client *c)
{
	return (short)(POLLIN | (c->out_len > 0 ? POLLOUT : 0));
}

void gw_dock_client_ready(struct gw_dock_client *c, short revents, int64_t now_ms)
{
	uint8_t room[4096];
	int n;

	c->now_ms = now_ms;
	if (!c->up)
		return;
	if ((revents & POLLOUT) != 0)
		flush(c);
	while ((n = gw_port_read(&c->port, room, sizeof(room), NULL)) > 0) {
		c->retry_ms = 0;
		gw_link_host_input(&c->link, room, (size_t)n, now_ms);
		if (!c->up || n < (int)sizeof(room))
			break;
	}
	if (c->up && (n < 0 || (n == 0 && (revents & (POLLHUP | POLLERR)) != 0)))
		disconnect(c);
}

void gw_dock_client_tick(struct gw_dock_client *c, int64_t now_ms)
{
	int64_t due;

	c->now_ms = now_ms;
	if (!c->up && c->retry_at_ms <= now_ms) {
		connect_now(c);
		if (c->up)
			gw_link_host_start(&c->link, now_ms);
	}
	due = gw_link_host_deadline(&c->link);
	if (c->up && due >= 0 && due <= now_ms)
		gw_link_host_tick(&c->link, now_ms);
}

int64_t gw_dock_client_deadline(const struct gw_dock_client *c)
{
	return c->up ? gw_link_host_deadline(&c->link) : c->retry_at_ms;
}

void gw_dock_client_resume(struct gw_dock_client *c)
{
	gw_link_host_pause(&c->link, false);
}

/* --- orders ----------------------------------------------------------------------------------- */

void gw_dock_client_beep(struct gw_dock_client *c, enum gw_link_beep kind, int64_t now_ms)
{
	if (c->up)
		(void)gw_link_host_beep(&c->link, kind, 0, now_ms);
}

void gw_dock_client_display(struct gw_dock_client *c, const char *line1, const char *line2,
			    int64_t now_ms)
{
	c->now_ms = now_ms;
	snprintf(c->show[0], LINE_MAX, "%s", line1);
	snprintf(c->show[1], LINE_MAX, "%s", line2);
	c->show_wanted = c->show_stale = true;
	if (c->link.resumed)
		send_display(c);
}

void gw_dock_client_inject(struct gw_dock_client *c, const char *code, uint32_t tag, int64_t now_ms)
{
	int rc = GW_E_DEVICE;

	if (c->up && (c->link.dock.caps & GW_LINK_CAP_INJECT) == 0)
		return; /* no till on this dock: the cashier scans or keys the add-on as usual */
	c->injecting++;
	if (c->up)
		rc = gw_link_host_inject(&c->link, code, strlen(code), tag, now_ms);
	if (rc != GW_OK)
		end_inject(c, tag, GW_LINK_REFUSED);
}

void gw_dock_client_capture(struct gw_dock_client *c, enum gw_capture_by by, bool on,
			    int64_t now_ms)
{
	uint8_t before = c->capture;

	c->capture = (uint8_t)(on ? before | (unsigned)by : before & ~(unsigned)by);
	if (c->up && (c->capture != 0) != (before != 0))
		(void)gw_link_host_order(&c->link, GW_LINK_CMD_CAPTURE, c->capture != 0, 0, now_ms);
}

/* --- how the dock is -------------------------------------------------------------------------- */

bool gw_dock_client_has_display(const struct gw_dock_client *c)
{
	return (c->link.dock.caps & GW_LINK_CAP_DISPLAY) != 0;
}

bool gw_dock_client_is_up(const struct gw_dock_client *c)
{
	return c->up && c->link.resumed;
}

const char *gw_dock_client_trouble(const struct gw_dock_client *c)
{
	return c->told_text[0] != '\0' ? c->told_text : "the dock is being looked for: try again";
}

bool gw_dock_client_injecting(const struct gw_dock_client *c)
{
	return c->injecting > 0;
}

void gw_dock_client_ask(struct gw_dock_client *c, int64_t now_ms)
{
	if (!gw_dock_client_is_up(c))
		return;
	c->asked_us = gw_clock_us();
	gw_link_host_ask(&c->link, now_ms);
}

void gw_dock_client_report(const struct gw_dock_client *c, struct gw_dock_report *r)
{
	gw_dock_report_hello(r, &c->link.dock);
	snprintf(r->where, sizeof(r->where), "%s",
		 c->options->dock != NULL ? c->options->dock : c->options->scanner);
	snprintf(r->trouble, sizeof(r->trouble), "%s", c->told_text);
	r->pid = c->peer.pid;
	r->scans = c->scans;
	r->refused = c->refused;
	r->frames = c->link.frames;
	r->damaged = c->link.decoder.bad_count;
	r->again = c->link.again;
	r->naks = c->link.naks;
	r->commands_again = c->link.commands_again;
	r->codes_done = c->codes[GW_LINK_DONE];
	r->codes_refused = c->codes[GW_LINK_REFUSED] + c->codes[GW_LINK_UNSUPPORTED];
	r->codes_timed_out = c->codes[GW_LINK_TIMED_OUT];
	r->codes_unknown = c->codes[GW_LINK_UNKNOWN];
	r->round_trip_us = c->round_trip_us;
}

bool gw_dock_client_test(struct gw_dock_client *c, bool loop, int64_t now_ms)
{
	return c->up && gw_link_host_order(&c->link, GW_LINK_CMD_SELFTEST,
					   loop ? GW_LINK_TEST_LOOP : GW_LINK_TEST_PLAIN, TEST_TAG,
					   now_ms) == GW_OK;
}
