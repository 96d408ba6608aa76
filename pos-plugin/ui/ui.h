/*
 * The register's text screen: shows the engine's view and the register's state on a terminal, and
 * turns keys into what the register must do.  It decides nothing about a sale and writes nothing
 * but the terminal.
 *
 * Owns the terminal between gw_ui_new and gw_ui_free, which puts it back as it was.  Never blocks:
 * output that a slow or stopped terminal does not take waits, and newer screens replace it.  Never
 * wakes up by itself in idle: gw_ui_deadline is then -1.  One thread.
 *
 *	gw_ui_new(&ui, &options, &err);
 *	gw_ui_draw(ui, gw_engine_view(engine), &status, mono_ms);
 *	poll gw_ui_fd for POLLIN until gw_ui_deadline:
 *		while ((n = gw_ui_read(ui, view, mono_ms, actions, ROOM)) > 0)
 *			... carry out actions[0..n) ...
 *		gw_ui_draw(ui, gw_engine_view(engine), &status, mono_ms);
 *	gw_ui_free(ui);
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/err.h"
#include "engine/view.h"
#include "ui/burst.h"
#include "ui/canvas.h"
#include "ui/keys.h"

/* --- what the register tells the screen --------------------------------------------------------
 */

enum gw_ui_scanner {
	GW_UI_SCANNER_NONE, /* none configured: codes come by keyboard or from the till */
	GW_UI_SCANNER_STARTING,
	GW_UI_SCANNER_OK,
	GW_UI_SCANNER_LOST
};

/* One of the day's rules for the "best" and "rest" lists. */
struct gw_ui_rule {
	const char *name;
	int64_t accepted, offered;
};

#define GW_UI_RULES_MAX 3

/* The figures of one day.  Everything the shop does not know is -1. */
struct gw_ui_figures {
	int64_t sales, items;      /* closed sales, pieces in them */
	int64_t value_minor;       /* sum of their totals */
	int64_t offered, accepted; /* offers shown, and taken by key or scan */
	int64_t declined, not_voiced, ignored, expired;
	int64_t addon_minor;            /* value of the accepted add-ons */
	int64_t margin_minor;           /* ... less their cost, -1 unknown */
	int64_t sales_with_addon;       /* sales with an accepted add-on */
	int64_t value_with_addon_minor; /* sum of their totals */
};

struct gw_ui_today {
	int64_t day; /* local, days since 1970 */
	struct gw_ui_figures today;
	bool has_before;
	struct gw_ui_figures before; /* the day that today is held against */
	const char *before_name;     /* "a week ago" */
	struct gw_ui_rule best[GW_UI_RULES_MAX], rest[GW_UI_RULES_MAX]; /* name NULL: no more */
	const char *problem; /* why there are no figures, NULL: there are */
};

#define GW_UI_FIELDS_MAX 12

/* One scan on the scanner screen. */
struct gw_ui_scan {
	int64_t at_ms;
	const uint8_t *raw; /* as it came, framing included where known */
	size_t raw_len;
	bool ok;
	const char *symbology; /* "GS1 DataMatrix (]d2)", "" unknown */
	struct {
		const char *label, *value;
	} fields[GW_UI_FIELDS_MAX];
	size_t field_count;
	const char *warning; /* what was wrong or odd, "" for nothing */
};

#define GW_UI_SCANS_MAX 8

/* One row about the dock. */
struct gw_ui_dock_line {
	const char *label, *value;
	bool warn; /* somebody should look after it */
};

#define GW_UI_DOCK_MAX 16

struct gw_ui_scans {
	const char *port;              /* "/dev/serial/by-id/...", "keyboard" */
	const char *profile;           /* in force: "generic 9600 8N1" */
	const char *best_profile;      /* that fits what came in better, "" none */
	const char *advice;            /* a sentence: "This looks like 7E1 ...", "" none */
	const char *framing;           /* what a code ends with on the line: "<CR>", "" unknown */
	int64_t scans, refused;        /* counters, -1 unknown */
	const struct gw_ui_scan *last; /* newest first */
	size_t count;
	const struct gw_ui_dock_line *dock; /* the important rows first */
	size_t dock_count;                  /* 0: nothing is known of a dock */
};

