/* goeswith-sim: one row a verb, each verb in a file of its own. */
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "tools/sim/fleet.h"
#include "tools/sim/replay.h"
#include "tools/sim/scanner.h"

static const struct {
	const char *name, *about;
	int (*main)(int argc, char **argv);
} verbs[] = {
	{"fleet", "many terminals after an outage", gw_sim_fleet_main},
	{"replay", "drive the engine with baskets or a journal", gw_sim_replay_main},
	{"scanner", "play a file of scans into a port", gw_sim_scanner_main},
};

static const struct gw_cli_program program = {
	"goeswith-sim", "VERB [OPTION]...",
	"Simulates what surrounds goeswith.  Verbs, each with its own --help:\n"
	"  fleet     many terminals that push their backlog at once\n"
	"  replay    drive the engine with baskets of the past, or a journal once more\n"
	"  scanner   play a file of scans into a port",
	NULL, false};

int main(int argc, char **argv)
{
	struct gw_cli cli;
	const char *value;

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].main(argc - 1, argv + 1);
	if (argc > 1 && argv[1][0] != '-')
		return gw_cli_usage(&program, "no such verb: %s", argv[1]);
	cli = gw_cli_start(&program, argc, argv);
	while (gw_cli_next(&cli, &value) > 0)
		;
	return cli.exit_status != 0 || argc > 1 ? cli.exit_status
						: gw_cli_usage(&program, "a verb is needed");
}
