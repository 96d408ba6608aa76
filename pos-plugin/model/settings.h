/*
 * The settings of a table, typed: one row per key gives its name, kind, range, default and a
 * sentence for people, and everything that knows settings (reading, checking, the manual) goes by
 * those rows.
 *
 * A struct gw_settings is plain data; its texts are borrowed from the table it was read from.
 * No allocation, no state.
 *
 *	struct gw_settings s;
 *	gw_settings_read(table, &s);
 *	if (s.offers_per_sale == 0) ...
 *	if (gw_settings_control(&s, key, &action)) ...
 */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gw_table;

/* What a control barcode does.  X(name, key in settings.csv, sentence) */
#define GW_CONTROL_MAP(X)                                                                          \
	X(GW_CONTROL_ACCEPT, "control_accept", "takes the offer on the screen")                    \
	X(GW_CONTROL_DECLINE, "control_decline", "declines the offer on the screen")               \
	X(GW_CONTROL_NOT_VOICED, "control_not_voiced", "says that the offer was not voiced")       \
	X(GW_CONTROL_TOTAL, "control_total", "totals the sale; a second one closes it")            \
	X(GW_CONTROL_TENDER, "control_tender", "closes the sale as paid")                          \
	X(GW_CONTROL_VOID, "control_void", "takes the last line out")                              \
	X(GW_CONTROL_CANCEL, "control_cancel", "cancels the sale")                                 \
	X(GW_CONTROL_SUSPEND, "control_suspend", "puts the sale aside")                            \
	X(GW_CONTROL_RESUME, "control_resume", "takes the sale put aside last up again")           \
	X(GW_CONTROL_MUTE, "control_mute", "no more offers in this sale")

enum gw_control {
#define GW_CONTROL_ENUM(name, key, sentence) name,
	GW_CONTROL_MAP(GW_CONTROL_ENUM)
#undef GW_CONTROL_ENUM
		GW_CONTROL_COUNT
};

struct gw_settings {
	const char *currency; /* ISO 4217 */
	const char *region;   /* variable-measure numbers, "" = none */
	const char *patterns; /* the shop's own variable-measure numbers, joined by ';', or "" */
	const char *salt;     /* secret part of the assignment to arms, or "" */

	int32_t offers_per_sale; /* 0: no suggestions at all */
	int32_t offer_ms;        /* time an offer stays on the screen, 0: until the sale ends */
	int32_t deadline_ms;     /* an offer that comes later than this stays away, 0: no limit */
	int32_t rush_gap_ms;     /* scans closer together on average: rush, no offers; 0: never */
	int32_t idle_close_s;    /* an untouched sale closes itself, 0: never */
	int32_t total_close_s;   /* a totalled sale closes itself, 0: waits for the tender */
	int32_t grace_h;         /* hours an expired table still makes offers */
	int32_t holdout_ppm;     /* baskets that see no offer where no experiment says more */

	double min_weight;        /* evidence an offer needs */
	double min_confidence;    /* of at least one of its rules; rules without one pass */
	int64_t min_margin_minor; /* net margin an offer needs; unknown cost passes when this is 0
				   */

	/* Control barcodes: the code of each action, NULL where the shop has none. */
	const char *control_codes[GW_CONTROL_COUNT];
};

enum gw_setting_type {
	GW_SETTING_INT,      /* whole number least..most */
	GW_SETTING_REAL,     /* decimal number least..most */
	GW_SETTING_MONEY,    /* decimal text in the shop's currency; least..most in minor units */
	GW_SETTING_TEXT,     /* up to `most` bytes without control characters */
	GW_SETTING_CURRENCY, /* three capital letters */
	GW_SETTING_CODE      /* a code the scanner reads, normalised as item codes are */
};

struct gw_setting_row {
	const char *key;
	enum gw_setting_type type;
	size_t offset; /* of the member in struct gw_settings */
	int64_t least, most;
	const char *fallback; /* as it would stand in settings.csv; NULL: none */
	const char *sentence;
};

/* The rows, ended by one whose key is NULL.  Static. */
const struct gw_setting_row *gw_setting_rows(void);
/* Row of a key, NULL for an unknown key. */
const struct gw_setting_row *gw_setting_row(const char *key);

/*
 * Checks one value as it stands in settings.csv.  decimals: of the shop's currency.  GW_E_INPUT
 * with a sentence that says what is allowed.
 */
int gw_setting_check(const struct gw_setting_row *row, const char *value, int decimals,
		     struct gw_err *err);

/* Every setting of the table; the default where it is absent or faulty.  table may be NULL. */
void gw_settings_read(const struct gw_table *table, struct gw_settings *settings);

/* True, and the action in *control, if code is one of the control barcodes. */
bool gw_settings_control(const struct gw_settings *settings, const char *code,
			 enum gw_control *control);

#endif
