/*
 * What the register's screens may know of the engine: a read-only picture of the sale, the offer
 * and the words for the message line.  Kept by the engine, valid until the next call into it.
 */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "goeswith/engine.h"

struct gw_view_line {
	int line;                /* number, 1-based */
	const char *code, *name; /* name == code when not in the table */
	int32_t qty, milli;
	int64_t price_minor, amount_minor; /* -1: unknown */
	bool voided, unknown;
	bool unconfirmed; /* accepted by key; the till has not told of it yet */
	enum gw_line_source source;
};

enum gw_view_state { GW_VIEW_IDLE, GW_VIEW_SELLING, GW_VIEW_TOTALLED };

/* What the message line says.  The texts belong to ui/; the engine gives the moment and subject. */
enum gw_note {
	GW_NOTE_NONE,
	GW_NOTE_ADDED,      /* subject: item */
	GW_NOTE_UNKNOWN,    /* subject: code */
	GW_NOTE_REFUSED,    /* subject: reason */
	GW_NOTE_CARD,       /* a payment card was scanned */
	GW_NOTE_OFFERED,    /* subject: add-on */
	GW_NOTE_TAKEN,      /* subject: add-on, by key */
	GW_NOTE_TAKEN_SCAN, /* subject: add-on, by scanning it */
	GW_NOTE_DECLINED,
	GW_NOTE_NOT_VOICED,
	GW_NOTE_EXPIRED,
	GW_NOTE_WITHDRAWN,
	GW_NOTE_VOIDED, /* subject: item */
	GW_NOTE_SUBTOTAL,
	GW_NOTE_CLOSED,
	GW_NOTE_CANCELLED,
	GW_NOTE_SUSPENDED,
	GW_NOTE_RESUMED,
	GW_NOTE_IDLE_CLOSED,
	GW_NOTE_MUTED,
	GW_NOTE_WARNING, /* subject: the whole sentence (expired lot, recall ...) */
	GW_NOTE_ERROR    /* subject: the whole sentence */
};

struct gw_view_offer {
	bool active;
	int offer;
	const char *rule, *code, *name, *script;
	enum gw_rule_kind kind;
	int64_t price_minor, saves_minor; /* -1 / 0: unknown / nothing */
	const char *why[GW_WHY_MAX];
	int why_more;
	int64_t shown_mono_ms;
	int32_t expires_ms;
};

#define GW_VIEW_HELD_MAX 8

/* A sale put aside. */
struct gw_view_held {
	const char *basket; /* given back with GW_IN_RESUME */
	int32_t items;
	int64_t total_minor;
	int64_t since_ms; /* wall clock */
};

struct gw_view {
	enum gw_view_state state;
	const char *basket, *cashier, *segment; /* "" for none */
	uint32_t sale_number;                   /* of the open sale, or of the last one */
	const struct gw_view_line *lines;
	size_t line_count;
	int32_t items;       /* pieces not voided */
	int64_t total_minor; /* of the lines with a price */
	bool total_partial;  /* some line has no price */
	struct gw_view_offer offer;
	enum gw_note note;
	const char *subject; /* "" for none */
	uint32_t suspended;  /* sales put aside; of them the newest in held[], newest first */
	struct gw_view_held held[GW_VIEW_HELD_MAX];
	const char *currency;
	int decimals;
	bool practice, muted;
	const char *table_version; /* "" without a table */
	int64_t table_issued_ms, table_expires_ms;
	bool suggestions_off; /* no table, expired table, kill switch */
	uint32_t sales_closed, offers_shown, offers_accepted; /* since the engine was made */
};

#endif
