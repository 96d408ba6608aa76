#include "tools/sim/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/hash.h"
#include "base/home.h"
#include "base/json.h"

enum { OPT_TO = 256, OPT_DIR, OPT_BASKETS, OPT_JOBS, OPT_SEED, OPT_CERTS, OPT_SPLAY, OPT_EVENTS };

static const struct gw_cli_option options[] = {
	{OPT_TO, "to", "URL", "where the terminals push: dir:PATH, https://..., s3://..."},
	{OPT_DIR, "dir", "DIR", "where their homes are made (else a temporary folder, removed)"},
	{OPT_BASKETS, "baskets", "N", "sales of each terminal (200)"},
	{OPT_JOBS, "jobs", "N", "terminals that push at the same time (8)"},
	{OPT_SPLAY, "splay", "S", "spread the starts of the pushes over S seconds (0: at once)"},
	{OPT_EVENTS, "batch-events", "N", "as of goeswith-sync push (1000)"},
	{OPT_SEED, "seed", "N", "draws the sales (1)"},
	{OPT_CERTS, "certs", "DIR", "TERMINAL.crt and .key of each terminal, and ca.crt"},
	{0}};

static const struct gw_cli_program program = {
	"goeswith-sim fleet", "N --to URL [--json]",
	"Makes N terminals with sales that were not uploaded, lets all of them push, and prints "
	"how\n"
	"long that took.  Terminals are named F0000-T0001, F0000-T0002 ...",
	options, true};

#define ITEMS 5000 /* different codes in the shop */

struct job {
	pid_t pid;
	int out; /* its stdout */
};

