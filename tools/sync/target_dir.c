/* A folder: a disk, a share, a USB stick.  Files appear whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/sync/target.h"

struct dir_target {
	struct target base;
	char path[GW_PATH_MAX];
};

/* A stick that was pulled out is a device that is not there, not a fault of ours. */
static int check_there(const struct dir_target *t, struct gw_err *err)
{
	struct stat st;

	if (stat(t->path, &st) != 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_DEVICE, errno,
				    "cannot reach the folder %s", t->path);
	if (!S_ISDIR(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "%s is not a folder", t->path);
	return GW_OK;
}

static int full_path(const struct dir_target *t, const char *name, char out[GW_PATH_MAX],
		     struct gw_err *err)
{
	return gw_path_join(out, t->path, name, err);
}

static int make_folders(const char *path, struct gw_err *err)
{
	char folder[GW_PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	return gw_home_make(folder, err);
}

static int dir_put(struct target *base, const char *name, const void *data, size_t len,
		   struct target_answer *answer, struct gw_err *err)
{
	struct dir_target *t = (struct dir_target *)base;
	char path[GW_PATH_MAX];
	struct stat st;
	int rc = check_there(t, err);

	memset(answer, 0, sizeof(*answer));
	if (rc == GW_OK)
		rc = full_path(t, name, path, err);
	if (rc < 0)
		return rc;
	/* Named by content: a file of this name and size is this file. */
	if (stat(path, &st) == 0 && (size_t)st.st_size == len)
		return GW_OK;
	rc = make_folders(path, err);
	return rc == GW_OK ? gw_file_replace(path, data, len, err) : rc;
}

static int dir_get(struct target *base, const char *name, size_t max, const char *etag, char **data,
		   size_t *len, struct target_answer *answer, struct gw_err *err)
{
	struct dir_target *t = (struct dir_target *)base;
	char path[GW_PATH_MAX];
	struct stat st;
	int rc = check_there(t, err);

	memset(answer, 0, sizeof(*answer));
	*data = NULL;
	if (rc == GW_OK)
		rc = full_path(t, name, path, err);
	if (rc == GW_OK && stat(path, &st) == 0) {
		/* A pipe would hold us up for ever. */
		if (!S_ISREG(st.st_mode))
			return gw_err_set(err, GW_E_INPUT, "%s is not a file", path);
		snprintf(answer->etag, sizeof(answer->etag), "%lld.%09ld-%lld-%llu",
			 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_size,
			 (unsigned long long)st.st_ino);
		if (etag[0] != '\0' && strcmp(etag, answer->etag) == 0)
			return GW_E_AGAIN;
	}
	return rc == GW_OK ? gw_file_read(path, max, data, len, err) : rc;
}

/* Another stick, or one that was emptied. */
static bool dir_is_gone(struct target *base, const char *name)
{
	struct dir_target *t = (struct dir_target *)base;
	char path[GW_PATH_MAX];
	struct stat st;

	return check_there(t, NULL) == GW_OK && full_path(t, name, path, NULL) == GW_OK &&
	       stat(path, &st) != 0 && errno == ENOENT;
}

static void dir_free(struct target *t)
{
	free(t);
}

int target_dir_open(struct target **target, const char *path, struct gw_err *err)
{
	static const struct target_ops ops = {dir_put, dir_get, dir_is_gone, dir_free};
	struct dir_target *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	t->base.ops = &ops;
	if (snprintf(t->path, sizeof(t->path), "%s", path) >= (int)sizeof(t->path)) {
		free(t);
		return gw_err_set(err, GW_E_INPUT, "the path is too long");
	}
	*target = &t->base;
	return GW_OK;
}
