/*
 * The figures behind F9: asks the journal for the day and for the same day a week before, and puts
 * them as the screen wants them.  Owns the texts; one thread; a question takes milliseconds and is
 * asked only when somebody looks.
 */
#ifndef PLUGIN_PAGE_TODAY_H
#define PLUGIN_PAGE_TODAY_H

#include "clock.h"
#include "store/today.h"
#include "ui/ui.h"

struct gw_page_today {
	struct gw_ui_today shown; /* give this to the screen */
	/* private: what it points to */
	struct gw_today day;
	char problem[GW_TEXT_MAX];
};

void gw_page_today_fill(struct gw_page_today *page, const char *journal, struct gw_now now);

#endif
