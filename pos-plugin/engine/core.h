/*
 * Private to engine/: the state behind struct gw_engine, and how its files share the work.
 *
 *	engine.c   life cycle, time, the table of commands
 *	command.c  what each input does: decides, and gives events
 *	line.c     ... and to the lines: scans, measures, quantities, voids
 *	offers.c   what is offered, and how an offer ends: decides, and gives events
 *	apply.c    what each event changes: the only file that changes a sale
 *	view.c     what the screens may see
 *
 * Every change of a sale is an event first: a command fills one in (gw_core_event), gives it to
 * gw_core_commit, and that both hands it out and applies it.  gw_engine_restore applies the events
 * of a journal by the same functions, so a restored sale cannot differ from the one that was.
 * What a sale has beyond its events (match state, names, reasons) is worked out from them.
 *
 *	            LINE, SEGMENT                  SUBTOTAL
 *	 idle ─────────OPEN────────▶ selling ───────────────▶ totalled
 *	  ▲                          │ ▲  ▲ ──────LINE────────── │
 *	  └───────CLOSE──────────────┘ │  └─────────────┐        │
 *	  ▲                    SUSPEND ▼ RESUME         CLOSE, SUSPEND
 *	  └───────────────────── put aside ◀────────────┘
 */
#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include "engine/policy.h"
#include "engine/view.h"
#include "model/settings.h"
#include "offer/assign.h"
#include "scan/settings.h"
#include "scan/twin.h"

#define GW_LINES_MAX    1000
#define GW_QTY_MAX      9999
#define GW_PRICE_MAX    10000000000000LL
#define GW_ASIDE_MAX    8
#define GW_SALES_MAX    (GW_ASIDE_MAX + 1)
#define GW_OFFERS_MAX   GW_USED_MAX
#define GW_EVENTS_MAX   64
#define GW_PATTERNS_MAX 16
#define GW_GONE_MAX     32
#define GW_CADENCE      6 /* scans that make a cadence */
#define GW_ELIGIBLE_LEN 2001
/* After an offer has ended: time in which a key meant for it must not hit the next one. */
#define GW_OFFER_PAUSE_MS 1000

struct gw_sale_line {
	char code[GW_CODE_MAX];
	char lot[24], expiry[11];
	uint32_t item; /* GW_NONE: not in the table */
	int offer;
	bool unconfirmed;
};

/* One offer or ghost of a sale. */
struct gw_slot {
	int offer;
	char rule[GW_ID_MAX], code[GW_CODE_MAX], pos_code[GW_CODE_MAX];
	enum gw_rule_kind kind;
	int64_t price_minor, saves_minor;
	int64_t shown_mono_ms, ended_mono_ms;
	int32_t expires_ms;
	bool ghost, open;                            /* open: no outcome yet */
	uint32_t rule_index, item;                   /* GW_NONE: not in the table in force */
	const char *name, *script, *why[GW_WHY_MAX]; /* of the table in force */
	int why_more;
};

struct gw_sale {
	bool used, suspended;
	char basket[GW_BASKET_ID_MAX];
	uint32_t number;
	uint32_t stamp;      /* order of suspending */
	int64_t aside_at_ms; /* when it was suspended */
	char segment[GW_ID_MAX];
	bool muted, totalled, returned, refused_offer; /* refused_offer: the customer said no */
	int64_t active_mono_ms;
	struct gw_sale_line *lines; /* [GW_LINES_MAX] */
	struct gw_view_line *shown; /* the same lines as the screens see them */
	int line_count;             /* kept */
	int line_last;              /* highest number given */
	int32_t live, pieces;       /* lines not voided; pieces on them */
	int64_t total_minor;
	int32_t unpriced;
	struct gw_slot slots[GW_OFFERS_MAX];
	int slot_count;
	int64_t cadence_ms[GW_CADENCE]; /* when the last scans came, a ring */
	uint32_t scans;
};

struct gw_gone {
	char code[GW_CODE_MAX];
	int32_t day;
};

/* A rule table with what was made of it. */
struct gw_ground {
	const struct gw_table *table; /* borrowed */
	struct gw_offer_index *index;
	struct gw_fit *fit;
	struct gw_shortlist_room room;
	uint8_t *has_arm; /* [arm_count] */
};

struct gw_engine {
	char store[16], terminal[16], currency[8], region[48];
	uint32_t next_basket, next_practice;
	int utc_offset_min;
	bool practice;
	bool tenders; /* a till has told of a payment: totals wait for the next */
	char cashier[GW_ID_MAX];

	int64_t at_ms, mono_ms;
	bool restored; /* no input yet since gw_engine_restore */
	const struct gw_input *input;

	struct gw_ground ground, pending;
	bool table_pending, table_news;
	struct gw_settings settings;
	struct gw_scan_settings scan_settings; /* of this terminal, before the table's */
	struct gw_scan_config scan_config;
	struct gw_scan_pattern patterns[GW_PATTERNS_MAX];
	const struct gw_chooser *chooser;
	struct gw_scan scan;
	struct gw_scan_twin twin;

