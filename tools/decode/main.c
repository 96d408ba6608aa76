/* goeswith-decode: scan data in, one JSON object a line out. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <errno.h>

#include "base/cli.h"
#include "base/home.h"
#include "base/when.h"
#include "scan/settings.h"
#include "tools/decode/decode.h"

enum { OPT_REGION = 256, OPT_PATTERN, OPT_EIGHT, OPT_CODE_IDS, OPT_GS, OPT_STRICT, OPT_TODAY };

static const struct gw_cli_option options[] = {
	{'b', "bracketed", NULL, "read (01)...(10)... text"},
	{'r', "region", "NAME", "rules for in-store numbers: germany, sweden, us, ..."},
	{'p', "pattern", "RULE", "a shop's own rule, e.g. '28IIIIVNNNNNC weight 3 kg'"},
	{OPT_EIGHT, "eight", "WHICH", "8 digits that fit both: auto, ean8, upce"},
	{OPT_CODE_IDS, "code-ids", "MAKER", "identifiers of a maker: zebra, honeywell, datalogic"},
	{OPT_GS, "gs", "CHAR", "a character the scanner sends for GS"},
	{OPT_STRICT, "strict", NULL, "warn of missing companions of identifiers, too"},
	{OPT_TODAY, "today", "DATE", "warn of dates before this day (YYYY-MM-DD)"},
	{0},
};

static const struct gw_cli_program program = {
	.name = "goeswith-decode",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Decodes scan data and prints one JSON object for each scan, in order.  A line is "
		 "one\n"
		 "scan without its framing, C-escaped (\\xHH, \\\\).  Reads standard input where "
		 "no FILE\n"
		 "is named, or for -.",
	.options = options,
	.json = true,
};

#define GIVEN_MAX 64

struct state {
	struct gw_scan_settings settings;
	struct gw_decode decode;
	struct {
		const char *key, *value;
	} given[GIVEN_MAX]; /* settings named on the command line */
	int given_count;
};

static int take_today(struct state *s, const char *value, struct gw_err *err)
{
	if (gw_date_parse(value, strlen(value), &s->decode.today_days) != GW_OK)
		return gw_err_set(err, GW_E_USAGE, "--today is '%s', expected YYYY-MM-DD", value);
	s->settings.config.year = (int)strtol(value, NULL, 10);
	return GW_OK;
}

static int take_option(struct state *s, int id, const char *value, struct gw_err *err)
{
	static const struct {
		int id;
		const char *key;
	} keys[] = {
		{'r', "region"},      {'p', "pattern"},
		{OPT_EIGHT, "eight"}, {OPT_CODE_IDS, "code-ids"},
		{OPT_GS, "gs"},       {OPT_STRICT, "strict"},
	};

	if (id == 'b')
		s->decode.bracketed = true;
	if (id == OPT_TODAY)
		return take_today(s, value, err);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].id != id)
			continue;
		if (s->given_count == GIVEN_MAX)
			return gw_err_set(err, GW_E_USAGE, "more than %d settings", GIVEN_MAX);
		s->given[s->given_count].key = keys[i].key;
		s->given[s->given_count++].value = value != NULL ? value : "yes";
	}
	return GW_OK;
}

/* Patterns of the command line are tried before those of the file; other settings replace them. */
static int apply_given(struct state *s, bool patterns, struct gw_err *err)
{
	for (int i = 0; i < s->given_count; i++) {
		if ((strcmp(s->given[i].key, "pattern") == 0) != patterns)
			continue;
		if (gw_scan_settings_set(&s->settings, s->given[i].key, s->given[i].value, err) !=
		    GW_OK)
			return err->code = GW_E_USAGE;
	}
	return GW_OK;
}

static int load_file(struct state *s, const struct gw_cli *cli, struct gw_err *err)
{
	char path[GW_PATH_MAX], home[GW_PATH_MAX];
	struct gw_conf *conf;
	int rc = GW_OK;

	if (cli->config == NULL) {
		rc = gw_home_path(home, cli->home, err);
		if (rc == GW_OK)
			rc = gw_path_join(path, home, "goeswith.conf", err);
		if (rc != GW_OK)
			return cli->home != NULL ? rc : GW_OK;
	}
	rc = gw_conf_load(&conf, cli->config != NULL ? cli->config : path, err);
	if (rc != GW_OK)
		return rc;
	rc = gw_scan_settings_load(&s->settings, conf, err);
	gw_conf_free(conf);
	return rc;
}

static int load_settings(struct state *s, const struct gw_cli *cli, struct gw_err *err)
{
	int rc = apply_given(s, true, err);

	if (rc == GW_OK)
		rc = load_file(s, cli, err);
	return rc == GW_OK ? apply_given(s, false, err) : rc;
}

static int decode_file(struct gw_decode *d, const char *path)
{
	int rc, fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return gw_err_errno(d->err, errno == ENOENT ? GW_E_INPUT : GW_E_STORAGE, errno,
				    "%s", path);
	rc = gw_decode_lines(d, fd);
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

static int decode_all(struct gw_decode *d, const struct gw_cli *cli)
{
	static struct gw_scan_elements elements;
	static char room[256 * 1024];
	struct gw_text out = gw_text_over(room, sizeof(room));
	int rc = GW_OK;

	d->elements = &elements;
	d->out = &out;
	if (cli->first == cli->argc)
		rc = decode_file(d, "-");
	for (int i = cli->first; rc == GW_OK && i < cli->argc; i++)
		rc = decode_file(d, cli->argv[i]);
	if (d->status == GW_OK && gw_decode_flush(d) != GW_OK)
		rc = d->status;
	return rc;
}

static int current_year(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) != NULL ? tm.tm_year + 1900 : 0;
}

int main(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&program, argc, argv);
	struct gw_err err = {0};
	struct state state = {.decode.err = &err};
	const char *value;
	int id, rc = GW_OK;

	state.settings.config.year = current_year();
	while ((id = gw_cli_next(&cli, &value)) > 0)
		if ((rc = take_option(&state, id, value, &err)) != GW_OK)
			break;
	if (id < 0)
		return cli.exit_status;
	if (rc == GW_OK)
		rc = load_settings(&state, &cli, &err);
	if (rc == GW_OK) {
		state.decode.config = gw_scan_settings_config(&state.settings);
		rc = decode_all(&state.decode, &cli);
	}
	return rc == GW_OK ? 0 : gw_cli_fail(&program, &err);
}
