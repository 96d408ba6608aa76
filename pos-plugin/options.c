#include "options.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPT_SCANNER = 256,
	OPT_BRAND,
	OPT_TILL,
	OPT_DOCK,
	OPT_DISPLAY,
	OPT_DISPLAY_TYPE,
	OPT_LISTEN,
	OPT_TTY,
	OPT_STORE,
	OPT_TERMINAL,
	OPT_CASHIER,
	OPT_HEADLESS,
	OPT_PRACTICE,
	OPT_ASCII,
	OPT_MONO,
	OPT_KEEP_DOCK
};

static const struct gw_cli_option options_table[] = {
	{OPT_SCANNER, "scanner", "PORT", "a scanner on this port; starts the software dock for it"},
	{OPT_BRAND, "brand", "NAME", "its settings by name (goeswith-dock --brands lists them)"},
	{OPT_TILL, "till", "PORT", "hand every byte on to this port, or to pty:PATH"},
	{OPT_DISPLAY, "display", "PORT", "a customer display of two lines of twenty characters"},
	{OPT_DISPLAY_TYPE, "display-type", "TYPE",
	 "escpos (default) or cd5220, with -437 for that code page"},
	{OPT_DOCK, "dock", "WHERE", "a dock that runs already: a Unix socket or a serial port"},
	{OPT_KEEP_DOCK, "keep-dock", NULL, "leave the software dock running on the way out"},
	{OPT_LISTEN, "listen", "PATH", "let tills drive the engine over a Unix socket"},
	{OPT_HEADLESS, "headless", NULL, "no screen: the engine protocol on stdin and stdout"},
	{OPT_TTY, "tty", "DEVICE", "show the screen on another terminal"},
	{OPT_STORE, "store", "ID", "the shop's id, part of every basket id (S0001)"},
	{OPT_TERMINAL, "terminal", "ID", "the till's id, part of every basket id (T01)"},
	{OPT_CASHIER, "cashier", "ID", "who is at the till"},
	{OPT_PRACTICE, "practice", NULL, "start in practice mode: nothing is written"},
	{OPT_ASCII, "ascii", NULL, "draw with ASCII only"},
	{OPT_MONO, "mono", NULL, "no colours (as does NO_COLOR)"},
	{0},
};

const struct gw_cli_program gw_register_program = {
	.name = "goeswith",
	.synopsis =
		"[--scanner PORT] [--till PORT] [--listen PATH] [OPTION...]\n"
		"--headless [OPTION...]\n"
		"VERB ...        runs goeswith-VERB: decode, dock, mine, report, sim, sync, table",
	.about = "The register: shows the cashier what goes with the sale and keeps the journal.\n"
		 "Everything can also stand in HOME/goeswith.conf: [register] store, terminal, "
		 "cashier;\n"
		 "[scanner] port, brand; [till] port; [dock] port; [display] port, type, page, "
		 "line, show,\ngreeting, thanks, total; [host] listen; [ui] and [keys]: "
		 "goeswith-keys(7).",
	.options = options_table,
};

static void take(struct gw_options *o, int id, const char *value)
{
	switch (id) {
	case OPT_SCANNER:
		o->scanner = value;
		break;
	case OPT_BRAND:
		o->brand = value;
		break;
	case OPT_TILL:
		o->till = value;
		break;
	case OPT_DOCK:
		o->dock = value;
		break;
	case OPT_DISPLAY:
		o->display = value;
		break;
	case OPT_DISPLAY_TYPE:
		o->display_type = value;
		break;
	case OPT_LISTEN:
		o->listen = value;
		break;
	case OPT_TTY:
		o->tty = value;
		break;
	case OPT_STORE:
		o->store = value;
		break;
	case OPT_TERMINAL:
		o->terminal = value;
		break;
	case OPT_CASHIER:
		o->cashier = value;
		break;
	case OPT_HEADLESS:
		o->headless = true;
		break;
	case OPT_PRACTICE:
		o->practice = true;
		break;
	case OPT_ASCII:
		o->ascii = true;
		break;
	case OPT_MONO:
		o->mono = true;
		break;
	case OPT_KEEP_DOCK:
		o->keep_dock = true;
		break;
	default:
		break;
	}
}

