/*
 *	           status, selftest            HELLO                     answer
 *	caller ──────────────────────▶ ASKED ─────────▶ (status) ───────────────────▶ caller
 *	                                 │  └─ 2 s: "does not answer"
 *	                                 └──▶ (selftest) order ──▶ tested ──────────▶ caller
 *
 * Before a self-test the dock is asked for its figures: that measures the round trip, and a dock
 * that does not answer is not sent an order that would be carried out later, into a sale.
 */
#include "dock_desk.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "port/dock_report.h"
#include "scan/capture.h"

#define ANSWER_MS     2000
#define TEST_MS       12000 /* the link gives an order up after 10 s */
#define SHOWN_MS      4000  /* how long the test's text stays on the display */
#define CAPTURE_MS    (60 * 60 * 1000)
#define CAPTURE_BYTES (16 * 1024 * 1024)
#define ROOM          (GW_CAPTURE_LINE + 64)

enum wants { NOTHING, STATUS, TEST, TEST_LOOP, TEST_RUNS };

struct gw_dock_desk {
	struct gw_clients *clients;
	struct gw_dock_client *dock; /* borrowed, NULL: none */
	struct gw_customer *customer;
	enum wants wants[GW_CLIENTS_MAX];
	int64_t due_ms; /* when those who want something are told that there is no answer */
	int capturer;   /* -1: nobody captures */
	int64_t capture_until_ms, pause_ms;
	size_t capture_left;
	struct gw_capture capture;
	char room[ROOM];
};

int gw_dock_desk_new(struct gw_dock_desk **out, const char *home, struct gw_dock_client *dock,
		     struct gw_customer *customer, struct gw_err *err)
{
	struct gw_dock_desk *d = calloc(1, sizeof(*d));
	char path[GW_PATH_MAX];
	int rc;

