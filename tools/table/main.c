/* goeswith-table: from the CSV that head office edits to the table in force at a till. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "tools/table/table_tool.h"

static const struct {
	const char *verb;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"make", gw_verb_make},     {"check", gw_verb_check}, {"install", gw_verb_install},
	{"show", gw_verb_show},     {"diff", gw_verb_diff},   {"sign", gw_verb_sign},
	{"verify", gw_verb_verify},
};

static const struct gw_cli_program program = {
	"goeswith-table",
	"make DIR -o BUNDLE\ncheck PATH\ninstall BUNDLE\nshow [PATH]\ndiff A B\nsign BUNDLE --key "
	"FILE\n"
	"verify BUNDLE [--key KEY]",
	"Makes rule tables from CSV files, checks, signs and installs them.\n"
	"Each verb has a --help of its own.",
	NULL, false};

int main(int argc, char **argv)
{
	struct gw_cli cli;
	const char *value;

	if (sodium_init() < 0) {
		fputs("goeswith-table: libsodium cannot be set up\n", stderr);
		return 1;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	cli = gw_cli_start(&program, argc, argv);
	if (gw_cli_next(&cli, &value) < 0)
		return cli.exit_status;
	if (cli.first < cli.argc)
		return gw_cli_usage(&program, "there is no verb '%s'", cli.argv[cli.first]);
	return gw_cli_usage(&program,
			    "say what to do: make, check, install, show, diff, sign, verify");
}
