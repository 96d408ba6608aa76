/*
 * The register: engine, journal and rule table as one thing.  What goes in is written to disk
 * before anybody hears that it happened.
 *
 * Owns the engine, the journal and the tables.  Has no loop, no clock, no terminal, no dock.
 * One thread.
 *
 *	input ─▶ engine ─▶ ops->draw (the offer is on the screen) ─▶ journal ─▶ ops->event
 *	                                                              │           (beep, answer,
 *	                                                              ▼            injected code)
 *	                                                   durable, or told as failing
 */
#ifndef PLUGIN_REGISTER_H
#define PLUGIN_REGISTER_H

#include "engine/view.h"
#include "goeswith/table.h"
#include "options.h"
#include "store/journal.h"

#define GW_NOBODY (-1) /* an input that no client of the host protocol sent */

struct gw_register_ops {
	/* The engine has taken an input; nothing is written yet. */
	void (*draw)(void *ctx);
	/*
	 * An event, after it was written.  who: the client whose line caused it, or GW_NOBODY.
	 * seq: its number in the journal, 0 when it is not there (not a kind that is kept,
	 * practice, storage down).  ack: the last number this input made durable, 0 for none.
	 */
	void (*event)(void *ctx, int who, const struct gw_event *event, int64_t seq, int64_t ack);
};

struct gw_register;

/*
 * Opens the journal in the home and makes an engine without a rule table.  GW_E_AGAIN (another
 * register), GW_E_INPUT, GW_E_STORAGE, GW_E_DENIED, GW_E_MEMORY.
 */
int gw_register_new(struct gw_register **reg, const struct gw_options *options,
		    const struct gw_register_ops *ops, void *ctx, struct gw_err *err);
void gw_register_free(struct gw_register *reg);

/*
 * Loads the rule table and takes up the sales that were open; before the first input, and apart
 * from gw_register_new so that a screen can be there first.  A table that is missing or bad is no
 * error: there are no offers then, and gw_register_trouble says why.
 */
void gw_register_start(struct gw_register *reg);

/*
 * Gives one input to the engine and writes what follows.  GW_OK: all of it is durable (or it is
 * practice).  GW_E_STORAGE: it happened, and waits in memory.
 */
int gw_register_take(struct gw_register *reg, const struct gw_input *input, int who);

/* Writes an event that is not the engine's (scanner, gap, clock, a scan the dock refused). */
int gw_register_note(struct gw_register *reg, const struct gw_event *event);

/* 1 + the highest scan number of a dock's session in the journal, 0 for an unknown session. */
uint32_t gw_register_next_scan(struct gw_register *reg, uint32_t session);

/* The journal's own business (checkpoints, retries) and the engine's, when their time has come. */
void gw_register_tick(struct gw_register *reg, int64_t at_ms, int64_t mono_ms);
/* True when failed storage has come back. */
bool gw_register_tick_journal(struct gw_register *reg, int64_t mono_ms);
int64_t gw_register_deadline(const struct gw_register *reg);         /* -1: none */
int64_t gw_register_journal_deadline(const struct gw_register *reg); /* -1: none */

/* The table file was replaced: loads it and puts it in force between sales. */
void gw_register_reload_table(struct gw_register *reg);

const struct gw_view *gw_register_view(const struct gw_register *reg);
const struct gw_engine *gw_register_engine(const struct gw_register *reg);
void gw_register_journal_state(const struct gw_register *reg, struct gw_journal_state *state);
const char *gw_register_trouble(const struct gw_register *reg); /* about the table, "" for none */

#endif
