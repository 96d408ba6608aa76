/* Apart from the settings themselves, so that the engine library needs no INI reader. */
#include "base/home.h"
#include "scan/settings.h"

struct load {
	struct gw_scan_settings *settings;
	struct gw_err *err;
	int rc;
};

static void load_one(void *ctx, const char *key, const char *value)
{
	struct load *load = ctx;

	if (load->rc == GW_OK)
		load->rc = gw_scan_settings_set(load->settings, key, value, load->err);
}

int gw_scan_settings_load(struct gw_scan_settings *settings, const struct gw_conf *conf,
			  struct gw_err *err)
{
	struct load load = {settings, err, GW_OK};

	if (conf != NULL)
		gw_conf_each(conf, "scan", load_one, &load);
	return load.rc;
}
