#include "scan/scan.h"

#include <string.h>

#include "scan/element.h"
#include "scan/retail.h"
#include "scan/symbology.h"
#include "scan/uri.h"

#define GS '\x1D'

/* Which set of rules the rest of a scan falls under. */
struct part {
	const struct gw_symbology *symbology; /* NULL: the scanner sent none */
	size_t from, end;                     /* bytes of the data behind the identifier */
};

/* Where a part's data ends: at the next symbology identifier, with a '|' before it or not. */
static size_t find_next_part(const struct gw_scan_job *job, size_t from)
{
	size_t at = from;

	while (at < job->len) {
		const char *p = memchr(job->data + at, ']', job->len - at);

		if (p == NULL)
			break;
		at = (size_t)(p - job->data);
		if (job->len - at >= 3 && gw_symbology_find(p[1], p[2]) != NULL)
			return at > from && p[-1] == '|' ? at - 1 : at;
		at++;
	}
	return job->len;
}

/* Text of other symbologies may hold a ']' of its own. */
static bool may_have_next(enum gw_sym_action action)
{
	return action != GW_SYM_FREE && action != GW_SYM_CODE && action != GW_SYM_OTHER &&
	       action != GW_SYM_BOOK && action != GW_SYM_KEYED;
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
	part->end =
		may_have_next(part->symbology->action) ? find_next_part(job, part->from) : job->len;
	return GW_OK;
}

/* ISO/IEC 15434, format 05: element strings between "[)>" RS "05" GS and RS or EOT. */
static bool find_envelope(const struct gw_scan_job *job, const struct part *part, size_t *from,
			  size_t *end)
{
	static const char head[] = {'[', ')', '>', '\x1E', '0', '5', '\x1D'};
	const char *p = job->data + part->from, *stop;

	if (part->end - part->from < sizeof(head) || memcmp(p, head, sizeof(head)) != 0)
		return false;
	*from = part->from + sizeof(head);
	stop = memchr(job->data + *from, '\x1E', part->end - *from);
	*end = stop != NULL ? (size_t)(stop - job->data) : part->end;
	return true;
}

/* Short and without blanks: what a shop prints on its own labels. */
static bool is_code(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return len <= GW_SCAN_CODE_MAX;
}

static int decode_free(struct gw_scan_job *job, struct gw_element_list *list,
		       const struct part *part)
{
	size_t from, end, len = part->end - part->from;

	if (len == 0) {
		gw_scan_warn(job->out, GW_WARN_EMPTY, NULL, part->from);
		return GW_OK;
	}
	if (gw_uri_begins(job->data + part->from, len))
		return gw_uri_decode(job, part->from, part->end);
	if (find_envelope(job, part, &from, &end))
		return gw_element_parse(job, list, from, end);
	return gw_scan_take_code(
		job, is_code(job->data + part->from, len) ? GW_SCAN_CODE : GW_SCAN_OTHER,
		part->from, len);
}

static int decode_gs1(struct gw_scan_job *job, struct gw_element_list *list,
		      const struct part *part)
{
	if (part->from == part->end)
		return gw_scan_refuse(job->out, (int)part->from, GW_NOTHING_BEHIND);
	return gw_element_parse(job, list, part->from, part->end);
}

static int decode_part(struct gw_scan_job *job, struct gw_element_list *list,
		       const struct part *part)
{
	size_t from = part->from, end = part->end;

	switch (part->symbology->action) {
	case GW_SYM_EAN:
		return gw_retail_ean(job, from, end);
	case GW_SYM_EAN8:
		return gw_retail_ean8(job, from, end);
	case GW_SYM_UPCE:
		return gw_retail_upce(job, from, end - from);
	case GW_SYM_RETAIL:
		return gw_retail_any(job, from, end);
	case GW_SYM_JOINED:
		return gw_retail_joined(job, from, end);
	case GW_SYM_ADDON2:
		return gw_retail_addon(job, from, end, 2);
	case GW_SYM_ADDON5:
		return gw_retail_addon(job, from, end, 5);
	case GW_SYM_ITF:
	case GW_SYM_ITF_CUT:
		return gw_retail_itf(job, from, end, part->symbology->action == GW_SYM_ITF_CUT);
	case GW_SYM_GS1:
		return decode_gs1(job, list, part);
	case GW_SYM_BOOK:
		return gw_retail_book(job, from, end);
	case GW_SYM_FREE:
		return decode_free(job, list, part);
	case GW_SYM_CODE:
		return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
	case GW_SYM_KEYED:
		return gw_retail_bare(job, from, end);
	case GW_SYM_STRIPE:
		return gw_scan_refuse_card(job->out);
	case GW_SYM_OTHER:
		break;
	}
	return gw_scan_take_code(job, GW_SCAN_OTHER, from, end - from);
}

/*
 * Whether a part that could not be read may be left out: an add-on or an empty component may, as
 * the product is known without it; a faulty number or a second product may not.
 */
static bool may_skip(const struct part *part)
{
	if (part->symbology == NULL)
		return false;
	switch (part->symbology->action) {
	case GW_SYM_ADDON2:
	case GW_SYM_ADDON5:
		return true;
	case GW_SYM_GS1:
		return part->from == part->end;
	default:
		return false;
	}
}

