#include "scan/gtin.h"

#include <string.h>

#include "goeswith/status.h"

bool gw_digits_only(const char *digits, size_t n)
{
	unsigned bad = 0;

	/* No early way out: this lets the compiler use vectors. */
	for (size_t i = 0; i < n; i++)
		bad |= (unsigned)((unsigned char)(digits[i] - '0') > 9);
	return bad == 0;
}

int gw_gtin_check_digit(const char *payload, size_t n)
{
	unsigned threes = 0, ones = 0;
	size_t i = n;

	for (; i >= 2; i -= 2) {
		threes += (unsigned)(payload[i - 1] - '0');
		ones += (unsigned)(payload[i - 2] - '0');
	}
	if (i == 1)
		threes += (unsigned)(payload[0] - '0');
	return (int)((10 - (3 * threes + ones) % 10) % 10);
}

bool gw_gtin_valid(const char *digits, size_t n)
{
	return gw_gtin_check_digit(digits, n - 1) == digits[n - 1] - '0';
}

/* The weighting products of GenSpecs 7.9.2, modulo 10: two times less its tens, and so on. */
static int two_minus(char c)
{
	int product = 2 * (c - '0');

	return product - product / 10;
}

static int five_plus(char c)
{
	int product = 5 * (c - '0');

	return product + product / 10;
}

static int five_minus(char c)
{
	int product = 5 * (c - '0');

	return product - product / 10;
}

static int verifier_of_4(const char *d)
{
	int sum = two_minus(d[0]) + two_minus(d[1]) + 3 * (d[2] - '0') + five_minus(d[3]);

	return 3 * sum % 10;
}

static int verifier_of_5(const char *d)
{
	int sum = five_plus(d[0]) + two_minus(d[1]) + five_minus(d[2]) + five_plus(d[3]) +
		  two_minus(d[4]);

	for (int digit = 0; digit <= 9; digit++)
		if ((sum + five_minus((char)('0' + digit))) % 10 == 0)
			return digit;
	return -1;
}

int gw_gtin_verifier(const char *field, size_t n)
{
	switch (n) {
	case 4:
		return verifier_of_4(field);
	case 5:
		return verifier_of_5(field);
	default:
		return -1;
	}
}

int gw_gtin_normalise(char out[GW_GTIN_SIZE], const char *digits, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", digits[0]) != NULL && digits[0] != '\0')
		digits++, n--;
	while (n > 0 && strchr(" \t\r\n", digits[n - 1]) != NULL && digits[n - 1] != '\0')
		n--;
	if ((n != 8 && n != 12 && n != 13 && n != 14) || !gw_digits_only(digits, n) ||
	    !gw_gtin_valid(digits, n))
		return GW_E_INPUT;
	memset(out, '0', 14 - n);
	memcpy(out + 14 - n, digits, n);
	out[14] = '\0';
	return GW_OK;
}

/*
 * The last of the six digits says where the zeros were; each spelling but one of the shortest is
 * refused, so that a number has one UPC-E only.
 */
static bool spread(char out[13], char system, const char d[6])
{
	out[0] = system;
	memset(out + 1, '0', 10);
	if (d[5] <= '2') {
		memcpy(out + 1, d, 2);
		out[3] = d[5];
		memcpy(out + 8, d + 2, 3);
		return true;
	}
	if (d[5] == '3') {
		memcpy(out + 1, d, 3);
		memcpy(out + 9, d + 3, 2);
		return d[2] > '2';
	}
	if (d[5] == '4') {
		memcpy(out + 1, d, 4);
		out[10] = d[4];
		return d[3] != '0';
	}
	memcpy(out + 1, d, 5);
	out[10] = d[5];
	return d[4] != '0';
}

int gw_upce_expand(char out[13], const char *digits, size_t n)
{
	char system = n > 6 ? digits[0] : '0';

	if (n < 6 || n > 8 || !gw_digits_only(digits, n) || system > '1' ||
	    !spread(out, system, digits + (n > 6)))
		return GW_E_INPUT;
	out[11] = (char)('0' + gw_gtin_check_digit(out, 11));
	out[12] = '\0';
	return n == 8 && out[11] != digits[7] ? GW_E_INPUT : GW_OK;
}

