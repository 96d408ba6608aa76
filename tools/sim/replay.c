#include "tools/sim/replay.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/home.h"
#include "base/when.h"
#include "store/reader.h"
#include "tools/sim/again.h"
#include "tools/sim/baskets.h"
#include "tools/sim/hits.h"
#include "tools/sim/replay_print.h"

#define START_MS 1767600000000LL /* 2026-01-05T08:00:00Z, a Monday */

enum {
	OPT_BASKETS = 256,
	OPT_JOURNAL,
	OPT_CASES,
	OPT_TABLE,
	OPT_CHECK,
	OPT_ACCEPT,
	OPT_EXPLAIN,
	OPT_MOST,
	OPT_START,
	OPT_ITEM_MS,
	OPT_BASKET_MS,
	OPT_JITTER_MS,
	OPT_OFFSET,
	OPT_STORE,
	OPT_TERMINAL,
	OPT_DURABLE
};

static const struct gw_cli_option options[] = {
	{OPT_BASKETS, "baskets", "FILE",
	 "one basket a line, items by blanks or TABs (- and .gz too)"},
	{OPT_JOURNAL, "journal", "JOURNAL", "the sales of a register once more"},
	{OPT_CASES, "hit1", "FILE",
	 "held-out item TAB the other items: how often it is ranked first"},
	{OPT_TABLE, "table", "TABLE.db", "rule table (else HOME/table.db, else none)"},
	{OPT_CHECK, "check", NULL, "compare with the journal; exit 1 when it differs"},
	{OPT_ACCEPT, "accept-ppm", "N", "share of offers that customers accept by key (0)"},
	{OPT_EXPLAIN, "explain", "N", "print N offers with their reasons"},
	{OPT_MOST, "max", "N", "stop after N baskets"},
	{OPT_START, "start", "TIME", "time of the first basket (2026-01-05T08:00:00Z)"},
	{OPT_ITEM_MS, "item-ms", "MS", "time between items (4000)"},
	{OPT_BASKET_MS, "basket-ms", "MS", "time between baskets (30000)"},
	{OPT_JITTER_MS, "jitter-ms", "MS", "up to so much more between items (0)"},
	{OPT_OFFSET, "utc-offset", "MIN", "local time of the shop, minutes ahead of UTC (0)"},
	{OPT_STORE, "store", "ID", "for a new journal (S0001)"},
	{OPT_TERMINAL, "terminal", "ID", "for a new journal (T01)"},
	{OPT_DURABLE, "durable", NULL, "fsync every input as a register does, not only at the end"},
	{0},
};

static const struct gw_cli_program program = {
	"goeswith-sim replay",
	"--baskets FILE [--home HOME] [--table TABLE.db] [--check] [--json]\n"
	"--journal JOURNAL [--home HOME] [--table TABLE.db] [--check] [--json]\n"
	"--hit1 FILE --table TABLE.db [--json]",
	"Drives the real engine with a simulated clock and prints counts and latencies.\n"
	"With --home, what happens goes into HOME/journal.db as a register would write it.  The\n"
	"journal that is replayed is never changed: its offers are decided again and compared.",
	options, true};

struct replay {
	struct gw_cli cli;
	const char *baskets, *journal, *cases;
	bool check;
	struct gw_till_config till;
	struct gw_baskets run;
	char table[GW_PATH_MAX], journal_out[GW_PATH_MAX], temporary[GW_PATH_MAX];
	char store[GW_ID_MAX], terminal[GW_ID_MAX];
};

static int read_number(const char *name, const char *value, long long least, long long most,
		       int32_t *out, struct gw_err *err)
{
	long long n;
	int rc = gw_cli_number(name, value, least, most, &n, err);

	if (rc == GW_OK)
		*out = (int32_t)n;
	return rc;
}

