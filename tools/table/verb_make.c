/* make and check: from CSV to a bundle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "base/when.h"
#include "model/table.h"
#include "tools/table/minisign.h"
#include "tools/table/payload.h"
#include "tools/table/read_set.h"
#include "tools/table/table_tool.h"

enum { ID_VERSION_NUMBER = 256, ID_CHAIN, ID_ISSUED, ID_EXPIRES, ID_MIN_PROGRAM, ID_FLOOR };

static const struct gw_cli_option make_options[] = {
	{'o', "output", "BUNDLE", "folder the bundle is written to"},
	{ID_VERSION_NUMBER, "version-number", "N",
	 "version of the table (else the time as YYYYMMDDhhmmss, and above the bundle replaced)"},
	{ID_CHAIN, "chain", "NAME", "chain of shops the table is for"},
	{ID_ISSUED, "issued", "TIME", "when it was issued (else now)"},
	{ID_EXPIRES, "expires", "TIME", "a day, a time, or +DAYSd; tills stop suggesting after it"},
	{ID_MIN_PROGRAM, "min-program", "V", "oldest goeswith that may take it"},
	{ID_FLOOR, "floor", "KEY=N",
	 "to be signed by a recovery key: tables of KEY count from version N on only"},
	{0}};

static const struct gw_cli_program make_program = {
	"goeswith-table make", "DIR -o BUNDLE",
	"Makes a bundle from the CSV files in DIR: items.csv, rules.csv, and experiments.csv and\n"
	"settings.csv where they are.  All errors are shown at once; nothing is made from a "
	"faulty\n"
	"set.",
	make_options, true};

static const struct gw_cli_program check_program = {
	"goeswith-table check", "PATH",
	"Checks a folder of CSV files, a bundle, a home or a table.db, and says what it holds.",
	NULL, true};

struct make {
	const char *dir, *output;
	struct gw_manifest manifest;
	const char *issued, *expires;
};

/* "2026-11-22", RFC 3339, or "+30d" from now. */
static int parse_time(const char *text, int64_t now_ms, int64_t *ms, struct gw_err *err)
{
	size_t len = strlen(text);
	int64_t days;
	char *end;

	if (text[0] == '+') {
		long n = strtol(text + 1, &end, 10);

		if (n > 0 && n <= 36500 && strcmp(end, "d") == 0) {
			*ms = now_ms + n * GW_DAY_MS;
			return GW_OK;
		}
	} else if (gw_date_parse(text, len, &days) == GW_OK) {
		*ms = days * GW_DAY_MS;
		return GW_OK;
	} else if (gw_when_parse(text, len, ms) == GW_OK) {
		return GW_OK;
	}
	return gw_err_set(err, GW_E_USAGE,
			  "'%s' is no time; write 2026-11-22, 2026-11-22T09:00:00Z or +30d", text);
}

static int64_t clock_version(int64_t now_ms)
{
	struct gw_civil c = gw_civil_from_ms(now_ms);

	return ((((c.year * 100LL + c.month) * 100 + c.day) * 100 + c.hour) * 100 + c.minute) *
		       100 +
	       c.second;
}

/* A version nobody named: the clock's, but above that of the bundle it replaces. */
static int64_t next_version(const char *output, int64_t now_ms)
{
	struct gw_manifest before;
	int64_t version = clock_version(now_ms);

	if (gw_bundle_manifest(output, &before, NULL) == GW_OK && before.version >= version)
		version = before.version + 1;
	return version;
}

static int complete(struct make *m, struct gw_err *err)
{
	int64_t now_ms = gw_clock_ms();
	int rc;

	m->manifest.issued_ms = now_ms / 1000 * 1000;
	if (m->issued != NULL &&
	    (rc = parse_time(m->issued, now_ms, &m->manifest.issued_ms, err)) < 0)
		return rc;
	if (m->expires != NULL &&
	    (rc = parse_time(m->expires, now_ms, &m->manifest.expires_ms, err)) < 0)
		return rc;
	if (m->manifest.expires_ms > 0 && m->manifest.expires_ms <= m->manifest.issued_ms)
		return gw_err_set(err, GW_E_USAGE, "it would expire before it is issued");
	if (m->manifest.version == 0)
		m->manifest.version = next_version(m->output, m->manifest.issued_ms);
	return GW_OK;
}

static int keep_word(char *out, size_t size, const char *option, const char *text,
		     struct gw_err *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (strlen(text) >= size || text[strspn(text, letters)] != '\0')
		return gw_err_set(err, GW_E_USAGE,
				  "%s takes up to %zu letters, digits, '_', '.', '-'", option,
				  size - 1);
	snprintf(out, size, "%s", text);
	return GW_OK;
}

