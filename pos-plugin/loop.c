#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "customer.h"
#include "dock_client.h"
#include "dock_desk.h"
#include "home_watch.h"
#include "register.h"
#include "screen.h"
#include "tills.h"

/* Wall clock and monotonic clock may drift apart by this much before the journal is told. */
#define CLOCK_JUMP_MS 2000
/* Events waiting in memory (of 1,000) at which the dock is asked to keep its scans. */
#define WAITING_MOST 900
/* How long the terminal has this core before the disk. */
#define HAND_OVER_NS 20000

/* Codes on their way to the till at a time; the link queues no more. */
#define INJECTED 8

struct loop {
	const struct gw_options *options;
	struct gw_register *reg;
	struct gw_dock_client *dock; /* NULL: no scanner configured */
	struct gw_customer customer; /* his display, behind the dock */
	struct gw_dock_desk *desk;   /* where people ask about the dock; NULL: no socket */
	struct gw_tills *tills;      /* NULL: neither headless nor listening */
	struct gw_screen *screen;    /* NULL: headless */
	struct gw_now now;
	int64_t wall_less_mono; /* as last told, for clock jumps */
	int signal_fd, watch_fd;
	bool ending;
	bool ask_dock; /* its figures are looked at and have changed */
	uint32_t inject_tag;
	struct gw_event injected[INJECTED]; /* by tag, until the dock says how they ended */
};

static void stamp(const struct loop *l, struct gw_input *in)
{
	struct gw_now now = gw_tills_now(l->tills, l->now);

	in->at_ms = now.at_ms;
	in->mono_ms = now.mono_ms;
}

/* --- what the register tells ------------------------------------------------------------------ */

static void draw(void *ctx)
{
	struct loop *l = ctx;

	if (l->screen != NULL)
		gw_screen_draw(l->screen, l->reg, l->now);
}

/*
 * Before the disk has its turn.  Our write wakes the terminal's reader, but a scheduler lets the
 * one who runs go on, and where this is the only free core the picture would wait until the commit
 * sleeps, 0.2 ms later.  sched_yield comes back before the reader can run, so it is a short sleep.
 */
static void draw_first(void *ctx)
{
	struct loop *l = ctx;

	if (l->screen != NULL)
		gw_screen_say(l->screen, false, ""); /* what was said before is over */
	draw(l);
	if (l->screen != NULL)
		nanosleep(&(struct timespec){.tv_nsec = HAND_OVER_NS}, NULL);
}

static void inject(struct loop *l, const struct gw_event *event)
{
	l->injected[++l->inject_tag % INJECTED] = *event;
	gw_dock_client_inject(l->dock, event->u.code.code, l->inject_tag, l->now.mono_ms);
}

static void act(struct loop *l, const struct gw_event *event, int64_t ack)
{
	bool practice = gw_register_view(l->reg)->practice;

	if (l->dock == NULL)
		return;
	/* No beep says "written" when it is not. */
	if (event->kind == GW_EV_BEEP && (ack > 0 || practice || event->u.beep == GW_BEEP_BAD))
		gw_dock_client_beep(l->dock, (enum gw_link_beep)event->u.beep, l->now.mono_ms);
	else if (event->kind == GW_EV_INJECT && !practice)
		inject(l, event);
	gw_customer_event(&l->customer, gw_register_view(l->reg), event, l->now.mono_ms);
}

static void on_event(void *ctx, int who, const struct gw_event *event, int64_t seq, int64_t ack)
{
	struct loop *l = ctx;

	gw_tills_tell(l->tills, who, event, seq, ack);
	act(l, event, ack);
}

/* --- what the dock tells ---------------------------------------------------------------------- */

static struct gw_event note_of(const struct loop *l, enum gw_event_kind kind)
{
	struct gw_event e = {.kind = kind, .at_ms = l->now.at_ms, .mono_ms = l->now.mono_ms};

	return e;
}

/*
 * While storage is down the events wait in memory and scans are taken as well: the cashier must go
 * on.  Before that memory is full the dock is asked to keep what comes next.
 */
static int room_for_more(const struct loop *l)
{
	struct gw_journal_state state;

	gw_register_journal_state(l->reg, &state);
	return state.waiting < WAITING_MOST ? GW_OK : GW_E_FULL;
}

