#include "scan/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/when.h"
#include "scan/card.h"
#include "scan/gtin.h"
#include "scan/parse.h"
#include "scan/symbology.h"

#define CARD_REFUSED "payment card number refused"

/* Which set of rules the rest of a scan falls under. */
struct part {
	const struct gw_symbology *symbology; /* NULL: the scanner sent none */
	size_t from, end;                     /* bytes of the data behind the identifier */
};

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

static void clear(struct gw_scan *out)
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

static int refuse_card(struct gw_scan *out)
{
	/* The clearing above is too shallow for this. */
	explicit_bzero(out, sizeof(*out));
	clear(out);
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
	if (out->scanned[0] != '\0')
		return memcmp(out->scanned, gtin, 14) == 0
			       ? GW_OK
			       : gw_scan_refuse(out, (int)at, "two different GTINs in one scan");
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
		     memchr("\t\n\r\x04\x1C\x1D\x1E\x1F", data[i], 8) == NULL) ||
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

int gw_scan_take_code(struct gw_scan_job *job, enum gw_scan_kind kind, size_t from, size_t len)
{
	struct gw_scan *out = job->out;
	int bad = kind == GW_SCAN_OTHER ? find_bad_control(job->data, from, len)
					: find_control(job->data, from, len);

	if (gw_card_seen(job->data + from, len))
		return refuse_card(out);
	if (bad >= 0)
		return refuse_control(out, bad, job->data[bad]);
	if (len >= GW_SCAN_CODE_SIZE) {
		if (kind == GW_SCAN_CODE)
			kind = GW_SCAN_OTHER;
		gw_scan_warn(out, GW_WARN_CUT, NULL, from);
	}
	out->kind = kind;
	gw_utf8_sanitize(out->code, sizeof(out->code), job->data + from, len);
	set_key(out, kind == GW_SCAN_CODE ? out->code : "");
	return GW_OK;
}

static int refuse_check_digit(struct gw_scan *out, const char *digits, size_t n, size_t at)
{
	return gw_scan_refuse(out, (int)(at + n - 1), "check digit is %c, should be %d",
			      digits[n - 1], gw_gtin_check_digit(digits, n - 1));
}

/* n digits of an EAN or UPC at from, taken or refused. */
static int take_checked(struct gw_scan_job *job, size_t from, size_t n)
{
	const char *digits = job->data + from;

	if (!gw_gtin_valid(digits, n))
		return refuse_check_digit(job->out, digits, n, from);
	return gw_scan_take_gtin(job, digits, n, from, true);
}

static int take_upce(struct gw_scan_job *job, size_t from, size_t n)
{
	char upca[13];

	if (gw_upce_expand(upca, job->data + from, n) != GW_OK)
		return gw_scan_refuse(job->out, (int)from, "not a UPC-E number");
	return gw_scan_take_gtin(job, upca, 12, from, true);
}

/* The 8 digits of P091-P100: valid as EAN-8, as UPC-E, or as both. */
static int take_eight(struct gw_scan_job *job, size_t from)
{
	const struct gw_scan_config *config = job->config;
	const char *digits = job->data + from;
	char upca[13];
	bool ean = gw_gtin_valid(digits, 8), upc = gw_upce_expand(upca, digits, 8) == GW_OK;
	bool prefer_upc =
		config->eight == GW_EIGHT_UPCE ||
		(config->eight == GW_EIGHT_AUTO && config->region == GW_REGION_UNITED_STATES);

	if (ean && upc)
		gw_scan_warn(job->out, GW_WARN_EIGHT_DIGITS, NULL, from);
	if (upc && (prefer_upc || !ean))
		return gw_scan_take_gtin(job, upca, 12, from, true);
	if (ean)
		return gw_scan_take_gtin(job, digits, 8, from, true);
	gw_scan_warn(job->out, GW_WARN_NOT_GTIN, NULL, from);
	return gw_scan_take_code(job, GW_SCAN_CODE, from, 8);
}

static void take_addon(struct gw_scan *out, const char *digits, size_t n)
{
	memcpy(out->addon, digits, n);
	out->addon[n] = '\0';
}

