/*
 * A link is read from its end, because a stem of any length may stand before the key:
 *
 *	https://shop.example/some/stem / 01 / 09521234543213 / 10 / AB12 ? 17=261231&x=y # part
 *	        domain                  <-- pairs of identifier and value   attributes
 *
 * Pairs are taken from the right until one has a primary key; what stands between it and the end
 * must be that key's qualifiers in their order.
 */
#include "scan/uri.h"

#include <string.h>

/*
 * Decoded values are no longer than the scan, but for the zeros put before short GTINs: at most six
 * for each element, and one more than the list holds, as that one is refused.
 */
enum {
	PAIRS_MAX = 16,
	KEY_GTIN = 1,
	ROOM_SIZE = GW_SCAN_DATA_MAX + 6 * (GW_SCAN_ELEMENTS_MAX + 1)
};

struct span {
	size_t from, end;
};

struct pair {
	const struct gw_ai *ai;
	unsigned number;
	struct span value;
};

struct link {
	struct gw_scan_job *job;
	struct gw_element_list *list;
	char *room; /* decoded values */
	size_t used;
	struct pair pairs[PAIRS_MAX]; /* from the end of the path to its key */
	int pair_count;
};

bool gw_uri_begins(const char *p, size_t len)
{
	return (len >= 7 && (memcmp(p, "http://", 7) == 0 || memcmp(p, "HTTP://", 7) == 0)) ||
	       (len >= 8 && (memcmp(p, "https://", 8) == 0 || memcmp(p, "HTTPS://", 8) == 0));
}