/* The parts behind the first one: a composite component, an add-on, the same number once more. */
static int decode_next(struct gw_scan_job *job, struct gw_element_list *list, size_t from)
{
	while (from < job->len) {
		struct gw_scan before = *job->out;
		struct part part = {0};
		int status;

		from += job->data[from] == '|';
		status = open_part(job, from, &part);
		if (status == GW_OK && part.symbology != NULL)
			status = decode_part(job, list, &part);
		if (status != GW_OK) {
			if (!may_skip(&part))
				return status;
			*job->out = before;
			gw_scan_warn(job->out, GW_WARN_SEGMENT, NULL, from);
		}
		from = part.end;
	}
	return GW_OK;
}

/* All parts of a scan whose first one is open. */
static int decode_parts(struct gw_scan_job *job, const struct part *first)
{
	struct gw_element_list list;
	int status;

	list.count = 0;
	list.fault = false;
	job->out->carrier = first->symbology->carrier;
	status = decode_part(job, &list, first);
	if (status == GW_OK && first->end < job->len)
		status = decode_next(job, &list, first->end);
	if (status == GW_OK && (list.count > 0 || list.fault))
		status = gw_element_finish(job, &list);
	return status;
}

static int decode_identified(struct gw_scan_job *job, size_t from)
{
	struct part part = {0};
	int status = open_part(job, from, &part);

	if (status != GW_OK || part.symbology == NULL)
		return status;
	memcpy(job->out->symbology, job->data + from, 3);
	job->out->symbology[3] = '\0';
	return decode_parts(job, &part);
}

static int decode_unidentified(struct gw_scan_job *job, size_t from)
{
	static const struct gw_symbology fnc1 = {'\0', "", GW_SYM_GS1, "GS1"};
	struct part part = {NULL, from, job->len};
	size_t used;

	if (job->data[from] == GS) {
		part = (struct part){&fnc1, from + 1, job->len};
		return decode_parts(job, &part);
	}
	part.symbology = gw_symbology_of_maker(job->config->code_ids, job->data + from,
					       job->len - from, &used);
	if (part.symbology != NULL) {
		part.from += used;
		return decode_parts(job, &part);
	}
	if (gw_uri_begins(job->data + from, job->len - from))
		return gw_uri_decode(job, from, job->len);
	return gw_retail_bare(job, from, job->len);
}

/* What is left when white space and framing that got through are off. */
static size_t trim(struct gw_scan_job *job)
{
	size_t from = 0;

	while (from < job->len && gw_scan_is_one_of(job->data[from], "\x02\t\r\n"))
		from++;
	while (job->len > from && gw_scan_is_one_of(job->data[job->len - 1], "\x03\t\r\n"))
		job->len--;
	return from;
}

static int decode_trimmed(struct gw_scan_job *job, size_t from)
{
	if (job->data[from] == ']')
		return decode_identified(job, from);
	return decode_unidentified(job, from);
}

/* True where element strings are to be expected: only there is the stand-in for GS replaced. */
static bool wants_gs(const struct gw_scan_job *job, size_t from)
{
	const char *p = job->data + from;
	const struct gw_symbology *row;

	if (*p == job->config->gs)
		return true;
	if (*p != ']' || job->len - from < 3)
		return false;
	row = gw_symbology_find(p[1], p[2]);
	return row != NULL && row->action == GW_SYM_GS1;
}

static int decode_replaced(struct gw_scan_job *job, size_t from)
{
	char copy[GW_SCAN_DATA_MAX];
	const char *data = job->data;
	int status;

	memcpy(copy, data, job->len);
	for (size_t i = 0; i < job->len; i++)
		if (copy[i] == job->config->gs)
			copy[i] = GS;
	job->data = copy;
	status = decode_trimmed(job, from);
	job->data = data;
	return status;
}

int gw_scan_decode(const struct gw_scan_config *config, const uint8_t *data, size_t len,
		   struct gw_scan *out)
{
	return gw_scan_decode_elements(config, data, len, out, NULL);
}

static const struct gw_scan_config defaults;

/* Opens the job and trims it; GW_E_INPUT with a refusal when there is nothing to decode. */
static int open_job(struct gw_scan_job *job, struct gw_scan *out, size_t *from)
{
	job->out = out;
	gw_scan_clear(out);
	if (job->config == NULL)
		job->config = &defaults;
	if (job->elements != NULL)
		job->elements->count = 0;
	if (job->len > GW_SCAN_DATA_MAX)
		return gw_scan_refuse(job->out, GW_SCAN_DATA_MAX, "longer than %d bytes",
				      GW_SCAN_DATA_MAX);
	*from = trim(job);
	if (*from == job->len)
		return gw_scan_refuse(job->out, -1, "nothing was scanned");
	return GW_OK;
}

int gw_scan_decode_elements(const struct gw_scan_config *config, const uint8_t *data, size_t len,
			    struct gw_scan *out, struct gw_scan_elements *elements)
{
	struct gw_scan_job job = {config, (const char *)data, len, NULL, elements};
	size_t from = 0;
	int status = open_job(&job, out, &from);

	if (status != GW_OK)
		return status;
	if (job.config->gs != '\0' && wants_gs(&job, from))
		return decode_replaced(&job, from);
	return decode_trimmed(&job, from);
}

int gw_scan_decode_as(const struct gw_scan_config *config, const struct gw_symbology *symbology,
		      const char *aim, const uint8_t *data, size_t len, struct gw_scan *out,
		      struct gw_scan_elements *elements)
{
	struct gw_scan_job job = {config, (const char *)data, len, NULL, elements};
	struct part part = {.symbology = symbology};
	int status = open_job(&job, out, &part.from);

	if (status != GW_OK)
		return status;
	memcpy(out->symbology, aim, 4);
	part.end = may_have_next(symbology->action) ? find_next_part(&job, part.from) : job.len;
	return decode_parts(&job, &part);
}
