/* goeswith-dock: the scanner dock as a Linux program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/board/posix/posix.h"

enum {
	OPT_IDLE_GAP = 256,
	OPT_STATE,
	OPT_FLASH,
	OPT_LINGER,
	OPT_BRANDS,
	OPT_QUIET,
	OPT_TILL_LINE,
	OPT_DISPLAY_TYPE,
	OPT_DISPLAY_LINE
};

static const struct gw_cli_option options[] = {
	{'s', "scanner", "PORT", "the scanner: serial device, pty, FIFO or Unix socket"},
	{'t', "till", "PORT", "the till behind it: a port, or pty:PATH for a pty linked at PATH"},
	{'l', "listen", "SOCKET", "where registers connect (HOME/dock.sock)"},
	{'b', "brand", "NAME", "settings of a make; --brands lists them (generic)"},
	{'B', "line", "SETTINGS", "line settings, like 9600,7E1,rtscts, over the brand's"},
	{OPT_TILL_LINE, "till-line", "SETTINGS", "the till's line, where it differs"},
	{'d', "display", "PORT", "a customer display of two lines"},
	{OPT_DISPLAY_TYPE, "display-type", "TYPE",
	 "escpos (default) or cd5220, with -437 for that code page"},
	{OPT_DISPLAY_LINE, "display-line", "SETTINGS", "its line (9600,8N1)"},
	{OPT_IDLE_GAP, "idle-gap", "MS", "a pause this long ends a scan"},
	{OPT_QUIET, "quiet", "MS", "silence before a code is put into the till's line (100)"},
	{OPT_STATE, "state", "FILE", "keeps unacknowledged scans over a restart of the dock"},
	{OPT_FLASH, "flash-journal", "FILE", "keeps them over a power cut of the machine, too"},
	{OPT_LINGER, "linger", "SECONDS", "end after so long without register and till (never)"},
	{OPT_BRANDS, "brands", NULL, "list the brands and end"},
	{0},
};

static const struct gw_cli_program program = {
	"goeswith-dock",
	"--scanner PORT [--till PORT|pty:PATH] [--listen SOCKET] ...\n"
	"status|counters|version|selftest|capture [--listen SOCKET] [--json]",
	"Stands between scanner and till: passes every byte on to the till at once, and keeps "
	"each\n"
	"scan until the register has it on disk.",
	options, false};

static int list_brands(void)
{
	for (const struct gw_port_settings *s = gw_port_brands; s->brand != NULL; s++) {
		char line[64];

		gw_port_describe(s, line, sizeof(line));
		printf("%-14s %-20s %s\n", s->brand, line, s->about);
	}
	return 0;
}

struct words {
	const char *scanner, *till, *listen, *brand, *line, *till_line, *state, *flash, *display,
		*display_type, *display_line;
	long long idle_gap, quiet, linger;
};

/* GW_OK, or 1 when the program is to end well (--brands). */
static int take_option(struct words *w, int id, const char *value, struct gw_err *err)
{
	switch (id) {
	case 's':
		w->scanner = value;
		break;
	case 't':
		w->till = value;
		break;
	case 'l':
		w->listen = value;
		break;
	case 'b':
		w->brand = value;
		break;
	case 'B':
		w->line = value;
		break;
	case OPT_TILL_LINE:
		w->till_line = value;
		break;
	case 'd':
		w->display = value;
		break;
	case OPT_DISPLAY_TYPE:
		w->display_type = value;
		break;
	case OPT_DISPLAY_LINE:
		w->display_line = value;
		break;
	case OPT_STATE:
		w->state = value;
		break;
	case OPT_FLASH:
		w->flash = value;
		break;
	case OPT_IDLE_GAP:
		return gw_cli_number("--idle-gap", value, 5, 10000, &w->idle_gap, err);
	case OPT_QUIET:
		return gw_cli_number("--quiet", value, 0, 5000, &w->quiet, err);
	case OPT_LINGER:
		return gw_cli_number("--linger", value, 0, 1000000000, &w->linger, err);
	default:
		return 1;
	}
	return GW_OK;
}

static int set_lines(struct posix *p, const struct words *w, struct gw_err *err)
{
	const struct gw_port_settings *row = gw_port_brand(w->brand != NULL ? w->brand : "generic");
	int rc = GW_OK;

	if (row == NULL)
		return gw_err_set(err, GW_E_USAGE, "no brand \"%s\"; --brands lists them",
				  w->brand);
	p->scanner.path = w->scanner;
	p->scanner.settings = *row;
	if (w->line != NULL)
		rc = gw_port_parse(&p->scanner.settings, w->line, err);
	p->till.path = w->till;
	p->till.settings = p->scanner.settings;
	if (rc == GW_OK && w->till_line != NULL)
		rc = gw_port_parse(&p->till.settings, w->till_line, err);
	return rc;
}