	*out = NULL;
	if (d == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	d->dock = dock;
	d->customer = customer;
	d->capturer = -1;
	d->due_ms = d->pause_ms = -1;
	rc = gw_path_join(path, home, GW_REGISTER_SOCKET, err);
	if (rc == GW_OK)
		rc = gw_clients_new(&d->clients, err);
	if (rc == GW_OK)
		rc = gw_clients_listen(d->clients, path, err);
	if (rc != GW_OK) {
		gw_dock_desk_free(d);
		return rc;
	}
	*out = d;
	return GW_OK;
}

void gw_dock_desk_free(struct gw_dock_desk *d)
{
	if (d == NULL)
		return;
	gw_clients_free(d->clients);
	explicit_bzero(&d->capture, sizeof(d->capture));
	free(d);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void send_text(struct gw_dock_desk *d, int who, struct gw_text *t)
{
	gw_text_add_char(t, '\n');
	gw_clients_send(d->clients, who, t->at, t->len);
}

static void fail(struct gw_dock_desk *d, int who, int code, const char *sentence)
{
	struct gw_text t = gw_text_over(d->room, sizeof(d->room));
	struct gw_json j = gw_json_over(&t);

	d->wants[who] = NOTHING;
	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", "error");
	gw_json_member_int(&j, "code", code);
	gw_json_member_string(&j, "text", sentence);
	gw_json_end(&j, '}');
	send_text(d, who, &t);
}

static void answer_status(struct gw_dock_desk *d, int who)
{
	struct gw_dock_report report;
	struct gw_text t = gw_text_over(d->room, sizeof(d->room));

	gw_dock_client_report(d->dock, &report);
	gw_text_add(&t, "{\"on\":\"status\",\"dock\":");
	gw_dock_report_json(&report, &t);
	gw_text_add_char(&t, '}');
	send_text(d, who, &t);
	d->wants[who] = NOTHING;
}

static void answer_test(struct gw_dock_desk *d, int who, uint8_t tested, uint8_t failed)
{
	struct gw_dock_report report;
	struct gw_text t = gw_text_over(d->room, sizeof(d->room));
	struct gw_json j = gw_json_over(&t);

	gw_dock_client_report(d->dock, &report);
	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", "selftest");
	gw_json_member_int(&j, "tested", tested);
	gw_json_member_int(&j, "failed", failed);
	gw_json_member_int(&j, "round_trip_us", report.round_trip_us);
	gw_json_end(&j, '}');
	send_text(d, who, &t);
	d->wants[who] = NOTHING;
}

/* --- capture ---------------------------------------------------------------------------------- */

static void capture_line(void *ctx, const char *text, size_t len)
{
	struct gw_dock_desk *d = ctx;
	struct gw_text t = gw_text_over(d->room, sizeof(d->room));
	struct gw_json j = gw_json_over(&t);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", "capture");
	gw_json_key(&j, "text");
	gw_json_string_len(&j, text, len - 1);
	gw_json_end(&j, '}');
	send_text(d, d->capturer, &t);
}

static void end_capture(struct gw_dock_desk *d, const char *why, int64_t mono_ms)
{
	int who = d->capturer;

	if (who < 0)
		return;
	gw_capture_end(&d->capture);
	d->capturer = -1;
	d->pause_ms = -1;
	gw_dock_client_capture(d->dock, GW_CAPTURE_DESK, false, mono_ms);
	if (why != NULL)
		fail(d, who, GW_E_AGAIN, why);
}

static void start_capture(struct gw_dock_desk *d, int who, int64_t mono_ms)
{
	if (d->capturer >= 0) {
		fail(d, who, GW_E_AGAIN, "somebody captures already; one at a time");
		return;
	}
	d->capturer = who;
	d->capture_until_ms = mono_ms + CAPTURE_MS;
	d->capture_left = CAPTURE_BYTES;
	gw_capture_begin(&d->capture, capture_line, d);
	gw_dock_client_capture(d->dock, GW_CAPTURE_DESK, true, mono_ms);
}

void gw_dock_desk_raw(struct gw_dock_desk *d, const uint8_t *bytes, size_t len, uint32_t t_ms,
		      int64_t mono_ms)
{
	if (d == NULL || d->capturer < 0)
		return;
	if (len > d->capture_left)
		len = d->capture_left;
	gw_capture_bytes(&d->capture, bytes, len, t_ms);
	d->capture_left -= len;
	d->pause_ms = mono_ms + GW_CAPTURE_PAUSE_MS;
	if (d->capture_left == 0)
		end_capture(d, "the capture is full", mono_ms);
}

/* --- requests --------------------------------------------------------------------------------- */

static bool anybody_waits(const struct gw_dock_desk *d)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		if (d->wants[i] != NOTHING)
			return true;
	return false;
}

static bool test_runs(const struct gw_dock_desk *d)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		if (d->wants[i] > STATUS)
			return true;
	return false;
}

static void ask(struct gw_dock_desk *d, int who, enum wants wants, int64_t mono_ms)
{
	d->wants[who] = wants;
	d->due_ms = mono_ms + ANSWER_MS;
	gw_dock_client_ask(d->dock, mono_ms);
}

static void ask_test(struct gw_dock_desk *d, int who, bool loop, const struct gw_view *view,
		     int64_t mono_ms)
{
	if (view->state != GW_VIEW_IDLE)
		fail(d, who, GW_E_AGAIN, "a sale is open: test when it is closed");
	else if (gw_dock_client_injecting(d->dock))
		fail(d, who, GW_E_AGAIN, "a code is being typed into the till: try again");
	else if (test_runs(d))
		fail(d, who, GW_E_AGAIN, "a test runs already");
	else
		ask(d, who, loop ? TEST_LOOP : TEST, mono_ms);
}

static void take_line(struct gw_dock_desk *d, int who, const char *line, size_t len,
		      const struct gw_view *view, int64_t mono_ms)
{
	json_error_t fault;
	json_t *root = len != GW_CLIENTS_TOO_LONG ? json_loadb(line, len, 0, &fault) : NULL;
	const char *what = json_string_value(json_object_get(root, "do"));

	if (who == d->capturer)
		end_capture(d, NULL, mono_ms); /* it has something else in mind */
	if (what == NULL)
		fail(d, who, GW_E_INPUT, "a line is {\"do\":\"status|selftest|capture\"}");
	else if (d->dock == NULL)
		fail(d, who, GW_E_DEVICE,
		     "the register that runs here has neither a scanner nor a dock");
	else if (!gw_dock_client_is_up(d->dock))
		fail(d, who, GW_E_DEVICE, gw_dock_client_trouble(d->dock));
	else if (strcmp(what, "status") == 0)
		ask(d, who, STATUS, mono_ms);
	else if (strcmp(what, "selftest") == 0)
		ask_test(d, who, json_is_true(json_object_get(root, "loop")), view, mono_ms);
	else if (strcmp(what, "capture") == 0)
		start_capture(d, who, mono_ms);
	else
		fail(d, who, GW_E_INPUT, "no such order: status, selftest or capture");
	json_decref(root);
}

