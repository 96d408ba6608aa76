/*
 * One client:
 *
 *	free --accept, attach--> open --end of input--> draining --all taken, all sent--> free
 *	                           |                      |
 *	                           +------queue full------+--> leaving --sent, gone--> free
 *
 *	accept: take_newcomer     end of input: read_some      queue full: drop
 *	all sent, gone: settle; or find_place, when another one needs the place
 *
 * The attached pair does not drain away: its output stays until the end (gw_clients_free), because
 * what happens after the end of stdin is still to be told on stdout.
 */
#include "host/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/listener.h"

#define FAREWELL      "{\"on\":\"error\",\"text\":\"dropped: answers were not read\"}\n"
#define FULL_HOUSE    "{\"on\":\"error\",\"text\":\"too many clients\"}\n"
#define FAREWELL_ROOM 256
#define END_WAIT_MS   5000 /* for a reader of stdout that makes no progress at the end */

struct client {
	bool used, attached;
	bool in_ended, out_dead, leaving;
	bool skipping; /* within a line that is too long */
	bool too_long; /* ... which is still to be told */
	int in_fd, out_fd;
	char *in, *out; /* owned */
	size_t in_from, in_len;
	size_t looked; /* in[in_from..looked) holds no line feed */
	size_t out_from, out_len;
};

struct gw_clients {
	struct gw_listener listener;
	struct client client[GW_CLIENTS_MAX];
	int turn;
	int taken; /* client whose line was handed out last, -1 */
	size_t taken_at, taken_len;
	bool has_news;
	char news[160];
};

int gw_clients_new(struct gw_clients **out, struct gw_err *err)
{
	struct gw_clients *c = calloc(1, sizeof(*c));

	*out = c;
	if (c == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for clients");
	c->listener = (struct gw_listener)GW_LISTENER_NONE;
	c->taken = -1;
	return GW_OK;
}

/* --- coming and going ------------------------------------------------------------------------- */

static void tell(struct gw_clients *c, int who, const char *what)
{
	c->has_news = true;
	snprintf(c->news, sizeof(c->news), "client %d: %s", who, what);
}

static void release(struct gw_clients *c, struct client *k)
{
	if (!k->attached)
		close(k->in_fd);
	if (k->in != NULL)
		explicit_bzero(k->in, GW_CLIENTS_IN_MAX + 1);
	free(k->in);
	free(k->out);
	if (c->taken == (int)(k - c->client))
		c->taken = -1;
	memset(k, 0, sizeof(*k));
}

static int occupy(struct client *k, int in_fd, int out_fd)
{
	memset(k, 0, sizeof(*k));
	k->in = malloc(GW_CLIENTS_IN_MAX + 1);
	k->out = malloc(GW_CLIENTS_OUT_MAX + FAREWELL_ROOM);
	if (k->in == NULL || k->out == NULL) {
		free(k->in);
		free(k->out);
		return GW_E_MEMORY;
	}
	k->used = true;
	k->in_fd = in_fd;
	k->out_fd = out_fd;
	return GW_OK;
}

/* A free place; one whose client is on its way out is good enough. */
static struct client *find_place(struct gw_clients *c)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		if (!c->client[i].used)
			return &c->client[i];
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		if (c->client[i].leaving && !c->client[i].attached) {
			release(c, &c->client[i]);
			return &c->client[i];
		}
	return NULL;
}

int gw_clients_attach(struct gw_clients *c, int in_fd, int out_fd, struct gw_err *err)
{
	struct client *k = find_place(c);

	if (fcntl(in_fd, F_GETFD) == -1 || fcntl(out_fd, F_GETFD) == -1)
		return gw_err_errno(err, GW_E_DEVICE, errno, "standard input or output");
	if (k == NULL)
		return gw_err_set(err, GW_E_FULL, "too many clients");
	if (occupy(k, in_fd, out_fd) != GW_OK)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for a client");
	k->attached = true;
	return GW_OK;
}

static bool has_input_left(const struct client *k)
{
	return k->too_long || k->in_from < k->in_len;
}

bool gw_clients_attached(const struct gw_clients *c)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		const struct client *k = &c->client[i];

		if (k->used && k->attached && (!k->in_ended || has_input_left(k)) && !k->leaving)
			return true;
	}
	return false;
}

bool gw_clients_here(const struct gw_clients *c, int who)
{
	const struct client *k = who >= 0 && who < GW_CLIENTS_MAX ? &c->client[who] : NULL;

	return k != NULL && k->used && !k->leaving && !k->out_dead;
}

size_t gw_clients_count(const struct gw_clients *c)
{
	size_t n = 0;

	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		n += c->client[i].used;
	return n;
}

int gw_clients_listen(struct gw_clients *c, const char *path, struct gw_err *err)
{
	return gw_listener_open(&c->listener, path, err);
}

