#include "tools/sync/target.h"

#include <string.h>

int target_open(struct target **target, const char *url, const struct sync *s, struct gw_err *err)
{
	*target = NULL;
	if (strncmp(url, "dir:", 4) == 0 && url[4] != '\0')
		return target_dir_open(target, url + 4, err);
	if (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "s3://", 5) == 0)
		return target_http_open(target, url, s, err);
	return gw_err_set(err, GW_E_USAGE,
			  "\"%s\" is not a place: dir:PATH, https://HOST/PATH or "
			  "s3://BUCKET/PREFIX",
			  url);
}

void target_close(struct target *target)
{
	if (target != NULL)
		target->ops->free(target);
}
