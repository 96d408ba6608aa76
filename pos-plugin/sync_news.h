/*
 * What the sync tool last told the register: a one-line file in the home (sync.news), replaced in
 * one step after each round.  The register itself knows no network and opens no sync database.
 *
 *	{"sent":12345,"trouble":"certificate expired"}
 *
 * sent: the last event of this journal that has left for head office; trouble: why it does not get
 * further, "" when all is well.  A missing file means there is no head office.
 */
#ifndef PLUGIN_SYNC_NEWS_H
#define PLUGIN_SYNC_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "goeswith/event.h"

#define GW_SYNC_NEWS "sync.news"

struct gw_sync_news {
	bool there;
	int64_t sent;
	char trouble[GW_TEXT_MAX];
};

/* Reads HOME/sync.news; a file that is missing or not as above gives there = false. */
void gw_sync_news_read(struct gw_sync_news *news, const char *home);

/* Events that have not left, given the journal's last one; -1 where there is no head office. */
int64_t gw_sync_news_unsent(const struct gw_sync_news *news, int64_t last_seq);

#endif
