/*
 * Restricted circulation numbers with a price, weight or count inside.  A rule is a row of places:
 * a digit stands for itself, I for the item, N for the value, V for its verifier digit, X for a
 * digit nobody looks at, C for the check digit.  Rules of the shop come first, then those of its
 * region; without a rule the number is opaque, which is always safe.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "scan/gtin.h"
#include "scan/parse.h"

struct region {
	const char *name, *code;
	const struct gw_scan_pattern *rules;
	size_t count;
};

#define PRICE  GW_MEASURE_PRICE
#define WEIGHT GW_MEASURE_WEIGHT
#define COUNT  GW_MEASURE_COUNT

/* GS1 Denmark, "GTIN-13 pris" and "GTIN-13 vægt". */
static const struct gw_scan_pattern denmark[] = {
	{13, PRICE, 2, "21IIIINNNNNNC", "DKK"}, {13, PRICE, 2, "22IIIINNNNNNC", "DKK"},
	{13, PRICE, 2, "23IIIINNNNNNC", "DKK"}, {13, PRICE, 2, "24IIIINNNNNNC", "DKK"},
	{13, WEIGHT, 3, "26IIIINNNNNNC", "kg"}, {13, WEIGHT, 3, "27IIIIINNNNNC", "kg"},
	{13, WEIGHT, 3, "28IIIINNNNNNC", "kg"},
};
/* GS1 Latvia, "Variable measure in Latvia"; the same in Estonia, Lithuania and (GS1 Finland). */
static const struct gw_scan_pattern baltic[] = {
	{13, WEIGHT, 3, "23IIIIIINNNNC", "kg"},
	{13, WEIGHT, 2, "24IIIIIINNNNC", "kg"},
	{13, WEIGHT, 1, "25IIIIIINNNNC", "kg"},
};
/* GS1 Germany, "Globale Artikelnummer (GTIN) in der Anwendung" and SAN-4. */
static const struct gw_scan_pattern germany[] = {
	{13, PRICE, 2, "22IIIIVNNNNNC", "EUR"}, {13, PRICE, 2, "23IIIIVNNNNNC", "EUR"},
	{13, COUNT, 0, "25IIIIVNNNNNC", "pcs"}, {13, COUNT, 0, "26IIIIVNNNNNC", "pcs"},
	{13, WEIGHT, 3, "28IIIIVNNNNNC", "kg"}, {13, WEIGHT, 3, "29IIIIVNNNNNC", "kg"},
};
/* GS1 UK, "How to barcode variable measure items". */
static const struct gw_scan_pattern great_britain[] = {
	{13, PRICE, 2, "20IIIIIVNNNNC", "GBP"},
};
/* GS1 Sweden, "How do I create my variable weight numbers"; Norwegian goods follow it. */
static const struct gw_scan_pattern sweden[] = {
	{13, PRICE, 2, "20IIIIIINNNNC", "SEK"}, {13, PRICE, 1, "21IIIIIINNNNC", "SEK"},
	{13, PRICE, 0, "22IIIIIINNNNC", "SEK"}, {13, WEIGHT, 3, "23IIIIIINNNNC", "kg"},
	{13, WEIGHT, 2, "24IIIIIINNNNC", "kg"}, {13, WEIGHT, 1, "25IIIIIINNNNC", "kg"},
};
static const struct gw_scan_pattern norway[] = {
	{13, PRICE, 2, "20IIIIIINNNNC", "NOK"}, {13, PRICE, 1, "21IIIIIINNNNC", "NOK"},
	{13, PRICE, 0, "22IIIIIINNNNC", "NOK"}, {13, WEIGHT, 3, "23IIIIIINNNNC", "kg"},
	{13, WEIGHT, 2, "24IIIIIINNNNC", "kg"}, {13, WEIGHT, 1, "25IIIIIINNNNC", "kg"},
};
/* GS1 US, random weight UPC-A, number system 2. */
static const struct gw_scan_pattern united_states[] = {
	{12, PRICE, 2, "2IIIIIVNNNNC", "USD"},
};

#undef PRICE
#undef WEIGHT
#undef COUNT

#define RULES(a) (a), sizeof(a) / sizeof((a)[0])

