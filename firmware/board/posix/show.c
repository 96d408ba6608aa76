/*
 * The customer display behind the software dock.  Only the newest text matters: it waits in one
 * place until the display takes it, so that one that hangs costs nothing and delays nobody.
 */
#include <string.h>

#include "firmware/board/posix/posix.h"

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
	gw_posix_show_flush(p);
}

bool gw_posix_show(struct posix *p, const uint8_t *line1, size_t len1, const uint8_t *line2,
		   size_t len2)
{
	if (p->display.path == NULL)
		return false;
	gw_display_line(&p->show, p->show_lines[0], line1, len1);
	gw_display_line(&p->show, p->show_lines[1], line2, len2);
	p->show_waits = true;
	gw_posix_show_flush(p);
	return true;
}

void gw_posix_show_flush(struct posix *p)
{
	struct gw_err err = {0};

	while (gw_port_is_open(&p->display.port)) {
		int n;

		/* What has begun is finished first: half a command would garble the next. */
		if (p->show_sent == p->show_len) {
			if (!p->show_waits)
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
	}
}

void gw_posix_show_read(struct posix *p)
{
	uint8_t room[64];
	struct gw_err err = {0};

	if (gw_port_read(&p->display.port, room, sizeof(room), &err) < 0)
		lose_display(p, &err);
}
