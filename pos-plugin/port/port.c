#include "port/port.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>

#include "port/port_impl.h"

/*
 * Factory settings as the makers' quick-start guides give them.  `generic` suits any scanner that
 * ends a code with a terminator or a pause; the others differ in one thing or another.
 */
const struct gw_port_settings gw_port_brands[] = {
	{"generic", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200,
	 "9600 8N1, any terminator"},
	{"usb", 115200, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 50,
	 "a scanner in USB serial (CDC) mode: the line settings do not matter"},
	{"zebra", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200,
	 "Zebra RS-232 as shipped: no terminator, a pause ends the code"},
	{"zebra-ssi", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 2, 15, 200,
	 "Zebra with the Simple Serial Interface: packets, acknowledged"},
	{"honeywell", 115200, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200, "Honeywell RS-232"},
	{"datalogic", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200,
	 "Datalogic RS-232 standard"},
	{"datalogic-wn", 9600, 8, GW_PARITY_ODD, 1, GW_FLOW_RTSCTS, 0, 15, 200,
	 "Datalogic for Wincor Nixdorf tills: odd parity, RTS/CTS"},
	{"fujitsu", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200, "Fujitsu/ICL tills"},
	{"newland", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 0, 15, 200, "Newland RS-232"},
	{"metrologic", 9600, 7, GW_PARITY_EVEN, 1, GW_FLOW_NONE, 0, 15, 200,
	 "Metrologic: 7E1, CR LF"},
	/* What the scanner screen names when the bytes look like it (scan/profile.c). */
	{"7e1", 9600, 7, GW_PARITY_EVEN, 1, GW_FLOW_NONE, 0, 15, 200, "7 bits, even parity"},
	{"7o1", 9600, 7, GW_PARITY_ODD, 1, GW_FLOW_NONE, 0, 15, 200, "7 bits, odd parity"},
	{"7m1", 9600, 7, GW_PARITY_NONE, 2, GW_FLOW_NONE, 0, 15, 200,
	 "7 bits, mark parity, which is 7N2 on the line"},
	{"stx", 9600, 8, GW_PARITY_NONE, 1, GW_FLOW_NONE, 1, 8, 200, "STX code ETX, 8N1"},
	{"7o1-stx", 9600, 7, GW_PARITY_ODD, 1, GW_FLOW_NONE, 1, 8, 200, "STX code ETX, 7O1"},
	{"olivetti", 9600, 7, GW_PARITY_EVEN, 1, GW_FLOW_NONE, 1, 8, 200,
	 "Olivetti tills: STX code ETX with ACK/NAK, 7E1"},
	{"stx-etx", 9600, 7, GW_PARITY_EVEN, 1, GW_FLOW_NONE, 1, 8, 200,
	 "STX code ETX with ACK/NAK, 7E1"},
	{0},
};

const struct gw_port_settings *gw_port_brand(const char *name)
{
	for (const struct gw_port_settings *s = gw_port_brands; s->brand != NULL; s++)
		if (strcasecmp(s->brand, name) == 0)
			return s;
	return NULL;
}

static bool parse_format(struct gw_port_settings *s, const char *t)
{
	static const char parities[] = "NOE";
	const char *parity;

	if (t[0] != '7' && t[0] != '8')
		return false;
	parity = t[1] != '\0' ? strchr(parities, t[1]) : NULL;
	if (parity == NULL || (t[2] != '1' && t[2] != '2'))
		return false;
	s->bits = (uint8_t)(t[0] - '0');
	s->parity = (uint8_t)(parity - parities);
	s->stop = (uint8_t)(t[2] - '0');
	return t[3] == '\0' || t[3] == ',';
}

static bool parse_flow(struct gw_port_settings *s, const char *t)
{
	static const char *const names[] = {"none", "rtscts", "xonxoff"};

	for (uint8_t i = 0; i < 3; i++)
		if (strcmp(t, names[i]) == 0) {
			s->flow = i;
			return true;
		}
	return false;
}

int gw_port_parse(struct gw_port_settings *s, const char *text, struct gw_err *err)
{
	char *end;
	long baud = strtol(text, &end, 10);
	bool good = end != text && baud >= 300 && baud <= 4000000;

	if (good && *end == ',') {
		good = parse_format(s, end + 1);
		if (good && end[4] == ',')
			good = parse_flow(s, end + 5);
	} else if (*end != '\0') {
		good = false;
	}
	if (!good)
		return gw_err_set(err, GW_E_USAGE,
				  "line settings are like 9600 or 9600,8N1 or 9600,7E1,rtscts, "
				  "not \"%s\"",
				  text);
	s->baud = (int32_t)baud;
	return GW_OK;
}

void gw_port_describe(const struct gw_port_settings *s, char *out, size_t size)
{
	static const char *const flows[] = {"none", "RTS/CTS", "XON/XOFF"};

	snprintf(out, size, "%d %d%c%d %s", (int)s->baud, s->bits, "NOE"[s->parity % 3], s -> stop,
		 flows[s->flow % 3]);
}

int gw_port_lock(int fd, const char *path, struct gw_err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	if (errno == EWOULDBLOCK)
		return gw_err_set(err, GW_E_AGAIN, "%s: another program is using it", path);
	return gw_err_errno(err, GW_E_DEVICE, errno, "%s: cannot lock it", path);
}

int gw_port_open(struct gw_port *p, const char *path, const struct gw_port_settings *settings,
		 struct gw_err *err)
{
	char resolved[PATH_MAX];
	int rc;

	p->ops = NULL;
	p->fd = -1;
	p->handle = NULL;
	if (realpath(path, resolved) == NULL)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_DEVICE, errno,
				    "%s: no such port", path);
	if (strlen(resolved) >= sizeof(p->path))
		return gw_err_set(err, GW_E_INPUT, "%s: the path is too long", path);
	strcpy(p->path, resolved);
	rc = gw_port_open_serial(p, resolved, settings, err);
	if (rc == GW_E_UNSUPPORTED)
		rc = gw_port_open_plain(p, resolved, err);
	return rc;
}

bool gw_port_is_open(const struct gw_port *p)
{
	return p->ops != NULL;
}

int gw_port_read(struct gw_port *p, void *room, size_t size, struct gw_err *err)
{
	return p->ops->read(p, room, size, err);
}

int gw_port_write(struct gw_port *p, const void *bytes, size_t len, struct gw_err *err)
{
	return p->ops->write(p, bytes, len, err);
}

int gw_port_pending(struct gw_port *p)
{
	return p->ops->pending(p);
}

void gw_port_close(struct gw_port *p)
{
	if (p->ops != NULL)
		p->ops->close(p);
	p->ops = NULL;
	p->fd = -1;
}
