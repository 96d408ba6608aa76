#include "sync_news.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "base/utf8.h"

#define NEWS_MAX 4096

static void take(struct gw_sync_news *news, const json_t *root)
{
	const json_t *sent = json_object_get(root, "sent");
	const char *trouble = json_string_value(json_object_get(root, "trouble"));

	if (!json_is_integer(sent) || json_integer_value(sent) < 0)
		return;
	news->there = true;
	news->sent = json_integer_value(sent);
	if (trouble != NULL)
		gw_utf8_sanitize(news->trouble, sizeof(news->trouble), trouble, strlen(trouble));
}

void gw_sync_news_read(struct gw_sync_news *news, const char *home)
{
	char path[GW_PATH_MAX];
	char *text = NULL;
	size_t len;

	memset(news, 0, sizeof(*news));
	if (gw_path_join(path, home, GW_SYNC_NEWS, NULL) == GW_OK &&
	    gw_file_read(path, NEWS_MAX, &text, &len, NULL) == GW_OK) {
		json_t *root = json_loadb(text, len, 0, NULL);

		take(news, root);
		json_decref(root);
	}
	free(text);
}

int64_t gw_sync_news_unsent(const struct gw_sync_news *news, int64_t last_seq)
{
	if (!news->there)
		return -1;
	return last_seq > news->sent ? last_seq - news->sent : 0;
}
