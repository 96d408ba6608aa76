/*
 * At the dock's own socket, while no register is connected.  Status only listens; an order makes us
 * the dock's host for as long as it takes, and we acknowledge nothing: scans stay with the dock.
 */
#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "firmware/board/posix/posix.h"
#include "firmware/board/posix/verbs.h"
#include "scan/capture.h"

#define ANSWER_MS 2000

/* Reads until a HELLO comes. */
static int read_hello(const struct gw_dock_peer *peer, struct gw_link_hello *hello,
		      struct gw_err *err)
{
	struct gw_link_decoder decoder;
	struct gw_link_frame f;
	int64_t until = gw_posix_now_ms() + ANSWER_MS;
	uint8_t room[512];

	gw_link_decoder_init(&decoder);
	for (;;) {
		struct pollfd p = {peer->fd, POLLIN, 0};
		int64_t left = until - gw_posix_now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return gw_err_set(err, GW_E_AGAIN, "the dock does not answer");
		n = recv(peer->fd, room, sizeof(room), 0);
		if (n <= 0)
			return gw_err_set(err, GW_E_DEVICE, "the dock closed the connection");
		for (ssize_t i = 0; i < n; i++)
			if (gw_link_decode(&decoder, room[i], &f) && gw_link_hello_get(hello, &f))
				return GW_OK;
	}
}

int gw_guest_status(const struct gw_dock_peer *peer, struct gw_dock_report *report,
		    struct gw_err *err)
{
	struct gw_link_hello hello = {0};
	int rc = read_hello(peer, &hello, err);

	if (rc != GW_OK)
		return rc;
	gw_dock_report_hello(report, &hello);
	report->pid = peer->pid;
	return GW_OK;
}

/* --- orders ------------------------------------------------------------------------------------
 */

struct guest {
	struct gw_link_host link;
	int fd;
	bool busy, over;
	enum gw_link_result result;
	int64_t asked_us, round_trip_us;
	struct tape *tape; /* NULL: no capture */
	bool full;
	int64_t raw_ms; /* when bytes last came */
	struct gw_capture capture;
};

static void guest_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct guest *g = ctx;

	(void)!send(g->fd, bytes, len, MSG_NOSIGNAL);
}

static void guest_scan(void *ctx, const struct gw_link_scan *scan)
{
	(void)ctx, (void)scan; /* stays with the dock, for the register */
}

/* A guest has no journal.  The hole this shows is no news; the link then stands where the dock
 * does. */
static uint32_t guest_next(void *ctx, uint32_t session)
{
	(void)ctx, (void)session;
	return 0;
}

static uint32_t guest_nonce(void *ctx)
{
	uint32_t n = 0;

	(void)ctx;
	while (n == 0)
		if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
			n = (uint32_t)gw_posix_now_ms();
	return n;
}

static void guest_hello(void *ctx, const struct gw_link_hello *hello)
{
	struct guest *g = ctx;
	struct timespec t;

	(void)hello;
	clock_gettime(CLOCK_MONOTONIC, &t);
	if (g->round_trip_us < 0)
		g->round_trip_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 - g->asked_us;
}

static void guest_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct guest *g = ctx;

	(void)count;
	g->busy = g->busy || alarm == GW_LINK_ALARM_BUSY;
}

static void tape_line(void *ctx, const char *text, size_t len)
{
	struct guest *g = ctx;

	g->full = g->full || !gw_tape_line(g->tape, text, len - 1);
}

static void guest_done(void *ctx, uint32_t tag, enum gw_link_result result)
{
	struct guest *g = ctx;

	(void)tag;
	/* Its first line tells that from now on nothing is missed. */
	if (g->tape != NULL && !g->over && result == GW_LINK_DONE)
		gw_capture_begin(&g->capture, tape_line, g);
	g->over = true;
	g->result = result;
}

static void guest_raw(void *ctx, uint8_t port, uint32_t t_ms, const uint8_t *bytes, size_t len)
{
	struct guest *g = ctx;

	(void)port;
	if (g->tape != NULL && g->over)
		gw_capture_bytes(&g->capture, bytes, len, t_ms);
	g->raw_ms = gw_posix_now_ms();
}

