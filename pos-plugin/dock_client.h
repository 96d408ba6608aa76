/*
 * The register's connection to a dock: keeps it up (starting the software dock where that is ours
 * to do), speaks the link protocol over it, and hands each scan over exactly once.
 *
 * Owns the connection and the link state.  Never blocks; reads a clock only to measure how long an
 * answer takes.  One thread.
 *
 *	gw_dock_client_new(&dock, options, &ops, ctx, &err);
 *	poll on gw_dock_client_fd(dock) for gw_dock_client_events(dock), until
 *	gw_dock_client_deadline(dock) at the latest
 *	gw_dock_client_ready(dock, revents, now_ms);
 *	gw_dock_client_tick(dock, now_ms);
 *
 *	  OFF ──connect──▶ UP ──hang-up, error──▶ OFF, again after 0, 100, 200 .. 2000 ms
 */
#ifndef PLUGIN_DOCK_CLIENT_H
#define PLUGIN_DOCK_CLIENT_H

#include "goeswith/event.h"
#include "goeswith/link.h"
#include "options.h"
#include "port/dock_report.h"

enum gw_dock_state {
	GW_DOCK_GONE,     /* no dock, or none that is ours */
	GW_DOCK_ALONE,    /* a dock without its scanner */
	GW_DOCK_STARTING, /* the scanner's line waits for its first pause; a scan now is refused */
	GW_DOCK_READY
};

struct gw_dock_client_ops {
	/*
	 * A scan that was read late_ms ago; it is acknowledged after the call.  GW_E_FULL asks the
	 * dock to keep all that come after it until gw_dock_client_resume.
	 */
	int (*scan)(void *ctx, const struct gw_link_scan *scan, int32_t late_ms);
	/* 1 + the highest sequence the journal holds of this session, 0 for an unknown one. */
	uint32_t (*next_expected)(void *ctx, uint32_t session);
	/* The dock or its scanner came or went; text is one sentence, "" when all is well. */
	void (*changed)(void *ctx, enum gw_dock_state state, const char *text);
	/* Scans are known to be missing. */
	void (*gap)(void *ctx, uint32_t missing, const char *text);
	/* How an injected code ended. */
	void (*injected)(void *ctx, uint32_t tag, enum gw_link_result result);
	/* The dock has told its figures (gw_dock_client_report).  May be NULL. */
	void (*figures)(void *ctx);
	/* A self-test ended; tested and failed are enum gw_link_test.  May be NULL. */
	void (*tested)(void *ctx, enum gw_link_result result, uint8_t tested, uint8_t failed);
	/* Bytes as the scanner sent them, while a capture runs.  May be NULL. */
	void (*raw)(void *ctx, const uint8_t *bytes, size_t len, uint32_t t_ms);
};

struct gw_dock_client;

/* GW_E_MEMORY.  Connects at the first tick; a dock that is not there is no error, only `changed`.
 */
int gw_dock_client_new(struct gw_dock_client **client, const struct gw_options *options,
		       const struct gw_dock_client_ops *ops, void *ctx, struct gw_err *err);
/* Leaves a dock with a till behind it running, and ends one that has none unless told to keep it.
 */
void gw_dock_client_free(struct gw_dock_client *client);

/*
 * Sees to it that the till gets its bytes when the register cannot start: leaves a software dock
 * behind, if one is configured with a till.
 */
void gw_dock_client_serve_till(const struct gw_options *options);

int gw_dock_client_fd(const struct gw_dock_client *client); /* -1: not connected */
short gw_dock_client_events(const struct gw_dock_client *client);
void gw_dock_client_ready(struct gw_dock_client *client, short revents, int64_t now_ms);
void gw_dock_client_tick(struct gw_dock_client *client, int64_t now_ms);
int64_t gw_dock_client_deadline(const struct gw_dock_client *client); /* -1: none */

/* The journal can take events again: a dock that was told to keep its scans sends them now. */
void gw_dock_client_resume(struct gw_dock_client *client);

/* Orders for the dock; quietly dropped while there is none (a beep late is worse than no beep). */
void gw_dock_client_beep(struct gw_dock_client *client, enum gw_link_beep kind, int64_t now_ms);
/*
 * What the customer's display is to show from now on: also after the dock was gone or was reset.
 * Texts on their way are never more than one; of those that wait only the newest is kept.
 */
void gw_dock_client_display(struct gw_dock_client *client, const char *line1, const char *line2,
			    int64_t now_ms);
/* The outcome comes back through ops->injected, also when there is no dock to ask. */
void gw_dock_client_inject(struct gw_dock_client *client, const char *code, uint32_t tag,
			   int64_t now_ms);

/* Who wants the scanner's bytes; they come as long as anybody does. */
enum gw_capture_by { GW_CAPTURE_SCREEN = 1, GW_CAPTURE_DESK = 2 };
void gw_dock_client_capture(struct gw_dock_client *client, enum gw_capture_by by, bool on,
			    int64_t now_ms);

/* --- how the dock is --- */
/* True while the dock has a display for the customer. */
bool gw_dock_client_has_display(const struct gw_dock_client *client);
bool gw_dock_client_is_up(const struct gw_dock_client *client);
/* Why it is not, one sentence. */
const char *gw_dock_client_trouble(const struct gw_dock_client *client);
/* True while a code is on its way to the till. */
bool gw_dock_client_injecting(const struct gw_dock_client *client);
/* Asks for figures of now; ops->figures follows if the dock is well. */
void gw_dock_client_ask(struct gw_dock_client *client, int64_t now_ms);
/* The last figures, and what was counted here since the register started. */
void gw_dock_client_report(const struct gw_dock_client *client, struct gw_dock_report *report);
/* False when the order cannot be given; else ops->tested follows. */
bool gw_dock_client_test(struct gw_dock_client *client, bool loop, int64_t now_ms);

#endif
