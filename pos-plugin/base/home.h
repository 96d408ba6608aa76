/*
 * Where a goeswith installation keeps its things, and its INI configuration (goeswith.conf).
 * The home is --home, else $GOESWITH_HOME, else /var/lib/goeswith for root, else
 * $XDG_STATE_HOME/goeswith or ~/.local/state/goeswith.
 */
#ifndef BASE_HOME_H
#define BASE_HOME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define GW_PATH_MAX 1024

/*
 * Writes the home's path; flag is the value of --home or NULL.  GW_E_INPUT when no rule applies or
 * the path is too long.  Creates nothing.
 */
int gw_home_path(char out[GW_PATH_MAX], const char *flag, struct gw_err *err);

/* Creates a directory and the ones above it (mode 0770).  GW_E_STORAGE, GW_E_DENIED. */
int gw_home_make(const char *path, struct gw_err *err);

/* out = dir/name.  GW_E_INPUT when it does not fit. */
int gw_path_join(char out[GW_PATH_MAX], const char *dir, const char *name, struct gw_err *err);

/*
 * Replaces a file in one step: writes beside it, fsyncs, renames, fsyncs the directory.  Mode 0660
 * less the umask.  GW_E_STORAGE, GW_E_DENIED (also for what gw_file_may_replace spares); the old
 * file is whole in any case.
 */
int gw_file_replace(const char *path, const void *data, size_t len, struct gw_err *err);

/*
 * Whether a rename may take the place of path: nothing is there, a file, or a link.  A device, pipe
 * or folder stays: root renaming onto /dev/null would take it from the whole machine.
 */
bool gw_file_may_replace(const char *path);

/* fsyncs a directory, so that renames in it are durable. */
int gw_dir_sync(const char *path, struct gw_err *err);

/* Reads a whole file of at most max bytes into malloc'ed memory with a NUL behind it. */
int gw_file_read(const char *path, size_t max, char **data, size_t *len, struct gw_err *err);

struct gw_conf;

/*
 * Reads an INI file.  A file that is not there gives an empty configuration; a faulty line is
 * GW_E_INPUT with the file and line.
 */
int gw_conf_load(struct gw_conf **conf, const char *path, struct gw_err *err);
void gw_conf_free(struct gw_conf *conf);
/* Value, or fallback when it is not set (conf may be NULL).  Borrowed from conf. */
const char *gw_conf_get(const struct gw_conf *conf, const char *section, const char *key,
			const char *fallback);
/* Calls each for every entry of a section, in file order. */
void gw_conf_each(const struct gw_conf *conf, const char *section,
		  void (*each)(void *ctx, const char *key, const char *value), void *ctx);

#endif