/* A scan the dock had to give up: it is written down like any other, without its bytes. */
static int note_bad_scan(struct loop *l, const struct gw_link_scan *scan)
{
	struct gw_event e = note_of(l, GW_EV_REFUSED);
	const char *why = scan->status == GW_LINK_SCAN_TOO_LONG ? "was longer than 4,096 bytes"
			  : scan->status == GW_LINK_SCAN_NOISE
				  ? "was garbled on the scanner's line"
				  : "began before the dock was listening";

	e.scan_session = scan->session;
	e.scan_seq = scan->seq;
	snprintf(e.u.text, sizeof(e.u.text), "a scan %s; scan it again", why);
	gw_dock_client_beep(l->dock, GW_LINK_BEEP_BAD, l->now.mono_ms);
	(void)gw_register_note(l->reg, &e);
	if (l->screen != NULL) { /* where no beeper is, this is all the cashier gets */
		char said[GW_TEXT_MAX + 16];

		snprintf(said, sizeof(said), "Scan it again: one %s", why);
		gw_screen_say(l->screen, true, said);
		draw(l);
	}
	return room_for_more(l);
}

static int on_scan(void *ctx, const struct gw_link_scan *scan, int32_t late_ms)
{
	struct loop *l = ctx;
	struct gw_input in = {
		.kind = GW_IN_SCAN,
		.scan_session = scan->session,
		.scan_seq = scan->seq,
		.data = scan->bytes,
		.data_len = scan->len,
		.late_ms = late_ms,
	};

	if (scan->status != GW_LINK_SCAN_GOOD)
		return note_bad_scan(l, scan);
	stamp(l, &in);
	(void)gw_register_take(l->reg, &in, GW_NOBODY);
	if (l->screen != NULL &&
	    gw_screen_scanned(l->screen, scan->bytes, scan->len, l->now.at_ms)) {
		l->ask_dock = true;
		draw(l);
	}
	return room_for_more(l);
}

static uint32_t on_next_expected(void *ctx, uint32_t session)
{
	struct loop *l = ctx;

	return gw_register_next_scan(l->reg, session);
}

static void on_dock_changed(void *ctx, enum gw_dock_state state, const char *text)
{
	struct loop *l = ctx;
	struct gw_event e = note_of(l, GW_EV_SCANNER);

	snprintf(e.u.text, sizeof(e.u.text), "%s", text[0] != '\0' ? text : "scanner ready");
	if (state != GW_DOCK_STARTING) /* what lasts a twentieth of a second is no news */
		(void)gw_register_note(l->reg, &e);
	if (l->screen != NULL) {
		gw_screen_scanner(l->screen, state, text);
		draw(l);
	}
}

static void on_gap(void *ctx, uint32_t missing, const char *text)
{
	struct loop *l = ctx;
	struct gw_event e = note_of(l, GW_EV_GAP);

	e.u.gap.missing = missing;
	snprintf(e.u.gap.what, sizeof(e.u.gap.what), "%s", text);
	(void)gw_register_note(l->reg, &e);
}

static void on_injected(void *ctx, uint32_t tag, enum gw_link_result result)
{
	struct loop *l = ctx;
	const struct gw_event *e = &l->injected[tag % INJECTED];
	struct gw_input in = {
		.kind = GW_IN_INJECTED,
		.line = e->u.code.line,
		.text = e->basket,
	};

	if (l->inject_tag - tag >= INJECTED)
		return;
	stamp(l, &in);
	if (result == GW_LINK_DONE)
		(void)gw_register_take(l->reg, &in, GW_NOBODY);
	if (l->screen != NULL)
		gw_screen_injected(l->screen, gw_register_view(l->reg), e, result);
	draw(l);
}

static void on_figures(void *ctx)
{
	struct loop *l = ctx;

	gw_dock_desk_figures(l->desk, l->now.mono_ms);
	if (l->screen != NULL && gw_screen_wants_dock(l->screen)) {
		struct gw_dock_report report;

		gw_dock_client_report(l->dock, &report);
		gw_screen_dock(l->screen, &report);
		draw(l);
	}
}

static void on_tested(void *ctx, enum gw_link_result result, uint8_t tested, uint8_t failed)
{
	struct loop *l = ctx;

	gw_dock_desk_tested(l->desk, result, tested, failed, l->now.mono_ms);
}