static int add_floor(struct gw_manifest *m, const char *text, struct gw_err *err)
{
	const char *equals = strchr(text, '=');
	char key[GW_KEY_ID_SIZE];
	long long version;
	int rc;

	if (equals == NULL || !gw_key_id_parse(text, (size_t)(equals - text), key))
		return gw_err_set(err, GW_E_USAGE,
				  "--floor takes a key's id as minisign prints it, '=', a version");
	if (m->floor_count == GW_FLOORS_MAX)
		return gw_err_set(err, GW_E_USAGE, "at most %d floors", GW_FLOORS_MAX);
	rc = gw_cli_number("--floor", equals + 1, 1, INT64_MAX, &version, err);
	if (rc < 0)
		return rc;
	snprintf(m->floors[m->floor_count].key, sizeof(m->floors[0].key), "%s", key);
	m->floors[m->floor_count++].version = version;
	return GW_OK;
}

static int take_option(struct make *m, int id, const char *value, struct gw_err *err)
{
	long long n = 0;
	int rc = GW_OK;

	switch (id) {
	case 'o':
		m->output = value;
		break;
	case ID_VERSION_NUMBER:
		rc = gw_cli_number("--version-number", value, 1, INT64_MAX, &n, err);
		m->manifest.version = n;
		break;
	case ID_CHAIN:
		rc = keep_word(m->manifest.chain, sizeof(m->manifest.chain), "--chain", value, err);
		break;
	case ID_ISSUED:
		m->issued = value;
		break;
	case ID_EXPIRES:
		m->expires = value;
		break;
	case ID_FLOOR:
		rc = add_floor(&m->manifest, value, err);
		break;
	default:
		rc = keep_word(m->manifest.min_program, sizeof(m->manifest.min_program),
			       "--min-program", value, err);
		break;
	}
	return rc;
}

static void report(const struct make *m, bool json)
{
	char text[2000];

	gw_manifest_format(&m->manifest, text, sizeof(text));
	if (json)
		fputs(text, stdout);
	else
		printf("%s: version %lld, %lld items, %lld rules, %lld bytes\n", m->output,
		       (long long)m->manifest.version, (long long)m->manifest.items,
		       (long long)m->manifest.rules, (long long)m->manifest.size);
}

static int make(struct make *m, bool json)
{
	struct gw_issues issues = {.progress = gw_progress()};
	struct gw_table *table;
	struct gw_err err = {0};
	int rc = gw_set_read_dir(m->dir, &table, &issues, &err);

	gw_progress_end();
	gw_issues_print(&issues, stderr);
	gw_issues_release(&issues);
	if (rc == GW_OK)
		rc = gw_bundle_write(m->output, table, &m->manifest, &err);
	gw_table_free(table);
	if (rc < 0)
		return gw_cli_fail(&make_program, &err);
	report(m, json);
	return 0;
}

int gw_verb_make(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&make_program, argc, argv);
	struct make m = {.manifest = {.min_program = "0.1.0"}};
	struct gw_err err = {0};
	const char *value;
	int id, rc = GW_OK;

	while (rc == GW_OK && (id = gw_cli_next(&cli, &value)) > 0)
		rc = take_option(&m, id, value, &err);
	if (rc < 0)
		return gw_cli_fail(&make_program, &err);
	if (id < 0)
		return cli.exit_status;
	if (cli.argc - cli.first != 1)
		return gw_cli_usage(&make_program, "name one folder with CSV files");
	if (m.output == NULL)
		return gw_cli_usage(&make_program, "name the bundle to write with -o");
	m.dir = cli.argv[cli.first];
	if (complete(&m, &err) < 0)
		return gw_cli_fail(&make_program, &err);
	return make(&m, cli.json);
}

int gw_verb_check(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&check_program, argc, argv);
	struct gw_loaded loaded;
	struct gw_err err = {0};
	const char *value;
	int status = 0;

	if (gw_cli_next(&cli, &value) < 0)
		return cli.exit_status;
	if (cli.argc - cli.first != 1)
		return gw_cli_usage(&check_program, "name one folder, bundle or table.db");
	if (gw_any_load(&loaded, cli.argv[cli.first], &err) < 0)
		status = gw_cli_fail(&check_program, &err);
	else if (cli.json)
		printf("{\"ok\":true,\"items\":%u,\"rules\":%u,\"experiments\":%u}\n",
		       loaded.table->item_count, loaded.table->rule_count,
		       loaded.table->experiment_count);
	else
		printf("%s: good, %u items, %u rules, %u experiments\n", cli.argv[cli.first],
		       loaded.table->item_count, loaded.table->rule_count,
		       loaded.table->experiment_count);
	if (status != 0 && cli.json)
		puts("{\"ok\":false}");
	gw_table_free(loaded.table);
	return status;
}
