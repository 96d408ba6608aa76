#include "scan/element.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "scan/gtin.h"

#define GS '\x1D'

enum { GTIN = 1 };

char *gw_ai_text(char text[5], const struct gw_ai *ai, unsigned number)
{
	for (int i = ai->numbers.digits - 1; i >= 0; i--, number /= 10)
		text[i] = (char)('0' + number % 10);
	text[ai->numbers.digits] = '\0';
	return text;
}

void gw_element_warn(struct gw_scan_job *job, struct gw_element_list *list,
		     enum gw_scan_warning_code code, const char *ai, size_t at)
{
	list->fault = true;
	gw_scan_warn(job->out, code, ai, at);
}

static int current_year(const struct gw_scan_job *job)
{
	return job->config->year != 0 ? job->config->year : 2026;
}

static void warn_of(struct gw_scan_job *job, struct gw_element_list *list,
		    enum gw_scan_warning_code code, const struct gw_element *e, size_t at)
{
	char text[5];

	gw_element_warn(job, list, code, gw_ai_text(text, e->ai, e->number), at);
}

/* What is sold must be sure. */
static int refuse_gtin(struct gw_scan_job *job, enum gw_scan_warning_code fault,
		       const struct gw_element *e, size_t at)
{
	struct gw_scan_warning w = {(uint8_t)fault, "01", (uint16_t)at};
	char text[sizeof(job->out->error)];

	if (fault == GW_WARN_AI_CHECK_DIGIT)
		return gw_scan_refuse(job->out, (int)at, "AI (01): check digit is %c, should be %d",
				      e->value[13], gw_gtin_check_digit(e->value, 13));
	gw_scan_warning_text(&w, text, sizeof(text));
	return gw_scan_refuse(job->out, (int)at, "%s", text);
}

int gw_element_add(struct gw_scan_job *job, struct gw_element_list *list,
		   const struct gw_element *element)
{
	size_t at;
	enum gw_scan_warning_code fault = gw_ai_check_value(element->ai, element->value,
							    element->len, current_year(job), &at);

	if (fault != GW_WARN_NONE) {
		if (element->number == GTIN)
			return refuse_gtin(job, fault, element, element->at + at);
		warn_of(job, list, fault, element, element->at + at);
		return GW_OK;
	}
	if (list->count == GW_SCAN_ELEMENTS_MAX)
		return gw_scan_refuse(job->out, element->at, "more than %d elements",
				      GW_SCAN_ELEMENTS_MAX);
	list->list[list->count++] = *element;
	return GW_OK;
}

static size_t find_separator(const char *data, size_t from, size_t end)
{
	const char *gs = memchr(data + from, GS, end - from);

	return gs != NULL ? (size_t)(gs - data) : end;
}

/* Head of what is no identifier, to show with the warning. */
static void warn_unknown(struct gw_scan_job *job, struct gw_element_list *list, size_t at,
			 size_t end)
{
	char head[5] = "";
	size_t n = 0;

	while (n < 4 && at + n < end && (unsigned char)(job->data[at + n] - '0') <= 9) {
		head[n] = job->data[at + n];
		n++;
	}
	gw_element_warn(job, list, GW_WARN_AI_UNKNOWN, n >= 2 ? head : NULL, at);
}

/*
 *	at -> identifier -> value of fixed length ------> [GS] -> at
 *	          |     \-> value up to GS or the end --> [GS] -> at
 *	          \- unknown, or a fixed one cut short: skipped up to GS
 */
int gw_element_parse(struct gw_scan_job *job, struct gw_element_list *list, size_t from, size_t end)
{
	size_t at = from;

	/* Some scanners send the FNC1 that the identifier already stands for. */
	if (at < end && job->data[at] == GS)
		at++;
	while (at < end) {
		size_t stop = find_separator(job->data, at, end), value;
		struct gw_element e;
		unsigned number;
		int status;

		e.ai = gw_ai_find(job->data + at, stop - at, &number);
		if (e.ai == NULL) {
			warn_unknown(job, list, at, stop);
			at = stop + 1;
			continue;
		}
		value = at + e.ai->numbers.digits;
		if (e.ai->fixed && stop - value > e.ai->max)
			stop = value + e.ai->max;
		e.number = (uint16_t)number;
		e.value = job->data + value;
		e.at = (uint16_t)value;
		e.len = (uint16_t)(stop - value);
		status = gw_element_add(job, list, &e);
		if (status != GW_OK)
			return status;
		at = stop + (stop < end && job->data[stop] == GS);
	}
	return GW_OK;
}