int gw_upce_shorten(char out[9], const char *upca)
{
	const char *m = upca + 1, *p = upca + 6; /* manufacturer, product */

	if (!gw_digits_only(upca, 12) || upca[0] > '1' || !gw_gtin_valid(upca, 12))
		return GW_E_INPUT;
	out[0] = upca[0];
	out[7] = upca[11];
	out[8] = '\0';
	memcpy(out + 1, m, 5);
	if (m[2] <= '2' && m[3] == '0' && m[4] == '0' && p[0] == '0' && p[1] == '0') {
		memcpy(out + 3, p + 2, 3);
		out[6] = m[2];
	} else if (m[3] == '0' && m[4] == '0' && memcmp(p, "000", 3) == 0) {
		memcpy(out + 4, p + 3, 2);
		out[6] = '3';
	} else if (m[4] == '0' && memcmp(p, "0000", 4) == 0) {
		out[5] = p[4];
		out[6] = '4';
	} else if (memcmp(p, "0000", 4) == 0 && p[4] >= '5') {
		out[6] = p[4];
	} else {
		return GW_E_INPUT;
	}
	return GW_OK;
}

/* Prefix 000-999 of a number whose EAN-13 form begins at p. */
static enum gw_gtin_class class_of_13(const char *p)
{
	int prefix = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');

	if (prefix >= 200 && prefix < 300)
		return GW_CLASS_RCN_REGION;
	if (prefix >= 400)
		switch (prefix) {
		case 977:
			return GW_CLASS_ISSN;
		case 978:
			return GW_CLASS_ISBN;
		case 979:
			return p[3] == '0' ? GW_CLASS_ISMN : GW_CLASS_ISBN;
		case 980:
			return GW_CLASS_REFUND;
		default:
			return prefix >= 990 || (prefix >= 981 && prefix <= 984) ? GW_CLASS_COUPON
										 : GW_CLASS_GTIN13;
		}
	if (prefix >= 100)
		return GW_CLASS_GTIN13;
	switch (prefix / 10) {
	case 2:
		return GW_CLASS_RCN_REGION;
	case 4:
		return GW_CLASS_RCN_COMPANY;
	case 5:
		return GW_CLASS_COUPON;
	default:
		return GW_CLASS_GTIN12;
	}
}

enum gw_gtin_class gw_gtin_class(const char *gtin14)
{
	if (gtin14[0] != '0')
		return GW_CLASS_GTIN14;
	if (memcmp(gtin14, "000000", 6) != 0)
		return class_of_13(gtin14 + 1);
	return gtin14[6] == '0' || gtin14[6] == '2' ? GW_CLASS_RCN_COMPANY : GW_CLASS_GTIN8;
}

/* Copies the digits (and a last X where allowed) of text without blanks and hyphens. */
static size_t squeeze(char *out, size_t size, const char *text, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '-' || text[i] == ' ')
			continue;
		if (len == size)
			return size + 1;
		out[len++] = text[i] == 'x' ? 'X' : text[i];
	}
	return len;
}

/* ISO 2108 and ISO 3297: weights n..2, modulo 11, X is 10. */
static bool modulo_11(const char *d, size_t n)
{
	unsigned sum = 0;

	if (!gw_digits_only(d, n - 1) || !(gw_digits_only(d + n - 1, 1) || d[n - 1] == 'X'))
		return false;
	for (size_t i = 0; i < n; i++)
		sum += (unsigned)(n - i) * (d[i] == 'X' ? 10u : (unsigned)(d[i] - '0'));
	return sum % 11 == 0;
}

static void close_13(char out[14])
{
	out[12] = (char)('0' + gw_gtin_check_digit(out, 12));
	out[13] = '\0';
}

int gw_isbn10_to_13(char out[14], const char *text, size_t n)
{
	char d[10];

	if (squeeze(d, sizeof(d), text, n) != sizeof(d) || !modulo_11(d, sizeof(d)))
		return GW_E_INPUT;
	memcpy(out, "978", 4);
	memcpy(out + 3, d, 9);
	close_13(out);
	return GW_OK;
}

int gw_issn_to_13(char out[14], const char *text, size_t n, const char *variant)
{
	char d[8];

	if (squeeze(d, sizeof(d), text, n) != sizeof(d) || !modulo_11(d, sizeof(d)) ||
	    strlen(variant) != 2 || !gw_digits_only(variant, 2))
		return GW_E_INPUT;
	memcpy(out, "977", 4);
	memcpy(out + 3, d, 7);
	memcpy(out + 10, variant, 2);
	close_13(out);
	return GW_OK;
}

int gw_issn_from_13(char out[10], const char *ean13)
{
	unsigned sum = 0;

	if (strlen(ean13) != 13 || !gw_digits_only(ean13, 13) || !gw_gtin_valid(ean13, 13) ||
	    memcmp(ean13, "977", 3) != 0)
		return GW_E_INPUT;
	for (unsigned i = 0; i < 7; i++)
		sum += (8 - i) * (unsigned)(ean13[3 + i] - '0');
	memcpy(out, ean13 + 3, 4);
	out[4] = '-';
	memcpy(out + 5, ean13 + 7, 3);
	out[8] = "0123456789X"[(11 - sum % 11) % 11];
	out[9] = '\0';
	return GW_OK;
}
