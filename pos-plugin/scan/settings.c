#include "scan/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int set_region(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	if (gw_scan_region_find(value, &s->config.region) != GW_OK)
		return gw_err_set(
			err, GW_E_INPUT,
			"no region '%s': one of none, denmark, estonia, finland, germany, "
			"great_britain, latvia, lithuania, norway, sweden, united_states",
			value);
	return GW_OK;
}

static int set_pattern(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	char why[120];

	if (s->config.pattern_count == GW_SCAN_PATTERNS_MAX)
		return gw_err_set(err, GW_E_INPUT, "more than %d patterns", GW_SCAN_PATTERNS_MAX);
	if (gw_scan_pattern_parse(&s->patterns[s->config.pattern_count], value, why, sizeof(why)) !=
	    GW_OK)
		return gw_err_set(err, GW_E_INPUT, "pattern '%s': %s", value, why);
	s->config.pattern_count++;
	return GW_OK;
}

/* One of a few words, or an error that lists them. */
static int choose(const char *key, const char *value, const char *const *words, int *out,
		  struct gw_err *err)
{
	char room[80];
	struct gw_text t = gw_text_over(room, sizeof(room));

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(value, words[i]) == 0) {
			*out = i;
			return GW_OK;
		}
		gw_text_addf(&t, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	return gw_err_set(err, GW_E_INPUT, "%s is '%s', expected one of %s", key, value, room);
}

static int set_eight(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	static const char *const words[] = {"auto", "ean8", "upce", NULL};
	int n = 0, rc = choose("eight", value, words, &n, err);

	if (rc == GW_OK)
		s->config.eight = (enum gw_scan_eight)n;
	return rc;
}

static int set_code_ids(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	static const char *const words[] = {"none", "zebra", "honeywell", "datalogic", NULL};
	int n = 0, rc = choose("code-ids", value, words, &n, err);

	if (rc == GW_OK)
		s->config.code_ids = (enum gw_scan_code_ids)n;
	return rc;
}

static int set_gs(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	if (strlen(value) != 1 || value[0] <= ' ' || value[0] > '~' ||
	    strchr("%]0123456789", value[0]) != NULL)
		return gw_err_set(err, GW_E_INPUT,
				  "gs is '%s', expected one printable character that is no digit",
				  value);
	s->config.gs = value[0];
	return GW_OK;
}

static int set_strict(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	static const char *const words[] = {"no", "yes", NULL};
	int n = 0, rc = choose("strict", value, words, &n, err);

	if (rc == GW_OK)
		s->config.strict = n == 1;
	return rc;
}

static int set_year(struct gw_scan_settings *s, const char *value, struct gw_err *err)
{
	char *end;
	long year = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0' || year < 2000 || year > 2999)
		return gw_err_set(err, GW_E_INPUT, "year is '%s', expected 2000 to 2999", value);
	s->config.year = (int)year;
	return GW_OK;
}

int gw_scan_settings_set(struct gw_scan_settings *settings, const char *key, const char *value,
			 struct gw_err *err)
{
	static const struct {
		const char *key;
		int (*set)(struct gw_scan_settings *, const char *, struct gw_err *);
	} keys[] = {
		{"region", set_region},     {"pattern", set_pattern}, {"eight", set_eight},
		{"code-ids", set_code_ids}, {"gs", set_gs},           {"strict", set_strict},
		{"year", set_year},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i].key) == 0)
			return keys[i].set(settings, value, err);
	return gw_err_set(err, GW_E_INPUT, "no setting '%s' in [scan]", key);
}

const struct gw_scan_config *gw_scan_settings_config(struct gw_scan_settings *settings)
{
	settings->config.patterns = settings->patterns;
	return &settings->config;
}