/* RFC 3986, section 2: bit 1 may stand in a URI, bit 2 in a host with port. */
static const uint8_t uri_chars[128] = {
	['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['('] = 1, [')'] = 1,
	['*'] = 1, ['+'] = 1, [','] = 1, ['-'] = 3, ['.'] = 3, ['/'] = 1,  ['0'] = 3, ['1'] = 3,
	['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3, ['7'] = 3,  ['8'] = 3, ['9'] = 3,
	[':'] = 3, [';'] = 1, ['='] = 1, ['?'] = 1, ['@'] = 1, ['A'] = 3,  ['B'] = 3, ['C'] = 3,
	['D'] = 3, ['E'] = 3, ['F'] = 3, ['G'] = 3, ['H'] = 3, ['I'] = 3,  ['J'] = 3, ['K'] = 3,
	['L'] = 3, ['M'] = 3, ['N'] = 3, ['O'] = 3, ['P'] = 3, ['Q'] = 3,  ['R'] = 3, ['S'] = 3,
	['T'] = 3, ['U'] = 3, ['V'] = 3, ['W'] = 3, ['X'] = 3, ['Y'] = 3,  ['Z'] = 3, ['['] = 3,
	[']'] = 3, ['_'] = 3, ['a'] = 3, ['b'] = 3, ['c'] = 3, ['d'] = 3,  ['e'] = 3, ['f'] = 3,
	['g'] = 3, ['h'] = 3, ['i'] = 3, ['j'] = 3, ['k'] = 3, ['l'] = 3,  ['m'] = 3, ['n'] = 3,
	['o'] = 3, ['p'] = 3, ['q'] = 3, ['r'] = 3, ['s'] = 3, ['t'] = 3,  ['u'] = 3, ['v'] = 3,
	['w'] = 3, ['x'] = 3, ['y'] = 3, ['z'] = 3, ['~'] = 1,
};

/* First byte of data[from..end) without this bit, or end. */
static size_t find_foreign(const char *data, struct span s, unsigned bit)
{
	size_t i = s.from;

	while (i < s.end && (unsigned char)data[i] < 128 &&
	       (uri_chars[(unsigned char)data[i]] & bit) != 0)
		i++;
	return i;
}

static size_t find_char(const char *data, struct span s, char c)
{
	const char *found = memchr(data + s.from, c, s.end - s.from);

	return found != NULL ? (size_t)(found - data) : s.end;
}

/* The identifier that this text is, and nothing else; NULL if it is none. */
static const struct gw_ai *exact_ai(const char *data, struct span s, unsigned *number)
{
	const struct gw_ai *ai;

	if (s.end - s.from < 2 || s.end - s.from > 4)
		return NULL;
	ai = gw_ai_find(data + s.from, s.end - s.from, number);
	return ai != NULL && ai->numbers.digits == s.end - s.from ? ai : NULL;
}

/* The last '/' of a path and what is behind it; the path becomes what is before it. */
static bool cut_segment(const char *data, struct span *path, struct span *segment)
{
	size_t i = path->end;

	while (i > path->from && data[i - 1] != '/')
		i--;
	if (i == path->from)
		return false;
	*segment = (struct span){i, path->end};
	path->end = i - 1;
	return true;
}

/* Collects pairs from the right; true when the last one holds a primary key. */
static bool find_key(struct link *link, struct span path)
{
	const char *data = link->job->data;

	for (link->pair_count = 0; link->pair_count < PAIRS_MAX; link->pair_count++) {
		struct pair *pair = &link->pairs[link->pair_count];
		struct span name;

		if (!cut_segment(data, &path, &pair->value) || !cut_segment(data, &path, &name))
			return false;
		pair->ai = exact_ai(data, name, &pair->number);
		if (pair->ai == NULL)
			return false;
		if (pair->ai->key) {
			link->pair_count++;
			return pair->value.from < pair->value.end;
		}
	}
	return false;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes into the link's room; false for a faulty escape. */
static bool decode_value(struct link *link, struct span s, bool query, struct gw_element *e)
{
	const char *data = link->job->data;
	char *start = link->room + link->used, *to = start;

	for (size_t i = s.from; i < s.end; i++) {
		if (data[i] == '%') {
			int high = i + 2 < s.end ? hex(data[i + 1]) : -1;
			int low = high >= 0 ? hex(data[i + 2]) : -1;

			if (low < 0)
				return false;
			*to++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*to++ = query && data[i] == '+' ? ' ' : data[i];
		}
	}
	e->value = start;
	e->len = (uint16_t)(to - start);
	link->used += e->len;
	return true;
}

/* GTIN-8, -12 and -13 are written without the leading zeros by some. */
static void lengthen_gtin(struct link *link, struct gw_element *e)
{
	char *value = link->room + link->used - e->len; /* the last one decoded */

	if (e->len != 8 && e->len != 12 && e->len != 13)
		return;
	link->used += 14u - e->len;
	memmove(value + 14 - e->len, value, e->len);
	memset(value, '0', 14u - e->len);
	e->len = 14;
	gw_scan_warn(link->job->out, GW_WARN_SHORT_GTIN, NULL, e->at);
}

static int add_value(struct link *link, const struct pair *pair, bool query)
{
	struct gw_element e = {
		.ai = pair->ai, .number = (uint16_t)pair->number, .at = (uint16_t)pair->value.from};
	char text[5];

	for (int i = 0; i < link->list->count; i++)
		if (link->list->list[i].number == pair->number) {
			gw_element_warn(link->job, link->list, GW_WARN_URI_TWICE,
					gw_ai_text(text, pair->ai, pair->number), pair->value.from);
			break;
		}
	if (!decode_value(link, pair->value, query, &e)) {
		if (pair->number == KEY_GTIN)
			return gw_scan_refuse(link->job->out, e.at,
					      "AI (01): a faulty percent escape");
		gw_element_warn(link->job, link->list, GW_WARN_AI_PERCENT,
				gw_ai_text(text, pair->ai, pair->number), pair->value.from);
		return GW_OK;
	}
	if (pair->number == KEY_GTIN)
		lengthen_gtin(link, &e);
	return gw_element_add(link->job, link->list, &e);
}

/*
 * Walks one alternative ("22,10,21") of a key's qualifiers along the path; true if the path's
 * qualifiers follow it.  *has tells whether the alternative names number, too.
 */
static bool follows(const struct link *link, const char *alternative, unsigned number, bool *has)
{
	int at = link->pair_count - 2;
	const char *p = alternative;

	*has = false;
	while (*p >= '0' && *p <= '9') {
		unsigned n = 0;

		for (; *p >= '0' && *p <= '9'; p++)
			n = n * 10 + (unsigned)(*p - '0');
		if (at >= 0 && link->pairs[at].number == n)
			at--;
		*has |= n == number;
		p += *p == ',';
	}
	return at < 0;
}

/* True if some alternative fits the path and, where number is not 0, has a place for it. */
static bool in_order(const struct link *link, unsigned number)
{
	const char *p = link->pairs[link->pair_count - 1].ai->qualifiers;
	bool has;

	if (p == NULL)
		return link->pair_count == 1 && number == 0;
	for (;;) {
		if (follows(link, p, number, &has) && (number == 0 || has))
			return true;
		p = strchr(p, '|');
		if (p == NULL)
			return false;
		p++;
	}
}

static int add_path(struct link *link)
{
	if (!in_order(link, 0))
		gw_element_warn(link->job, link->list, GW_WARN_URI_ORDER, NULL,
				link->pairs[0].value.from);
	for (int i = link->pair_count - 1; i >= 0; i--) {
		int status = add_value(link, &link->pairs[i], false);

		if (status != GW_OK)
			return status;
	}
	return GW_OK;
}

static bool all_digits(const char *data, struct span s)
{
	for (size_t i = s.from; i < s.end; i++)
		if (data[i] < '0' || data[i] > '9')
			return false;
	return s.end > s.from;
}

static int add_attribute(struct link *link, struct span name, struct span value)
{
	struct gw_scan_job *job = link->job;
	struct pair pair = {.value = value};
	char text[5] = "";

	if (!all_digits(job->data, name))
		return GW_OK;
	pair.ai = exact_ai(job->data, name, &pair.number);
	if (pair.ai == NULL) {
		if (name.end - name.from <= 4)
			memcpy(text, job->data + name.from, name.end - name.from);
		gw_element_warn(job, link->list, GW_WARN_AI_UNKNOWN, text, name.from);
		return GW_OK;
	}
	if (!pair.ai->attribute || in_order(link, pair.number))
		gw_element_warn(job, link->list, GW_WARN_URI_QUERY,
				gw_ai_text(text, pair.ai, pair.number), name.from);
	return add_value(link, &pair, true);
}

static int add_query(struct link *link, struct span query)
{
	const char *data = link->job->data;

	while (query.from < query.end) {
		size_t stop = find_char(data, query, '&');
		size_t equals = find_char(data, (struct span){query.from, stop}, '=');

		if (equals < stop) {
			int status = add_attribute(link, (struct span){query.from, equals},
						   (struct span){equals + 1, stop});

			if (status != GW_OK)
				return status;
		}
		query.from = stop + 1;
	}
	return GW_OK;
}

static int take_plain_link(struct gw_scan_job *job, size_t from, size_t end)
{
	int status = gw_scan_take_code(job, GW_SCAN_URI, from, end - from);

	if (status == GW_OK)
		gw_scan_warn(job->out, GW_WARN_URI_NO_KEY, NULL, from);
	return status;
}

int gw_uri_decode(struct gw_scan_job *job, size_t from, size_t end)
{
	const char *data = job->data;
	char room[ROOM_SIZE];
	struct gw_element_list list;
	struct link link = {.job = job, .list = &list, .room = room};
	struct span domain, path, query;
	size_t bad = find_foreign(data, (struct span){from, end}, 1);
	int status;

	list.count = 0;
	list.fault = false;
	if (bad < end)
		return gw_scan_refuse(job->out, (int)bad, "a character that no link may hold");
	domain.from = from + (data[from + 4] == ':' ? 7 : 8);
	domain.end = find_char(data, (struct span){domain.from, end}, '#');
	query = (struct span){find_char(data, domain, '?'), domain.end};
	domain.end = query.from;
	path = (struct span){find_char(data, domain, '/'), domain.end};
	domain.end = path.from;
	bad = find_foreign(data, domain, 2);
	if (bad < domain.end || domain.from == domain.end)
		return gw_scan_refuse(job->out, (int)bad, "a link without a proper domain");
	if (!find_key(&link, path))
		return take_plain_link(job, from, end);
	status = add_path(&link);
	query.from += query.from < query.end;
	if (status == GW_OK)
		status = add_query(&link, query);
	if (status == GW_OK)
		status = gw_element_finish(job, &list);
	if (status == GW_OK && job->out->kind == GW_SCAN_OTHER)
		job->out->kind = GW_SCAN_URI;
	return status;
}