/* Digits without a symbology identifier. */
static int bare_digits(struct gw_scan_job *job, size_t from, size_t n)
{
	const char *digits = job->data + from;

	if (n == 8)
		return take_eight(job, from);
	if (n == 12 || n == 13)
		return take_checked(job, from, n);
	if (n == 14 && gw_gtin_valid(digits, n))
		return gw_scan_take_gtin(job, digits, n, from, true);
	/* A periodical or a book with its add-on; other numbers of these lengths stay codes. */
	if ((n == 15 || n == 18) && gw_gtin_valid(digits, 13) && memcmp(digits, "97", 2) == 0 &&
	    digits[2] >= '7') {
		take_addon(job->out, digits + 13, n - 13);
		return gw_scan_take_gtin(job, digits, 13, from, true);
	}
	if (n == 14)
		gw_scan_warn(job->out, GW_WARN_NOT_GTIN, NULL, from);
	return gw_scan_take_code(job, GW_SCAN_CODE, from, n);
}

static size_t count_digits(const char *data, size_t from, size_t end)
{
	size_t i = from;

	while (i < end && data[i] >= '0' && data[i] <= '9')
		i++;
	return i - from;
}

static int decode_bare(struct gw_scan_job *job, size_t from, size_t end)
{
	const char *data = job->data;
	size_t n;

	while (from < end && data[from] == ' ')
		from++;
	while (end > from && data[end - 1] == ' ')
		end--;
	if (from == end)
		return gw_scan_refuse(job->out, -1, "nothing was scanned");
	n = count_digits(data, from, end);
	if (from + n == end)
		return bare_digits(job, from, n);
	if ((n == 12 || n == 13) && data[from + n] == ' ' && gw_gtin_valid(data + from, n)) {
		size_t addon = count_digits(data, from + n + 1, end);

		if ((addon == 2 || addon == 5) && from + n + 1 + addon == end) {
			take_addon(job->out, data + from + n + 1, addon);
			return gw_scan_take_gtin(job, data + from, n, from, true);
		}
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
}

/* Refuses what is not exactly digits; the words name the first fault. */
static int check_digits_of(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = count_digits(job->data, from, end);

	if (from == end)
		return gw_scan_refuse(job->out, (int)from,
				      "no digits behind the symbology identifier");
	if (from + n < end)
		return gw_scan_refuse(job->out, (int)(from + n), "a character that is not a digit");
	return GW_OK;
}

static int decode_ean(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = end - from;
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	switch (n) {
	case 13:
		return take_checked(job, from, 13);
	case 12: /* some makers send UPC-A without the leading zero that the standard asks for */
		gw_scan_warn(job->out, GW_WARN_SHORT_GTIN, NULL, from);
		return take_checked(job, from, 12);
	case 8: /* and UPC-E as it is printed */
		gw_scan_warn(job->out, GW_WARN_SHORT_GTIN, NULL, from);
		return take_upce(job, from, 8);
	default:
		return gw_scan_refuse(job->out, (int)from, "%zu digits, an EAN-13 has 13", n);
	}
}

static int decode_ean8(struct gw_scan_job *job, size_t from, size_t end)
{
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (end - from != 8)
		return gw_scan_refuse(job->out, (int)from, "%zu digits, an EAN-8 has 8",
				      end - from);
	return take_checked(job, from, 8);
}

static int decode_joined(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = end - from, base = n == 18 || n == 15 ? 13 : 12;
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (n != 14 && n != 15 && n != 17 && n != 18)
		return gw_scan_refuse(job->out, (int)from, "%zu digits are no EAN with an add-on",
				      n);
	status = take_checked(job, from, base);
	if (status == GW_OK)
		take_addon(job->out, job->data + from + base, n - base);
	return status;
}

static int decode_addon(struct gw_scan_job *job, size_t from, size_t end, size_t digits)
{
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (end - from != digits)
		return gw_scan_refuse(job->out, (int)from, "%zu digits, this add-on has %zu",
				      end - from, digits);
	job->out->kind = GW_SCAN_ADDON;
	take_addon(job->out, job->data + from, digits);
	return GW_OK;
}

static int decode_itf(struct gw_scan_job *job, size_t from, size_t end, bool cut)
{
	char gtin[GW_GTIN_SIZE];
	size_t n = end - from;

	if (count_digits(job->data, from, end) == n && n == (cut ? 13 : 14)) {
		if (!cut)
			return take_checked(job, from, 14);
		memcpy(gtin, job->data + from, 13);
		gtin[13] = (char)('0' + gw_gtin_check_digit(gtin, 13));
		return gw_scan_take_gtin(job, gtin, 14, from, true);
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, n);
}

static int decode_book(struct gw_scan_job *job, size_t from, size_t end)
{
	char ean[14];
	const char *p = job->data + from;

	if (end - from == 10 && gw_digits_only(p, 9) && (p[9] == 'X' || gw_digits_only(p + 9, 1))) {
		if (gw_isbn10_to_13(ean, p, 10) != GW_OK)
			return gw_scan_refuse(job->out, (int)end - 1,
					      "the check character of the ISBN is wrong");
		return gw_scan_take_gtin(job, ean, 13, from, false);
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
}

static int decode_retail(struct gw_scan_job *job, size_t from, size_t end)
{
	int status = check_digits_of(job, from, end);
	size_t n = end - from;

	if (status != GW_OK)
		return status;
	if (n == 8)
		return take_eight(job, from);
	if (n == 12 || n == 13)
		return take_checked(job, from, n);
	if (n >= 14 && n <= 18)
		return decode_joined(job, from, end);
	return gw_scan_refuse(job->out, (int)from, "%zu digits are no EAN or UPC", n);
}

static int decode_part(struct gw_scan_job *job, const struct part *part)
{
	size_t from = part->from, end = part->end;

	switch (part->symbology->action) {
	case GW_SYM_EAN:
		return decode_ean(job, from, end);
	case GW_SYM_EAN8:
		return decode_ean8(job, from, end);
	case GW_SYM_UPCE:
		return take_upce(job, from, end - from);
	case GW_SYM_RETAIL:
		return decode_retail(job, from, end);
	case GW_SYM_JOINED:
		return decode_joined(job, from, end);
	case GW_SYM_ADDON2:
		return decode_addon(job, from, end, 2);
	case GW_SYM_ADDON5:
		return decode_addon(job, from, end, 5);
	case GW_SYM_ITF:
	case GW_SYM_ITF_CUT:
		return decode_itf(job, from, end, part->symbology->action == GW_SYM_ITF_CUT);
	case GW_SYM_BOOK:
		return decode_book(job, from, end);
	case GW_SYM_CODE:
		return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
	case GW_SYM_KEYED:
		return decode_bare(job, from, end);
	case GW_SYM_STRIPE:
		return refuse_card(job->out);
	default:
		return gw_scan_take_code(job, GW_SCAN_OTHER, from, end - from);
	}
}

/* Finds the symbology identifier at data[from]; GW_E_INPUT and a refusal where it is none. */
static int open_part(struct gw_scan_job *job, size_t from, struct part *part)
{
	const char *data = job->data;

	if (job->len - from < 3)
		return gw_scan_refuse(job->out, (int)from, "the symbology identifier is cut off");
	part->symbology = gw_symbology_find(data[from + 1], data[from + 2]);
	if (part->symbology == NULL)
		return gw_scan_refuse(job->out, (int)from, "no such symbology identifier");
	part->from = from + 3;
	part->end = job->len;
	return GW_OK;
}

static int decode_identified(struct gw_scan_job *job, size_t from)
{
	struct part part = {0};
	int status = open_part(job, from, &part);

	if (status != GW_OK)
		return status;
	memcpy(job->out->symbology, job->data + from, 3);
	job->out->symbology[3] = '\0';
	job->out->carrier = part.symbology->carrier;
	return decode_part(job, &part);
}

int gw_scan_decode(const struct gw_scan_config *config, const uint8_t *data, size_t len,
		   struct gw_scan *out)
{
	return gw_scan_decode_elements(config, data, len, out, NULL);
}

int gw_scan_decode_elements(const struct gw_scan_config *config, const uint8_t *data, size_t len,
			    struct gw_scan *out, struct gw_scan_elements *elements)
{
	static const struct gw_scan_config plain = {0};
	struct gw_scan_job job = {config != NULL ? config : &plain, (const char *)data, len, out,
				  elements};
	size_t from = 0;

	clear(out);
	if (elements != NULL)
		elements->count = 0;
	if (len > GW_SCAN_DATA_MAX)
		return gw_scan_refuse(out, GW_SCAN_DATA_MAX, "longer than %d bytes",
				      GW_SCAN_DATA_MAX);
	while (from < len && strchr("\x02\t\r\n", job.data[from]) != NULL && job.data[from] != '\0')
		from++;
	while (job.len > from && strchr("\x03\t\r\n", job.data[job.len - 1]) != NULL &&
	       job.data[job.len - 1] != '\0')
		job.len--;
	if (from == job.len)
		return gw_scan_refuse(out, -1, "nothing was scanned");
	if (job.data[from] == ']')
		return decode_identified(&job, from);
	return decode_bare(&job, from, job.len);
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