static bool same_value(const struct gw_element *a, const struct gw_element *b)
{
	return a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

static bool in_range(const struct gw_ai_range *r, const struct gw_element *e)
{
	return e->ai->numbers.digits == r->digits && e->number >= r->first && e->number <= r->last;
}

static bool excluded(const struct gw_element *a, const struct gw_element *b)
{
	for (int i = 0; i < a->ai->exclude_count; i++)
		if (in_range(&a->ai->excludes[i], b))
			return true;
	return false;
}

static int judge_pairs(struct gw_scan_job *job, struct gw_element_list *list)
{
	for (int i = 0; i < list->count; i++) {
		const struct gw_element *a = &list->list[i];

		for (int k = 0; k < list->count; k++) {
			const struct gw_element *b = &list->list[k];
			bool same = a->number == b->number;

			if (same && k < i && !same_value(a, b)) {
				if (a->number == GTIN)
					return gw_scan_refuse(job->out, a->at,
							      "two different GTINs in one scan");
				warn_of(job, list, GW_WARN_AI_REPEATED, a, a->at);
				break;
			}
			if (!same && excluded(a, b)) {
				warn_of(job, list, GW_WARN_AI_PAIR, a, a->at);
				break;
			}
		}
	}
	return GW_OK;
}

/* A signature (8030) signs one piece, so that these keys need their optional serial part. */
static void judge_signature(struct gw_scan_job *job, struct gw_element_list *list)
{
	bool is_signed = false;

	for (int i = 0; i < list->count; i++)
		is_signed |= list->list[i].number == 8030;
	for (int i = 0; is_signed && i < list->count; i++) {
		const struct gw_element *e = &list->list[i];

		if ((e->number == 253 || e->number == 255 || e->number == 8003) &&
		    e->len == e->ai->min)
			warn_of(job, list, GW_WARN_AI_SERIAL, e, e->at);
	}
}

/* True if an element's identifier fits "01" or "31nn"; p points behind it afterwards. */
static bool fits_pattern(const struct gw_element *e, const char **p)
{
	char text[5];
	size_t n = strspn(*p, "0123456789n");
	bool fits = n == e->ai->numbers.digits;

	gw_ai_text(text, e->ai, e->number);
	for (size_t i = 0; fits && i < n; i++)
		fits = (*p)[i] == 'n' || (*p)[i] == text[i];
	return fits;
}

static bool has_pattern(const struct gw_element_list *list, const char **p)
{
	bool found = false;

	for (int i = 0; i < list->count && !found; i++)
		found = fits_pattern(&list->list[i], p);
	*p += strspn(*p, "0123456789n");
	return found;
}

/* "01+21,02|37": each part between bars has one group, all of which is there. */
static bool has_companions(const struct gw_element_list *list, const char *needs)
{
	const char *p = needs;
	bool group = true, part = false;

	for (;;) {
		group &= has_pattern(list, &p);
		if (*p == '+') {
			p++;
			continue;
		}
		part |= group;
		group = true;
		if (*p == ',') {
			p++;
			continue;
		}
		if (!part || *p == '\0')
			return part;
		part = false;
		p++;
	}
}

static void judge_companions(struct gw_scan_job *job, struct gw_element_list *list)
{
	for (int i = 0; i < list->count; i++) {
		const struct gw_element *e = &list->list[i];
		char text[5];

		if (e->ai->needs != NULL && !has_companions(list, e->ai->needs))
			gw_scan_warn(job->out, GW_WARN_AI_NEEDS, gw_ai_text(text, e->ai, e->number),
				     e->at);
	}
}

static void put_2(char *out, int n)
{
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

/* YYMMDD to YYYY-MM-DD; day 00 is the last of the month (GenSpecs 3.4). */
static void put_date(const struct gw_scan_job *job, char out[11], const char *p)
{
	int year = gw_ai_full_year((p[0] - '0') * 10 + (p[1] - '0'), current_year(job));
	int month = (p[2] - '0') * 10 + (p[3] - '0'), day = (p[4] - '0') * 10 + (p[5] - '0');

	if (out[0] != '\0')
		return;
	put_2(out, year / 100);
	put_2(out + 2, year % 100);
	put_2(out + 5, month);
	put_2(out + 8, day != 0 ? day : gw_days_in_month(year, month));
	out[4] = out[7] = '-';
	out[10] = '\0';
}

static void put_text(char *out, size_t size, const struct gw_element *e)
{
	if (out[0] != '\0' || e->len >= size)
		return;
	memcpy(out, e->value, e->len);
	out[e->len] = '\0';
}

static int64_t digits_value(const char *p, size_t n)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (p[i] - '0');
	return value;
}

static void put_amount(struct gw_scan_amount *out, const struct gw_element *e, size_t skip,
		       const char *unit)
{
	if (out->value >= 0)
		return;
	out->value = digits_value(e->value + skip, e->len - skip);
	out->decimals = e->number % 10;
	snprintf(out->unit, sizeof(out->unit), "%s", unit);
}

/* Identifiers of four digits whose last one is the number of decimals. */
static void fill_amount(struct gw_scan *out, const struct gw_element *e)
{
	const char *currency;

	switch (e->number / 10) {
	case 310:
		put_amount(&out->net_weight, e, 0, "kg");
		return;
	case 320:
		put_amount(&out->net_weight, e, 0, "lb");
		return;
	case 356:
		put_amount(&out->net_weight, e, 0, "tr oz");
		return;
	case 392:
		put_amount(&out->price, e, 0, "");
		return;
	case 393:
		currency = gw_ai_currency((unsigned)digits_value(e->value, 3));
		put_amount(&out->price, e, 3, currency != NULL ? currency : "");
		return;
	default:
		return;
	}
}

static void fill_short(struct gw_scan_job *job, const struct gw_element *e)
{
	struct gw_scan *out = job->out;

	switch (e->number) {
	case 10:
		put_text(out->lot, sizeof(out->lot), e);
		return;
	case 15:
		put_date(job, out->best_before, e->value);
		return;
	case 16:
		put_date(job, out->sell_by, e->value);
		return;
	case 17:
		put_date(job, out->expiry, e->value);
		return;
	case 21:
		put_text(out->serial, sizeof(out->serial), e);
		return;
	case 30:
	case 37:
		if (out->count < 0)
			out->count = (int32_t)digits_value(e->value, e->len);
		return;
	default:
		return;
	}
}

static int fill(struct gw_scan_job *job, const struct gw_element *e)
{
	if (e->ai->numbers.digits == 2) {
		if (e->number == GTIN)
			return gw_scan_take_gtin(job, e->value, 14, e->at, false);
		fill_short(job, e);
	} else if (e->ai->numbers.digits == 4) {
		if (e->number == 7003)
			put_date(job, job->out->expiry, e->value);
		else
			fill_amount(job->out, e);
	}
	return GW_OK;
}

/*
 * A lot that ends in "17" and a date, with no (17) in the scan: a separator has probably been lost
 * on the way.  The lot is kept as it was read.
 */
static void judge_lot(struct gw_scan_job *job, const struct gw_element_list *list)
{
	const struct gw_element *e = list->count > 0 ? &list->list[list->count - 1] : NULL;
	size_t at;

	if (e == NULL || e->number != 10 || e->len < 9 || job->out->expiry[0] != '\0')
		return;
	if (memcmp(e->value + e->len - 8, "17", 2) == 0) {
		unsigned number;
		const struct gw_ai *expiry = gw_ai_find("17", 2, &number);

		if (gw_ai_check_value(expiry, e->value + e->len - 6, 6, current_year(job), &at) ==
		    GW_WARN_NONE)
			gw_scan_warn(job->out, GW_WARN_AI_LOT_DATE, "10", e->at + e->len - 8u);
	}
}

static void copy_elements(struct gw_scan_elements *to, const struct gw_element_list *list)
{
	size_t used = 0;

	if (to == NULL)
		return;
	to->count = 0;
	for (int i = 0; i < list->count; i++) {
		const struct gw_element *e = &list->list[i];
		struct gw_scan_element *out = &to->list[to->count];

		if (to->count == GW_SCAN_ELEMENTS_MAX || used + e->len > sizeof(to->text))
			break;
		gw_ai_text(out->ai, e->ai, e->number);
		out->at = (uint16_t)used;
		out->len = e->len;
		memcpy(to->text + used, e->value, e->len);
		used += e->len;
		to->count++;
	}
}

/* Without a product the elements themselves are what is shown: "(00)...(37)24". */
static void show_elements(struct gw_scan *out, const struct gw_element_list *list)
{
	struct gw_text t = gw_text_over(out->code, sizeof(out->code));
	char text[5];

	for (int i = 0; i < list->count; i++) {
		const struct gw_element *e = &list->list[i];

		gw_text_addf(&t, "(%s)%.*s", gw_ai_text(text, e->ai, e->number), (int)e->len,
			     e->value);
	}
}

static bool is_coupon(const struct gw_element_list *list)
{
	for (int i = 0; i < list->count; i++) {
		unsigned n = list->list[i].number;

		if (n == 8110 || n == 8112 || n == 255)
			return true;
	}
	return false;
}

static int finish_without_product(struct gw_scan_job *job, const struct gw_element_list *list)
{
	struct gw_scan *out = job->out;

	if (list->fault) {
		char text[sizeof(out->error)];
		struct gw_scan_warning first = out->warnings[0];

		gw_scan_warning_text(&first, text, sizeof(text));
		return gw_scan_refuse(out, first.at, "%s", text);
	}
	out->kind = is_coupon(list) ? GW_SCAN_COUPON : GW_SCAN_OTHER;
	show_elements(out, list);
	return GW_OK;
}

int gw_element_finish(struct gw_scan_job *job, struct gw_element_list *list)
{
	struct gw_scan *out = job->out;
	int status = judge_pairs(job, list);

	if (status != GW_OK)
		return status;
	judge_signature(job, list);
	for (int i = 0; i < list->count; i++) {
		status = fill(job, &list->list[i]);
		if (status != GW_OK)
			return status;
	}
	judge_lot(job, list);
	if (job->config->strict)
		judge_companions(job, list);
	copy_elements(job->elements, list);
	if (out->gtin[0] == '\0')
		return finish_without_product(job, list);
	return GW_OK;
}
