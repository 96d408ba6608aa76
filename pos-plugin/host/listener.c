#include "host/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 64 /* callers while a turn of the loop lasts */

/* Holds the folder of the socket, so that two starts cannot take each other's file away. */
static int hold_folder(const char *path, int *fd, struct gw_err *err)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)] = ".";

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
			 path);
	*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return gw_err_errno(err, GW_E_DENIED, errno, "folder of the socket %s", path);
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		close(*fd);
		return gw_err_set(err, GW_E_AGAIN, "%s: another program is starting there", path);
	}
	return GW_OK;
}

/* Takes a socket file away that nobody answers on. */
static int clear_stale(const struct sockaddr_un *name, struct gw_err *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(name->sun_path, &st) != 0)
		return GW_OK; /* nothing there; what else is wrong, bind() will say */
	if (!S_ISSOCK(st.st_mode))
		return gw_err_set(err, GW_E_DENIED, "%s is in the way and is not a socket",
				  name->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "cannot make a socket");
	rc = connect(fd, (const struct sockaddr *)name, sizeof(*name));
	rc = rc == 0 ? 0 : errno;
	close(fd);
	if (rc == ENOENT)
		return GW_OK;
	if (rc != ECONNREFUSED)
		return gw_err_set(err, rc == EACCES ? GW_E_DENIED : GW_E_AGAIN,
				  "%s is in use by another program", name->sun_path);
	if (unlink(name->sun_path) != 0)
		return gw_err_errno(err, GW_E_DENIED, errno, "cannot remove the old socket %s",
				    name->sun_path);
	return GW_OK;
}

static int open_socket(struct gw_listener *l, const struct sockaddr_un *name, struct gw_err *err)
{
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "cannot make a socket");
	/* Linux gives the file the mode of the unbound socket less the umask: never too wide. */
	if (fchmod(fd, 0660) != 0 || bind(fd, (const struct sockaddr *)name, sizeof(*name)) != 0) {
		int errnum = errno;

		close(fd);
		return gw_err_errno(err, errnum == EADDRINUSE ? GW_E_AGAIN : GW_E_DENIED, errnum,
				    "cannot listen on %s", name->sun_path);
	}
	if (chmod(name->sun_path, 0660) != 0 || listen(fd, BACKLOG) != 0 ||
	    lstat(name->sun_path, &st) != 0) {
		int errnum = errno;

		close(fd);
		unlink(name->sun_path);
		return gw_err_errno(err, GW_E_DEVICE, errnum, "cannot listen on %s",
				    name->sun_path);
	}
	l->fd = fd;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	memcpy(l->path, name->sun_path, sizeof(l->path));
	return GW_OK;
}

int gw_listener_open(struct gw_listener *l, const char *path, struct gw_err *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int folder, rc;

	if (path[0] == '\0' || strlen(path) >= sizeof(name.sun_path))
		return gw_err_set(err, GW_E_INPUT, "the path of a socket has 1 to %zu bytes: %s",
				  sizeof(name.sun_path) - 1, path);
	memcpy(name.sun_path, path, strlen(path) + 1);
	rc = hold_folder(path, &folder, err);
	if (rc != GW_OK)
		return rc;
	rc = clear_stale(&name, err);
	if (rc == GW_OK)
		rc = open_socket(l, &name, err);
	close(folder);
	if (rc == GW_OK)
		l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return rc;
}

void gw_listener_close(struct gw_listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	l->fd = l->spare_fd = -1;
}

/*
 * Without a free descriptor accept() fails while poll() keeps saying "ready": give up the spare
 * one, accept, turn the caller away.
 */
static void turn_away(struct gw_listener *l)
{
	int fd;

	if (l->spare_fd < 0)
		return;
	close(l->spare_fd);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int gw_listener_accept(struct gw_listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		turn_away(l);
	return fd;
}
