/*
 * Notices files that are renamed into the home while the register runs: a new rule table, news of
 * the sync tool.  Wakes nobody else and for nothing else.
 *
 * The descriptor is the caller's to poll and to close.  Where there is no inotify it is -1, and the
 * files are read at the next start.  One thread.
 *
 *	fd = gw_home_watch_open(home);
 *	poll fd for POLLIN, then: changed = gw_home_watch_read(fd);
 */
#ifndef PLUGIN_HOME_WATCH_H
#define PLUGIN_HOME_WATCH_H

#include <stdbool.h>

struct gw_home_changed {
	bool table, news;
};

int gw_home_watch_open(const char *home);
struct gw_home_changed gw_home_watch_read(int fd);

#endif