static int set_display(struct posix *p, const struct words *w, struct gw_err *err)
{
	static const char *const types[] = {"escpos", "cd5220", "escpos-437", "cd5220-437"};
	const char *type = w->display_type != NULL ? w->display_type : types[0];
	unsigned i = 0;

	while (i < 4 && strcmp(type, types[i]) != 0)
		i++;
	if (i == 4)
		return gw_err_set(
			err, GW_E_USAGE,
			"--display-type is escpos, cd5220, escpos-437 or cd5220-437, not \"%s\"",
			type);
	p->show.type = i % 2 == 0 ? GW_DISPLAY_ESCPOS : GW_DISPLAY_CD5220;
	p->show.page = i < 2 ? GW_DISPLAY_CP858 : GW_DISPLAY_CP437;
	p->display.path = w->display;
	p->display.settings = *gw_port_brand("generic");
	return w->display_line != NULL ? gw_port_parse(&p->display.settings, w->display_line, err)
				       : GW_OK;
}

static void set_dock(struct posix *p, const struct words *w)
{
	const struct gw_port_settings *s = &p->scanner.settings;
	struct gw_dock_config *c = &p->config;

	c->scanner.framing = s->framing;
	c->scanner.terminators = s->terminators;
	/* Where a till stands behind, it is the till that answers the scanner. */
	c->scanner.answer = w->till == NULL;
	c->scanner.idle_gap_ms = w->idle_gap > 0 ? (uint16_t)w->idle_gap : s->idle_gap_ms;
	c->scanner.scan_max = GW_LINK_SCAN_MAX;
	memcpy(c->unit, "posix\0\0", 8);
	c->board = "linux";
	c->caps = (uint8_t)((w->till != NULL
				     ? GW_LINK_CAP_TILL | GW_LINK_CAP_INJECT | GW_LINK_CAP_BACK
				     : 0) |
			    (w->display != NULL ? GW_LINK_CAP_DISPLAY : 0) |
			    (s->framing == GW_FRAMING_SSI ? GW_LINK_CAP_BEEP : 0));
	c->rto_ms = 200;
	c->quiet_ms = (uint16_t)w->quiet;
	c->inject_ms = 2000;
}

static int set_paths(struct posix *p, const struct words *w, const char *home_flag,
		     struct gw_err *err)
{
	char home[GW_PATH_MAX];
	int rc;

	p->listen_path = w->listen;
	p->state_path = w->state;
	p->flash_path = w->flash;
	if (w->listen != NULL)
		return GW_OK;
	rc = gw_home_path(home, home_flag, err);
	if (rc == GW_OK)
		rc = gw_home_make(home, err);
	if (rc == GW_OK)
		rc = gw_path_join(p->listen_room, home, GW_DOCK_SOCKET, err);
	p->listen_path = p->listen_room;
	return rc;
}

static void set_closed(struct posix *p)
{
	p->scanner.port.fd = p->till.port.fd = p->display.port.fd = -1;
	p->scanner.backoff_ms = p->till.backoff_ms = p->display.backoff_ms = POSIX_BACKOFF_MIN;
	p->flash_fd = p->listen_fd = p->lock_fd = p->signal_fd = p->till_watch = -1;
	p->alone_since_ms = gw_posix_now_ms();
	p->show_stale_ms = -1;
	for (int i = 0; i < POSIX_CLIENTS; i++)
		p->clients[i].fd = -1;
}

static int run(const struct gw_cli *cli, const struct words *w)
{
	static struct posix p; /* too large for a stack frame; main() owns it */
	struct gw_err err = {0};
	int rc = set_lines(&p, w, &err);

	if (rc == GW_OK)
		rc = set_display(&p, w, &err);
	if (rc == GW_OK)
		rc = set_paths(&p, w, cli->home, &err);
	if (rc != GW_OK)
		return gw_cli_fail(&program, &err);
	p.verbose = cli->verbose > 0;
	p.options = (struct gw_dock_options){.scanner = w->scanner,
					     .till = w->till,
					     .display = w->display,
					     .display_type = w->display_type,
					     .display_line = w->display_line,
					     .brand = w->brand,
					     .line = w->line,
					     .idle_gap_ms = (int)w->idle_gap,
					     .linger_s = (int)w->linger};
	set_dock(&p, w);
	set_closed(&p);
	rc = gw_posix_run(&p, &err);
	return rc == GW_OK ? 0 : gw_cli_fail(&program, &err);
}

int main(int argc, char **argv)
{
	struct gw_cli cli;
	struct words w = {.quiet = 100, .linger = -1};
	struct gw_err err = {0};
	const char *value;
	int id, rc;

	if (argc > 1 && argv[1][0] != '-') {
		rc = gw_posix_verbs_run(argv[1], argc - 1, argv + 1);
		return rc >= 0 ? rc : gw_cli_usage(&program, "no such verb: %s", argv[1]);
	}
	cli = gw_cli_start(&program, argc, argv);
	while ((id = gw_cli_next(&cli, &value)) > 0) {
		rc = take_option(&w, id, value, &err);
		if (rc == 1)
			return list_brands();
		if (rc != GW_OK)
			return gw_cli_fail(&program, &err);
	}
	if (id < 0)
		return cli.exit_status;
	if (cli.first < argc)
		return gw_cli_usage(&program, "\"%s\" is not an option", argv[cli.first]);
	if (w.scanner == NULL)
		return gw_cli_usage(&program, "--scanner says where the scanner is");
	return run(&cli, &w);
}
