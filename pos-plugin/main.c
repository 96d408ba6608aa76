/*
 * goeswith: the register, and the door to the other programs (`goeswith VERB` runs goeswith-VERB).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "options.h"

/* Runs goeswith-VERB beside this program, else from PATH.  Returns only when it cannot. */
static int run_verb(char **argv)
{
	char path[GW_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char name[64];

	if (snprintf(name, sizeof(name), "goeswith-%s", argv[1]) >= (int)sizeof(name))
		return gw_cli_usage(&gw_register_program, "no such verb: %s", argv[1]);
	argv[1] = name;
	if (n > 0) {
		path[n] = '\0';
		char *slash = strrchr(path, '/');
		size_t left = sizeof(path) - (size_t)(slash + 1 - path);

		if ((size_t)snprintf(slash + 1, left, "%s", name) < left)
			execv(path, argv + 1);
	}
	execvp(name, argv + 1);
	return gw_cli_usage(&gw_register_program, "%s: %s", name, strerror(errno));
}

int main(int argc, char **argv)
{
	struct gw_options options;
	struct gw_err err = {0};
	int rc;

	if (argc > 1 && argv[1][0] != '-')
		return run_verb(argv);
	rc = gw_options_read(&options, argc, argv, &err);
	if (rc >= GW_OPTIONS_END) {
		gw_options_release(&options);
		return rc - GW_OPTIONS_END;
	}
	if (rc == GW_OK)
		rc = gw_loop_run(&options, &err);
	gw_options_release(&options);
	return rc == GW_OK ? 0 : gw_cli_fail(&gw_register_program, &err);
}
