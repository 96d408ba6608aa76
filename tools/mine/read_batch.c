#include "tools/mine/read.h"
int gw_read_batch(struct gw_sales *s, const struct gw_stream *in, struct gw_err *err)
{
	(void)s;
	return gw_err_set(err, GW_E_UNSUPPORTED, "%s", in->name);
}
int gw_read_journal(struct gw_sales *s, const char *p, struct gw_err *err)
{
	(void)s;
	return gw_err_set(err, GW_E_UNSUPPORTED, "%s", p);
}
{
	(void)s;
	return gw_err_set(err, GW_E_UNSUPPORTED, "%s", p);
}
