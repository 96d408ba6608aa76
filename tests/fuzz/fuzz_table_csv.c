/*
 * Fuzz target: the CSV files of head office.  The input is the four files one after another, cut at
 * lines of "==".  A set without errors must give a table that its own payload gives again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/table/payload.h"
#include "tools/table/read_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
	const char *at;
	size_t left;
};

static int64_t read_part(void *ctx, char *room, size_t size)
{
	struct part *p = ctx;
	size_t n = p->left < size ? p->left : size;

	memcpy(room, p->at, n);
	p->at += n;
	p->left -= n;
	return (int64_t)n;
}

/* Takes the next part off rest. */
static struct part next_part(struct part *rest)
{
	static const char cut[] = "\n==\n";
	const char *end = memmem(rest->at, rest->left, cut, sizeof(cut) - 1);
	struct part p = {rest->at, end != NULL ? (size_t)(end + 1 - rest->at) : rest->left};
	size_t used = end != NULL ? p.left + sizeof(cut) - 2 : p.left;

	rest->at += used;
	rest->left -= used;
	return p;
}

static void same_again(const struct gw_table *table)
{
	struct gw_table_build *build;
	struct gw_err err;
	char *raw, *again;
	size_t len, again_len;
	struct gw_table *copy;

	if (gw_payload_write(table, &raw, &len, &err) < 0)
		abort();
	if (gw_table_build_new(&build, &err) < 0 ||
	    gw_payload_read(raw, len, build, (struct gw_table_head){0}, &err) < 0)
		abort();
	copy = gw_table_build_done(build);
	if (gw_payload_write(copy, &again, &again_len, &err) < 0 || again_len != len ||
	    memcmp(raw, again, len) != 0)
		abort();
	gw_table_free(copy);
	free(raw);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct gw_set *, const struct gw_set_file *) = {
		gw_set_read_settings, gw_set_read_items, gw_set_read_experiments,
		gw_set_read_rules};
	static const char *const names[] = {"settings.csv", "items.csv", "experiments.csv",
					    "rules.csv"};
	struct part rest = {(const char *)data, size};
	struct gw_table_build *build;
	struct gw_issues issues = {0};
	struct gw_table *table;
	struct gw_set set;

	if (gw_table_build_new(&build, NULL) < 0)
		return 0;
	gw_set_start(&set, build, &issues);
	for (int i = 0; i < 4; i++) {
		struct part p = next_part(&rest);
		struct gw_set_file file = {names[i], read_part, &p};

		readers[i](&set, &file);
		if (i == 0 &&
		    gw_table_build_head(build, &(struct gw_table_head){.currency = set.currency},
					NULL) < 0)
			abort();
	}
	for (int i = 0; i < issues.count; i++)
		if (strchr(issues.list[i].text, ':') == NULL)
			abort();
	table = gw_table_build_done(build);
	if (issues.errors == 0)
		same_again(table);
	gw_table_free(table);
	gw_issues_release(&issues);
	return 0;
}
