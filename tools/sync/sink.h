/*
 * Where collected sales end up: the book itself (one machine's SQLite file), or a ClickHouse server
 * or cluster that the book hands them on to.  A table of functions, so that collecting does not
 * know which.
 *
 * Owns the book.  One thread.
 */
#ifndef TOOLS_SYNC_SINK_H
#define TOOLS_SYNC_SINK_H

#include "tools/sync/book.h"

struct sink;

struct sink_ops {
	const char *scheme;    /* what --into starts with; "": a file */
	const char *book_name; /* of the book in the collected folder, where --into names none */
	/* Events that may wait before `settle` is worth calling; 0: call it for each terminal. */
	int64_t patience;
	int (*open)(struct sink **sink, const char *into, const char *book_path,
		    const struct sync *s, struct gw_err *err);
	/* Makes durable at its end whatever the book has committed.  Only then may it be
	 * acknowledged.  GW_E_DEVICE: try again, nothing is lost. */
	int (*settle)(struct sink *sink, struct gw_err *err);
	/* Events not yet there; INT64_MAX: the book cannot be read, as `settle` will say. */
	int64_t (*waiting)(struct sink *sink);
	void (*close)(struct sink *sink);
};

struct sink {
	const struct sink_ops *ops;
	struct book *book;
};

extern const struct sink_ops sink_sqlite, sink_clickhouse;

/* into NULL: a file in dir. */
int sink_open(struct sink **sink, const char *into, const char *dir, const struct sync *s,
	      struct gw_err *err);

#endif
