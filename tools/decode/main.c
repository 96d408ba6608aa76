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
#include "tools/decode/raw.h"

enum {
	OPT_REGION = 256,
	OPT_PATTERN,
	OPT_EIGHT,
	OPT_CODE_IDS,
	OPT_GS,
	OPT_STRICT,
	OPT_TODAY,
	OPT_RAW,
	OPT_PROFILE,
	OPT_IDLE,
	OPT_CAPTURE,
	OPT_GUESS
};

static const struct gw_cli_option options[] = {
	{'b', "bracketed", NULL, "read (01)...(10)... text"},
	{'r', "region", "NAME", "rules for in-store numbers: germany, sweden, us, ..."},
	{'p', "pattern", "RULE", "a shop's own rule, e.g. '28IIIIVNNNNNC weight 3 kg'"},
	{OPT_EIGHT, "eight", "WHICH", "8 digits that fit both: auto, ean8, upce"},
	{OPT_CODE_IDS, "code-ids", "MAKER", "identifiers of a maker: zebra, honeywell, datalogic"},
	{OPT_GS, "gs", "CHAR", "a character the scanner sends for GS"},
	{OPT_STRICT, "strict", NULL, "warn of missing companions of identifiers, too"},
	{OPT_RAW, "raw", NULL, "read framed bytes as a scanner sends them"},
	{OPT_PROFILE, "profile", "NAME", "with --raw: the scanner's settings; 'list' names them"},
	{OPT_IDLE, "idle-ms", "N", "with --raw: a pause this long ends a scan (200)"},
	{OPT_CAPTURE, "capture", "FILE", "save what the scanner sends, for support; implies --raw"},
	{OPT_GUESS, "guess", NULL, "tell which settings fit bytes or a capture, best first"},
	{OPT_TODAY, "today", "DATE", "warn of dates before this day (YYYY-MM-DD)"},
	{0},
};

/* Everything is JSON anyway; --json is taken so that scripts need not know. */
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
	struct gw_raw raw;
	const char *capture;
	bool is_raw, guess;
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

static int take_profile(struct state *s, const char *name, struct gw_err *err)
{
	s->raw.profile = gw_profile_find(name);
	if (s->raw.profile == NULL)
		return gw_err_set(err, GW_E_USAGE, "no profile '%s'; --profile list names them",
				  name);
	return GW_OK;
}

static int take_idle(struct state *s, const char *value, struct gw_err *err)
{
	long long n;
	int rc = gw_cli_number("--idle-ms", value, 1, 60000, &n, err);

	if (rc == GW_OK)
		s->raw.idle_ms = (int)n;
	return rc;
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

	switch (id) {
	case 'b':
		s->decode.bracketed = true;
		return GW_OK;
	case OPT_TODAY:
		return take_today(s, value, err);
	case OPT_RAW:
		s->is_raw = true;
		return GW_OK;
	case OPT_PROFILE:
		return take_profile(s, value, err);
	case OPT_IDLE:
		return take_idle(s, value, err);
	case OPT_CAPTURE:
		s->capture = value;
		s->is_raw = true;
		return GW_OK;
	case OPT_GUESS:
		s->guess = true;
		return GW_OK;
	default:
		break;
	}
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

static int run_on(struct state *s, int fd)
{
	if (s->guess)
		return gw_raw_guess(&s->decode, fd);
	if (s->is_raw)
		return gw_raw_run(&s->raw, fd);
	return gw_decode_lines(&s->decode, fd);
}

static int decode_file(struct state *s, const char *path)
{
	int rc, fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return gw_err_errno(s->decode.err, errno == ENOENT ? GW_E_INPUT : GW_E_STORAGE,
				    errno, "%s", path);
	rc = run_on(s, fd);
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

static int decode_files(struct state *s, const struct gw_cli *cli)
{
	int rc = GW_OK;

	if (cli->first == cli->argc)
		return decode_file(s, "-");
	for (int i = cli->first; rc == GW_OK && i < cli->argc; i++)
		rc = decode_file(s, cli->argv[i]);
	return rc;
}

static int decode_all(struct state *s, const struct gw_cli *cli, struct gw_err *err)
{
	static struct gw_scan_elements elements;
	static char room[256 * 1024];
	static struct gw_text out;
	int rc = GW_OK;

	out = gw_text_over(room, sizeof(room));
	s->decode.config = gw_scan_settings_config(&s->settings);
	s->decode.elements = &elements;
	s->decode.out = &out;
	s->decode.err = err;
	s->raw.decode = &s->decode;
	if (s->capture != NULL)
		rc = gw_raw_capture_open(&s->raw.capture, s->capture, err);
	if (rc == GW_OK)
		rc = decode_files(s, cli);
	if (s->decode.status == GW_OK && gw_decode_flush(&s->decode) != GW_OK)
		rc = s->decode.status;
	if (s->raw.capture != NULL && fclose(s->raw.capture) != 0 && rc == GW_OK)
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "%s", s->capture);
	return rc;
}

static void list_profiles(void)
{
	const struct gw_profile *p;

	for (size_t i = 0; (p = gw_profile_at(i)) != NULL; i++)
		printf("%-10s %s\n", p->name, p->title);
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
	struct state state = {.raw = {.profile = gw_profile_at(0), .idle_ms = 200}};
	const char *value;
	int id, rc = GW_OK;

	state.settings.config.year = current_year();
	while ((id = gw_cli_next(&cli, &value)) > 0) {
		if (id == OPT_PROFILE && strcmp(value, "list") == 0) {
			list_profiles();
			return 0;
		}
		if ((rc = take_option(&state, id, value, &err)) != GW_OK)
			break;
	}
	if (id < 0)
		return cli.exit_status;
	if (rc == GW_OK)
		rc = load_settings(&state, &cli, &err);
	if (rc == GW_OK)
		rc = decode_all(&state, &cli, &err);
	return rc == GW_OK ? 0 : gw_cli_fail(&program, &err);
}