static bool take_newcomer(struct gw_clients *c)
{
	int fd = gw_listener_accept(&c->listener);
	struct client *k;

	if (fd < 0)
		return false;
	k = find_place(c);
	if (k == NULL || occupy(k, fd, fd) != GW_OK) {
		(void)send(fd, FULL_HOUSE, sizeof(FULL_HOUSE) - 1, MSG_NOSIGNAL);
		tell(c, GW_CLIENTS_MAX, "turned away, too many clients");
		close(fd);
	}
	return true;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static bool is_backed_up(const struct client *k)
{
	return !k->out_dead && k->out_len - k->out_from > GW_CLIENTS_OUT_MAX / 2;
}

static bool wants_input(const struct client *k)
{
	return !k->in_ended && !k->leaving && !is_backed_up(k) &&
	       k->in_len - k->in_from < GW_CLIENTS_IN_MAX;
}

/* Our own stdout stays a blocking descriptor: a pipe that poll() calls ready takes PIPE_BUF. */
static ssize_t write_ready(const struct client *k, const char *p, size_t len)
{
	struct pollfd fd = {.fd = k->out_fd, .events = POLLOUT};

	if (!k->attached)
		return send(k->out_fd, p, len, MSG_NOSIGNAL);
	if (poll(&fd, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(k->out_fd, p, len < PIPE_BUF ? len : PIPE_BUF);
}

static void flush(struct client *k)
{
	while (!k->out_dead && k->out_from < k->out_len) {
		ssize_t n = write_ready(k, k->out + k->out_from, k->out_len - k->out_from);

		if (n > 0)
			k->out_from += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		else
			k->out_dead = true;
	}
	k->out_from = k->out_len = 0;
}

static void compact(struct client *k)
{
	size_t left = k->in_len - k->in_from;

	if (k->in_from == 0)
		return;
	memmove(k->in, k->in + k->in_from, left);
	explicit_bzero(k->in + left, k->in_from);
	k->looked -= k->in_from;
	k->in_len = left;
	k->in_from = 0;
}

static void read_some(struct gw_clients *c, struct client *k)
{
	ssize_t n;

	if (c->taken == (int)(k - c->client))
		c->taken = -1; /* the line handed out last moves or is overwritten */
	compact(k);
	if (k->in_len == GW_CLIENTS_IN_MAX)
		return;
	n = read(k->in_fd, k->in + k->in_len, GW_CLIENTS_IN_MAX - k->in_len);
	if (n > 0)
		k->in_len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
		k->in_ended = true;
}

/* Lets a client go that has nothing left to say or to hear. */
static void settle(struct gw_clients *c, struct client *k)
{
	bool said = k->leaving || (k->in_ended && !has_input_left(k));
	bool heard = k->out_dead || k->out_len == k->out_from;

	if (k->attached) {
		/* Nobody reads our stdout: as good as the end of stdin. */
		if (k->out_dead)
			k->leaving = true;
		return;
	}
	if (said && heard)
		release(c, k);
}

size_t gw_clients_poll(const struct gw_clients *c, struct pollfd *fds, size_t room)
{
	size_t n = 0;

	for (int i = 0; i < GW_CLIENTS_MAX && n + 2 < room; i++) {
		const struct client *k = &c->client[i];
		short in = wants_input(k) ? POLLIN : 0;
		short out = k->out_from < k->out_len ? POLLOUT : 0;

		if (!k->used)
			continue;
		if (!k->attached && !k->out_dead)
			fds[n++] = (struct pollfd){.fd = k->in_fd, .events = (short)(in | out)};
		else if (in != 0)
			fds[n++] = (struct pollfd){.fd = k->in_fd, .events = in};
		if (k->attached && !k->out_dead)
			fds[n++] = (struct pollfd){.fd = k->out_fd, .events = out};
	}
	if (c->listener.fd >= 0 && n < room)
		fds[n++] = (struct pollfd){.fd = c->listener.fd, .events = POLLIN};
	return n;
}

static void serve(struct gw_clients *c, struct client *k, const struct pollfd *p)
{
	if (p->fd == k->in_fd && (p->events & POLLIN) != 0 && p->revents != 0)
		read_some(c, k);
	if (p->fd == k->out_fd && (p->revents & (POLLERR | POLLNVAL)) != 0)
		k->out_dead = true;
	/* A socket hangs up when both directions are gone.  The reading end of a pipe does so when
	 * its writers are, which is read_some's business. */
	if ((p->revents & POLLHUP) != 0 && (!k->attached || p->fd != k->in_fd))
		k->out_dead = true;
	if (p->fd == k->out_fd && (p->revents & POLLOUT) != 0)
		flush(k);
	settle(c, k);
}

void gw_clients_ready(struct gw_clients *c, const struct pollfd *fds, size_t n)
{
	bool newcomers = false;

	for (size_t i = 0; i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].fd == c->listener.fd)
			newcomers = true;
		for (int j = 0; j < GW_CLIENTS_MAX; j++) {
			struct client *k = &c->client[j];

			if (k->used && (k->in_fd == fds[i].fd || k->out_fd == fds[i].fd))
				serve(c, k, &fds[i]);
		}
	}
	/* Last, so that no descriptor number is given to a newcomer while fds[] names its past. */
	while (newcomers && take_newcomer(c))
		;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void wipe_taken(struct gw_clients *c)
{
	if (c->taken >= 0)
		explicit_bzero(c->client[c->taken].in + c->taken_at, c->taken_len);
	c->taken = -1;
}

/* Drops what is there of a line beyond the limit; true when its end has come. */
static bool skip(struct client *k, const char *feed)
{
	k->in_from = feed != NULL ? (size_t)(feed - k->in) + 1 : k->in_len;
	k->looked = k->in_from;
	k->skipping = feed == NULL && !k->in_ended;
	return !k->skipping;
}

static const char *find_feed(struct client *k)
{
	const char *feed = memchr(k->in + k->looked, '\n', k->in_len - k->looked);

	k->looked = feed != NULL ? (size_t)(feed - k->in) : k->in_len;
	return feed;
}

/* The next line at in[*at .. *at + *len); false when there is no whole one. */
static bool cut_line(struct client *k, size_t *at, size_t *len)
{
	const char *feed;

	while (k->in_from < k->in_len) {
		feed = find_feed(k);
		if (k->skipping) {
			if (!skip(k, feed))
				return false;
			continue;
		}
		if (feed == NULL && k->in_len - k->in_from == GW_CLIENTS_IN_MAX) {
			k->too_long = true;
			skip(k, NULL);
			return true;
		}
		if (feed == NULL && !k->in_ended)
			return false;
		*at = k->in_from;
		*len = k->looked - k->in_from;
		k->in_from = k->looked + (feed != NULL);
		k->looked = k->in_from;
		if (*len > 0 && k->in[*at + *len - 1] == '\r')
			(*len)--;
		k->in[*at + *len] = '\0';
		if (*len > 0)
			return true;
	}
	return false;
}

int gw_clients_next(struct gw_clients *c, const char **line, size_t *len)
{
	wipe_taken(c);
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		int who = (c->turn + i) % GW_CLIENTS_MAX;
		struct client *k = &c->client[who];
		size_t at = 0;

		if (!k->used || k->leaving || is_backed_up(k))
			continue;
		if (!cut_line(k, &at, len)) {
			settle(c, k);
			continue;
		}
		c->turn = (who + 1) % GW_CLIENTS_MAX;
		if (k->too_long) {
			k->too_long = false;
			*line = "";
			*len = GW_CLIENTS_TOO_LONG;
			return who;
		}
		c->taken = who;
		c->taken_at = at;
		c->taken_len = *len;
		*line = k->in + at;
		return who;
	}
	return -1;
}

static bool has_line(const struct client *k)
{
	if (k->too_long || (k->in_ended && k->in_from < k->in_len))
		return true;
	return memchr(k->in + k->looked, '\n', k->in_len - k->looked) != NULL;
}

bool gw_clients_pending(const struct gw_clients *c)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		const struct client *k = &c->client[i];

		if (k->used && !k->leaving && !is_backed_up(k) && has_line(k))
			return true;
	}
	return false;
}

