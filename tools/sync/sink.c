#include "tools/sync/sink.h"

#include <stdlib.h>
#include <string.h>

/* --- one machine: the book is all there is ---------------------------------------------------- */

static void close_sqlite(struct sink *sink)
{
	book_close(sink->book);
	free(sink);
}

static int open_sqlite(struct sink **sink, const char *into, const char *book_path,
		       const struct sync *s, struct gw_err *err)
{
	struct sink *k = calloc(1, sizeof(*k));
	int rc;

	(void)s;
	if (k == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	k->ops = &sink_sqlite;
	rc = book_open(&k->book, into != NULL ? into : book_path, false, err);
	if (rc < 0)
		free(k);
	else
		*sink = k;
	return rc;
}

/* The book's commit was all it takes. */
static int settle_sqlite(struct sink *sink, struct gw_err *err)
{
	(void)sink;
	(void)err;
	return GW_OK;
}

static int64_t waiting_sqlite(struct sink *sink)
{
	(void)sink;
	return 0;
}

const struct sink_ops sink_sqlite = {
	"", "collection.db", 0, open_sqlite, settle_sqlite, waiting_sqlite, close_sqlite};

/* --- which one -------------------------------------------------------------------------------- */

int sink_open(struct sink **sink, const char *into, const char *dir, const struct sync *s,
	      struct gw_err *err)
{
	/* By what --into starts with; a file is what is none of the others. */
	static const struct sink_ops *const others[] = {&sink_clickhouse};
	const struct sink_ops *ops = &sink_sqlite;
	char path[GW_PATH_MAX];
	int rc;

	*sink = NULL;
	for (size_t i = 0; into != NULL && i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(into, others[i]->scheme, strlen(others[i]->scheme)) == 0)
			ops = others[i];
	rc = gw_path_join(path, dir, ops->book_name, err);
	return rc == GW_OK ? ops->open(sink, into, path, s, err) : rc;
}
