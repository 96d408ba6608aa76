/* The verbs of goeswith-dock: status, counters, version, selftest, capture. */
#include "firmware/board/posix/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "firmware/board/posix/posix.h"
#include "scan/capture.h"

enum { OPT_SECONDS = 256, OPT_BYTES, OPT_LOOP };

#define SOCKET_ROW                                                                                 \
	{                                                                                          \
		'l', "listen", "SOCKET",                                                           \
			"a dock's own socket (the register's in HOME, else HOME/dock.sock)"        \
	}

static const struct gw_cli_option plain[] = {SOCKET_ROW, {0}};
static const struct gw_cli_option test_options[] = {
	SOCKET_ROW,
	{OPT_LOOP, "till-loop", NULL,
	 "also send through the till's line; a plug must lead it back"},
	{0},
};
static const struct gw_cli_option capture_options[] = {
	SOCKET_ROW,
	{'o', "output", "FILE", "write it there, for its owner's eyes only"},
	{OPT_SECONDS, "seconds", "N", "end after so long (60; at most 3600)"},
	{OPT_BYTES, "bytes", "N", "end before the text is longer than this (1000000)"},
	{0},
};

struct verb {
	const char *name, *other_name;
	struct gw_cli_program program;
	int (*run)(const struct wish *w, const char *home, struct gw_err *err);
};

/* --- reaching the dock ------------------------------------------------------------------------ */

static int attach(const struct wish *w, const char *home, struct gw_dock_peer *peer,
		  struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = GW_OK;

	if (w->socket != NULL)
		return gw_dock_attach(peer, w->socket, err);
	rc = gw_path_join(path, home, GW_DOCK_SOCKET, err);
	if (rc == GW_OK)
		rc = gw_dock_attach(peer, path, err);
	if (rc == GW_E_DEVICE)
		return gw_err_set(err, GW_E_DEVICE,
				  "neither a register nor a dock runs in %s; start one, or name a "
				  "dock's socket by --listen",
				  home);
	return rc;
}

static int get_report(const struct wish *w, const char *home, struct gw_dock_report *report,
		      struct gw_err *err)
{
	struct gw_dock_peer peer = {.fd = -1};
	int rc = w->socket != NULL ? GW_E_NOT_FOUND : gw_ask_status(home, report, err);

	if (rc != GW_E_NOT_FOUND)
		return rc;
	rc = attach(w, home, &peer, err);
	if (rc != GW_OK)
		return rc;
	rc = gw_guest_status(&peer, report, err);
	close(peer.fd);
	return rc;
}

/* --- status, counters, version ---------------------------------------------------------------- */

static void print_json(const struct gw_dock_report *report)
{
	char room[GW_DOCK_REPORT_JSON];
	struct gw_text t = gw_text_over(room, sizeof(room));

	gw_dock_report_json(report, &t);
	puts(room);
}

static int status(const struct wish *w, const char *home, struct gw_err *err)
{
	struct gw_dock_report report;
	struct gw_dock_line lines[GW_DOCK_LINES_MAX];
	int rc = get_report(w, home, &report, err);

	if (rc != GW_OK)
		return rc;
	if (w->cli.json) {
		print_json(&report);
		return GW_OK;
	}
	if (report.trouble[0] != '\0')
		printf("%-9s %s\n", "Trouble", report.trouble);
	for (size_t i = 0, n = gw_dock_report_lines(&report, lines); i < n; i++)
		printf("%-9s %s\n", lines[i].label, lines[i].value);
	if (report.pid > 0)
		printf("%-9s %lld\n", "Process", (long long)report.pid);
	return GW_OK;
}

static int counters(const struct wish *w, const char *home, struct gw_err *err)
{
	struct gw_dock_report r;
	int rc = get_report(w, home, &r, err);
	const struct {
		int64_t count;
		const char *what;
	} rows[] = {
		{r.lost, "scans lost: memory full"},
		{r.too_long, "scans too long"},
		{r.resyncs, "half scans and other times out of step"},
		{r.rx_errors, "errors on the scanner's line"},
		{r.bad_frames, "bad frames from the register"},
		{r.damaged, "bad frames from the dock"},
		{r.resent, "frames sent again by the dock"},
		{r.again, "of them the register had already"},
		{r.commands_again, "orders repeated by the register"},
		{r.till_dropped, "bytes the till did not take"},
		{r.injected, "codes put into the till's line"},
		{r.inject_refused, "codes refused"},
		{r.inject_timed_out, "codes that found no quiet line"},
		{r.boots, "warm starts"},
	};

	if (rc == GW_OK && w->cli.json)
		print_json(&r);
	else if (rc == GW_OK)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (rows[i].count >= 0) /* else no register was there to count it */
				printf("%10lld %s\n", (long long)rows[i].count, rows[i].what);
	return rc;
}

