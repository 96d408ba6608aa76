/*
 * The till's side: never waited for.  What a slow till does not take stands in a bounded queue;
 * when that is full, bytes are dropped and counted until it has drained, so that no code is spliced
 * from the halves of two.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "firmware/board/posix/posix.h"

int gw_posix_queue_new(struct queue *q, size_t size, struct gw_err *err)
{
	q->room = malloc(size);
	q->size = size;
	q->head = q->len = 0;
	return q->room != NULL ? GW_OK : gw_err_set(err, GW_E_MEMORY, "out of memory");
}

void gw_posix_queue_free(struct queue *q)
{
	free(q->room);
	q->room = NULL;
}

size_t gw_posix_queue_put(struct queue *q, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len && q->len < q->size) {
		size_t at = (q->head + q->len) % q->size, n = q->size - q->len;

		if (n > q->size - at)
			n = q->size - at;
		if (n > len - done)
			n = len - done;
		memcpy(q->room + at, bytes + done, n);
		q->len += n;
		done += n;
	}
	return done;
}

const uint8_t *gw_posix_queue_peek(const struct queue *q, size_t *len)
{
	*len = q->len < q->size - q->head ? q->len : q->size - q->head;
	return q->room + q->head;
}

void gw_posix_queue_drop(struct queue *q, size_t len)
{
	q->head = (q->head + len) % q->size;
	q->len -= len;
}

/* A reader who opens our pty is noticed without looking for him. */
static void watch_slave(struct posix *p)
{
	char name[64];

	p->till_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->till_watch < 0 || ptsname_r(p->till.port.fd, name, sizeof(name)) != 0 ||
	    inotify_add_watch(p->till_watch, name, IN_OPEN) < 0) {
		if (p->till_watch >= 0)
			close(p->till_watch);
		p->till_watch = -1;
	}
}

int gw_posix_till_open(struct posix *p, struct gw_err *err)
{
	int rc;

	if (p->till.path == NULL)
		return GW_OK;
	if (strncmp(p->till.path, "pty:", 4) == 0) {
		rc = gw_port_open_pty(&p->till.port, p->till.path + 4, err);
		p->till_pty = rc == GW_OK;
		if (rc == GW_OK)
			watch_slave(p);
		gw_posix_till_check_reader(p);
		return rc;
	}
	rc = gw_port_open(&p->till.port, p->till.path, &p->till.settings, err);
	p->till_reader = rc == GW_OK;
	return rc;
}

void gw_posix_till_check_reader(struct posix *p)
{
	struct pollfd f = {p->till.port.fd, POLLOUT, 0};
	char events[1024];

	if (!p->till_pty || !gw_port_is_open(&p->till.port))
		return;
	while (p->till_watch >= 0 && read(p->till_watch, events, sizeof(events)) > 0)
		;
	p->till_reader = poll(&f, 1, 0) >= 0 && (f.revents & POLLHUP) == 0;
	if (!p->till_reader) /* the next reader starts with the next scan */
		gw_posix_queue_drop(&p->till_queue, p->till_queue.len);
}

static void lose_till(struct posix *p, const struct gw_err *err)
{
	if (p->till_pty) {
		p->till_reader = false;
		gw_posix_queue_drop(&p->till_queue, p->till_queue.len);
		return;
	}
	gw_posix_complain(&p->till, err);
	gw_port_close(&p->till.port);
	p->till_reader = false;
	gw_posix_queue_drop(&p->till_queue, p->till_queue.len);
	p->till.retry_at_ms = gw_posix_now_ms() + POSIX_BACKOFF_MIN;
	p->till.backoff_ms = POSIX_BACKOFF_MIN;
}

void gw_posix_till_flush(struct posix *p)
{
	while (p->till_queue.len > 0 && gw_port_is_open(&p->till.port)) {
		struct gw_err err = {0};
		size_t len;
		const uint8_t *at = gw_posix_queue_peek(&p->till_queue, &len);
		int n = gw_port_write(&p->till.port, at, len, &err);

		if (n < 0) {
			lose_till(p, &err);
			return;
		}
		if (n == 0)
			return;
		gw_posix_queue_drop(&p->till_queue, (size_t)n);
	}
	p->till_dropping = p->till_dropping && p->till_queue.len > 0;
}

size_t gw_posix_till_write(struct posix *p, const uint8_t *bytes, size_t len)
{
	size_t put;

	if (p->till.path == NULL)
		return len; /* no till: nothing is lost to one */
	if (p->till_pty && !p->till_reader)
		gw_posix_till_check_reader(p);
	if (!p->till_reader)
		return 0;
	gw_posix_till_flush(p);
	if (p->till_dropping)
		return 0;
	put = gw_posix_queue_put(&p->till_queue, bytes, len);
	p->till_dropping = put < len;
	gw_posix_till_flush(p);
	return put;
}

size_t gw_posix_till_pending(struct posix *p)
{
	int n = gw_port_is_open(&p->till.port) && !p->till_pty ? gw_port_pending(&p->till.port) : 0;

	return p->till_queue.len + (size_t)n;
}

void gw_posix_till_close(struct posix *p)
{
	if (p->till_watch >= 0)
		close(p->till_watch);
	gw_port_close(&p->till.port);
}
