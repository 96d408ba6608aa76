/*
 * Where batches go and acknowledgements and tables come from: dir:PATH, https://..., s3://...  A
 * table of functions, so that pushing does not know which.
 *
 * One thread.  Names are relative, with '/' between parts, of [A-Za-z0-9._-] only.
 */
#ifndef TOOLS_SYNC_TARGET_H
#define TOOLS_SYNC_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tools/sync/sync.h"

struct target;

/* What an answer says about trying again. */
struct target_answer {
	int64_t retry_after_ms; /* the server asked to wait; 0: it did not */
	bool for_good;          /* asking again with the same file will not help */
	bool suspect;           /* it may be this file that is refused, or all of them */
	char etag[128];         /* of what get gave, "" when there is none */
};

struct target_ops {
	/* Puts a file once; one that is there already is as good as put.  GW_OK, GW_E_DEVICE (try
	 * again), GW_E_DENIED, GW_E_INPUT (refused for good), GW_E_STORAGE. */
	int (*put)(struct target *t, const char *name, const void *data, size_t len,
		   struct target_answer *answer, struct gw_err *err);
	/* Gets a file of at most max bytes into malloc'ed memory with a NUL behind it.  etag (""
	 * for none): GW_E_AGAIN when it has not changed.  GW_E_NOT_FOUND, GW_E_DEVICE ... */
	int (*get)(struct target *t, const char *name, size_t max, const char *etag, char **data,
		   size_t *len, struct target_answer *answer, struct gw_err *err);
	/* Whether a file that was put is not there any more; NULL: that cannot be seen. */
	bool (*is_gone)(struct target *t, const char *name);
	void (*free)(struct target *t);
};

struct target {
	const struct target_ops *ops;
};

/* GW_E_USAGE: not a URL of a kind we know. */
int target_open(struct target **target, const char *url, const struct sync *s, struct gw_err *err);
void target_close(struct target *target);

/* One for each kind. */
int target_dir_open(struct target **target, const char *path, struct gw_err *err);
int target_http_open(struct target **target, const char *url, const struct sync *s,
		     struct gw_err *err);

#endif