static int read_option(struct replay *r, int id, const char *value, struct gw_err *err)
{
	int32_t n = 0;
	int rc = GW_OK;

	switch (id) {
	case OPT_BASKETS:
		r->baskets = value;
		break;
	case OPT_JOURNAL:
		r->journal = value;
		break;
	case OPT_CASES:
		r->cases = value;
		break;
	case OPT_TABLE:
		r->till.table = value;
		break;
	case OPT_CHECK:
		r->check = true;
		break;
	case OPT_ACCEPT:
		return read_number("--accept-ppm", value, 0, 1000000, &r->run.accept_ppm, err);
	case OPT_EXPLAIN:
		rc = read_number("--explain", value, 0, 100000, &n, err);
		r->run.explain = (uint32_t)n;
		break;
	case OPT_MOST:
		rc = read_number("--max", value, 1, INT32_MAX, &n, err);
		r->run.most = (uint64_t)n;
		break;
	case OPT_START:
		if (gw_when_parse(value, strlen(value), &r->till.start_ms) != GW_OK)
			return gw_err_set(err, GW_E_USAGE,
					  "--start takes a time such as 2026-01-05T08:00:00Z");
		break;
	case OPT_ITEM_MS:
		return read_number("--item-ms", value, 0, 3600000, &r->run.item_ms, err);
	case OPT_BASKET_MS:
		return read_number("--basket-ms", value, 0, 86400000, &r->run.basket_ms, err);
	case OPT_JITTER_MS:
		return read_number("--jitter-ms", value, 0, 3600000, &r->run.jitter_ms, err);
	case OPT_OFFSET:
		rc = read_number("--utc-offset", value, -1440, 1440, &n, err);
		r->till.utc_offset_min = (int)n;
		break;
	case OPT_STORE:
		r->till.store = value;
		break;
	case OPT_TERMINAL:
		r->till.terminal = value;
		break;
	case OPT_DURABLE:
		r->till.durable = true;
		break;
	default:
		break;
	}
	return rc;
}

/* --- where things are ------------------------------------------------------------------------- */

static int find_table(struct replay *r, struct gw_err *err)
{
	char home[GW_PATH_MAX];
	int rc;

	if (r->till.table != NULL)
		return GW_OK;
	if (r->cli.home == NULL && r->journal == NULL && r->cases == NULL)
		return GW_OK;
	rc = gw_home_path(home, r->cli.home, err);
	if (rc == GW_OK)
		rc = gw_path_join(r->table, home, "table.db", err);
	if (rc == GW_OK && access(r->table, F_OK) == 0)
		r->till.table = r->table;
	return rc;
}

static int make_temporary(struct replay *r, struct gw_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int rc = gw_path_join(r->temporary, tmp != NULL ? tmp : "/tmp", "goeswith-replay-XXXXXX",
			      err);

	if (rc == GW_OK && mkdtemp(r->temporary) == NULL)
		rc = gw_err_set(err, GW_E_STORAGE, "cannot make a folder %s", r->temporary);
	if (rc < 0)
		r->temporary[0] = '\0';
	return rc;
}

/* A journal that is replayed belongs to one till, and so does the one that is written from it. */
static int name_till(struct replay *r, struct gw_err *err)
{
	struct gw_reader_info info;
	struct gw_reader *reader;
	int rc = gw_reader_open(&reader, r->journal, err);

	if (rc < 0)
		return rc;
	gw_reader_info(reader, &info);
	snprintf(r->store, sizeof(r->store), "%s", info.store);
	snprintf(r->terminal, sizeof(r->terminal), "%s", info.terminal);
	r->till.store = r->store;
	r->till.terminal = r->terminal;
	gw_reader_close(reader);
	return GW_OK;
}

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* Where this run is written: HOME's journal, or one that is thrown away when only a check needs
 * it; nowhere when HOME's is the one that is being replayed. */
static int find_journal(struct replay *r, struct gw_err *err)
{
	bool temporary = r->cli.home == NULL && r->baskets != NULL && r->check;
	const char *folder = r->cli.home;
	int rc = GW_OK;

	if (r->journal != NULL)
		rc = name_till(r, err);
	if (rc == GW_OK && temporary) {
		rc = make_temporary(r, err);
		folder = r->temporary;
	}
	if (rc < 0 || folder == NULL || r->cases != NULL)
		return rc;
	rc = gw_home_make(folder, err);
	if (rc == GW_OK)
		rc = gw_path_join(r->journal_out, folder, "journal.db", err);
	if (rc < 0 || (r->journal != NULL && same_file(r->journal, r->journal_out)))
		return rc;
	if (r->journal != NULL && access(r->journal_out, F_OK) == 0)
		return gw_err_set(err, GW_E_DENIED,
				  "%s is there already: sales of another journal do not belong in "
				  "it; name a new --home",
				  r->journal_out);
	r->till.journal = r->journal_out;
	return GW_OK;
}

