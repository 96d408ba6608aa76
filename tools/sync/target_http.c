#include "tools/sync/target.h"
int target_http_open(struct target **target, const char *url, const struct sync *s,
		     struct gw_err *err)
{
	(void)target;
	(void)url;
	(void)s;
	return gw_err_set(err, GW_E_UNSUPPORTED, "not yet");
}
