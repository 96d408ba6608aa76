#include "model/settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/utf8.h"
#include "model/table.h"

#define AT(member) offsetof(struct gw_settings, member)

static const struct gw_setting_row rows[] = {
	{"currency", GW_SETTING_CURRENCY, AT(currency), 0, 0, "EUR",
	 "Currency of every price in the set, an ISO 4217 code."},
	{"region", GW_SETTING_TEXT, AT(region), 0, 40, "",
	 "Whose rules for in-store numbers with a price, weight or count apply, e.g. germany; "
	 "empty: "
	 "such numbers are opaque."},
	{"patterns", GW_SETTING_TEXT, AT(patterns), 0, 1000, "",
	 "The shop's own rules for such numbers, joined by semicolons, e.g. \"28IIIIVNNNNNC weight "
	 "3 "
	 "kg\"."},
	{"salt", GW_SETTING_TEXT, AT(salt), 0, 200, "",
	 "Secret part of the draw that assigns sales to arms and hold-out; without it a cashier "
	 "could foresee the draw."},
	{"offers_per_sale", GW_SETTING_INT, AT(offers_per_sale), 0, 2, "1",
	 "Offers one sale may see; 0 switches suggestions off."},
	{"offer_ms", GW_SETTING_INT, AT(offer_ms), 0, 600000, "8000",
	 "Milliseconds an offer stays on the screen; 0: until the sale ends."},
	{"deadline_ms", GW_SETTING_INT, AT(deadline_ms), 0, 10000, "50",
	 "An offer that would come later than this after the scan stays away; 0: no limit."},
	{"rush_gap_ms", GW_SETTING_INT, AT(rush_gap_ms), 0, 60000, "400",
	 "When scans come closer together than this on average there is a rush and no offer is "
	 "made; "
	 "0: never."},
	{"idle_close_s", GW_SETTING_INT, AT(idle_close_s), 0, 86400, "300",
	 "Seconds after which an untouched sale is closed; 0: never."},
	{"total_close_s", GW_SETTING_INT, AT(total_close_s), 0, 3600, "3",
	 "Seconds after which a totalled sale is closed, unless the till tells of the payment; 0: "
	 "never."},
	{"grace_h", GW_SETTING_INT, AT(grace_h), 0, 8760, "72",
	 "Hours an expired table still makes offers."},
	{"holdout_ppm", GW_SETTING_INT, AT(holdout_ppm), 0, 1000000, "0",
	 "Share of sales (parts per million) that are shown no offer, so that the effect of offers "
	 "can be measured, where no experiment says otherwise."},
	{"min_weight", GW_SETTING_REAL, AT(min_weight), -1000, 1000, "0",
	 "Evidence (the sum of the weights of all rules that speak for it) an offer needs."},
	{"min_confidence", GW_SETTING_REAL, AT(min_confidence), 0, 1, "0",
	 "Confidence one of its rules must reach; a rule that states none passes."},
	{"min_margin", GW_SETTING_MONEY, AT(min_margin_minor), 0, 1000000000, "0",
	 "Margin an offer must bring, like 0.50; 0 lets items without a known cost pass."},
#define CONTROL_ROW(name, key, sentence)                                                           \
	{key,                                                                                      \
	 GW_SETTING_CODE,                                                                          \
	 AT(control_codes[name]),                                                                  \
	 0,                                                                                        \
	 GW_CODE_MAX - 1,                                                                          \
	 NULL,                                                                                     \
	 "Control barcode: " sentence "."},
	GW_CONTROL_MAP(CONTROL_ROW)
#undef CONTROL_ROW
		{NULL, GW_SETTING_INT, 0, 0, 0, NULL, NULL},
};

const struct gw_setting_row *gw_setting_rows(void)
{
	return rows;
}

const struct gw_setting_row *gw_setting_row(const char *key)
{
	for (const struct gw_setting_row *row = rows; row->key != NULL; row++)
		if (strcmp(row->key, key) == 0)
			return row;
	return NULL;
}

static int read_int(const struct gw_setting_row *row, const char *value, int64_t *out)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || strchr(" \t+", value[0]) != NULL ||
	    n < row->least || n > row->most)
		return GW_E_INPUT;
	*out = n;
	return GW_OK;
}

