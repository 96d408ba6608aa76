/* Filling in a result: products, codes, refusals, warnings, and what is said of them in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/when.h"
#include "scan/card.h"
#include "scan/gtin.h"
#include "scan/parse.h"

#define CARD_REFUSED "payment card number refused"

static const char *const kind_names[] = {"product", "code",  "addon",  "coupon",
					 "uri",     "other", "refused"};
static const char *const measure_names[] = {"", "price", "weight", "count"};

const char *gw_scan_kind_name(enum gw_scan_kind kind)
{
	return kind_names[kind];
}

const char *gw_scan_measure_name(enum gw_scan_measure_type type)
{
	return measure_names[type];
}

void gw_scan_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

/* Clears the values; the bytes behind a text's NUL are left as they are, which saves half the time
 * of an EAN. */
static void clear_values(struct gw_scan *out)
{
	out->secret = false;
	out->gtin[0] = out->scanned[0] = out->key[0] = out->code[0] = '\0';
	out->addon[0] = out->lot[0] = out->serial[0] = '\0';
	out->expiry[0] = out->best_before[0] = out->sell_by[0] = '\0';
	out->count = -1;
	out->measure = (struct gw_scan_measure){0};
	out->net_weight = out->price = (struct gw_scan_amount){.value = -1};
}

void gw_scan_clear(struct gw_scan *out)
{
	clear_values(out);
	out->kind = GW_SCAN_OTHER;
	out->symbology[0] = out->error[0] = '\0';
	out->carrier = "";
	out->warning_count = 0;
	out->at = -1;
}

int gw_scan_refuse(struct gw_scan *out, int at, const char *format, ...)
{
	va_list args;

	clear_values(out);
	out->kind = GW_SCAN_REFUSED;
	out->at = at;
	va_start(args, format);
	vsnprintf(out->error, sizeof(out->error), format, args);
	va_end(args);
	return GW_E_INPUT;
}

int gw_scan_refuse_card(struct gw_scan *out)
{
	/* The clearing above is too shallow for this. */
	explicit_bzero(out, sizeof(*out));
	gw_scan_clear(out);
	out->secret = true;
	out->kind = GW_SCAN_REFUSED;
	memcpy(out->error, CARD_REFUSED, sizeof(CARD_REFUSED));
	return GW_E_INPUT;
}

void gw_scan_warn(struct gw_scan *out, enum gw_scan_warning_code code, const char *ai, size_t at)
{
	struct gw_scan_warning *w = &out->warnings[out->warning_count];

	if (out->warning_count == GW_SCAN_WARNINGS_MAX)
		return;
	out->warning_count++;
	w->code = (uint8_t)code;
	w->at = (uint16_t)at;
	snprintf(w->ai, sizeof(w->ai), "%s", ai != NULL ? ai : "");
}

char *gw_scan_warning_text(const struct gw_scan_warning *warning, char *out, size_t size)
{
	static const char *const texts[] = {
#define TEXT(name, text) [name] = (text),
		GW_SCAN_WARNING_MAP(TEXT)
#undef TEXT
	};
	struct gw_text t = gw_text_over(out, size);

	if (warning->ai[0] != '\0')
		gw_text_addf(&t, "AI (%s): ", warning->ai);
	gw_text_add(&t, texts[warning->code]);
	return out;
}

static void set_key(struct gw_scan *out, const char *text)
{
	size_t n = strlen(text);

	memcpy(out->key, text, n + 1);
}

int gw_scan_take_gtin(struct gw_scan_job *job, const char *digits, size_t n, size_t at,
		      bool in_store)
{
	struct gw_scan *out = job->out;
	char gtin[GW_GTIN_SIZE] = "00000000000000";
	enum gw_gtin_class class;

	memcpy(gtin + 14 - n, digits, n);
	/* Beside an in-store number with its measure may stand the same number without. */
	if (out->scanned[0] != '\0' &&
	    (memcmp(out->scanned, gtin, 14) == 0 || memcmp(out->gtin, gtin, 14) == 0))
		return GW_OK;
	if (out->scanned[0] != '\0')
		return gw_scan_refuse(out, (int)at, "two different GTINs in one scan");
	memcpy(out->gtin, gtin, sizeof(gtin));
	memcpy(out->scanned, gtin, sizeof(gtin));
	class = gw_gtin_class(gtin);
	out->kind = class == GW_CLASS_COUPON || class == GW_CLASS_REFUND ? GW_SCAN_COUPON
									 : GW_SCAN_PRODUCT;
	if (in_store && (class == GW_CLASS_RCN_REGION || job->config->pattern_count > 0))
		gw_scan_read_measure(job->config, out, at);
	set_key(out, out->gtin);
	return GW_OK;
}

