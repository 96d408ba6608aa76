/*
 * goeswith-table's verbs, each with its own options; and the loader they share, which takes a table
 * in whatever form it lies there.
 */
#ifndef TABLE_TABLE_TOOL_H
#define TABLE_TABLE_TOOL_H

#include "base/cli.h"
#include "store/table_db.h"
#include "tools/table/bundle.h"
#include "tools/table/issues.h"

/* Each takes the arguments behind its verb (argv[0] is the verb) and returns the exit status. */
int gw_verb_make(int argc, char **argv);
int gw_verb_check(int argc, char **argv);
int gw_verb_install(int argc, char **argv);
int gw_verb_show(int argc, char **argv);
int gw_verb_diff(int argc, char **argv);
int gw_verb_sign(int argc, char **argv);
int gw_verb_verify(int argc, char **argv);

int64_t gw_clock_ms(void);

/* For struct gw_issues: a counter on stderr when that is a terminal, else NULL. */
gw_progress_fn *gw_progress(void);
/* Takes the counter off the screen. */
void gw_progress_end(void);

/* Where a table came from; what does not apply is empty. */
struct gw_loaded {
	struct gw_table *table;
	struct gw_table_origin origin;
	bool is_bundle;
	struct gw_manifest manifest; /* of a bundle */
};

/*
 * Loads a table.db, a home, a bundle, or a folder of CSV files, whichever the path is.  The issues
 * of CSV files are printed to stderr.
 */
int gw_any_load(struct gw_loaded *loaded, const char *path, struct gw_err *err);

#endif
