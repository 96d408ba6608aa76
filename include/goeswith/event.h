/*
 * What happened at the till, one struct per happening: the engine gives events, the journal keeps
 * them, the host protocol prints them, the screen shows what follows from them.
 *
 * An event owns its short texts; `const char *` members point into the rule table or the engine
 * and stay valid until the next call into the engine.  Plain data, no functions, no threads.
 *
 * Units: *_ms milliseconds (at_ms since 1970 UTC, mono_ms on a clock that never jumps), *_minor
 * minor units of the shop's currency, *_ppm parts per million.
 */
#ifndef GOESWITH_EVENT_H
#define GOESWITH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_BASKET_ID_MAX 48  /* "S0042-T03-20261122-000123", NUL included */
#define GW_CODE_MAX      128 /* a GTIN-14 or an internal code, NUL included */
#define GW_ID_MAX        40  /* rule, arm, experiment, cashier, segment, table version */
#define GW_TEXT_MAX      160 /* a message for a person */
#define GW_WHY_MAX       3   /* reasons shown with an offer */

/* X(name, journal and protocol word, kept in the journal) */
#define GW_EVENT_MAP(X)                                                                            \
	X(GW_EV_START, "start", 1)       /* the register came up */                                \
	X(GW_EV_STOP, "stop", 1)         /* the register ended in good order */                    \
	X(GW_EV_TABLE, "table", 1)       /* another rule table is in force */                      \
	X(GW_EV_SCANNER, "scanner", 1)   /* scanner or dock came or went */                        \
	X(GW_EV_OPEN, "open", 1)         /* a sale began */                                        \
	X(GW_EV_LINE, "line", 1)         /* an item was added, or its quantity changed */          \
	X(GW_EV_VOID, "void", 1)         /* a line was taken out */                                \
	X(GW_EV_OFFER, "offer", 1)       /* an offer is shown */                                   \
	X(GW_EV_GHOST, "ghost", 1)       /* holdout: the offer that would have been shown */       \
	X(GW_EV_OUTCOME, "outcome", 1)   /* an offer (or ghost) ended */                           \
	X(GW_EV_CLOSE, "close", 1)       /* the sale ended */                                      \
	X(GW_EV_UNKNOWN, "unknown", 1)   /* a code that is not in the table */                     \
	X(GW_EV_REFUSED, "refused", 1)   /* a scan that cannot be read */                          \
	X(GW_EV_CLOCK, "clock", 1)       /* wall clock and monotonic clock disagree */             \
	X(GW_EV_GAP, "gap", 1)           /* events or scans are known to be missing */             \
	X(GW_EV_LOGIN, "login", 1)       /* another cashier */                                     \
	X(GW_EV_SUSPEND, "suspend", 1)   /* the sale was put aside */                              \
	X(GW_EV_RESUME, "resume", 1)     /* ... and taken up again */                              \
	X(GW_EV_SEGMENT, "segment", 1)   /* the customer's segment became known */                 \
	X(GW_EV_SUBTOTAL, "subtotal", 1) /* the total was asked for, the sale goes on */           \
	X(GW_EV_MUTE, "mute", 1)         /* no more offers in this sale */                         \
	X(GW_EV_INJECT, "inject", 0)     /* type this code into the till */                        \
	X(GW_EV_BEEP, "beep", 0)                                                                   \
	X(GW_EV_WARN, "warn", 0)   /* a sentence for the cashier that changes nothing */           \
	X(GW_EV_ERROR, "error", 0) /* a command that could not be carried out */

enum gw_event_kind {
#define GW_EVENT_ENUM(name, word, journal) name,
	GW_EVENT_MAP(GW_EVENT_ENUM)
#undef GW_EVENT_ENUM
		GW_EV_COUNT
};

enum gw_line_source { GW_SOURCE_SCAN, GW_SOURCE_OFFER, GW_SOURCE_HOST };

/* How an offer ended.  X(name, word) */
#define GW_RESULT_MAP(X)                                                                           \
	X(GW_RESULT_ACCEPTED, "accepted")                 /* by key or host */                     \
	X(GW_RESULT_ACCEPTED_BY_SCAN, "accepted_by_scan") /* the add-on itself was scanned */      \
	X(GW_RESULT_DECLINED, "declined")                                                          \
	X(GW_RESULT_NOT_VOICED, "not_voiced") /* the cashier did not ask */                        \
	X(GW_RESULT_IGNORED, "ignored")       /* the sale ended with it on the screen */           \
	X(GW_RESULT_EXPIRED, "expired")       /* its time on the screen ran out */                 \
	X(GW_RESULT_WITHDRAWN, "withdrawn")   /* its reason was voided or changed */

enum gw_result {
#define GW_RESULT_ENUM(name, word) name,
	GW_RESULT_MAP(GW_RESULT_ENUM)
#undef GW_RESULT_ENUM
		GW_RESULT_COUNT
};

