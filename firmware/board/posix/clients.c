/*
 * The Unix socket.  Whoever connects is greeted with a HELLO; the first to speak becomes the
 * register, whom the dock serves until it leaves.  Others who speak get a HELLO that says "busy"
 * and are shown out, so that two registers never share one session.  Who only listens (status)
 * disturbs nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "firmware/board/posix/posix.h"

static int take_lock(struct posix *p, struct gw_err *err)
{
	char path[GW_PATH_MAX], text[GW_DOCK_IDENTITY + 32];
	int n = snprintf(path, sizeof(path), "%s.lock", p->listen_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return gw_err_set(err, GW_E_INPUT, "%s: the path is too long", p->listen_path);
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (p->lock_fd < 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno, "%s",
				    path);
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return gw_err_set(err, GW_E_AGAIN, "%s: another dock listens there",
				  p->listen_path);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	gw_dock_identity(&p->options, text + n);
	if (ftruncate(p->lock_fd, 0) != 0 || write(p->lock_fd, text, strlen(text)) < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "%s", path);
	return GW_OK;
}

int gw_posix_clients_listen(struct posix *p, struct gw_err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int rc = take_lock(p, err);

	if (rc != GW_OK)
		return rc;
	if (strlen(p->listen_path) >= sizeof(a.sun_path))
		return gw_err_set(err, GW_E_INPUT,
				  "%s: longer than the %zu bytes a socket's path may have",
				  p->listen_path, sizeof(a.sun_path) - 1);
	strcpy(a.sun_path, p->listen_path);
	/* Ours by the lock: a socket there is an earlier life's.  Anything else is somebody's. */
	if (lstat(p->listen_path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(p->listen_path);
	p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0117);
	rc = p->listen_fd < 0 || bind(p->listen_fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
			     listen(p->listen_fd, 8) != 0
		     ? gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "%s: cannot listen there", p->listen_path)
		     : GW_OK;
	umask(mask);
	if (rc != GW_OK && p->listen_fd >= 0) {
		close(p->listen_fd);
		p->listen_fd = -1; /* what stands at the path was never ours to take away */
	}
	return rc;
}

struct client *gw_posix_clients_primary(struct posix *p)
{
	for (int i = 0; i < POSIX_CLIENTS; i++)
		if (p->clients[i].fd >= 0 && p->clients[i].primary)
			return &p->clients[i];
	return NULL;
}

int gw_posix_clients_count(const struct posix *p)
{
	int n = 0;

	for (int i = 0; i < POSIX_CLIENTS; i++)
		n += p->clients[i].fd >= 0;
	return n;
}

static void drop_client(struct posix *p, struct client *c)
{
	close(c->fd);
	c->fd = -1;
	if (c->primary) {
		gw_posix_queue_drop(&p->host_queue, p->host_queue.len);
		gw_posix_show_left(p);
	}
	c->primary = false;
	if (gw_posix_clients_count(p) == 0)
		p->alone_since_ms = p->now_ms;
}

static void greet(struct posix *p, struct client *c, bool busy)
{
	uint8_t payload[GW_LINK_HELLO_LEN], wire[GW_LINK_WIRE_MAX];
	struct gw_link_hello hello;
	struct gw_link_frame f = {.type = GW_LINK_HELLO,
				  .flags = busy ? GW_LINK_F_NAK : 0,
				  .payload = payload,
				  .payload_len = GW_LINK_HELLO_LEN};
	size_t len;

	gw_dock_hello(&p->dock, (uint32_t)p->now_ms, &hello);
	gw_link_hello_put(payload, &hello);
	f.session = hello.session;
	f.seq = hello.base;
	len = gw_link_encode(wire, &f);
	(void)!send(c->fd, wire, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void gw_posix_clients_accept(struct posix *p)
{
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < POSIX_CLIENTS; i++)
		if (p->clients[i].fd < 0) {
			p->clients[i] = (struct client){.fd = fd};
			p->alone_since_ms = -1;
			greet(p, &p->clients[i], false);
			return;
		}
	close(fd);
}

void gw_posix_clients_read(struct posix *p, struct client *c)
{
	uint8_t room[4096];
	ssize_t n = recv(c->fd, room, sizeof(room), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(p, c);
		return;
	}
	if (!c->primary) {
		if (gw_posix_clients_primary(p) != NULL) {
			greet(p, c, true);
			drop_client(p, c);
			return;
		}
		c->primary = true;
		gw_dock_host_new(&p->dock, (uint32_t)p->now_ms);
	}
	gw_dock_host_in(&p->dock, room, (size_t)n, (uint32_t)p->now_ms);
}

size_t gw_posix_clients_room(const struct posix *p)
{
	for (int i = 0; i < POSIX_CLIENTS; i++)
		if (p->clients[i].fd >= 0 && p->clients[i].primary)
			return p->host_queue.size - p->host_queue.len;
	return 0;
}

void gw_posix_clients_flush(struct posix *p)
{
	struct client *c = gw_posix_clients_primary(p);

	while (c != NULL && p->host_queue.len > 0) {
		size_t len;
		const uint8_t *at = gw_posix_queue_peek(&p->host_queue, &len);
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			drop_client(p, c);
			return;
		}
		if (n <= 0)
			return;
		gw_posix_queue_drop(&p->host_queue, (size_t)n);
	}
}

void gw_posix_clients_write(struct posix *p, const uint8_t *bytes, size_t len)
{
	gw_posix_queue_put(&p->host_queue, bytes, len);
}

void gw_posix_clients_close(struct posix *p)
{
	for (int i = 0; i < POSIX_CLIENTS; i++)
		if (p->clients[i].fd >= 0)
			close(p->clients[i].fd);
	if (p->listen_fd >= 0) {
		close(p->listen_fd);
		unlink(p->listen_path);
	}
}
