/* verify: number and hash chain of every event of a journal, also while the register writes it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "store/reader.h"
#include "tools/sync/sync.h"

static void show_rows(void *ctx, int64_t rows)
{
	const struct sync *s = ctx;

	if (s->progress)
		fprintf(stderr, "\r%" PRId64 " rows ", rows);
}

static void print_verdict(const struct sync *s, const char *path, const struct gw_verify *v)
{
	char room[512];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	if (!s->cli.json) {
		if (v->bad == 0)
			printf("%s: %" PRId64 " events, every one as it was written\n", path,
			       v->rows);
		return;
	}
	gw_json_begin(&j, '{');
	gw_json_member_bool(&j, "ok", v->bad == 0);
	gw_json_member_int(&j, "rows", v->rows);
	gw_json_member_int(&j, "last", v->last);
	if (v->bad != 0) {
		gw_json_member_int(&j, "bad", v->bad);
		gw_json_member_string(&j, "reason", v->reason);
	}
	gw_json_end(&j, '}');
	puts(room);
}

int sync_verify(struct sync *s, struct gw_err *err)
{
	const char *path = s->cli.first < s->cli.argc ? s->cli.argv[s->cli.first] : s->journal;
	struct gw_verify v;
	struct gw_reader *r;
	int rc = gw_reader_open(&r, path, err);

	if (rc < 0)
		return rc;
	rc = gw_reader_verify(r, &v, show_rows, s, err);
	gw_reader_close(r);
	if (s->progress && v.rows >= 10000)
		fputs("\r\033[K", stderr);
	if (rc < 0)
		return rc;
	print_verdict(s, path, &v);
	return v.bad == 0 ? GW_OK : gw_err_set(err, GW_E_INPUT, "%s: %s", path, v.reason);
}