static void run_out(struct gw_dock_desk *d, int64_t mono_ms)
{
	if (d->due_ms >= 0 && mono_ms >= d->due_ms) {
		for (int i = 0; i < GW_CLIENTS_MAX; i++)
			if (d->wants[i] != NOTHING)
				fail(d, i, GW_E_DEVICE, "the dock does not answer");
		d->due_ms = -1;
	}
	if (d->capturer >= 0 && mono_ms >= d->capture_until_ms)
		end_capture(d, "an hour is over", mono_ms);
	if (d->capturer >= 0 && !gw_clients_here(d->clients, d->capturer))
		end_capture(d, NULL, mono_ms);
	if (d->pause_ms >= 0 && mono_ms >= d->pause_ms) {
		d->pause_ms = -1;
		gw_capture_end(&d->capture);
	}
}

size_t gw_dock_desk_poll(const struct gw_dock_desk *d, struct pollfd *fds, size_t room)
{
	return d != NULL ? gw_clients_poll(d->clients, fds, room) : 0;
}

void gw_dock_desk_serve(struct gw_dock_desk *d, const struct gw_view *view, int64_t mono_ms,
			const struct pollfd *fds, size_t n)
{
	const char *line;
	size_t len;
	int who;

	if (d == NULL)
		return;
	gw_clients_ready(d->clients, fds, n);
	while ((who = gw_clients_next(d->clients, &line, &len)) >= 0)
		take_line(d, who, line, len, view, mono_ms);
	run_out(d, mono_ms);
}

int64_t gw_dock_desk_deadline(const struct gw_dock_desk *d)
{
	int64_t due;

	if (d == NULL)
		return -1;
	due = d->due_ms;
	if (d->pause_ms >= 0 && (due < 0 || d->pause_ms < due))
		due = d->pause_ms;
	if (d->capturer >= 0 && (due < 0 || d->capture_until_ms < due))
		due = d->capture_until_ms;
	return due;
}

/* --- what the dock tells ---------------------------------------------------------------------- */

void gw_dock_desk_figures(struct gw_dock_desk *d, int64_t mono_ms)
{
	if (d == NULL || d->due_ms < 0)
		return;
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		enum wants wants = d->wants[i];

		if (wants == STATUS)
			answer_status(d, i);
		if (wants != TEST && wants != TEST_LOOP)
			continue;
		d->wants[i] = TEST_RUNS;
		d->due_ms = mono_ms + TEST_MS;
		gw_customer_lend(d->customer, mono_ms + SHOWN_MS);
		if (!gw_dock_client_test(d->dock, wants == TEST_LOOP, mono_ms))
			fail(d, i, GW_E_AGAIN, "the dock has too much to do: try again");
	}
	if (!anybody_waits(d))
		d->due_ms = -1;
}

void gw_dock_desk_tested(struct gw_dock_desk *d, enum gw_link_result result, uint8_t tested,
			 uint8_t failed, int64_t mono_ms)
{
	if (d == NULL)
		return;
	gw_customer_lend(d->customer, mono_ms + SHOWN_MS);
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		if (d->wants[i] != TEST_RUNS)
			continue;
		if (result == GW_LINK_DONE)
			answer_test(d, i, tested, failed);
		else if (result == GW_LINK_REFUSED)
			fail(d, i, GW_E_AGAIN, "a scan is under way: try again");
		else if (result == GW_LINK_UNSUPPORTED)
			fail(d, i, GW_E_UNSUPPORTED, "this dock's firmware has no self-test");
		else
			fail(d, i, GW_E_DEVICE, "the dock did not carry it out in time");
	}
	if (!anybody_waits(d))
		d->due_ms = -1;
}
