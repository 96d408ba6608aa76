#include "ui/config.h"

#include <stdlib.h>
#include <string.h>

/* One pass over a section; the first fault stays. */
struct pass {
	struct gw_ui_options *options;
	struct gw_keymap *keys;
	struct gw_err *err;
	int status;
};

/* The setting's value as yes or no; auto where the setting has it. */
static enum gw_ui_choice choice(struct pass *pass, const char *key, const char *value,
				bool may_auto)
{
	if (strcmp(value, "yes") == 0)
		return GW_UI_YES;
	if (strcmp(value, "no") == 0)
		return GW_UI_NO;
	if (!may_auto || strcmp(value, "auto") != 0)
		pass->status = gw_err_set(pass->err, GW_E_INPUT, "[ui] %s: `%s` is not yes%s", key,
					  value, may_auto ? ", no or auto" : " or no");
	return GW_UI_AUTO;
}

static int32_t gap_ms(struct pass *pass, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (end == value || *end != '\0' || n < 5 || n > 500)
		pass->status = gw_err_set(pass->err, GW_E_INPUT,
					  "[ui] burst_gap_ms: `%s` is not 5 to 500", value);
	return (int32_t)n;
}

static const char *pin(struct pass *pass, const char *value)
{
	size_t len = strlen(value);

	if (len > 15 || strspn(value, "0123456789") != len)
		pass->status =
			gw_err_set(pass->err, GW_E_INPUT, "[ui] pin: digits only, at most 15");
	return value;
}

static void set_ui(void *ctx, const char *key, const char *value)
{
	struct pass *pass = ctx;
	struct gw_ui_options *o = pass->options;

	if (pass->status != GW_OK)
		return;
	if (strcmp(key, "ascii") == 0)
		o->ascii = choice(pass, key, value, true);
	else if (strcmp(key, "colour") == 0)
		o->colour = choice(pass, key, value, true);
	else if (strcmp(key, "lines") == 0)
		o->line_mode = choice(pass, key, value, false) == GW_UI_YES;
	else if (strcmp(key, "bar") == 0)
		o->hide_bar = choice(pass, key, value, false) == GW_UI_NO;
	else if (strcmp(key, "idle_clock") == 0)
		o->idle_clock = choice(pass, key, value, false) == GW_UI_YES;
	else if (strcmp(key, "letters") == 0)
		pass->keys->letters = choice(pass, key, value, false) == GW_UI_YES;
	else if (strcmp(key, "burst_gap_ms") == 0)
		o->burst_gap_ms = gap_ms(pass, value);
	else if (strcmp(key, "pin") == 0)
		o->pin = pin(pass, value);
	else if (strcmp(key, "term") == 0)
		o->term = value;
	else
		pass->status = gw_err_set(pass->err, GW_E_INPUT, "[ui] has no setting `%s`", key);
}

static void set_key(void *ctx, const char *key, const char *value)
{
	struct pass *pass = ctx;

	if (pass->status == GW_OK)
		pass->status = gw_keymap_set(pass->keys, key, value, pass->err);
}

int gw_ui_configure(struct gw_ui_options *options, struct gw_keymap *keys,
		    const struct gw_conf *conf, struct gw_err *err)
{
	struct pass pass = {.options = options, .keys = keys, .err = err};

	memset(options, 0, sizeof(*options));
	gw_keymap_init(keys);
	options->keys = keys;
	if (conf == NULL)
		return GW_OK;
	gw_conf_each(conf, "ui", set_ui, &pass);
	gw_conf_each(conf, "keys", set_key, &pass);
	return pass.status;
}
