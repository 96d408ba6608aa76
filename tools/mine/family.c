#include "tools/mine/family.h"

#include <ctype.h>
#include <string.h>

#define WORDS_MAX 32

struct words {
	const char *at[WORDS_MAX];
	int len[WORDS_MAX], count;
};

/* Letters, digits and all of UTF-8 beyond ASCII make words; a point stays between digits. */
static bool in_word(const char *text, const char *p)
{
	unsigned char c = (unsigned char)*p;

	if (c >= 0x80 || isalnum(c))
		return true;
	return (c == '.' || c == ',') && p > text && isdigit((unsigned char)p[-1]) &&
	       isdigit((unsigned char)p[1]);
}

static void split(struct words *w, const char *text)
{
	w->count = 0;
	for (const char *p = text; *p != '\0' && w->count < WORDS_MAX;) {
		const char *start = p;

		while (*p != '\0' && in_word(text, p))
			p++;
		if (p > start) {
			w->at[w->count] = start;
			w->len[w->count++] = (int)(p - start);
		} else {
			p++;
		}
	}
}

static bool same_word(const struct words *a, int i, const struct words *b, int j)
{
	return a->len[i] == b->len[j] && strncasecmp(a->at[i], b->at[j], (size_t)a->len[i]) == 0;
}

static bool all_sizes(const struct words *w, int from, int to)
{
	for (int i = from; i < to; i++)
		if (strcspn(w->at[i], "0123456789") >= (size_t)w->len[i])
			return false;
	return true;
}

bool gw_names_are_variants(const char *a, const char *b)
{
	struct words x, y;
	int shorter, front = 0, back = 0;

	split(&x, a);
	split(&y, b);
	shorter = x.count < y.count ? x.count : y.count;
	while (front < shorter && same_word(&x, front, &y, front))
		front++;
	while (front + back < shorter && same_word(&x, x.count - 1 - back, &y, y.count - 1 - back))
		back++;
	if (front + back == 0)
		return false;
	if (front + back >= 2 && 2 * (front + back) >= shorter)
		return true;
	return all_sizes(&x, front, x.count - back) && all_sizes(&y, front, y.count - back);
}

bool gw_codes_are_variants(const char *a, const char *b)
{
	size_t digits = strspn(a, "0123456789");

	return digits >= 4 && strncmp(a, b, digits) == 0 && !isdigit((unsigned char)b[digits]) &&
	       strlen(a) <= digits + 2 && strlen(b) <= digits + 2;
}

bool gw_same_family(const struct gw_sales *s, uint32_t a, uint32_t b)
{
	const struct gw_item_facts *x = &s->facts[a], *y = &s->facts[b];

	if (x->family != GW_DICT_NONE && y->family != GW_DICT_NONE)
		return x->family == y->family;
	return gw_codes_are_variants(gw_dict_text(&s->items, a), gw_dict_text(&s->items, b)) ||
	       gw_names_are_variants(gw_sales_name(s, a), gw_sales_name(s, b));
}