/* Why a sale closed.  X(name, word) */
#define GW_CLOSE_MAP(X)                                                                            \
	X(GW_CLOSE_TOTAL, "total")                                                                 \
	X(GW_CLOSE_TENDER, "tender")                                                               \
	X(GW_CLOSE_CANCEL, "cancel")                                                               \
	X(GW_CLOSE_IDLE, "idle")

enum gw_close_reason {
#define GW_CLOSE_ENUM(name, word) name,
	GW_CLOSE_MAP(GW_CLOSE_ENUM)
#undef GW_CLOSE_ENUM
		GW_CLOSE_COUNT
};

enum gw_beep { GW_BEEP_OK, GW_BEEP_BAD, GW_BEEP_OFFER };

enum gw_rule_kind { GW_RULE_ADDON, GW_RULE_UPGRADE, GW_RULE_BUNDLE };

struct gw_ev_line {
	int line; /* 1-based, never reused within a sale */
	char code[GW_CODE_MAX];
	const char *name;    /* NULL: not in the table */
	int32_t qty;         /* pieces; 1 for a weighed item */
	int64_t price_minor; /* of one piece, or of the weighed portion; -1: unknown */
	int32_t milli;       /* weight in 1/1000 units of measure, 0: by the piece */
	enum gw_line_source source;
	int offer;                /* the offer it belongs to, 0: none */
	bool unconfirmed;         /* source offer: the till has not told of it yet */
	char lot[24], expiry[11]; /* "" where the code had none */
};

struct gw_ev_void {
	int line;
	char code[GW_CODE_MAX];
	int32_t qty;
};

/* Offer and ghost.  Everything a replay or a statistic needs stands in here. */
struct gw_ev_offer {
	int offer; /* 1-based within the sale */
	char rule[GW_ID_MAX];
	enum gw_rule_kind kind;
	char code[GW_CODE_MAX];     /* the add-on */
	char pos_code[GW_CODE_MAX]; /* what the till must ring */
	const char *name;
	const char *script;
	int64_t price_minor;         /* in this offer; -1: unknown */
	int64_t saves_minor;         /* against its own price, 0: nothing */
	int64_t margin_minor;        /* net of the discount; -1: cost unknown */
	int64_t subtotal_minor;      /* of the basket at the decision */
	int32_t expires_ms;          /* time on the screen */
	const char *why[GW_WHY_MAX]; /* names of the items that speak for it, NULL-padded */
	int why_more;                /* further reasons not shown */
	char experiment[GW_ID_MAX], arm[GW_ID_MAX], table_version[GW_ID_MAX];
	int32_t eligible;         /* rules on the shortlist: what the choice was among */
	int32_t propensity_ppm;   /* of this choice among them */
	int32_t holdout_ppm;      /* share of baskets that see ghosts */
	int32_t hold_bucket_ppm;  /* this basket's bucket, 0..999999 */
	const char *eligible_ids; /* rule ids joined by a blank, cut at 2,000 bytes */
};

struct gw_ev_outcome {
	int offer;
	char rule[GW_ID_MAX];
	char code[GW_CODE_MAX];
	enum gw_result result;
	char why[24];        /* out_of_stock | has_it | not_suitable, with DECLINED */
	int32_t ms;          /* from shown to ended */
	int64_t value_minor; /* of the accepted add-on, less what an upgrade replaces; else 0 */
	int line;            /* the line it became, 0: none */
	bool ghost;
};

struct gw_ev_close {
	int32_t lines;       /* not voided */
	int32_t items;       /* pieces */
	int64_t total_minor; /* the till's where it told, else our own sum */
	bool total_from_till;
	enum gw_close_reason reason;
};

#define GW_UTC_UNKNOWN (-32768) /* journals of before did not say */

struct gw_event {
	enum gw_event_kind kind;
	int64_t at_ms, mono_ms;
	char basket[GW_BASKET_ID_MAX]; /* "" outside a sale */
	/* The dock's number of the scan that caused it; session 0: no scan. */
	uint32_t scan_session, scan_seq;
	union {
		struct gw_ev_line line;
		struct gw_ev_void voided;
		struct gw_ev_offer offer; /* GW_EV_OFFER, GW_EV_GHOST */
		struct gw_ev_outcome outcome;
		struct gw_ev_close close;
		struct {
			char code[GW_CODE_MAX]; /* inject, unknown; unknown: also a line of the sale
						 */
			int line;
		} code;
		struct {
			int utc_offset_min; /* the shop's local time = UTC + this; GW_UTC_UNKNOWN */
		} open;
		struct {
			char version[GW_ID_MAX];
			int64_t items, rules;
		} table;
		struct {
			int64_t missing;
			char what[GW_TEXT_MAX];
		} gap;
		struct {
			int64_t jump_ms; /* wall clock against monotonic clock */
		} clock;
		struct {
			char id[GW_ID_MAX]; /* login: cashier; segment: its name; start: version */
		} id;
		enum gw_beep beep;
		char text[GW_TEXT_MAX]; /* refused (never holds card digits), warn, error, scanner,
					   stop */
	} u;
};

#endif