static const struct gw_link_host_ops guest_ops = {guest_send,  guest_scan,  guest_next, guest_nonce,
						  guest_hello, guest_alarm, guest_done, guest_raw};

static void open_guest(struct guest *g, const struct gw_dock_peer *peer,
		       enum gw_link_command command, uint8_t argument)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	g->fd = peer->fd;
	g->asked_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	g->round_trip_us = -1;
	gw_link_host_init(&g->link, &guest_ops, g);
	gw_link_host_pause(&g->link, true);
	gw_link_host_start(&g->link, gw_posix_now_ms());
	gw_link_host_order(&g->link, command, argument, 1, gw_posix_now_ms());
}

/* Serves the link until something comes, its own deadline or until_ms. */
static int turn(struct guest *g, int64_t until_ms, struct gw_err *err)
{
	struct pollfd f = {g->fd, POLLIN, 0};
	int64_t at = gw_link_host_deadline(&g->link), now = gw_posix_now_ms();
	uint8_t room[4096];
	ssize_t n;

	if (at < 0 || until_ms < at)
		at = until_ms;
	if (poll(&f, 1, at > now ? (int)(at - now) : 0) > 0) {
		n = recv(g->fd, room, sizeof(room), 0);
		if (n > 0)
			gw_link_host_input(&g->link, room, (size_t)n, gw_posix_now_ms());
		if (g->busy)
			return gw_err_set(err, GW_E_AGAIN,
					  "the dock serves a register of another home");
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return gw_err_set(err, GW_E_DEVICE, "the dock closed the connection");
	}
	gw_link_host_tick(&g->link, gw_posix_now_ms());
	return GW_OK;
}

static int judge(enum gw_link_result result, struct gw_err *err)
{
	switch (result) {
	case GW_LINK_DONE:
		return GW_OK;
	case GW_LINK_REFUSED:
		return gw_err_set(err, GW_E_AGAIN, "a scan is under way: try again");
	case GW_LINK_UNSUPPORTED:
		return gw_err_set(err, GW_E_UNSUPPORTED, "this dock's firmware cannot do that");
	default:
		return gw_err_set(err, GW_E_DEVICE, "the dock did not carry it out in time");
	}
}

int gw_guest_test(const struct gw_dock_peer *peer, bool loop, struct test_result *result,
		  struct gw_err *err)
{
	struct guest g = {0};
	int rc = GW_OK;

	open_guest(&g, peer, GW_LINK_CMD_SELFTEST, loop ? GW_LINK_TEST_LOOP : GW_LINK_TEST_PLAIN);
	while (rc == GW_OK && !g.over)
		rc = turn(&g, INT64_MAX, err);
	if (rc == GW_OK)
		rc = judge(g.result, err);
	result->tested = g.link.tested;
	result->failed = g.link.test_failed;
	result->round_trip_us = g.round_trip_us;
	return rc;
}

int gw_guest_capture(const struct gw_dock_peer *peer, int seconds, struct tape *tape,
		     struct gw_err *err)
{
	static struct guest g; /* too large for a stack frame; a program captures once */
	int64_t until = gw_posix_now_ms() + seconds * 1000LL;
	int rc = GW_OK;

	open_guest(&g, peer, GW_LINK_CMD_CAPTURE, 1);
	g.tape = tape;
	while (rc == GW_OK && !g.full && gw_posix_now_ms() < until) {
		int64_t now = gw_posix_now_ms();

		rc = turn(&g, now + GW_CAPTURE_PAUSE_MS < until ? now + GW_CAPTURE_PAUSE_MS : until,
			  err);
		if (rc == GW_OK && g.over)
			rc = judge(g.result, err);
		if (gw_posix_now_ms() - g.raw_ms >= (int64_t)GW_CAPTURE_PAUSE_MS)
			gw_capture_end(&g.capture);
	}
	if (!g.full)
		gw_capture_end(&g.capture);
	return rc;
}
