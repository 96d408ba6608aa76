/* Ports that are plain descriptors: pseudo-terminals, FIFOs, Unix sockets, pipes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "port/port_impl.h"

static int fd_read(struct gw_port *p, void *room, size_t size, struct gw_err *err)
{
	ssize_t n = read(p->fd, room, size);

	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return gw_err_errno(err, GW_E_DEVICE, n < 0 ? errno : EPIPE, "%s: gone", p->path);
}

static int fd_write(struct gw_port *p, const void *bytes, size_t len, struct gw_err *err)
{
	/* send() where it is a socket, so that a reader who left costs no signal. */
	ssize_t n = send(p->fd, bytes, len, MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(p->fd, bytes, len);
	if (n >= 0)
		return (int)n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return gw_err_errno(err, GW_E_DEVICE, errno, "%s: gone", p->path);
}

static int fd_pending(struct gw_port *p)
{
	int n;

	return ioctl(p->fd, TIOCOUTQ, &n) == 0 ? n : 0;
}

static void fd_close(struct gw_port *p)
{
	close(p->fd);
}

/* A pseudo-terminal we made takes the link to it away when it goes. */
static void pty_close(struct gw_port *p)
{
	char target[GW_PATH_MAX], name[64];
	ssize_t n = readlink(p->path, target, sizeof(target) - 1);

	if (n > 0 && ptsname_r(p->fd, name, sizeof(name)) == 0) {
		target[n] = '\0';
		if (strcmp(target, name) == 0)
			unlink(p->path);
	}
	close(p->fd);
}

static const struct gw_port_ops fd_ops = {"fd", fd_read, fd_write, fd_pending, fd_close};
static const struct gw_port_ops pty_ops = {"pty", fd_read, fd_write, fd_pending, pty_close};

int gw_port_open_fd(struct gw_port *p, int fd, struct gw_err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "descriptor %d", fd);
	p->ops = &fd_ops;
	p->fd = fd;
	p->handle = NULL;
	strcpy(p->path, "descriptor");
	return GW_OK;
}

static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return -1;
	cfmakeraw(&t);
	t.c_cflag |= CREAD | CLOCAL;
	return tcsetattr(fd, TCSANOW, &t);
}

static int open_socket(const char *path, struct gw_err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return gw_err_set(err, GW_E_INPUT, "%s: too long for a socket's path", path);
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "%s", path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		int rc = gw_err_errno(err, GW_E_DEVICE, errno, "%s: nobody answers", path);

		close(fd);
		return rc;
	}
	return fd;
}

static int open_path(const char *path, const struct stat *st, struct gw_err *err)
{
	int fd;

	if (S_ISSOCK(st->st_mode))
		return open_socket(path, err);
	/* A FIFO opened for both never reports the end of its writers. */
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return gw_err_errno(err,
				    errno == EACCES || errno == EPERM ? GW_E_DENIED : GW_E_DEVICE,
				    errno, "%s: cannot open it", path);
	return fd;
}

int gw_port_open_plain(struct gw_port *p, const char *path, struct gw_err *err)
{
	struct stat st;
	int fd, rc;

	if (stat(path, &st) != 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "%s", path);
	if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "%s: neither a device, a FIFO nor a socket",
				  path);
	fd = open_path(path, &st, err);
	if (fd < 0)
		return fd;
	if (S_ISCHR(st.st_mode) && set_raw(fd) != 0) {
		rc = gw_err_set(err, GW_E_INPUT, "%s: not a terminal line", path);
		close(fd);
		return rc;
	}
	rc = S_ISCHR(st.st_mode) ? gw_port_lock(fd, path, err) : GW_OK;
	if (rc == GW_OK)
		rc = gw_port_open_fd(p, fd, err);
	if (rc != GW_OK) {
		close(fd);
		return rc;
	}
	strcpy(p->path, path);
	return GW_OK;
}

/* A link of an earlier life may be replaced, a file of somebody else's must not. */
static int place_link(const char *target, const char *path, struct gw_err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(path);
	if (symlink(target, path) != 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "%s: cannot make the link to a pseudo-terminal", path);
	return GW_OK;
}

int gw_port_open_pty(struct gw_port *p, const char *path, struct gw_err *err)
{
	char name[64];
	int fd, slave, rc;

	p->ops = NULL;
	p->fd = -1;
	if (strlen(path) >= sizeof(p->path))
		return gw_err_set(err, GW_E_INPUT, "%s: the path is too long", path);
	fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 ||
	    ptsname_r(fd, name, sizeof(name)) != 0) {
		rc = gw_err_errno(err, GW_E_DEVICE, errno, "no pseudo-terminal to be had");
		if (fd >= 0)
			close(fd);
		return rc;
	}
	/* Opened and closed once, so that a hang-up says from the start that nobody reads. */
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0) {
		(void)set_raw(slave);
		close(slave);
	}
	rc = place_link(name, path, err);
	if (rc != GW_OK) {
		close(fd);
		return rc;
	}
	p->ops = &pty_ops;
	p->fd = fd;
	p->handle = NULL;
	strcpy(p->path, path);
	return GW_OK;
}
