/*
 * The register's screen seen from its loop: gathers what the screen shows beside the sale (scanner,
 * table, journal, clock, the day's figures, the last scans) and turns its actions into inputs.
 *
 * Owns the user interface and what it has gathered.  One thread.
 */
#ifndef PLUGIN_SCREEN_H
#define PLUGIN_SCREEN_H

#include "clock.h"
#include "dock_client.h"
#include "options.h"
#include "register.h"

struct gw_screen;

/* GW_E_DEVICE: no such terminal.  GW_E_MEMORY. */
int gw_screen_new(struct gw_screen **screen, const struct gw_options *options, struct gw_err *err);
void gw_screen_free(struct gw_screen *screen);

int gw_screen_fd(const struct gw_screen *screen);
/* mono_ms at which gw_screen_read and gw_screen_draw are wanted without a key; -1: none. */
int64_t gw_screen_deadline(const struct gw_screen *screen);

struct gw_screen_ops {
	void (*input)(void *ctx, const struct gw_input *input); /* times not filled */
	/* Raw bytes of the scanner, and figures of the dock, are wanted, or no longer. */
	void (*capture)(void *ctx, bool on);
};

/* Reads the keys.  GW_E_DEVICE: the terminal hung up; GW_E_AGAIN: the cashier wants to end. */
int gw_screen_read(struct gw_screen *screen, const struct gw_register *reg, struct gw_now now,
		   const struct gw_screen_ops *ops, void *ctx);
void gw_screen_draw(struct gw_screen *screen, const struct gw_register *reg, struct gw_now now);

/* News for the status line and the scanner screen. */
void gw_screen_scanner(struct gw_screen *screen, enum gw_dock_state state, const char *text);
/* True when the screen that is open shows it: draw anew. */
bool gw_screen_scanned(struct gw_screen *screen, const uint8_t *bytes, size_t len, int64_t at_ms);
void gw_screen_raw(struct gw_screen *screen, const uint8_t *bytes, size_t len);
/* The sync tool has told something new. */
void gw_screen_sync(struct gw_screen *screen);
/* One sentence for the cashier until the next scan or key; bad: he must do something. */
void gw_screen_say(struct gw_screen *screen, bool bad, const char *sentence);
/* Says how a code for the till ended and what is left to do; event: the one that asked for it. */
void gw_screen_injected(struct gw_screen *screen, const struct gw_view *view,
			const struct gw_event *event, enum gw_link_result result);
/* True while the scanner screen is open: figures of the dock are wanted. */
bool gw_screen_wants_dock(const struct gw_screen *screen);
void gw_screen_dock(struct gw_screen *screen, const struct gw_dock_report *report);

#endif
