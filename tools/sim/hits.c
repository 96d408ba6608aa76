#include "tools/sim/hits.h"

#include <inttypes.h>
#include <string.h>

#include "model/table.h"
#include "tools/sim/lines.h"

static int sell_context(struct gw_till *till, char *context, struct gw_err *err)
{
	struct gw_input in = {.kind = GW_IN_LINE, .qty = 1, .price_minor = -1};
	char *code;
	int rc = GW_OK;

	while (rc == GW_OK && (code = strsep(&context, " \t")) != NULL) {
		if (*code == '\0')
			continue;
		in.code = code;
		rc = gw_till_input(till, &in, err);
	}
	return rc;
}

static void rank(struct gw_hits *hits, const struct gw_till *till, const char *held_out)
{
	uint32_t items[GW_HITS_DEPTH],
		want = gw_table_find(till->table, held_out, strlen(held_out));
	const struct gw_fit *fit = gw_engine_fit(till->engine);
	size_t n = fit != NULL ? gw_fit_rank(fit, items, GW_HITS_DEPTH) : 0;

	hits->cases++;
	hits->silent += n == 0;
	for (size_t i = 0; i < n; i++)
		if (items[i] == want && want != GW_NONE)
			hits->at_rank[i]++;
}

static int run_case(struct gw_hits *hits, struct gw_till *till, char *line, struct gw_err *err)
{
	char *tab = strchr(line, '\t');
	int rc;

	if (tab == NULL || tab == line)
		return gw_err_set(err, GW_E_INPUT,
				  "case %" PRIu64 ": not \"item TAB item item ...\"",
				  hits->cases + 1);
	*tab = '\0';
	rc = sell_context(till, tab + 1, err);
	if (rc < 0)
		return rc;
	rank(hits, till, line);
	return gw_till_input(till, &(struct gw_input){.kind = GW_IN_CANCEL}, err);
}

int gw_hits_run(struct gw_hits *hits, struct gw_till *till, const char *path, struct gw_err *err)
{
	struct gw_lines *lines;
	char *line;
	size_t len;
	int rc = gw_lines_open(&lines, path, err), end;

	memset(hits, 0, sizeof(*hits));
	if (rc < 0)
		return rc;
	while ((rc = gw_lines_next(lines, &line, &len, err)) > 0) {
		rc = len > 0 ? run_case(hits, till, line, err) : GW_OK;
		if (rc < 0)
			break;
	}
	end = gw_lines_close(lines, rc < 0 ? NULL : err);
	return rc < 0 ? rc : end;
}

double gw_hits_at(const struct gw_hits *hits, int k)
{
	uint64_t n = 0;

	for (int i = 0; i < k; i++)
		n += hits->at_rank[i];
	return hits->cases > 0 ? (double)n / (double)hits->cases : 0;
}

double gw_hits_mrr(const struct gw_hits *hits)
{
	double sum = 0;

	for (int i = 0; i < GW_HITS_DEPTH; i++)
		sum += (double)hits->at_rank[i] / (i + 1);
	return hits->cases > 0 ? sum / (double)hits->cases : 0;
}
