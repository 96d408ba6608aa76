/*
 * Tells the register how far uploading has come: HOME/sync.news, one line of JSON, replaced in one
 * step and only when it says something else than before (pos-plugin/sync_news.h reads it).
 */
#ifndef TOOLS_SYNC_NEWS_H
#define TOOLS_SYNC_NEWS_H

#include "tools/sync/state.h"
#include "tools/sync/sync.h"

/* trouble: why the last round did not get through, "" when it did.  A failure to tell is no error.
 */
void news_write(const struct sync *s, struct state *state, const char *trouble);

#endif
