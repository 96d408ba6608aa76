/*
 * What the customer reads on the two lines of twenty characters: the offer with its price beside
 * the running total, the last article, the thanks, and a greeting between sales.
 *
 * Owns the words and what stands on the display now.  Pure: no clock, no dock; the loop asks after
 * each turn whether something else must be shown.  One thread.
 *
 *	gw_customer_configure(&c, conf, &err);
 *	gw_customer_event(&c, view, event, mono_ms);      after each event
 *	if (gw_customer_look(&c, view, mono_ms)) show c.line[0], c.line[1]
 *
 *	           article, offer            total              closed
 *	GREETING ─────────────────▶ SALE ─────────────▶ TOTAL ──────────▶ THANKS ─ 8 s ─▶ GREETING
 *
 * The customer never sees why an offer was chosen, for whom, or by which rule; nor anything of
 * practice, where no customer stands.  A sum is shown only where every price is known: two
 * different totals, here and at the till, would be worse than none.
 */
#ifndef PLUGIN_CUSTOMER_H
#define PLUGIN_CUSTOMER_H

#include "base/err.h"
#include "base/home.h"
#include "engine/view.h"
#include "goeswith/event.h"

#define GW_CUSTOMER_COLUMNS   20
#define GW_CUSTOMER_LINE_MAX  100 /* bytes of UTF-8 with the NUL; the link carries no more */
#define GW_CUSTOMER_THANKS_MS 8000

enum gw_customer_show { GW_CUSTOMER_ALL, GW_CUSTOMER_SALE, GW_CUSTOMER_OFF };

struct gw_customer {
	enum gw_customer_show show;
	char greeting[2][GW_CUSTOMER_LINE_MAX], thanks[GW_CUSTOMER_LINE_MAX];
	char total[GW_CUSTOMER_LINE_MAX]; /* the word before the sum */
	char line[2][GW_CUSTOMER_LINE_MAX];
	bool shown;              /* line[] is set */
	int64_t thanks_until_ms; /* -1: nobody is thanked */
	int64_t thanks_minor;    /* -1: no sum */
	bool partial;            /* some price of the sale was not known when it was last seen */
	int64_t test_until_ms;   /* a self-test has the display until then; -1: it has not */
};

/* From [display]; GW_E_INPUT names the key that is wrong.  conf may be NULL. */
int gw_customer_configure(struct gw_customer *customer, const struct gw_conf *conf,
			  struct gw_err *err);

/* An event and what the engine shows behind it: notices that a sale was paid, and how much. */
void gw_customer_event(struct gw_customer *customer, const struct gw_view *view,
		       const struct gw_event *event, int64_t mono_ms);
/* Others write on the display until mono_ms; then what belongs there is shown again. */
void gw_customer_lend(struct gw_customer *customer, int64_t until_mono_ms);

/* True when line[] has changed and must be shown. */
bool gw_customer_look(struct gw_customer *customer, const struct gw_view *view, int64_t mono_ms);
/* The greeting into line[], for when the register goes; false when nothing is ever shown. */
bool gw_customer_leave(struct gw_customer *customer);
int64_t gw_customer_deadline(const struct gw_customer *customer); /* -1: none */

#endif
