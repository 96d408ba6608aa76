/*
 * What the register was told to do: command line over goeswith.conf over defaults.
 *
 * Owns its paths; the other texts are borrowed from argv and from the configuration it keeps.
 * Opens nothing but the configuration.
 */
#ifndef PLUGIN_OPTIONS_H
#define PLUGIN_OPTIONS_H

#include <stdbool.h>

#include "base/cli.h"
#include "base/home.h"

struct gw_options {
	char home[GW_PATH_MAX], journal[GW_PATH_MAX], table[GW_PATH_MAX];
	struct gw_conf *conf; /* owned */
	const char *store, *terminal, *cashier;
	const char *scanner; /* a scanner's port: a software dock is started for it */
	const char *brand, *till;
	const char *display, *display_type; /* the customer's, behind a software dock */
	const char *display_line;
	const char *dock;   /* a dock that runs already: a Unix socket or a serial port */
	const char *listen; /* Unix socket of the host protocol */
	const char *tty;    /* another terminal for the screen */
	bool answer;        /* the dock answers the scanner: no till behind it does */
	bool headless, practice, ascii, mono, keep_dock;
	int verbose;
};

extern const struct gw_cli_program gw_register_program;

/*
 * Fills *options.  Returns 0, or the exit status to end with plus 1000 when everything was said
 * (--help, --version, usage errors); other failures are told in err.
 */
int gw_options_read(struct gw_options *options, int argc, char **argv, struct gw_err *err);
void gw_options_release(struct gw_options *options);

#define GW_OPTIONS_END 1000

#endif