static int version(const struct wish *w, const char *home, struct gw_err *err)
{
	struct gw_dock_report r;
	int rc = get_report(w, home, &r, err);

	if (rc == GW_OK && w->cli.json)
		print_json(&r);
	else if (rc == GW_OK)
		printf("firmware %s on %s, link %u.%d\n", r.version, r.board, GW_LINK_MAJOR,
		       (int)r.link_minor);
	return rc;
}

/* --- selftest --------------------------------------------------------------------------------- */

static void name_tests(struct gw_json *j, const char *key, uint8_t bits)
{
	gw_json_key(j, key);
	gw_json_begin(j, '[');
	for (unsigned i = 0; gw_dock_test_name(i) != NULL; i++)
		if ((bits & 1u << i) != 0)
			gw_json_string(j, gw_dock_test_name(i));
	gw_json_end(j, ']');
}

static void print_test_json(const struct test_result *r)
{
	char room[512];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	gw_json_begin(&j, '{');
	gw_json_member_bool(&j, "ok", r->failed == 0);
	name_tests(&j, "tested", r->tested);
	name_tests(&j, "failed", r->failed);
	if (r->round_trip_us >= 0)
		gw_json_member_int(&j, "round_trip_us", r->round_trip_us);
	gw_json_end(&j, '}');
	puts(room);
}

static void print_test(const struct test_result *r)
{
	const uint8_t by_eye = GW_LINK_TEST_BEEP | GW_LINK_TEST_DISPLAY;

	for (unsigned i = 0; gw_dock_test_name(i) != NULL; i++) {
		unsigned bit = 1u << i;

		printf("%-16s %s\n", gw_dock_test_name(i),
		       (r->tested & bit) == 0
			       ? (bit == GW_LINK_TEST_TILL ? "not asked for" : "has none")
		       : (r->failed & bit) != 0 ? "FAILED"
		       : (by_eye & bit) != 0    ? "look and listen"
						: "ok");
	}
	if (r->round_trip_us >= 0)
		printf("%-16s %lld.%02lld ms\n", "round trip", (long long)(r->round_trip_us / 1000),
		       (long long)(r->round_trip_us % 1000 / 10));
}

static int self_test(const struct wish *w, const char *home, struct gw_err *err)
{
	struct test_result result = {0, 0, -1};
	struct gw_dock_peer peer = {.fd = -1};
	int rc = w->socket != NULL ? GW_E_NOT_FOUND : gw_ask_test(home, w->loop, &result, err);

	if (rc == GW_E_NOT_FOUND) {
		rc = attach(w, home, &peer, err);
		if (rc != GW_OK)
			return rc;
		rc = gw_guest_test(&peer, w->loop, &result, err);
		close(peer.fd);
	}
	if (rc != GW_OK)
		return rc;
	if (w->cli.json)
		print_test_json(&result);
	else
		print_test(&result);
	if (w->loop && (result.tested & GW_LINK_TEST_TILL) == 0)
		return gw_err_set(err, GW_E_DEVICE, "there is no till's line to send through");
	return result.failed == 0 ? GW_OK
				  : gw_err_set(err, GW_E_UNSUPPORTED, "the self-test failed");
}

/* --- capture ---------------------------------------------------------------------------------- */

bool gw_tape_line(struct tape *tape, const char *text, size_t len)
{
	char room[2 * GW_CAPTURE_LINE];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);
	char *bytes;
	long long ms;

	if (text == NULL || (tape->left -= (long long)len + 1) < 0)
		return false;
	ms = strtoll(text, &bytes, 10);
	if (tape->json && text[0] != '#') {
		gw_json_begin(&j, '{');
		gw_json_member_int(&j, "ms", ms);
		gw_json_member_string(&j, "data", *bytes == ' ' ? bytes + 1 : bytes);
		gw_json_end(&j, '}');
		fprintf(tape->file, "%s\n", room);
	} else if (!tape->json) {
		fprintf(tape->file, "%.*s\n", (int)len, text);
	}
	return fflush(tape->file) == 0;
}

