#include "tools/sync/news.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define NEWS_MAX 1024

struct far {
	char epoch[GW_BATCH_EPOCH_MAX];
	int64_t sent; /* all events up to here have left */
	bool stuck;   /* a batch is not put yet: what is behind it does not count */
};

/* Batches come oldest first; only the newest epoch is the journal the register writes now. */
static int look(void *ctx, const struct batch_row *row)
{
	struct far *f = ctx;

	if (strcmp(f->epoch, row->epoch) != 0) {
		*f = (struct far){.sent = 0};
		snprintf(f->epoch, sizeof(f->epoch), "%s", row->epoch);
	}
	f->stuck = f->stuck || row->state == BATCH_SEALED;
	if (!f->stuck && row->last > f->sent)
		f->sent = row->last;
	return GW_OK;
}

static bool says_the_same(const char *path, const char *text)
{
	char *old = NULL;
	size_t len;
	bool same =
		gw_file_read(path, NEWS_MAX, &old, &len, NULL) == GW_OK && strcmp(old, text) == 0;

	free(old);
	return same;
}

void news_write(const struct sync *s, struct state *state, const char *trouble)
{
	struct far far = {.sent = 0};
	char room[NEWS_MAX], path[GW_PATH_MAX];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	if (state_each(state, look, &far, NULL) < 0 ||
	    gw_path_join(path, s->home, "sync.news", NULL) < 0)
		return;
	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "sent", far.sent);
	gw_json_member_string(&j, "trouble", trouble);
	gw_json_end(&j, '}');
	gw_text_add_char(&t, '\n');
	if (!t.cut && !says_the_same(path, room))
		(void)gw_file_replace(path, room, t.len, NULL);
}