/* Without --store and --terminal, an old journal knows them and a new one gets the usual ones. */
static void name_new_till(struct replay *r)
{
	if (r->till.journal != NULL && access(r->till.journal, F_OK) == 0)
		return;
	if (r->till.store == NULL)
		r->till.store = "S0001";
	if (r->till.terminal == NULL)
		r->till.terminal = "T01";
}

static void remove_temporary(const struct replay *r)
{
	char path[GW_PATH_MAX];
	struct dirent *entry;
	DIR *dir = r->temporary[0] != '\0' ? opendir(r->temporary) : NULL;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    gw_path_join(path, r->temporary, entry->d_name, NULL) == GW_OK)
			unlink(path);
	closedir(dir);
	rmdir(r->temporary);
}

/* --- the three ways --------------------------------------------------------------------------- */

static int run_baskets(struct replay *r, struct gw_till *till, bool *same, struct gw_err *err)
{
	struct gw_baskets_check check = {0};
	uint64_t began_ns = gw_latency_now_ns(), took_ns;
	int rc;

	r->run.check = r->check;
	rc = gw_baskets_run(&r->run, till, r->baskets, err);
	/* Closing checkpoints the journal: the time to fill it ends there. */
	gw_till_close(till);
	took_ns = gw_latency_now_ns() - began_ns;
	if (rc == GW_OK && r->check)
		rc = gw_baskets_check(&r->run, r->till.journal, till->first_seq, &check, err);
	*same = check.wrong == 0 && check.chain_bad == 0;
	if (rc == GW_OK)
		gw_replay_print_baskets(r->cli.json, &r->run, till, took_ns,
					r->check ? &check : NULL);
	gw_baskets_release(&r->run);
	return rc;
}

static int run_journal(struct replay *r, struct gw_till *till, bool *same, struct gw_err *err)
{
	struct gw_again *again = calloc(1, sizeof(*again));
	int rc;

	if (again == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for a replay");
	rc = gw_again_run(again, till, r->journal, err);
	if (rc == GW_OK) {
		*same = !r->check || (again->equal == again->decisions && again->astray == 0);
		gw_replay_print_journal(r->cli.json, again, till, r->check);
	}
	free(again);
	return rc;
}

static int run_cases(struct replay *r, struct gw_till *till, struct gw_err *err)
{
	struct gw_hits hits;
	int rc;

	if (till->table == NULL)
		return gw_err_set(err, GW_E_USAGE, "--hit1 needs a rule table: --table TABLE.db");
	rc = gw_hits_run(&hits, till, r->cases, err);
	if (rc == GW_OK)
		gw_replay_print_hits(r->cli.json, &hits);
	return rc;
}

static int run(struct replay *r, bool *same, struct gw_err *err)
{
	struct gw_till *till = calloc(1, sizeof(*till)); /* histograms are large for a stack */
	int rc;

	if (till == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for a till");
	rc = find_table(r, err);
	if (rc == GW_OK)
		rc = find_journal(r, err);
	name_new_till(r);
	if (rc == GW_OK)
		rc = gw_till_open(till, &r->till, err);
	if (rc == GW_OK && r->baskets != NULL)
		rc = run_baskets(r, till, same, err);
	else if (rc == GW_OK && r->journal != NULL)
		rc = run_journal(r, till, same, err);
	else if (rc == GW_OK)
		rc = run_cases(r, till, err);
	gw_till_close(till);
	free(till);
	remove_temporary(r);
	return rc;
}

int gw_sim_replay_main(int argc, char **argv)
{
	struct replay r = {.cli = gw_cli_start(&program, argc, argv),
			   .till = {.start_ms = START_MS},
			   .run = {.item_ms = 4000, .basket_ms = 30000}};
	struct gw_err err = {0};
	const char *value;
	bool same = true;
	int id, rc;

	while ((id = gw_cli_next(&r.cli, &value)) > 0) {
		rc = read_option(&r, id, value, &err);
		if (rc < 0)
			return gw_cli_fail(&program, &err);
	}
	if (id < 0)
		return r.cli.exit_status;
	if ((r.baskets != NULL) + (r.journal != NULL) + (r.cases != NULL) != 1 ||
	    r.cli.first < r.cli.argc)
		return gw_cli_usage(&program, "one of --baskets, --journal and --hit1 is needed");
	rc = run(&r, &same, &err);
	if (rc < 0)
		return gw_cli_fail(&program, &err);
	return same ? 0 : 1;
}
