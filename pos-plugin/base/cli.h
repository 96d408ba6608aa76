/*
 * Command lines: every program describes its options in one table, from which parsing and --help
 * come.  The options all programs share (--help --version -v --home --config, and --json where it
 * is declared) are handled here.  Prints only what --help, --version and usage errors ask for.
 *
 *	static const struct gw_cli_option options[] = {
 *		{'o', "output", "FILE", "write to FILE instead of stdout"}, {0}};
 *	static const struct gw_cli_program program = {"goeswith-x", "[-o FILE] INPUT...", "Does x.",
 *						      options};
 *	struct gw_cli cli = gw_cli_start(&program, argc, argv);
 *	while ((id = gw_cli_next(&cli, &value)) > 0) switch (id) { case 'o': ... }
 *	if (id < 0) return cli.exit_status;
 *	for (; cli.first < cli.argc; cli.first++) use(cli.argv[cli.first]);
 */
#ifndef BASE_CLI_H
#define BASE_CLI_H

#include <stdbool.h>

#include "base/err.h"

#define GW_VERSION "0.1.0"

struct gw_cli_option {
	int id;            /* the letter, or a number from 256 on where there is no short form */
	const char *name;  /* without dashes; NULL ends the table */
	const char *value; /* NULL: a switch; else the value's name in --help */
	const char *help;
};

struct gw_cli_program {
	const char *name;     /* "goeswith-table make" where verbs have tables of their own */
	const char *synopsis; /* may hold several lines, one per form */
	const char *about;    /* paragraphs shown above the options */
	const struct gw_cli_option *options;
	bool json; /* takes --json */
};

struct gw_cli {
	const struct gw_cli_program *program;
	int argc, first; /* argv[first..argc) are the operands once gw_cli_next has given 0 */
	char **argv;
	const char *home, *config; /* NULL where not given */
	bool json;
	int verbose;
	int exit_status;
	char letters[64]; /* private: getopt's short form */
};

/* Also sets the process's umask to 0007: what programs make in a home is for its group. */
struct gw_cli gw_cli_start(const struct gw_cli_program *program, int argc, char **argv);

/*
 * Next option's id with its value (NULL for a switch); 0 behind the last one; negative when the
 * program must end with cli->exit_status, everything there was to say having been said.
 */
int gw_cli_next(struct gw_cli *cli, const char **value);

/* Prints "NAME: text" to stderr and returns the exit status of err's class. */
int gw_cli_fail(const struct gw_cli_program *program, const struct gw_err *err);

/* Prints a usage error, points to --help, and returns 2. */
int gw_cli_usage(const struct gw_cli_program *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Parses a whole number least..most; GW_E_USAGE with a sentence that names the option. */
int gw_cli_number(const char *option, const char *text, long long least, long long most,
		  long long *out, struct gw_err *err);

#endif
