#include "base/money.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "goeswith/status.h"

#define LIMIT 1000000000000000LL

int gw_money_parse(const char *text, size_t len, int decimals, int64_t *minor)
{
	size_t i = 0;
	bool negative = false, point = false;
	int seen = 0, digits = 0;
	int64_t n = 0;

	*minor = 0;
	if (len > 0 && (text[0] == '-' || text[0] == '+'))
		negative = text[i++] == '-';
	for (; i < len; i++) {
		if (text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return GW_E_INPUT;
		digits++;
		if (point && seen == decimals) {
			if (text[i] != '0')
				return GW_E_INPUT;
			continue;
		}
		seen += point;
		n = n * 10 + (text[i] - '0');
		if (n > LIMIT)
			return GW_E_INPUT;
	}
	if (digits == 0)
		return GW_E_INPUT;
	for (; seen < decimals; seen++)
		n *= 10;
	if (n > LIMIT)
		return GW_E_INPUT;
	*minor = negative ? -n : n;
	return GW_OK;
}

char *gw_money_format(char out[GW_MONEY_MAX], int64_t minor, int decimals)
{
	uint64_t n = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
	char digits[GW_MONEY_MAX];
	size_t at = sizeof(digits) - 1, places = 0;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
		if (++places == (size_t)decimals)
			digits[--at] = '.';
	} while (n > 0 || places <= (size_t)decimals);
	if (minor < 0)
		digits[--at] = '-';
	return memcpy(out, digits + at, sizeof(digits) - at);
}

int gw_money_decimals(const char *currency)
{
	/* ISO 4217 list one, minor units other than 2. */
	static const char *const zero =
		"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
	static const char *const three = "BHD IQD JOD KWD LYD OMR TND";
	static const char *const four = "CLF UYW";

	if (strlen(currency) != 3)
		return 2;
	if (strstr(zero, currency) != NULL)
		return 0;
	if (strstr(three, currency) != NULL)
		return 3;
	return strstr(four, currency) != NULL ? 4 : 2;
}