/* A sale put aside, for the list behind F7. */
struct gw_ui_held {
	const char *basket; /* its id, given back with GW_IN_RESUME */
	int32_t items;
	int64_t total_minor;
	int64_t since_ms; /* wall clock */
};

/* All texts are borrowed for the time of the call; NULL counts as "". */
struct gw_ui_status {
	const char *store, *terminal;
	int64_t now_ms;     /* wall clock, UTC */
	int utc_offset_min; /* local time = UTC + this */
	enum gw_ui_scanner scanner;
	const char
		*scanner_text; /* a sentence when it is not OK: "Scanner unplugged; trying again" */
	const char
		*table_text; /* a sentence when suggestions are off: "table expired on 1 March" */
	const char *said; /* what just happened beside the sale, over the view's note; "" nothing */
	bool said_bad;    /* and somebody must do something */
	bool journal_failing;
	const char *journal_text; /* why: "disk full" */
	int64_t journal_waiting;  /* events that wait in memory */
	int64_t unsent;           /* events not yet at head office, -1: no head office */
	const char *sync_text;    /* a sentence when sending has failed for long, "" else */
	bool goes_on;             /* an open sale is kept when the register stops */
	const struct gw_ui_held *held;
	size_t held_count;
	const struct gw_ui_scans *scans; /* after GW_UI_WANT_SCANS */
	const struct gw_ui_today *today; /* after GW_UI_WANT_TODAY; NULL: not there yet */
};

/* --- what the screen tells the register --------------------------------------------------------
 */

enum gw_ui_action_kind {
	GW_UI_INPUT,      /* give the engine `input` with qty, line, text */
	GW_UI_SCAN,       /* a scan from the keyboard: data[0..data_len) */
	GW_UI_WANT_TODAY, /* fill status.today for the next draw */
	GW_UI_WANT_SCANS, /* fill status.scans from now on, until GW_UI_LEFT_SCANS */
	GW_UI_LEFT_SCANS,
	GW_UI_QUIT
};

struct gw_ui_action {
	enum gw_ui_action_kind kind;
	enum gw_input_kind input;
	int32_t qty;
	int line;
	char text[GW_BASKET_ID_MAX];
	size_t data_len;
	char data[GW_BURST_MAX];
};

/* --- the screen --------------------------------------------------------------------------------
 */

enum gw_ui_choice { GW_UI_AUTO, GW_UI_YES, GW_UI_NO };

struct gw_ui_options {
	const char *tty;          /* device to open instead of stdin and stdout, NULL: those */
	const char *term;         /* terminal type, NULL: $TERM */
	enum gw_ui_choice ascii;  /* auto: by locale and terminal type */
	enum gw_ui_choice colour; /* auto: by NO_COLOR and terminal type */
	bool line_mode;           /* plain lines instead of a screen */
	bool hide_bar;            /* start without the row of keys */
	bool idle_clock;          /* show the clock between sales too: costs one wake-up a minute */
	int32_t burst_gap_ms;     /* 0: GW_BURST_GAP_MS */
	const char *pin;          /* digits asked for before the figures, NULL or "": none */
	const struct gw_keymap *keys; /* copied; NULL: the table's */
};

struct gw_ui;

/*
 * GW_E_DEVICE: no such terminal, or stdin or stdout is none.  GW_E_MEMORY.  Sets LC_CTYPE of the
 * process, which widths depend on.  *ui is NULL on failure.
 */
int gw_ui_new(struct gw_ui **ui, const struct gw_ui_options *options, struct gw_err *err);
/* Puts the terminal back.  NULL is allowed. */
void gw_ui_free(struct gw_ui *ui);

/* For poll(): readable when gw_ui_read or gw_ui_draw has something to do. */
int gw_ui_fd(const struct gw_ui *ui);

/*
 * Reads what was typed, up to `room` actions (>= 4); returns their number, or GW_E_DEVICE when the
 * terminal has gone.  Call it until it returns 0, then gw_ui_draw.
 */
int gw_ui_read(struct gw_ui *ui, const struct gw_view *view, int64_t mono_ms,
	       struct gw_ui_action *actions, size_t room);

/* mono_ms at which gw_ui_read and gw_ui_draw must be called; -1: never. */
int64_t gw_ui_deadline(const struct gw_ui *ui);

void gw_ui_draw(struct gw_ui *ui, const struct gw_view *view, const struct gw_ui_status *status,
		int64_t mono_ms);

#endif
