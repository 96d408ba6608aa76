/*
 * The engine protocol, way in: one line of JSON from a till becomes one input of the engine, or a
 * question about its state.  HOST.md in include/goeswith/ is the reference for till vendors.
 *
 * A request owns copies of the line's texts, so it does not matter what becomes of the line.
 * Reading allocates (JSON is jansson's) and gives everything back, wiped, before it returns.  No
 * error text ever repeats a value of the line: it might be a card number.  Threads: jansson's
 * allocator is set for the process on each call; use from one thread.
 *
 *	if (gw_request_read(&r, line, len, &err) != GW_OK)
 *		answer gw_answer_error(..., err.text)
 *	gw_sim_clock_stamp(&clock, &r, wall_ms, mono_ms);
 *	gw_engine_input(engine, &r.input);
 *	gw_request_wipe(&r);
 */
#ifndef HOST_REQUEST_H
#define HOST_REQUEST_H

#include "base/err.h"
#include "goeswith/engine.h"

#define GW_REQUEST_LINE_MAX  65536 /* bytes of a line, without its end */
#define GW_REQUEST_DEPTH_MAX 16    /* nested brackets */
#define GW_SCAN_MAX          4096

enum gw_request_kind {
	GW_REQUEST_INPUT, /* give .input to the engine */
	GW_REQUEST_STATE  /* answer with gw_answer_state */
};

struct gw_request {
	enum gw_request_kind kind;
	struct gw_input input; /* at_ms and mono_ms are not filled; pointers into this struct */
	bool has_at;
	int64_t at_ms; /* the line's "at" */
	uint8_t data[GW_SCAN_MAX];
	char code[GW_CODE_MAX], text[GW_TEXT_MAX];
};

/*
 * Reads line[0..len), without its line end.  GW_E_INPUT with a sentence that names the field.
 * Whatever it returns, *r may be wiped.
 */
int gw_request_read(struct gw_request *r, const char *line, size_t len, struct gw_err *err);

/* Forgets all, beyond what an optimiser may leave out. */
void gw_request_wipe(struct gw_request *r);

/*
 * Whose time it is.  Real until the first line with an "at"; from then on simulated: it stands at
 * the last "at", and the monotonic clock moves by the differences (never back).
 */
struct gw_sim_clock {
	bool simulated;
	int64_t at_ms, mono_ms;
};

/* The time to use for things that did not come by a line: the real one given, or the simulated. */
void gw_sim_clock_now(const struct gw_sim_clock *c, int64_t *wall_ms, int64_t *mono_ms);

/* Moves the clock by r's "at", if it has one, and stamps r->input. */
void gw_sim_clock_stamp(struct gw_sim_clock *c, struct gw_request *r, int64_t wall_ms,
			int64_t mono_ms);

/*
 * An input that moves the clock beyond the engine's deadline must find the engine as it would have
 * been in real time: true while a GW_IN_TICK is due first, which is then written to *tick.
 * deadline_ms is gw_engine_deadline(); before_ms the mono_ms of the engine's previous input.
 */
bool gw_sim_clock_tick_due(const struct gw_request *r, int64_t deadline_ms, int64_t before_ms,
			   struct gw_input *tick);

#endif
