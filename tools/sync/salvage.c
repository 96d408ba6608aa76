#include "tools/sync/sync.h"
#include "store/salvage.h"

#include <inttypes.h>
#include <stdio.h>

int sync_salvage(struct sync *s, struct gw_err *err)
{
	struct gw_salvage r;
	int rc;

	if (s->cli.argc - s->cli.first != 1 || s->output == NULL)
		return gw_err_set(err, GW_E_USAGE, "salvage takes a journal and -o NEW");
	rc = gw_salvage_journal(s->cli.argv[s->cli.first], s->output, &r, err);
	if (rc < 0)
		return rc;
	if (s->cli.json)
		printf("{\"rows\":%" PRId64 ",\"first\":%" PRId64 ",\"last\":%" PRId64
		       ",\"missing\":%" PRId64 ",\"proved\":%" PRId64 "}\n",
		       r.rows, r.first, r.last, r.missing, r.proved);
	else
		printf("%" PRId64 " events saved (%" PRId64 " to %" PRId64 "), %" PRId64
		       " missing between them; the hash chain proves %" PRId64 " of them\n",
		       r.rows, r.first, r.last, r.missing, r.proved);
	return GW_OK;
}