struct fleet {
	const char *to, *dir, *certs;
	char own_dir[64], tools[GW_PATH_MAX], baskets_file[GW_PATH_MAX];
	long long terminals, baskets, jobs, seed, splay_s, batch_events;
	int64_t events, bytes, batches, waiting, failed;
	double make_s, drain_s;
	bool json, progress;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- what is sold ----------------------------------------------------------------------------- */

static uint64_t draw(uint64_t *state)
{
	*state += 0x9E3779B97F4A7C15u;
	return gw_fmix64(*state);
}

/* Baskets of 1-12 items; few items sell often (the square of a uniform number). */
static int write_baskets(struct fleet *f, struct gw_err *err)
{
	uint64_t state = (uint64_t)f->seed;
	FILE *out;
	int rc = gw_path_join(f->baskets_file, f->dir, "baskets", err);

	if (rc < 0)
		return rc;
	out = fopen(f->baskets_file, "w");
	if (out == NULL)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot write %s", f->baskets_file);
	for (long long b = 0; b < f->baskets; b++) {
		uint64_t n = 1 + draw(&state) % 12;

		for (uint64_t i = 0; i < n; i++) {
			uint64_t u = draw(&state) >> 32;

			fprintf(out, "%s2%06" PRIu64, i > 0 ? " " : "",
				u * u / (UINT64_MAX / ITEMS));
		}
		fputc('\n', out);
	}
	return fclose(out) == 0
		       ? GW_OK
		       : gw_err_errno(err, GW_E_STORAGE, errno, "cannot write %s", f->baskets_file);
}

/* --- processes -------------------------------------------------------------------------------- */

static int find_tools(struct fleet *f, struct gw_err *err)
{
	ssize_t n = readlink("/proc/self/exe", f->tools, sizeof(f->tools) - 1);

	if (n <= 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot find my own folder");
	f->tools[n] = '\0';
	*strrchr(f->tools, '/') = '\0';
	return GW_OK;
}

static void terminal_name(long long i, char out[24])
{
	snprintf(out, 24, "T%04lld", i + 1);
}

static int home_of(const struct fleet *f, long long i, char out[GW_PATH_MAX])
{
	char name[24];

	terminal_name(i, name);
	return gw_path_join(out, f->dir, name, NULL);
}

/* Starts one program with its output in a pipe. */
static int start(struct job *job, char *const argv[], struct gw_err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot make a pipe");
	job->out = ends[0];
	job->pid = fork();
	if (job->pid == 0) {
		dup2(ends[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	if (job->pid < 0) {
		close(ends[0]);
		return gw_err_errno(err, GW_E_MEMORY, errno, "cannot start %s", argv[0]);
	}
	return GW_OK;
}

static int start_making(const struct fleet *f, long long i, struct job *job, struct gw_err *err)
{
	char program_path[GW_PATH_MAX + 16], home[GW_PATH_MAX], name[24];
	char *argv[] = {program_path, "replay", "--baskets",   (char *)f->baskets_file,
			"--home",     home,     "--store",     "F0000",
			"--terminal", name,     "--jitter-ms", "3000",
			"--json",     NULL};

	snprintf(program_path, sizeof(program_path), "%s/goeswith-sim", f->tools);
	terminal_name(i, name);
	home_of(f, i, home);
	return start(job, argv, err);
}

static int write_conf(const struct fleet *f, const char *home, const char *name, struct gw_err *err)
{
	char path[GW_PATH_MAX], text[4 * GW_PATH_MAX];
	int n = snprintf(text, sizeof(text),
			 "[sync]\ncert = %s/F0000-%s.crt\nkey = %s/F0000-%s.key\nca = %s/ca.crt\n",
			 f->certs, name, f->certs, name, f->certs);
	int rc = gw_path_join(path, home, "goeswith.conf", err);

	return rc == GW_OK ? gw_file_replace(path, text, (size_t)n, err) : rc;
}

static int start_pushing(const struct fleet *f, long long i, struct job *job, struct gw_err *err)
{
	char program_path[GW_PATH_MAX + 16], home[GW_PATH_MAX], name[24];
	char events[24];
	char *argv[] = {program_path,  "push",   "--home",         home,   "--to",
			(char *)f->to, "--json", "--batch-events", events, NULL};
	int rc = GW_OK;

	snprintf(program_path, sizeof(program_path), "%s/goeswith-sync", f->tools);
	snprintf(events, sizeof(events), "%lld", f->batch_events);
	terminal_name(i, name);
	home_of(f, i, home);
	if (f->certs != NULL)
		rc = write_conf(f, home, name, err);
	return rc == GW_OK ? start(job, argv, err) : rc;
}

static int64_t member(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Reads what a job printed to its end and adds it up. */
static void finish(struct fleet *f, struct job *job)
{
	char text[8192];
	size_t len = 0;
	ssize_t n;
	int status;
	json_t *o;

	while (len < sizeof(text) - 1 &&
	       (n = read(job->out, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(job->out);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	f->failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	o = json_loadb(text, len, 0, NULL);
	f->events += member(o, "sent_events");
	f->bytes += member(o, "sealed_bytes");
	f->batches += member(o, "sent_batches");
	f->waiting += member(o, "waiting_batches");
	json_decref(o);
	job->pid = 0;
}

/* Waits for the moment at which terminal i of all begins when the starts are spread over splay_s:
 * each has a slot of its own, and chance puts it somewhere in that. */
static void wait_for_turn(const struct fleet *f, long long i, long long splay_s, double began_s)
{
	uint64_t state = (uint64_t)(f->seed + i);
	double chance = (double)(draw(&state) >> 40) / (double)(1 << 24);
	double left =
		began_s - now_s() + (double)splay_s * ((double)i + chance) / (double)f->terminals;
	struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};

	if (splay_s > 0 && left > 0)
		nanosleep(&t, NULL);
}

/* Runs one job a terminal, at most f->jobs at a time, in order. */
static int run_all(struct fleet *f, const char *what, long long splay_s,
		   int (*begin)(const struct fleet *, long long, struct job *, struct gw_err *),
		   struct gw_err *err)
{
	double began_s = now_s();
	struct job *jobs = calloc((size_t)f->jobs, sizeof(*jobs));
	int rc = GW_OK;

	if (jobs == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (long long i = 0; i < f->terminals && rc == GW_OK; i++) {
		struct job *job = &jobs[i % f->jobs];

		if (job->pid != 0)
			finish(f, job);
		wait_for_turn(f, i, splay_s, began_s);
		rc = begin(f, i, job, err);
		if (f->progress)
			fprintf(stderr, "\r%s %lld of %lld ", what, i + 1, f->terminals);
	}
	for (long long i = 0; i < f->jobs; i++)
		if (jobs[i].pid != 0)
			finish(f, &jobs[i]);
	if (f->progress)
		fputs("\r\033[K", stderr);
	free(jobs);
	return rc;
}

/* --- the verb --------------------------------------------------------------------------------- */

static void print_text(const struct fleet *f)
{
	printf("%lld terminals, %" PRId64 " events in %" PRId64 " batches, %.1f bytes an event\n"
	       "drained in %.1f s: %.0f events/s, %.1f batches/s, %lld at a time\n",
	       f->terminals, f->events, f->batches,
	       f->events > 0 ? (double)f->bytes / (double)f->events : 0, f->drain_s,
	       (double)f->events / f->drain_s, (double)f->batches / f->drain_s, f->jobs);
	if (f->failed > 0)
		printf("%" PRId64 " failed, %" PRId64 " batches are still waiting\n", f->failed,
		       f->waiting);
}

static void print_json(const struct fleet *f)
{
	char room[1024];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "terminals", f->terminals);
	gw_json_member_int(&j, "events", f->events);
	gw_json_member_int(&j, "batches", f->batches);
	gw_json_member_int(&j, "bytes", f->bytes);
	gw_json_member_double(&j, "bytes_per_event",
			      f->events > 0 ? (double)f->bytes / (double)f->events : 0, 4);
	gw_json_member_double(&j, "make_seconds", f->make_s, 4);
	gw_json_member_double(&j, "drain_seconds", f->drain_s, 4);
	gw_json_member_double(&j, "events_per_second", (double)f->events / f->drain_s, 6);
	gw_json_member_int(&j, "failed", f->failed);
	gw_json_member_int(&j, "waiting_batches", f->waiting);
	gw_json_end(&j, '}');
	puts(room);
}

static int work(struct fleet *f, struct gw_err *err)
{
	double start_s = now_s();
	int rc = find_tools(f, err);

	if (rc == GW_OK)
		rc = gw_home_make(f->dir, err);
	if (rc == GW_OK)
		rc = write_baskets(f, err);
	if (rc == GW_OK)
		rc = run_all(f, "made", 0, start_making, err);
	if (rc == GW_OK && f->failed > 0)
		rc = gw_err_set(err, GW_E_BUG, "%" PRId64 " terminals could not be made",
				f->failed);
	if (rc < 0)
		return rc;
	f->make_s = now_s() - start_s;
	f->events = f->bytes = f->batches = f->waiting = 0;
	start_s = now_s();
	rc = run_all(f, "pushed", f->splay_s, start_pushing, err);
	f->drain_s = now_s() - start_s;
	return rc;
}

static int take_option(struct fleet *f, int id, const char *value, struct gw_err *err)
{
	switch (id) {
	case OPT_TO:
		f->to = value;
		return GW_OK;
	case OPT_DIR:
		f->dir = value;
		return GW_OK;
	case OPT_CERTS:
		f->certs = value;
		return GW_OK;
	case OPT_BASKETS:
		return gw_cli_number("--baskets", value, 1, 10000000, &f->baskets, err);
	case OPT_SPLAY:
		return gw_cli_number("--splay", value, 0, 86400, &f->splay_s, err);
	case OPT_EVENTS:
		return gw_cli_number("--batch-events", value, 1, 50000, &f->batch_events, err);
	case OPT_JOBS:
		return gw_cli_number("--jobs", value, 1, 10000, &f->jobs, err);
	default:
		return gw_cli_number("--seed", value, 0, INT64_MAX, &f->seed, err);
	}
}

static void remove_own(const struct fleet *f)
{
	char *argv[] = {"rm", "-rf", (char *)f->own_dir, NULL};
	pid_t pid = f->own_dir[0] != '\0' ? fork() : -1;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static int run(struct fleet *f, struct gw_err *err)
{
	int rc;

	if (f->dir == NULL) {
		snprintf(f->own_dir, sizeof(f->own_dir), "/tmp/goeswith-fleet-XXXXXX");
		f->dir = mkdtemp(f->own_dir);
		if (f->dir == NULL)
			return gw_err_errno(err, GW_E_STORAGE, errno, "cannot make a folder");
	}
	rc = work(f, err);
	if (rc == GW_OK)
		(f->json ? print_json : print_text)(f);
	remove_own(f);
	return rc == GW_OK && f->failed > 0
		       ? gw_err_set(err, GW_E_DEVICE, "%" PRId64 " terminals could not push",
				    f->failed)
		       : rc;
}

int gw_sim_fleet_main(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&program, argc, argv);
	struct fleet f = {.baskets = 200, .jobs = 8, .seed = 1, .batch_events = 1000};
	struct gw_err err = {0};
	const char *value;
	int id, rc = GW_OK;

	while ((id = gw_cli_next(&cli, &value)) > 0 && rc == GW_OK)
		rc = take_option(&f, id, value, &err);
	if (id < 0)
		return cli.exit_status;
	if (rc == GW_OK && (cli.argc - cli.first != 1 || f.to == NULL))
		return gw_cli_usage(&program, "how many, and where to?  fleet N --to URL");
	if (rc == GW_OK)
		rc = gw_cli_number("N", cli.argv[cli.first], 1, 9999, &f.terminals, &err);
	if (rc < 0)
		return gw_cli_usage(&program, "%s", err.text);
	f.json = cli.json;
	f.progress = isatty(2);
	rc = run(&f, &err);
	return rc < 0 ? gw_cli_fail(&program, &err) : 0;
}
