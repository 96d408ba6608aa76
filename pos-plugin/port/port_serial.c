/*
 * Serial ports by libserialport, which opens and configures; reading is our own, because its
 * blocking calls spin after an unplug and cannot be told from a time-out.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "port/port_impl.h"

static int gone(struct gw_port *p, struct gw_err *err)
{
	return gw_err_set(err, GW_E_DEVICE, "%s: unplugged", p->path);
}

static int serial_read(struct gw_port *p, void *room, size_t size, struct gw_err *err)
{
	/* Not sp_nonblocking_read: it gives 0 for "nothing yet" and for "unplugged" alike. */
	ssize_t n = read(p->fd, room, size);

	if (n > 0)
		return (int)n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : gone(p, err);
}

static int serial_write(struct gw_port *p, const void *bytes, size_t len, struct gw_err *err)
{
	int n = (int)sp_nonblocking_write(p->handle, bytes, len);

	return n >= 0 ? n : gone(p, err);
}

static int serial_pending(struct gw_port *p)
{
	int n = (int)sp_output_waiting(p->handle);

	return n > 0 ? n : 0;
}

static void serial_close(struct gw_port *p)
{
	(void)ioctl(p->fd, TIOCNXCL);
	sp_close(p->handle);
	sp_free_port(p->handle);
	p->handle = NULL;
}

static const struct gw_port_ops serial_ops = {"serial", serial_read, serial_write, serial_pending,
					      serial_close};

static int configure(struct sp_port *port, const struct gw_port_settings *s)
{
	static const enum sp_parity parities[] = {SP_PARITY_NONE, SP_PARITY_ODD, SP_PARITY_EVEN};
	static const enum sp_flowcontrol flows[] = {SP_FLOWCONTROL_NONE, SP_FLOWCONTROL_RTSCTS,
						    SP_FLOWCONTROL_XONXOFF};
	struct sp_port_config *c;
	int rc;

	if (sp_new_config(&c) != SP_OK)
		return -1;
	/* Flow control first: it sets the lines to its taste, then we say what they shall be. */
	rc = sp_set_config_flowcontrol(c, flows[s->flow % 3]) | sp_set_config_baudrate(c, s->baud) |
	     sp_set_config_bits(c, s->bits) | sp_set_config_parity(c, parities[s->parity % 3]) |
	     sp_set_config_stopbits(c, s->stop);
	if (s->flow != GW_FLOW_RTSCTS)
		rc |= sp_set_config_rts(c, SP_RTS_ON);
	rc |= sp_set_config_dtr(c, SP_DTR_ON);
	if (rc == SP_OK)
		rc = sp_set_config(port, c);
	sp_free_config(c);
	return rc;
}

static int adopt(struct gw_port *p, struct sp_port *port, const struct gw_port_settings *settings,
		 struct gw_err *err)
{
	int rc;

	if (sp_get_port_handle(port, &p->fd) != SP_OK)
		return gw_err_set(err, GW_E_DEVICE, "%s: no descriptor", p->path);
	rc = gw_port_lock(p->fd, p->path, err);
	if (rc != GW_OK)
		return rc;
	if (configure(port, settings) != SP_OK) {
		char line[64];

		gw_port_describe(settings, line, sizeof(line));
		return gw_err_set(err, GW_E_DEVICE, "%s: does not take the settings %s", p->path,
				  line);
	}
	(void)ioctl(p->fd, TIOCEXCL);
	(void)fcntl(p->fd, F_SETFD, FD_CLOEXEC);
	/* A code that waited since before we listened belongs to no sale. */
	(void)sp_flush(port, SP_BUF_INPUT);
	return GW_OK;
}

int gw_port_open_serial(struct gw_port *p, const char *path,
			const struct gw_port_settings *settings, struct gw_err *err)
{
	struct sp_port *port;
	int rc;

	if (sp_get_port_by_name(path, &port) != SP_OK)
		return GW_E_UNSUPPORTED;
	if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) {
		int e = errno;

		sp_free_port(port);
		if (e == EBUSY)
			return gw_err_set(err, GW_E_AGAIN, "%s: another program is using it", path);
		return gw_err_errno(err, e == EACCES || e == EPERM ? GW_E_DENIED : GW_E_DEVICE, e,
				    "%s: cannot open it", path);
	}
	rc = adopt(p, port, settings, err);
	if (rc != GW_OK) {
		sp_close(port);
		sp_free_port(port);
		p->fd = -1;
		return rc;
	}
	p->handle = port;
	p->ops = &serial_ops;
	return GW_OK;
}