/* What the command line left open comes from the configuration. */
static void fill_from_conf(struct gw_options *o)
{
	const struct {
		const char **at;
		const char *section, *key, *fallback;
	} rows[] = {
		{&o->store, "register", "store", "S0001"},
		{&o->terminal, "register", "terminal", "T01"},
		{&o->cashier, "register", "cashier", ""},
		{&o->scanner, "scanner", "port", NULL},
		{&o->brand, "scanner", "brand", NULL},
		{&o->till, "till", "port", NULL},
		{&o->dock, "dock", "port", NULL},
		{&o->display, "display", "port", NULL},
		{&o->display_line, "display", "line", NULL},
		{&o->listen, "host", "listen", NULL},
		{&o->tty, "ui", "tty", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (*rows[i].at == NULL)
			*rows[i].at = gw_conf_get(o->conf, rows[i].section, rows[i].key,
						  rows[i].fallback);
	o->answer = strcmp(gw_conf_get(o->conf, "scanner", "answer", "no"), "yes") == 0;
}

/* [display] type and page, together what goeswith-dock calls the type; "off" is no display. */
static int read_display(struct gw_options *o, struct gw_err *err)
{
	static const char *const types[][2] = {{"escpos", "escpos-437"}, {"cd5220", "cd5220-437"}};
	const char *type = gw_conf_get(o->conf, "display", "type", "escpos");
	const char *page = gw_conf_get(o->conf, "display", "page", "858");
	int row = strcmp(type, "cd5220") == 0, column = strcmp(page, "437") == 0;

	if (strcmp(type, types[row][0]) != 0)
		return gw_err_set(err, GW_E_INPUT, "[display] type is escpos or cd5220, not \"%s\"",
				  type);
	if (column == 0 && strcmp(page, "858") != 0)
		return gw_err_set(err, GW_E_INPUT, "[display] page is 858 or 437, not \"%s\"",
				  page);
	if (o->display != NULL && strcmp(o->display, "off") == 0)
		o->display = NULL;
	if (o->display != NULL && o->display_type == NULL)
		o->display_type = types[row][column];
	return GW_OK;
}

static int find_paths(struct gw_options *o, const struct gw_cli *cli, struct gw_err *err)
{
	char conf[GW_PATH_MAX];
	int rc = gw_home_path(o->home, cli->home, err);

	if (rc == GW_OK)
		rc = gw_path_join(o->journal, o->home, "journal.db", err);
	if (rc == GW_OK)
		rc = gw_path_join(o->table, o->home, "table.db", err);
	if (rc == GW_OK)
		rc = gw_path_join(conf, o->home, "goeswith.conf", err);
	if (rc == GW_OK)
		rc = gw_conf_load(&o->conf, cli->config != NULL ? cli->config : conf, err);
	return rc;
}

int gw_options_read(struct gw_options *o, int argc, char **argv, struct gw_err *err)
{
	struct gw_cli cli = gw_cli_start(&gw_register_program, argc, argv);
	const char *value;
	int id, rc;

	memset(o, 0, sizeof(*o));
	while ((id = gw_cli_next(&cli, &value)) > 0)
		take(o, id, value);
	if (id < 0)
		return GW_OPTIONS_END + cli.exit_status;
	if (cli.first < cli.argc)
		return GW_OPTIONS_END + gw_cli_usage(&gw_register_program, "\"%s\" is too much",
						     cli.argv[cli.first]);
	o->verbose = cli.verbose;
	rc = find_paths(o, &cli, err);
	if (rc != GW_OK)
		return rc;
	fill_from_conf(o);
	rc = read_display(o, err);
	if (rc != GW_OK)
		return rc;
	if (o->scanner != NULL && o->dock != NULL)
		return GW_OPTIONS_END +
		       gw_cli_usage(&gw_register_program, "either a scanner or a dock, not both");
	if (o->display != NULL && o->scanner == NULL)
		return GW_OPTIONS_END +
		       gw_cli_usage(
			       &gw_register_program,
			       "a display port goes with a scanner's; a dock box brings its own");
	return GW_OK;
}

void gw_options_release(struct gw_options *o)
{
	gw_conf_free(o->conf);
	o->conf = NULL;
}
