/*
 * The customer display behind the software dock.  Only the newest text matters: it waits in one
 * place until the line has carried the one before, so that a display that hangs costs nothing,
 * delays nobody, and shows no queue of old texts when it comes back.
 */
#include <string.h>

#include "firmware/board/posix/posix.h"

#define SLOW_MS  250   /* to look again whether a line moves that holds bytes back */
#define STALE_MS 10000 /* how long a text stands without a register behind it */

static void lose_display(struct posix *p, const struct gw_err *err)
{
	gw_posix_complain(&p->display, err);
	gw_port_close(&p->display.port);
	p->display.backoff_ms = POSIX_BACKOFF_MIN;
	p->display.retry_at_ms = gw_posix_now_ms() + POSIX_BACKOFF_MIN;
}

void gw_posix_show_open(struct posix *p)
{
	struct gw_err err = {0};

	if (p->display.path == NULL)
		return;
	if (gw_port_open(&p->display.port, p->display.path, &p->display.settings, &err) != GW_OK) {
		gw_posix_complain(&p->display, &err);
		gw_posix_retry(&p->display);
		return;
	}
	p->display.last_error[0] = '\0';
	p->show_len = gw_display_start(&p->show, p->show_bytes);
	p->show_sent = 0;
	p->show_waits = p->show_lines[0][0] != '\0';
	p->show_free_ms = 0;
	gw_posix_show_flush(p);
}

bool gw_posix_show(struct posix *p, const uint8_t *line1, size_t len1, const uint8_t *line2,
		   size_t len2)
{
	if (p->display.path == NULL)
		return false;
	gw_display_line(&p->show, p->show_lines[0], line1, len1);
	gw_display_line(&p->show, p->show_lines[1], line2, len2);
	p->show_stale_ms = -1;
	p->show_waits = true;
	gw_posix_show_flush(p);
	return true;
}

/* Whether the next command may begin: the line is free of the last one. */
static bool line_free(struct posix *p, int64_t now)
{
	if (now < p->show_free_ms)
		return false;
	if (gw_port_pending(&p->display.port) <= 0)
		return true;
	p->show_free_ms = now + SLOW_MS;
	return false;
}

/* 51 bytes take 53 ms at 9600 baud; ten bits go over the line for each. */
static int64_t carried_at(const struct posix *p, int64_t now)
{
	return now + (int64_t)p->show_len * 10000 / p->display.settings.baud + 1;
}

void gw_posix_show_flush(struct posix *p)
{
	int64_t now = gw_posix_now_ms();
	struct gw_err err = {0};

	while (gw_port_is_open(&p->display.port)) {
		int n;

		/* What has begun is finished first: half a command would garble the next. */
		if (p->show_sent == p->show_len) {
			if (!p->show_waits || !line_free(p, now))
				return;
			p->show_len = gw_display_show_lines(&p->show, p->show_bytes,
							    p->show_lines[0], p->show_lines[1]);
			p->show_sent = 0;
			p->show_waits = false;
		}
		n = gw_port_write(&p->display.port, p->show_bytes + p->show_sent,
				  p->show_len - p->show_sent, &err);
		if (n < 0)
			lose_display(p, &err);
		if (n <= 0)
			return;
		p->show_sent += (size_t)n;
		if (p->show_sent == p->show_len)
			p->show_free_ms = carried_at(p, now);
	}
}

int64_t gw_posix_show_deadline(const struct posix *p)
{
	bool waits =
		gw_port_is_open(&p->display.port) && p->show_waits && p->show_sent == p->show_len;

	if (!waits)
		return p->show_stale_ms;
	return p->show_stale_ms >= 0 && p->show_stale_ms < p->show_free_ms ? p->show_stale_ms
									   : p->show_free_ms;
}

void gw_posix_show_tick(struct posix *p, int64_t now_ms)
{
	if (p->show_stale_ms >= 0 && now_ms >= p->show_stale_ms) {
		p->show_stale_ms = -1;
		(void)gw_posix_show(p, NULL, 0, NULL, 0);
	}
	if (p->show_waits && now_ms >= p->show_free_ms)
		gw_posix_show_flush(p);
}

void gw_posix_show_left(struct posix *p)
{
	if (p->display.path != NULL && p->show_lines[0][0] != '\0')
		p->show_stale_ms = gw_posix_now_ms() + STALE_MS;
}

void gw_posix_show_close(struct posix *p)
{
	p->show_free_ms = 0;
	gw_posix_show_flush(p);
	gw_port_close(&p->display.port);
}

void gw_posix_show_read(struct posix *p)
{
	uint8_t room[64];
	struct gw_err err = {0};

	if (gw_port_read(&p->display.port, room, sizeof(room), &err) < 0)
		lose_display(p, &err);
}
