#include "home_watch.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sync_news.h"

int gw_home_watch_open(const char *home)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0)
		(void)inotify_add_watch(fd, home, IN_MOVED_TO);
	return fd;
}

struct gw_home_changed gw_home_watch_read(int fd)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} room;
	struct gw_home_changed changed = {false, false};
	ssize_t n;

	while ((n = read(fd, &room, sizeof(room))) > 0) {
		for (char *p = room.bytes; p < room.bytes + n;) {
			const struct inotify_event *e =
				(const struct inotify_event *)(const void *)p;

			if (e->len > 0 && strcmp(e->name, "table.db") == 0)
				changed.table = true;
			if (e->len > 0 && strcmp(e->name, GW_SYNC_NEWS) == 0)
				changed.news = true;
			p += sizeof(*e) + e->len;
		}
	}
	return changed;
}