static int read_real(const struct gw_setting_row *row, const char *value, double *out)
{
	char *end;
	double d;

	if (value[0] == '\0' || strspn(value, "0123456789.-eE") != strlen(value))
		return GW_E_INPUT;
	d = strtod(value, &end);
	if (*end != '\0' || !isfinite(d) || d < (double)row->least || d > (double)row->most)
		return GW_E_INPUT;
	*out = d;
	return GW_OK;
}

static bool plain_text(const char *value, size_t len)
{
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n) {
		n = gw_utf8_decode(value + i, len - i, &c);
		if (gw_utf8_is_unsafe(c) || c == 0xFFFD)
			return false;
	}
	return true;
}

static int check_text(const struct gw_setting_row *row, const char *value, struct gw_err *err)
{
	size_t len = strlen(value);

	if (len > (size_t)row->most)
		return gw_err_set(err, GW_E_INPUT, "%s is longer than %d bytes; shorten it",
				  row->key, (int)row->most);
	if (!plain_text(value, len))
		return gw_err_set(err, GW_E_INPUT,
				  "%s holds control or invisible characters; take them out",
				  row->key);
	if (row->type == GW_SETTING_CODE && len == 0)
		return gw_err_set(err, GW_E_INPUT, "%s is empty; give a code or drop the row",
				  row->key);
	return GW_OK;
}

int gw_setting_check(const struct gw_setting_row *row, const char *value, int decimals,
		     struct gw_err *err)
{
	int64_t n;
	double d;

	switch (row->type) {
	case GW_SETTING_INT:
		if (read_int(row, value, &n) == GW_OK)
			return GW_OK;
		return gw_err_set(err, GW_E_INPUT, "%s must be a whole number from %lld to %lld",
				  row->key, (long long)row->least, (long long)row->most);
	case GW_SETTING_REAL:
		if (read_real(row, value, &d) == GW_OK)
			return GW_OK;
		return gw_err_set(err, GW_E_INPUT,
				  "%s must be a number from %lld to %lld like 0.25", row->key,
				  (long long)row->least, (long long)row->most);
	case GW_SETTING_MONEY:
		if (gw_money_parse(value, strlen(value), decimals, &n) == GW_OK &&
		    n >= row->least && n <= row->most)
			return GW_OK;
		return gw_err_set(err, GW_E_INPUT, "%s must be an amount with %d decimals at most",
				  row->key, decimals);
	case GW_SETTING_CURRENCY:
		if (strlen(value) == 3 && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
			return GW_OK;
		return gw_err_set(err, GW_E_INPUT,
				  "%s must be three capital letters of ISO 4217 like EUR",
				  row->key);
	case GW_SETTING_TEXT:
	case GW_SETTING_CODE:
		break;
	}
	return check_text(row, value, err);
}

static void store(const struct gw_setting_row *row, const char *value, int decimals, char *base)
{
	void *member = base + row->offset;
	int64_t n = 0;

	switch (row->type) {
	case GW_SETTING_INT:
		read_int(row, value, &n);
		*(int32_t *)member = (int32_t)n;
		break;
	case GW_SETTING_REAL:
		read_real(row, value, member);
		break;
	case GW_SETTING_MONEY:
		gw_money_parse(value, strlen(value), decimals, member);
		break;
	case GW_SETTING_TEXT:
	case GW_SETTING_CURRENCY:
	case GW_SETTING_CODE:
		*(const char **)member = value;
		break;
	}
}

void gw_settings_read(const struct gw_table *table, struct gw_settings *settings)
{
	int decimals = table != NULL ? table->decimals : 2;

	memset(settings, 0, sizeof(*settings));
	for (const struct gw_setting_row *row = rows; row->key != NULL; row++) {
		const char *value = table != NULL ? gw_table_setting(table, row->key, NULL) : NULL;

		if (value != NULL && gw_setting_check(row, value, decimals, NULL) == GW_OK)
			store(row, value, decimals, (char *)settings);
		else if (row->fallback != NULL)
			store(row, row->fallback, decimals, (char *)settings);
	}
	if (table != NULL && table->currency[0] != '\0')
		settings->currency = table->currency;
}

bool gw_settings_control(const struct gw_settings *settings, const char *code,
			 enum gw_control *control)
{
	for (int i = 0; i < GW_CONTROL_COUNT; i++)
		if (settings->control_codes[i] != NULL &&
		    strcmp(settings->control_codes[i], code) == 0) {
			*control = (enum gw_control)i;
			return true;
		}
	return false;
}
