/* goeswith-sync: journals to head office, tables back. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/sync/sync.h"

enum {
	OPT_TO = 256,
	OPT_FROM,
	OPT_INTO,
	OPT_KEYS,
	OPT_CLUSTER,
	OPT_ACK_KEY,
	OPT_PASSWORD,
	OPT_REMOVE,
	OPT_EVENTS,
	OPT_BYTES,
	OPT_AGE,
	OPT_CAP,
	OPT_DAYS
};

static const struct gw_cli_option options[] = {
	{OPT_TO, "to", "URL", "where batches go: dir:PATH, https://..., s3://..."},
	{OPT_FROM, "from", "URL", "where tables come from (else as --to)"},
	{OPT_INTO, "into", "FILE|URL", "collect: where to (else DIR/collection.db)"},
	{OPT_CLUSTER, "cluster", "NAME", "collect, schema: make tables on this cluster"},
	{OPT_KEYS, "keys", "DIR", "collect: demand signatures by DIR/TERMINAL.pub"},
	{OPT_ACK_KEY, "ack-key", "FILE", "collect: sign acknowledgements with this key"},
	{OPT_PASSWORD, "password-file", "FILE",
	 "... whose password is the first line of this file"},
	{OPT_REMOVE, "remove", NULL, "collect: delete files already taken"},
	{'o', "output", "FILE", "salvage: the new journal"},
	{OPT_EVENTS, "batch-events", "N", "seal a batch at N events (1000)"},
	{OPT_BYTES, "batch-kb", "N", "... or N kilobytes (256)"},
	{OPT_AGE, "batch-age", "S", "... or when its first event is S seconds old (3600)"},
	{OPT_CAP, "outbox-mb", "N", "keep at most N megabytes waiting (64)"},
	{OPT_DAYS, "outbox-days", "N", "... and nothing older than N days (90)"},
	{0},
};

static const struct gw_cli_program program = {
	.name = "goeswith-sync",
	.synopsis = "push [--to URL]\n"
		    "pull [--from URL]\n"
		    "run [--to URL] [--from URL]\n"
		    "collect DIR [--into FILE|clickhouse:URL [--cluster NAME]]\n"
		    "schema [--cluster NAME] [clickhouse:URL]...\n"
		    "status\n"
		    "verify [JOURNAL]\n"
		    "salvage JOURNAL -o NEW",
	.about = "Brings journals to head office, and rule tables back.\n\n"
		 "  push     seals new events into batches, uploads them, and deletes\n"
		 "           what head office has\n"
		 "  pull     fetches, checks and installs the newest rule table\n"
		 "  run      both, for ever\n"
		 "  collect  head office: checks the batches below DIR/up, takes them into\n"
		 "           a database or ClickHouse, publishes DIR/ack/TERMINAL\n"
		 "  schema   makes the tables in ClickHouse (prints them when no URL is given)\n"
		 "  status   what is waiting, since when, and why\n"
		 "  verify   checks the hash chain of a journal\n"
		 "  salvage  copies what can be read of a damaged journal into a new one",
	.options = options,
	.json = true,
};

static const struct {
	const char *name;
	sync_verb *run;
	int words; /* at most, behind the verb */
} verbs[] = {
	{"push", sync_push, 0},       {"pull", sync_pull, 0},           {"run", sync_run, 0},
	{"collect", sync_collect, 1}, {"status", sync_status, 0},       {"verify", sync_verify, 1},
	{"salvage", sync_salvage, 1}, {"schema", sync_schema, INT_MAX},
};

/* Numbers that the command line or, failing that, the configuration gives. */
struct number {
	int option;
	const char *flag, *key;
	long long least, most, fallback, unit;
	size_t at; /* in struct sync_limits */
};

