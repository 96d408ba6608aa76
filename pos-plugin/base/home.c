#include "base/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fits(int n, struct gw_err *err)
{
	if (n < 0 || n >= GW_PATH_MAX)
		return gw_err_set(err, GW_E_INPUT, "path longer than %d bytes", GW_PATH_MAX - 1);
	return GW_OK;
}

int gw_path_join(char out[GW_PATH_MAX], const char *dir, const char *name, struct gw_err *err)
{
	return fits(snprintf(out, GW_PATH_MAX, "%s/%s", dir, name), err);
}

int gw_home_path(char out[GW_PATH_MAX], const char *flag, struct gw_err *err)
{
	const char *home = flag != NULL ? flag : getenv("GOESWITH_HOME");
	const char *state = getenv("XDG_STATE_HOME");
	const char *user = getenv("HOME");

	if (home != NULL && home[0] != '\0')
		return fits(snprintf(out, GW_PATH_MAX, "%s", home), err);
	if (geteuid() == 0)
		return fits(snprintf(out, GW_PATH_MAX, "/var/lib/goeswith"), err);
	if (state != NULL && state[0] == '/')
		return gw_path_join(out, state, "goeswith", err);
	if (user == NULL || user[0] == '\0')
		return gw_err_set(err, GW_E_INPUT, "no home: give --home DIR or set GOESWITH_HOME");
	return gw_path_join(out, user, ".local/state/goeswith", err);
}

static int storage_code(int errnum)
{
	return errnum == EACCES || errnum == EPERM ? GW_E_DENIED : GW_E_STORAGE;
}

static int make_one(const char *path, struct gw_err *err)
{
	struct stat st;

	if (mkdir(path, 0770) == 0 ||
	    (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return GW_OK;
	return gw_err_errno(err, storage_code(errno), errno, "cannot create the directory %s",
			    path);
}

int gw_home_make(const char *path, struct gw_err *err)
{
	char part[GW_PATH_MAX];
	int rc = fits(snprintf(part, sizeof(part), "%s", path), err);

	if (rc < 0)
		return rc;
	for (char *p = part + 1; *p != '\0'; p++) {
		struct stat st;

		if (*p != '/')
			continue;
		*p = '\0';
		if (stat(part, &st) != 0 && (rc = make_one(part, err)) < 0)
			return rc;
		*p = '/';
	}
	return make_one(part, err);
}

int gw_dir_sync(const char *path, struct gw_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = GW_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = gw_err_errno(err, storage_code(errno), errno, "cannot sync the directory %s",
				  path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static void directory_of(char out[GW_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, GW_PATH_MAX, ".");
	else
		snprintf(out, GW_PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

bool gw_file_may_replace(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
}

int gw_file_replace(const char *path, const void *data, size_t len, struct gw_err *err)
{
	char beside[GW_PATH_MAX], dir[GW_PATH_MAX];
	int fd, rc = fits(snprintf(beside, sizeof(beside), "%s.%ld.tmp", path, (long)getpid()),
			  err);

	if (rc < 0)
		return rc;
	if (!gw_file_may_replace(path))
		return gw_err_set(err, GW_E_DENIED, "%s is not a file: it is left as it is", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return gw_err_errno(err, storage_code(errno), errno, "cannot create %s", beside);
	if (write_all(fd, data, len) != 0) {
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "cannot write %s", beside);
		close(fd);
		unlink(beside);
		return rc;
	}
	if (close(fd) != 0 || rename(beside, path) != 0) {
		rc = gw_err_errno(err, storage_code(errno), errno, "cannot replace %s", path);
		unlink(beside);
		return rc;
	}
	directory_of(dir, path);
	return gw_dir_sync(dir, err);
}

static int read_all(int fd, size_t max, char **data, size_t *len)
{
	size_t size = 4096, used = 0;
	char *p = malloc(size + 1);

	while (p != NULL) {
		ssize_t n = read(fd, p + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			p[used] = '\0';
			*data = p;
			*len = used;
			if (n == 0)
				return GW_OK;
			break;
		}
		used += (size_t)n;
		if (used > max) {
			free(p);
			return GW_E_FULL;
		}
		if (used == size) {
			char *bigger = realloc(p, size * 2 + 1);

			if (bigger == NULL)
				break;
			p = bigger;
			size *= 2;
		}
	}
	free(p);
	*data = NULL;
	return p == NULL ? GW_E_MEMORY : GW_E_STORAGE;
}

int gw_file_read(const char *path, size_t max, char **data, size_t *len, struct gw_err *err)
{
	int fd, rc;

	*data = NULL;
	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gw_err_errno(err, errno == ENOENT ? GW_E_NOT_FOUND : storage_code(errno),
				    errno, "cannot open %s", path);
	rc = read_all(fd, max, data, len);
	if (rc == GW_E_FULL)
		gw_err_set(err, GW_E_INPUT, "%s is larger than %zu bytes", path, max),
			rc = GW_E_INPUT;
	else if (rc < 0)
		gw_err_errno(err, rc, errno, "cannot read %s", path);
	close(fd);
	return rc;
}