static void on_raw(void *ctx, const uint8_t *bytes, size_t len, uint32_t t_ms)
{
	struct loop *l = ctx;

	gw_dock_desk_raw(l->desk, bytes, len, t_ms, l->now.mono_ms);
	if (l->screen == NULL || !gw_screen_wants_dock(l->screen))
		return;
	gw_screen_raw(l->screen, bytes, len);
	draw(l);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void on_key_input(void *ctx, const struct gw_input *input)
{
	struct loop *l = ctx;
	struct gw_input in = *input;

	stamp(l, &in);
	(void)gw_register_take(l->reg, &in, GW_NOBODY);
}

static void on_key_capture(void *ctx, bool on)
{
	struct loop *l = ctx;

	if (l->dock == NULL)
		return;
	gw_dock_client_capture(l->dock, GW_CAPTURE_SCREEN, on, l->now.mono_ms);
	if (on)
		gw_dock_client_ask(l->dock, l->now.mono_ms);
}

static void serve_keys(struct loop *l)
{
	static const struct gw_screen_ops ops = {on_key_input, on_key_capture};
	int rc = gw_screen_read(l->screen, l->reg, l->now, &ops, l);

	l->ending = l->ending || rc != GW_OK;
	draw(l);
}

/* --- the loop itself -------------------------------------------------------------------------- */

static void tell_clock_jump(struct loop *l)
{
	int64_t difference = l->now.at_ms - l->now.mono_ms;
	int64_t jump = difference - l->wall_less_mono;
	struct gw_event e;

	if (jump > -CLOCK_JUMP_MS && jump < CLOCK_JUMP_MS)
		return;
	l->wall_less_mono = difference;
	e = note_of(l, GW_EV_CLOCK);
	e.u.clock.jump_ms = jump;
	(void)gw_register_note(l->reg, &e);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int wait_ms(const struct loop *l)
{
	int64_t due = gw_register_journal_deadline(l->reg);

	if (gw_tills_pending(l->tills))
		return 0;
	if (!gw_tills_simulate(l->tills))
		due = earlier(due, gw_register_deadline(l->reg));
	if (l->dock != NULL) {
		due = earlier(due, gw_dock_client_deadline(l->dock));
		if (gw_dock_client_has_display(l->dock)) /* else nobody need wake up for him */
			due = earlier(due, gw_customer_deadline(&l->customer));
	}
	due = earlier(due, gw_dock_desk_deadline(l->desk));
	if (l->screen != NULL)
		due = earlier(due, gw_screen_deadline(l->screen));
	if (due < 0)
		return -1;
	due -= l->now.mono_ms;
	return due <= 0 ? 0 : due > INT_MAX ? INT_MAX : (int)due;
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		l->ending = true;
}

static void read_watch(struct loop *l)
{
	struct gw_home_changed changed = gw_home_watch_read(l->watch_fd);

	if (changed.table)
		gw_register_reload_table(l->reg);
	if (changed.news && l->screen != NULL)
		gw_screen_sync(l->screen);
	if (changed.table || changed.news)
		draw(l);
}

/* Behind the acknowledgements of this turn, so that the figures count them. */
static void ask_dock(struct loop *l)
{
	if (l->ask_dock && l->dock != NULL)
		gw_dock_client_ask(l->dock, l->now.mono_ms);
	l->ask_dock = false;
}

/* Once a turn, when scans and keys have been served: of several changes the last one is shown. */
static void show_customer(struct loop *l)
{
	struct gw_customer *c = &l->customer;

	if (l->dock != NULL && gw_customer_look(c, gw_register_view(l->reg), l->now.mono_ms))
		gw_dock_client_display(l->dock, c->line[0], c->line[1], l->now.mono_ms);
}

static void tick(struct loop *l)
{
	int64_t due;

	if (gw_register_tick_journal(l->reg, l->now.mono_ms)) {
		if (l->dock != NULL)
			gw_dock_client_resume(l->dock);
		draw(l);
	}
	if (!gw_tills_simulate(l->tills))
		gw_register_tick(l->reg, l->now.at_ms, l->now.mono_ms);
	if (l->dock != NULL)
		gw_dock_client_tick(l->dock, l->now.mono_ms);
	due = l->screen != NULL ? gw_screen_deadline(l->screen) : -1;
	if (due >= 0 && due <= l->now.mono_ms)
		serve_keys(l);
}

enum { FD_SIGNAL, FD_WATCH, FD_DOCK, FD_SCREEN, FD_TILLS };

static int turn(struct loop *l, struct gw_err *err)
{
	struct pollfd fds[FD_TILLS + GW_TILLS_POLL_MAX + GW_DESK_POLL_MAX] = {
		[FD_SIGNAL] = {l->signal_fd, POLLIN, 0},
		[FD_WATCH] = {l->watch_fd, POLLIN, 0},
		[FD_DOCK] = {-1, 0, 0},
		[FD_SCREEN] = {l->screen != NULL ? gw_screen_fd(l->screen) : -1, POLLIN, 0},
	};
	size_t n = FD_TILLS, tills;

	if (l->dock != NULL) {
		fds[FD_DOCK].fd = gw_dock_client_fd(l->dock);
		fds[FD_DOCK].events = gw_dock_client_events(l->dock);
	}
	n += gw_tills_poll(l->tills, fds + FD_TILLS, GW_TILLS_POLL_MAX);
	tills = n;
	n += gw_dock_desk_poll(l->desk, fds + n, GW_DESK_POLL_MAX);
	if (poll(fds, n, wait_ms(l)) < 0 && errno != EINTR)
		return gw_err_errno(err, GW_E_DEVICE, errno, "cannot wait for events");
	l->now = gw_clock_now();
	tell_clock_jump(l);
	if (fds[FD_SIGNAL].revents != 0)
		read_signals(l);
	if (fds[FD_DOCK].revents != 0)
		gw_dock_client_ready(l->dock, fds[FD_DOCK].revents, l->now.mono_ms);
	if (fds[FD_SCREEN].revents != 0)
		serve_keys(l);
	if (!gw_tills_serve(l->tills, l->reg, l->now, fds + FD_TILLS, tills - FD_TILLS))
		l->ending = true;
	gw_dock_desk_serve(l->desk, gw_register_view(l->reg), l->now.mono_ms, fds + tills,
			   n - tills);
	if (fds[FD_WATCH].revents != 0)
		read_watch(l);
	tick(l);
	show_customer(l);
	ask_dock(l);
	return GW_OK;
}

static int open_signals(struct loop *l, struct gw_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* or HAND_OVER_NS would be 70 us */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "cannot take signals");
	return GW_OK;
}

static int open_dock(struct loop *l, struct gw_err *err)
{
	static const struct gw_dock_client_ops ops = {
		.scan = on_scan,
		.next_expected = on_next_expected,
		.changed = on_dock_changed,
		.gap = on_gap,
		.injected = on_injected,
		.figures = on_figures,
		.tested = on_tested,
		.raw = on_raw,
	};
	int rc = gw_customer_configure(&l->customer, l->options->conf, err);

	if (rc != GW_OK || (l->options->scanner == NULL && l->options->dock == NULL))
		return rc;
	return gw_dock_client_new(&l->dock, l->options, &ops, l, err);
}

/* Nobody can ask then, and nothing else is different. */
static void open_desk(struct loop *l)
{
	struct gw_err err = {0};

	if (gw_dock_desk_new(&l->desk, l->options->home, l->dock, &l->customer, &err) != GW_OK &&
	    l->options->verbose > 0)
		fprintf(stderr, "goeswith: %s\n", err.text);
}

static void log_in(struct loop *l)
{
	struct gw_input in = {.kind = GW_IN_CASHIER, .text = l->options->cashier};

	if (l->options->cashier[0] != '\0')
		on_key_input(l, &in);
}

static int open_all(struct loop *l, struct gw_err *err)
{
	static const struct gw_register_ops ops = {draw_first, on_event};
	int rc = open_signals(l, err);

	if (rc == GW_OK)
		rc = gw_register_new(&l->reg, l->options, &ops, l, err);
	if (rc == GW_OK && !l->options->headless)
		rc = gw_screen_new(&l->screen, l->options, err);
	if (rc != GW_OK)
		return rc;
	l->now = gw_clock_now();
	l->wall_less_mono = l->now.at_ms - l->now.mono_ms;
	draw(l); /* a screen at once; the rest takes a moment longer */
	rc = gw_tills_new(&l->tills, l->options, err);
	if (rc == GW_OK)
		rc = open_dock(l, err);
	if (rc != GW_OK)
		return rc;
	open_desk(l);
	l->watch_fd = gw_home_watch_open(l->options->home);
	gw_register_start(l->reg);
	log_in(l);
	draw(l);
	return GW_OK;
}

/* A sale that was totalled is done; one that was not goes on when the register is back. */
static void close_totalled(struct loop *l)
{
	struct gw_input in = {.kind = GW_IN_TOTAL, .price_minor = -1};

	if (l->reg != NULL && gw_register_view(l->reg)->state == GW_VIEW_TOTALLED)
		on_key_input(l, &in);
}

static void close_all(struct loop *l)
{
	close_totalled(l);
	gw_screen_free(l->screen);
	gw_register_free(l->reg);
	gw_tills_free(l->tills);
	if (l->dock != NULL && gw_customer_leave(&l->customer))
		gw_dock_client_display(l->dock, l->customer.line[0], l->customer.line[1],
				       l->now.mono_ms);
	gw_dock_desk_free(l->desk);
	gw_dock_client_free(l->dock);
	if (l->signal_fd >= 0)
		close(l->signal_fd);
	if (l->watch_fd >= 0)
		close(l->watch_fd);
}

int gw_loop_run(const struct gw_options *options, struct gw_err *err)
{
	struct loop *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	l->options = options;
	l->signal_fd = l->watch_fd = -1;
	rc = open_all(l, err);
	if (rc != GW_OK)
		gw_dock_client_serve_till(options); /* whatever is wrong with us, the till sells */
	while (rc == GW_OK && !l->ending)
		rc = turn(l, err);
	close_all(l);
	free(l);
	return rc;
}