bool gw_scan_is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Position of the first control character in [from, from + len), or -1. */
static int find_control(const char *data, size_t from, size_t len)
{
	for (size_t i = from; i < from + len; i++)
		if ((unsigned char)data[i] < 0x20 || data[i] == 0x7F)
			return (int)i;
	return -1;
}

/* Free text of a two-dimensional code may have lines and the separators of ISO/IEC 15434. */
static int find_bad_control(const char *data, size_t from, size_t len)
{
	for (size_t i = from; i < from + len; i++)
		if (((unsigned char)data[i] < 0x20 &&
		     !gw_scan_is_one_of(data[i], "\t\n\r\x04\x1C\x1D\x1E\x1F")) ||
		    data[i] == 0x7F)
			return (int)i;
	return -1;
}

static int refuse_control(struct gw_scan *out, int at, char c)
{
	if (c == '\0')
		return gw_scan_refuse(out, at, "a NUL inside the data");
	return gw_scan_refuse(out, at, "control character 0x%02X inside the data",
			      (unsigned char)c);
}

/* What a link leads to may name a person; where it leads is enough. */
static size_t without_query(const char *link, size_t len)
{
	size_t n = 0;

	while (n < len && link[n] != '?' && link[n] != '#')
		n++;
	return n;
}

static bool has_blank(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] <= ' ')
			return true;
	return false;
}

/* Text that is no code (a licence, a visiting card) is nobody's business: it is not kept. */
static bool is_worth_keeping(enum gw_scan_kind kind, const char *p, size_t len)
{
	return kind != GW_SCAN_OTHER || (len <= GW_SCAN_CODE_MAX && !has_blank(p, len));
}

int gw_scan_take_code(struct gw_scan_job *job, enum gw_scan_kind kind, size_t from, size_t len)
{
	struct gw_scan *out = job->out;
	const char *p = job->data + from;
	int bad = kind == GW_SCAN_OTHER ? find_bad_control(job->data, from, len)
					: find_control(job->data, from, len);

	if (len == 0)
		return gw_scan_refuse(out, (int)from, "%s", GW_NOTHING_BEHIND);
	if (gw_card_seen(p, len))
		return gw_scan_refuse_card(out);
	if (out->gtin[0] != '\0') { /* behind a product: nothing that a till needs */
		gw_scan_warn(out, GW_WARN_SEGMENT, NULL, from);
		return GW_OK;
	}
	if (bad >= 0)
		return refuse_control(out, bad, job->data[bad]);
	if (kind == GW_SCAN_CODE && len > GW_SCAN_CODE_MAX) {
		kind = GW_SCAN_OTHER;
		gw_scan_warn(out, GW_WARN_LONG, NULL, from);
	}
	out->kind = kind;
	if (!is_worth_keeping(kind, p, len))
		return GW_OK;
	gw_utf8_sanitize(out->code, sizeof(out->code), p,
			 kind == GW_SCAN_URI ? without_query(p, len) : len);
	/* Invisible characters between the digits are gone now. */
	if (gw_card_seen(out->code, strlen(out->code)))
		return gw_scan_refuse_card(out);
	if (out->code[0] == '\0')
		return gw_scan_refuse(out, (int)from, "no character that can be shown");
	set_key(out, kind == GW_SCAN_CODE ? out->code : "");
	return GW_OK;
}

bool gw_scan_check_dates(struct gw_scan *scan, int64_t today_days)
{
	int64_t day;
	bool expired = false;

	if (scan->expiry[0] != '\0' && gw_date_parse(scan->expiry, 10, &day) == GW_OK &&
	    day < today_days) {
		gw_scan_warn(scan, GW_WARN_EXPIRED, NULL, 0);
		expired = true;
	}
	if (scan->best_before[0] != '\0' && gw_date_parse(scan->best_before, 10, &day) == GW_OK &&
	    day < today_days)
		gw_scan_warn(scan, GW_WARN_BEST_BEFORE, NULL, 0);
	return expired;
}