	struct gw_sale sales[GW_SALES_MAX];
	struct gw_sale *sale; /* the open one, NULL */
	uint32_t stamp;
	struct gw_gone gone[GW_GONE_MAX];
	uint32_t gone_count;
	/* For whom ground.has_arm was worked out. */
	char arms_basket[GW_BASKET_ID_MAX];
	int32_t arms_day;

	struct gw_event *events; /* [GW_EVENTS_MAX] */
	size_t event_count;
	char eligible_ids[GW_ELIGIBLE_LEN];
	uint32_t decided_rule; /* of the offer being committed, GW_NONE while restoring */

	struct gw_view view;
	char subject[GW_TEXT_MAX];
};

/* --- engine.c */

/* A blank event stamped with time, basket and scan number; becomes real by gw_core_commit. */
struct gw_event *gw_core_event(struct gw_engine *e, enum gw_event_kind kind);
/* Hands the event out and applies it to the state. */
void gw_core_commit(struct gw_engine *e, struct gw_event *event);
void gw_core_beep(struct gw_engine *e, enum gw_beep beep);
/* A note for the message line; subject NULL means "". */
void gw_core_note(struct gw_engine *e, enum gw_note note, const char *subject);
/* GW_EV_ERROR with a sentence, and the note for it. */
void gw_core_error(struct gw_engine *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void gw_core_warn(struct gw_engine *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct gw_core_local {
	int32_t day; /* since 1970 */
	int minute;  /* of the day */
	int weekday; /* 0 = Monday */
};
/* The shop's own day and time. */
struct gw_core_local gw_core_local(const struct gw_engine *e, int64_t at_ms);
/* Copies a text that may be NULL, cut at a character. */
void gw_core_copy(char *out, size_t size, const char *text);
/* Closes the sale, its offers first. total_minor -1: our own sum. */
void gw_core_close(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor);
/* The events of that alone, for a sale that is not the open one. */
void gw_core_close_events(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor);
/* No sale is open now: a waiting table comes into force. */
void gw_core_between_sales(struct gw_engine *e);

/* --- command.c */

void gw_core_command(struct gw_engine *e, const struct gw_input *in);
/* Opens a sale unless one is open. */
void gw_core_open(struct gw_engine *e);
/* Does what a control barcode, just decoded, says; false if it is none. */
bool gw_core_control(struct gw_engine *e, const struct gw_input *in);

/* --- line.c */

void gw_core_scan(struct gw_engine *e, const struct gw_input *in);
void gw_core_host_line(struct gw_engine *e, const struct gw_input *in);
void gw_core_injected(struct gw_engine *e, const struct gw_input *in);
void gw_core_void(struct gw_engine *e, const struct gw_sale_line *line);
void gw_core_change_qty(struct gw_engine *e, const struct gw_sale_line *line, int32_t qty);

/* --- offers.c */

/* Makes an offer (or a ghost) if there is one to make at this moment. */
void gw_core_consider(struct gw_engine *e, enum gw_moment moment);
/* The slot on the screen, NULL. */
struct gw_slot *gw_core_offer(struct gw_engine *e);
void gw_core_end_offer(struct gw_engine *e, struct gw_slot *slot, enum gw_result result,
		       const char *why);
/* A line came that is the slot's add-on: that ends it. */
void gw_core_offer_met(struct gw_engine *e, struct gw_slot *met, int line);
/* The open slot this code or item would meet, NULL. */
struct gw_slot *gw_core_meets(struct gw_engine *e, const char *code, uint32_t item);
/* Withdraws the offer if what it rests on is gone. */
void gw_core_check_offer(struct gw_engine *e);
void gw_core_expire(struct gw_engine *e);
void gw_core_accept(struct gw_engine *e);
/* Names of the basket's items that speak for a slot's add-on. */
void gw_core_reasons(const struct gw_engine *e, struct gw_slot *slot);
bool gw_core_suggestions_off(const struct gw_engine *e);

/* --- apply.c */

/* GW_E_INPUT, and nothing is changed, when the event does not fit the state. */
int gw_core_apply(struct gw_engine *e, const struct gw_event *event);
/* Line by its number, NULL when there is none or it is not kept. */
struct gw_sale_line *gw_core_line(struct gw_sale *sale, int number);
static inline struct gw_view_line *gw_core_shown(struct gw_sale *sale,
						 const struct gw_sale_line *line)
{
	return &sale->shown[line - sale->lines];
}
/* Index of an item of the table in force, GW_NONE. */
uint32_t gw_core_find(const struct gw_engine *e, const char *code);
/* What of a line counts for matching: pieces bought, not voided and not brought back. */
static inline int32_t gw_core_pieces(const struct gw_view_line *shown)
{
	return shown->voided || shown->qty < 0 ? 0 : shown->qty;
}
/* qty pieces at price, -1 when that is unknown. */
int64_t gw_core_amount(int32_t qty, int64_t price_minor);

/* --- view.c */

void gw_core_view(struct gw_engine *e);

#endif
