#include "tools/sync/outbox.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int outbox_put_aside(const struct sync *s, struct state *state, struct batch_row *row,
		     const char *reason, struct gw_err *err)
{
	char from[GW_PATH_MAX], folder[GW_PATH_MAX], to[GW_PATH_MAX];
	int rc = gw_path_join(folder, s->outbox, "quarantine", err);

	if (rc == GW_OK)
		rc = gw_home_make(folder, err);
	if (rc == GW_OK)
		rc = gw_path_join(from, s->outbox, row->name, err);
	if (rc == GW_OK)
		rc = gw_path_join(to, folder, row->name, err);
	if (rc < 0)
		return rc;
	row->state = BATCH_QUARANTINED;
	snprintf(row->reason, sizeof(row->reason), "%s", reason);
	/* A file without its row is swept from the outbox: it is moved first, and stays so. */
	if (rename(from, to) != 0 && errno != ENOENT)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot move %s to %s", row->name,
				    folder);
	fprintf(stderr, "%sgoeswith-sync: put aside events %" PRId64 " to %" PRId64 ": %s (%s)\n",
		s->progress ? "\r\033[K" : "", row->first, row->last, reason, to);
	rc = gw_dir_sync(folder, err);
	return rc == GW_OK ? state_put(state, row, err) : rc;
}

int outbox_commit(const struct sync *s, struct state *state, struct batch_row *row,
		  struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, s->outbox, row->name, err);

	row->state = BATCH_COMMITTED;
	if (rc == GW_OK)
		rc = state_put(state, row, err);
	if (rc == GW_OK)
		unlink(path);
	return rc;
}