#define AT(member) offsetof(struct sync_limits, member)
static const struct number numbers[] = {
	{OPT_EVENTS, "--batch-events", "batch_events", 1, 50000, 1000, 1, AT(batch_events)},
	{OPT_BYTES, "--batch-kb", "batch_kb", 1, 16384, 256, 1024, AT(batch_bytes)},
	{OPT_AGE, "--batch-age", "batch_age", 0, 604800, 3600, 1000, AT(batch_age_ms)},
	{OPT_CAP, "--outbox-mb", "outbox_mb", 1, 1048576, 64, 1 << 20, AT(outbox_bytes)},
	{OPT_DAYS, "--outbox-days", "outbox_days", 1, 3650, 90, SYNC_DAY_MS, AT(outbox_age_ms)},
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int set_number(struct sync *s, const struct number *n, const char *name, const char *text,
		      struct gw_err *err)
{
	long long value = n->fallback;
	int rc = text != NULL ? gw_cli_number(name, text, n->least, n->most, &value, err) : GW_OK;

	*(int64_t *)((char *)&s->limits + n->at) = value * n->unit;
	return rc;
}

static int take_option(struct sync *s, const char *values[NUMBERS], int id, const char *value)
{
	switch (id) {
	case OPT_TO:
		s->to = value;
		break;
	case OPT_FROM:
		s->from = value;
		break;
	case OPT_INTO:
		s->into = value;
		break;
	case OPT_KEYS:
		s->keys = value;
		break;
	case OPT_CLUSTER:
		s->cluster = value;
		break;
	case OPT_ACK_KEY:
		s->ack_key = value;
		break;
	case OPT_PASSWORD:
		s->password_file = value;
		break;
	case OPT_REMOVE:
		s->remove = true;
		break;
	case 'o':
		s->output = value;
		break;
	default:
		for (size_t i = 0; i < NUMBERS; i++)
			if (numbers[i].option == id)
				values[i] = value;
		break;
	}
	return GW_OK;
}

static int find_paths(struct sync *s, struct gw_err *err)
{
	char conf[GW_PATH_MAX];
	int rc = gw_home_path(s->home, s->cli.home, err);

	if (rc == GW_OK)
		rc = gw_path_join(s->journal, s->home, "journal.db", err);
	if (rc == GW_OK)
		rc = gw_path_join(s->outbox, s->home, "outbox", err);
	if (rc == GW_OK)
		rc = gw_path_join(s->state, s->home, "sync.db", err);
	if (rc == GW_OK)
		rc = gw_path_join(s->device, s->home, "device", err);
	if (rc == GW_OK)
		rc = gw_path_join(conf, s->home, "goeswith.conf", err);
	return rc == GW_OK
		       ? gw_conf_load(&s->conf, s->cli.config != NULL ? s->cli.config : conf, err)
		       : rc;
}

/* A misspelt word does nothing, and some of them are there for safety. */
static void look_at_setting(void *ctx, const char *key, const char *value)
{
	static const char *const others[] = {
		"to",     "from",      "cert",    "key",   "ca",         "s3_endpoint", "s3_region",
		"s3_key", "s3_secret", "timeout", "every", "pull_every", "signed_acks", "splay"};
	bool known = false;

	(void)ctx, (void)value;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		known = known || strcmp(others[i], key) == 0;
	for (size_t i = 0; i < NUMBERS; i++)
		known = known || strcmp(numbers[i].key, key) == 0;
	if (!known)
		fprintf(stderr,
			"goeswith-sync: warning: section [sync] of the configuration has no "
			"setting \"%s\"\n",
			key);
}

static int prepare(struct sync *s, const char *values[NUMBERS], struct gw_err *err)
{
	int rc = find_paths(s, err);

	if (rc == GW_OK)
		gw_conf_each(s->conf, "sync", look_at_setting, NULL);

	for (size_t i = 0; i < NUMBERS && rc == GW_OK; i++) {
		const struct number *n = &numbers[i];

		if (values[i] != NULL)
			rc = set_number(s, n, n->flag, values[i], err);
		else
			rc = set_number(s, n, n->key, sync_setting(s, n->key, NULL), err);
	}
	if (s->to == NULL)
		s->to = sync_setting(s, "to", NULL);
	if (s->from == NULL)
		s->from = sync_setting(s, "from", s->to);
	s->limits.seal_all = true;
	s->progress = isatty(2);
	return rc;
}

static int run(struct sync *s, const char *values[NUMBERS], struct gw_err *err)
{
	const char *name = s->cli.argv[s->cli.first++];
	size_t i = 0, count = sizeof(verbs) / sizeof(verbs[0]);
	int rc;

	while (i < count && strcmp(verbs[i].name, name) != 0)
		i++;
	if (i == count)
		return gw_err_set(err, GW_E_USAGE, "no such verb: %s", name);
	/* A word that is passed over is one that somebody meant: push dir:/media/stick. */
	if (s->cli.argc - s->cli.first > verbs[i].words)
		return gw_err_set(err, GW_E_USAGE, "%s: what is \"%s\"?", name,
				  s->cli.argv[s->cli.first + verbs[i].words]);
	rc = prepare(s, values, err);
	return rc == GW_OK ? verbs[i].run(s, err) : rc;
}

int main(int argc, char **argv)
{
	struct sync s = {.program = &program, .cli = gw_cli_start(&program, argc, argv)};
	const char *values[NUMBERS] = {NULL}, *value;
	struct gw_err err = {0};
	int id, rc = GW_OK;

	while ((id = gw_cli_next(&s.cli, &value)) > 0)
		take_option(&s, values, id, value);
	if (id < 0)
		return s.cli.exit_status;
	if (s.cli.first == argc)
		return gw_cli_usage(
			&program, "what to do? push, pull, run, collect, status, verify, salvage, "
				  "schema");
	rc = run(&s, values, &err);
	gw_conf_free(s.conf);
	if (rc == GW_E_USAGE)
		return gw_cli_usage(&program, "%s", err.text);
	return rc < 0 ? gw_cli_fail(&program, &err) : 0;
}