static const struct region regions[] = {
	[GW_REGION_NONE] = {"none", "", NULL, 0},
	[GW_REGION_DENMARK] = {"denmark", "dk", RULES(denmark)},
	[GW_REGION_ESTONIA] = {"estonia", "ee", RULES(baltic)},
	[GW_REGION_FINLAND] = {"finland", "fi", RULES(baltic)},
	[GW_REGION_GERMANY] = {"germany", "de", RULES(germany)},
	[GW_REGION_GREAT_BRITAIN] = {"great_britain", "gb", RULES(great_britain)},
	[GW_REGION_LATVIA] = {"latvia", "lv", RULES(baltic)},
	[GW_REGION_LITHUANIA] = {"lithuania", "lt", RULES(baltic)},
	[GW_REGION_NORWAY] = {"norway", "no", RULES(norway)},
	[GW_REGION_SWEDEN] = {"sweden", "se", RULES(sweden)},
	[GW_REGION_UNITED_STATES] = {"united_states", "us", RULES(united_states)},
};

#define REGION_COUNT (sizeof(regions) / sizeof(regions[0]))

static bool same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		char x = *a == ' ' || *a == '-' ? '_' : (char)tolower((unsigned char)*a);

		if (x != *b)
			return false;
		if (x == '\0')
			return true;
	}
}

int gw_scan_region_find(const char *name, enum gw_scan_region *region)
{
	for (size_t i = 0; i < REGION_COUNT; i++)
		if (same_name(name, regions[i].name) ||
		    (regions[i].code[0] != '\0' && same_name(name, regions[i].code))) {
			*region = (enum gw_scan_region)i;
			return GW_OK;
		}
	return GW_E_NOT_FOUND;
}

const char *gw_scan_region_name(enum gw_scan_region region)
{
	return (size_t)region < REGION_COUNT ? regions[region].name : NULL;
}

static bool fits(const struct gw_scan_pattern *p, const char *gtin14)
{
	const char *digits = gtin14 + 14 - p->len;

	for (const char *c = gtin14; c < digits; c++)
		if (*c != '0')
			return false;
	for (int i = 0; i < p->len; i++)
		if (p->at[i] >= '0' && p->at[i] <= '9' && p->at[i] != digits[i])
			return false;
	return true;
}

/* Reads the value and zeroes it, with its verifier digit (that of a zero is 0). */
static void apply(const struct gw_scan_pattern *p, struct gw_scan *out, size_t at)
{
	char *digits = out->gtin + 14 - p->len, value[GW_SCAN_PATTERN_MAX];
	int verifier = -1;
	size_t n = 0;

	out->measure.value = 0;
	for (int i = 0; i < p->len; i++) {
		char *d = &digits[i];

		if (p->at[i] == 'N')
			value[n++] = *d;
		else if (p->at[i] == 'V')
			verifier = *d - '0';
		else if (p->at[i] != 'X')
			continue;
		*d = '0';
	}
	for (size_t i = 0; i < n; i++)
		out->measure.value = out->measure.value * 10 + (value[i] - '0');
	if (verifier >= 0 && verifier != gw_gtin_verifier(value, n))
		gw_scan_warn(out, GW_WARN_VERIFIER, NULL, at);
	digits[p->len - 1] = (char)('0' + gw_gtin_check_digit(digits, p->len - 1u));
	out->measure.type = (enum gw_scan_measure_type)p->type;
	out->measure.decimals = p->decimals;
	memcpy(out->measure.unit, p->unit, sizeof(p->unit));
}

void gw_scan_read_measure(const struct gw_scan_config *config, struct gw_scan *out, size_t at)
{
	const struct region *region;

	for (int i = 0; i < config->pattern_count; i++)
		if (fits(&config->patterns[i], out->gtin)) {
			apply(&config->patterns[i], out, at);
			return;
		}
	if ((size_t)config->region >= REGION_COUNT ||
	    gw_gtin_class(out->gtin) != GW_CLASS_RCN_REGION)
		return;
	region = &regions[config->region];
	for (size_t i = 0; i < region->count; i++)
		if (fits(&region->rules[i], out->gtin)) {
			apply(&region->rules[i], out, at);
			return;
		}
}

static int bad_pattern(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s", what);
	return GW_E_INPUT;
}

/* A rule's places as they were spelled, in canonical letters. */
struct spelling {
	char places[GW_SCAN_PATTERN_MAX + 1];
	size_t len;    /* GW_SCAN_PATTERN_MAX + 1: too many */
	int fractions; /* places of D */
	bool price, weight, braces;
};

/*
 * Also takes the spelling of other till software, "21.....{NNDDD}": a dot for the item, braces
 * around the value, D behind its decimal point, and no place for the check digit.
 */
