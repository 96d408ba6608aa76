#include "scan/card.h"

#include <stdint.h>
#include <string.h>

enum { DIGITS_MIN = 14, DIGITS_MAX = 19, TRACK_DIGITS_MIN = 12 };

/* Issuer ranges over the first six digits, with the lengths issued. */
static const struct {
	uint32_t first, last;
	uint8_t shortest, longest;
	const char *brand;
} issuers[] = {
	{400000, 499999, 16, 19, "Visa"},
	{510000, 559999, 16, 16, "Mastercard"},
	{222100, 272099, 16, 16, "Mastercard"},
	{340000, 349999, 15, 15, "American Express"},
	{370000, 379999, 15, 15, "American Express"},
	{300000, 305999, 14, 19, "Diners Club"},
	{309500, 309599, 14, 19, "Diners Club"},
	{360000, 369999, 14, 19, "Diners Club"},
	{380000, 399999, 14, 19, "Diners Club"},
	{352800, 358999, 16, 19, "JCB"},
	{353000, 353999, 16, 16, "RuPay"},
	{500000, 509999, 14, 19, "Maestro, Verve, RuPay"},
	{560000, 589999, 14, 19, "Maestro"},
	{600000, 699999, 14, 19, "Maestro, Discover, UnionPay, RuPay, Troy"},
	{810000, 829999, 16, 19, "UnionPay, RuPay"},
	{220000, 220499, 16, 19, "Mir"},
	{979200, 979289, 16, 16, "Troy"},
	{100000, 199999, 15, 15, "UATP"},
};

static bool luhn(const char *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digits[n - 1 - i] - '0');

		if (i % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

static bool is_card_number(const char *digits, size_t n)
{
	uint32_t head = 0;

	if (n < DIGITS_MIN || n > DIGITS_MAX || !luhn(digits, n))
		return false;
	for (size_t i = 0; i < 6; i++)
		head = head * 10 + (uint32_t)(digits[i] - '0');
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (head >= issuers[i].first && head <= issuers[i].last &&
		    n >= issuers[i].shortest && n <= issuers[i].longest)
			return true;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits of the run that begins at data[0], single blanks or hyphens between them left out. */
static size_t run_of(char digits[DIGITS_MAX + 1], const char *data, size_t len, size_t *used)
{
	size_t n = 0, i = 0;

	while (i < len) {
		if (is_digit(data[i])) {
			if (n <= DIGITS_MAX)
				digits[n++] = data[i];
			else
				n = DIGITS_MAX + 1;
		} else if ((data[i] != ' ' && data[i] != '-') || i + 1 == len ||
			   !is_digit(data[i + 1])) {
			break;
		}
		i++;
	}
	*used = i;
	return n;
}

static bool is_track(const char *data, size_t len)
{
	size_t n = 0, i = 1;
	bool first = data[0] == '%';
	char end = first ? '^' : '=';

	if (first && (len < 2 || (data[1] != 'B' && data[1] != 'b')))
		return false;
	for (i += first; i < len && (is_digit(data[i]) || data[i] == ' '); i++)
		n += data[i] != ' ';
	return n >= TRACK_DIGITS_MIN && n <= DIGITS_MAX && i < len && data[i] == end;
}

bool gw_card_seen(const char *data, size_t len)
{
	char digits[DIGITS_MAX + 1];
	bool seen = false;

	if (len < TRACK_DIGITS_MIN)
		return false;
	for (size_t i = 0; i < len && !seen; i++) {
		size_t used;

		if (data[i] == '%' || data[i] == ';')
			seen = is_track(data + i, len - i);
		if (!is_digit(data[i]))
			continue;
		seen = is_card_number(digits, run_of(digits, data + i, len - i, &used));
		i += used - 1;
	}
	explicit_bzero(digits, sizeof(digits));
	return seen;
}