static FILE *open_tape(const char *path, struct gw_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (file == NULL) {
		gw_err_errno(err, GW_E_STORAGE, errno, "%s", path);
		if (fd >= 0)
			close(fd);
	}
	return file;
}

static int capture_to(const struct wish *w, const char *home, struct tape *tape, struct gw_err *err)
{
	struct gw_dock_peer peer = {.fd = -1};
	int rc = w->socket != NULL ? GW_E_NOT_FOUND
				   : gw_ask_capture(home, (int)w->seconds, tape, err);

	if (rc != GW_E_NOT_FOUND)
		return rc;
	rc = attach(w, home, &peer, err);
	if (rc != GW_OK)
		return rc;
	rc = gw_guest_capture(&peer, (int)w->seconds, tape, err);
	close(peer.fd);
	return rc;
}

static int capture(const struct wish *w, const char *home, struct gw_err *err)
{
	struct tape tape = {stdout, w->cli.json, w->bytes};
	int rc;

	if (w->output != NULL && (tape.file = open_tape(w->output, err)) == NULL)
		return err->code;
	rc = capture_to(w, home, &tape, err);
	if (w->output != NULL && fclose(tape.file) != 0 && rc == GW_OK)
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "%s", w->output);
	if (rc == GW_OK && tape.left < 0)
		fprintf(stderr, "goeswith-dock capture: full, more came than --bytes allows\n");
	return rc;
}

/* --- all verbs -------------------------------------------------------------------------------- */

static const struct verb verbs[] = {
	{"selftest",
	 "self-test",
	 {"goeswith-dock selftest", "[--till-loop] [--json] [--listen SOCKET]",
	  "Tries the dock's memory, checks, beeper, lamp and display, and the link's speed.  Not\n"
	  "while a sale is open or a scan under way.",
	  test_options, true},
	 self_test},
	{"capture",
	 NULL,
	 {"goeswith-dock capture", "[-o FILE] [--seconds N] [--bytes N] [--json]",
	  "Writes down what the scanner sends, with times, for goeswith-decode --guess and\n"
	  "goeswith-sim scanner.  Payment cards are masked.",
	  capture_options, true},
	 capture},
	{"status",
	 NULL,
	 {"goeswith-dock status", "[--listen SOCKET] [--json]", "Says how a running dock is.",
	  plain, true},
	 status},
	{"counters",
	 NULL,
	 {"goeswith-dock counters", "[--listen SOCKET] [--json]", "Prints what went wrong so far.",
	  plain, true},
	 counters},
	{"version",
	 NULL,
	 {"goeswith-dock version", "[--listen SOCKET] [--json]",
	  "Prints a running dock's firmware version.", plain, true},
	 version},
};

static int take_options(struct wish *w, struct gw_err *err)
{
	const char *value;
	int id, rc = GW_OK;

	while (rc == GW_OK && (id = gw_cli_next(&w->cli, &value)) != 0) {
		if (id < 0)
			return GW_E_USAGE;
		if (id == 'l')
			w->socket = value;
		else if (id == 'o')
			w->output = value;
		else if (id == OPT_LOOP)
			w->loop = true;
		else if (id == OPT_SECONDS)
			rc = gw_cli_number("--seconds", value, 1, 3600, &w->seconds, err);
		else if (id == OPT_BYTES)
			rc = gw_cli_number("--bytes", value, 1000, 1000000000, &w->bytes, err);
	}
	return rc;
}

static int run_verb(const struct verb *v, int argc, char **argv)
{
	struct wish w = {
		.cli = gw_cli_start(&v->program, argc, argv), .seconds = 60, .bytes = 1000000};
	struct gw_err err = {0};
	char home[GW_PATH_MAX];
	int rc = take_options(&w, &err);

	if (rc != GW_OK)
		return err.text[0] == '\0' ? w.cli.exit_status : gw_cli_fail(&v->program, &err);
	if (w.cli.first < argc)
		return gw_cli_usage(&v->program, "\"%s\" is not an option", argv[w.cli.first]);
	rc = gw_home_path(home, w.cli.home, &err);
	if (rc == GW_OK)
		rc = v->run(&w, home, &err);
	return rc == GW_OK ? 0 : gw_cli_fail(&v->program, &err);
}

int gw_posix_verbs_run(const char *verb, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0 ||
		    (verbs[i].other_name != NULL && strcmp(verbs[i].other_name, verb) == 0))
			return run_verb(&verbs[i], argc, argv);
	return -1;
}