static void drop(struct gw_clients *c, struct client *k)
{
	memcpy(k->out + k->out_len, FAREWELL, sizeof(FAREWELL) - 1);
	k->out_len += sizeof(FAREWELL) - 1;
	k->leaving = true;
	tell(c, (int)(k - c->client), "dropped, it does not read its answers");
}

static void send_to(struct gw_clients *c, struct client *k, const char *text, size_t len)
{
	if (!k->used || k->leaving || k->out_dead)
		return;
	if (k->out_len + len > GW_CLIENTS_OUT_MAX) {
		memmove(k->out, k->out + k->out_from, k->out_len - k->out_from);
		k->out_len -= k->out_from;
		k->out_from = 0;
	}
	if (k->out_len + len > GW_CLIENTS_OUT_MAX) {
		drop(c, k);
		return;
	}
	memcpy(k->out + k->out_len, text, len);
	k->out_len += len;
	flush(k);
	/* settle() waits for poll(): nobody disappears while the caller still answers him. */
}

void gw_clients_send(struct gw_clients *c, int who, const char *text, size_t len)
{
	if (who >= 0 && who < GW_CLIENTS_MAX)
		send_to(c, &c->client[who], text, len);
}

void gw_clients_send_all(struct gw_clients *c, const char *text, size_t len)
{
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		send_to(c, &c->client[i], text, len);
}

bool gw_clients_news(struct gw_clients *c, char *text, size_t size)
{
	if (!c->has_news)
		return false;
	snprintf(text, size, "%s", c->news);
	c->has_news = false;
	return true;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* The rest of stdout must arrive; who reads it slowly is waited for as long as he reads at all. */
static void flush_to_the_end(struct client *k)
{
	struct pollfd fd = {.fd = k->out_fd, .events = POLLOUT};

	flush(k);
	while (!k->out_dead && k->out_from < k->out_len && poll(&fd, 1, END_WAIT_MS) > 0)
		flush(k);
}

void gw_clients_free(struct gw_clients *c)
{
	if (c == NULL)
		return;
	gw_listener_close(&c->listener);
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		struct client *k = &c->client[i];

		if (!k->used)
			continue;
		if (k->attached)
			flush_to_the_end(k);
		else
			flush(k);
		release(c, k);
	}
	free(c);
}