static void spell(struct spelling *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len && s->len <= GW_SCAN_PATTERN_MAX; i++) {
		char c = (char)toupper((unsigned char)text[i]);

		if (c == '{' || c == '}') {
			s->braces = true;
			continue;
		}
		s->fractions += c == 'D';
		s->price |= c == 'P';
		s->weight |= c == 'W';
		s->places[s->len++] = (char)(c == '.' ? 'I' : strchr("DPW", c) != NULL ? 'N' : c);
	}
	if (s->braces && s->len > 0 && s->places[s->len - 1] != 'C' &&
	    (s->len == 7 || (s->len >= 11 && s->len <= 13)))
		s->places[s->len++] = 'C';
}

/* Checks the places and stores them. */
static int take_places(struct gw_scan_pattern *p, const struct spelling *s, char *why,
		       size_t why_size)
{
	size_t values = 0, verifiers = 0, items = 0;

	if (s->len != 8 && s->len != 12 && s->len != 13 && s->len != 14)
		return bad_pattern(why, why_size, "a pattern has 8, 12, 13 or 14 places");
	for (size_t i = 0; i < s->len; i++) {
		char c = s->places[i];

		if (!isdigit((unsigned char)c) && (c == '\0' || strchr("INVXC", c) == NULL))
			return bad_pattern(why, why_size,
					   "a place is a digit or one of I N P V X C");
		if ((c == 'C') != (i + 1 == s->len))
			return bad_pattern(why, why_size, "C is the last place and no other");
		values += c == 'N';
		verifiers += c == 'V';
		items += c == 'I';
		p->at[i] = c;
	}
	p->len = (uint8_t)s->len;
	if (values == 0 || items == 0)
		return bad_pattern(why, why_size,
				   "a pattern needs I for the item and N for the value");
	if (verifiers > 1 || (verifiers == 1 && values != 4 && values != 5))
		return bad_pattern(why, why_size, "V is one digit and verifies 4 or 5 digits of N");
	return GW_OK;
}

/* Next word of *text, cut at size; returns its length in the text. */
static size_t next_word(const char **text, char *word, size_t size)
{
	size_t n;

	*text += strspn(*text, " \t");
	n = strcspn(*text, " \t");
	snprintf(word, size, "%.*s", (int)(n < 64 ? n : 64), *text);
	*text += n;
	return n;
}

/* The measure by its name, or by the letters of the value: P price, W weight, two or three D. */
static int take_type(struct gw_scan_pattern *p, const struct spelling *s, const char *word,
		     char *why, size_t why_size)
{
	if (word[0] == '\0' && (s->price || s->fractions == 2))
		p->type = GW_MEASURE_PRICE;
	else if (word[0] == '\0' && (s->weight || s->fractions == 3))
		p->type = GW_MEASURE_WEIGHT;
	for (int t = GW_MEASURE_PRICE; t <= GW_MEASURE_COUNT; t++)
		if (strcmp(word, gw_scan_measure_name((enum gw_scan_measure_type)t)) == 0)
			p->type = (uint8_t)t;
	if (p->type == GW_MEASURE_NONE)
		return bad_pattern(why, why_size, "the measure is price, weight or count");
	if (s->fractions > 6)
		return bad_pattern(why, why_size, "decimals are 0 to 6");
	p->decimals = (uint8_t)(s->fractions > 0               ? s->fractions
				: p->type == GW_MEASURE_PRICE  ? 2
				: p->type == GW_MEASURE_WEIGHT ? 3
							       : 0);
	return GW_OK;
}

int gw_scan_pattern_parse(struct gw_scan_pattern *pattern, const char *text, char *why,
			  size_t why_size)
{
	struct spelling spelling = {0};
	char word[24];
	size_t len;
	int status;

	memset(pattern, 0, sizeof(*pattern));
	len = next_word(&text, word, sizeof(word));
	spell(&spelling, word, len < sizeof(word) ? len : 0);
	status = take_places(pattern, &spelling, why, why_size);
	next_word(&text, word, sizeof(word));
	if (status == GW_OK)
		status = take_type(pattern, &spelling, word, why, why_size);
	len = next_word(&text, word, sizeof(word));
	if (status == GW_OK && len > 0) {
		if (len != 1 || word[0] < '0' || word[0] > '6')
			return bad_pattern(why, why_size, "decimals are 0 to 6");
		pattern->decimals = (uint8_t)(word[0] - '0');
	}
	len = next_word(&text, word, sizeof(word));
	if (status == GW_OK && len >= sizeof(pattern->unit))
		return bad_pattern(why, why_size, "the unit has at most 3 characters");
	if (status == GW_OK && next_word(&text, pattern->unit, sizeof(pattern->unit)) > 0)
		return bad_pattern(why, why_size,
				   "expected PLACES price|weight|count [DECIMALS [UNIT]]");
	if (status == GW_OK)
		memcpy(pattern->unit, word, len + 1);
	return status;
}
