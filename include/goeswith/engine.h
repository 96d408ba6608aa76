/*
 * The engine: one till's sale and its offers.  Scans, keys, host commands and time go in, events
 * come out; it opens nothing, knows no clock and calls nobody back, so a host can drive it from any
 * loop and a simulation can run a shop from one seed.
 *
 * Owns the sale, the suspended sales and the current offer.  Borrows the rule table.  Allocates in
 * gw_engine_new and gw_engine_set_table only.  One engine is used by one thread at a time; several
 * engines are independent.
 *
 *	struct gw_engine *e;
 *	struct gw_engine_config config = {.store = "S0042", .terminal = "T03", .currency = "EUR"};
 *	gw_engine_new(&e, &config, &err);
 *	gw_engine_set_table(e, table, &err);
 *	struct gw_input in = {.kind = GW_IN_SCAN, .at_ms = wall, .mono_ms = mono,
 *			      .data = bytes, .data_len = n};
 *	gw_engine_input(e, &in);
 *	n = gw_engine_events(e, &events);
 *	... journal, show, beep; call GW_IN_TICK when gw_engine_deadline says so ...
 */
#ifndef GOESWITH_ENGINE_H
#define GOESWITH_ENGINE_H

#include "goeswith/event.h"
#include "goeswith/status.h"

#ifndef GW_API
#define GW_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct gw_engine;
struct gw_table; /* goeswith/table.h */
struct gw_view;  /* the register's own screens: engine/view.h */

struct gw_engine_config {
	const char *store, *terminal; /* parts of every basket id, 1-15 of A-Z a-z 0-9 _ */
	const char *currency;         /* ISO 4217; NULL: the table's, else EUR */
	const char *region;           /* variable-measure numbers, NULL: the table's, else none */
	const char *scan;             /* ways of the scanner, "code-ids=zebra;gs=|"; NULL: none */
	uint32_t next_basket;         /* number of the next sale, >= 1; 0 means 1 */
	int utc_offset_min;           /* local time = UTC + this; may be changed later */
	bool tenders;                 /* the till told of payments before: wait for the next one */
	bool practice; /* events are for the screen only: the host journals nothing */
};

enum gw_input_kind {
	GW_IN_SCAN, /* data[0..data_len): one scan without its framing */
	GW_IN_LINE, /* code, qty (0 means 1, negative: a return), price_minor (-1 unknown): from a
		       till that knows */
	GW_IN_ACCEPT,
	GW_IN_DECLINE, /* text: "", out_of_stock, has_it or not_suitable */
	GW_IN_NOT_VOICED,
	GW_IN_QTY,  /* line (0: the last one), qty >= 1 */
	GW_IN_VOID, /* line */
	GW_IN_VOID_LAST,
	GW_IN_TOTAL,  /* subtotal: the moment for `total` rules; the next one closes */
	GW_IN_TENDER, /* price_minor: the till's total, -1 unknown: closes */
	GW_IN_CANCEL,
	GW_IN_SUSPEND,
	GW_IN_RESUME,   /* text: a basket id, or "" for the one suspended last */
	GW_IN_CASHIER,  /* text */
	GW_IN_SEGMENT,  /* text */
	GW_IN_MUTE,     /* no more offers in this sale */
	GW_IN_PRACTICE, /* qty 1 on, 0 off; refused within a sale */
	GW_IN_INJECTED, /* the till has the code of GW_EV_INJECT: line, text its basket */
	GW_IN_TICK      /* time only */
};

struct gw_input {
	enum gw_input_kind kind;
	int64_t at_ms, mono_ms;
	uint32_t scan_session, scan_seq; /* from the dock; session 0: no dock number */
	int32_t late_ms;                 /* how long ago it was read; a late scan gets no offer */
	const uint8_t *data;             /* GW_IN_SCAN, borrowed */
	size_t data_len;                 /* <= 4096 */
	const char *code, *text;         /* borrowed, NULL means "" */
	int32_t qty;
	int line;
	int64_t price_minor;
};

/* GW_E_INPUT (store, terminal), GW_E_MEMORY.  *engine is NULL on failure. */
GW_API int gw_engine_new(struct gw_engine **engine, const struct gw_engine_config *config,
			 struct gw_err *err);
GW_API void gw_engine_free(struct gw_engine *engine);

/*
 * Puts a rule table in force: at once when no sale is open, else when the sale ends (the next
 * input's events then begin with GW_EV_TABLE).  The table must stay alive until gw_engine_table
 * no longer returns it and no later call to gw_engine_set_table is pending.  GW_E_MEMORY.
 */
GW_API int gw_engine_set_table(struct gw_engine *engine, const struct gw_table *table,
			       struct gw_err *err);
/* The table in force, NULL when there is none. */
GW_API const struct gw_table *gw_engine_table(const struct gw_engine *engine);

/*
 * Takes one input.  Time must not run backwards in mono_ms (it is clamped).  Always leaves the
 * engine in a good state; what could not be done is told by a GW_EV_ERROR or GW_EV_REFUSED event.
 * Returns GW_OK, or GW_E_BUG for an input this header forbids.
 */
GW_API int gw_engine_input(struct gw_engine *engine, const struct gw_input *input);

/* Events of the last input, in order; valid until the next call.  Returns their number. */
GW_API size_t gw_engine_events(const struct gw_engine *engine, const struct gw_event **events);

/*
 * A payment card that is scanned gives GW_EV_REFUSED without a digit of it, and the view's note
 * says GW_NOTE_CARD: the caller then wipes its own copy of the bytes.  The engine keeps none.
 */

/*
 * Limits, beyond which nothing is lost but what is said here: lines beyond the 1,000th of a sale
 * are told as events and counted, but cannot be voided or changed, and are not matched; 8 sales may
 * be put aside (a ninth closes the oldest as idle); an item reported out of stock is not offered
 * again on that day (the last 32).
 */

/* mono_ms at which the engine next wants a GW_IN_TICK, -1: never. */
GW_API int64_t gw_engine_deadline(const struct gw_engine *engine);

/*
 * Brings back open and suspended sales after a restart.  Set the table, then feed, in the journal's
 * order and before the first input: every event of the sales that are not closed; the last login;
 * the last close by tender, from which the engine knows that the till tells of payments; and, if
 * today's "out_of_stock" shall still be known, the outcomes that say so.  Gives no events.
 * Timers go on from the wall clock's difference to the first input, as the monotonic clock may have
 * begun anew.  GW_E_INPUT when the event does not follow from the ones before (it is then ignored).
 */
GW_API int gw_engine_restore(struct gw_engine *engine, const struct gw_event *event);

GW_API void gw_engine_set_utc_offset(struct gw_engine *engine, int minutes);

/* What a screen shows; valid until the next call. */
GW_API const struct gw_view *gw_engine_view(const struct gw_engine *engine);

#ifdef __cplusplus
}
#endif

#endif
