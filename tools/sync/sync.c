#include "tools/sync/sync.h"

#include <time.h>

int64_t sync_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *sync_setting(const struct sync *s, const char *key, const char *fallback)
{
	return gw_conf_get(s->conf, "sync", key, fallback);
}
