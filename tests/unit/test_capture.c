/* Captures: every byte with its time, and of a payment card nothing but its length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "scan/capture.h"
#include "scan/card.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CARD     "4111111111111111"

static struct gw_capture c;
static char text[65536];

static void line(void *ctx, const char *s, size_t len)
{
	(void)ctx;
	assert_true(strlen(text) + len < sizeof(text));
	assert_int_equal(strlen(s), len);
	assert_int_equal(s[len - 1], '\n');
	if (s[0] != '#' || strstr(s, "card was") != NULL)
		strcat(text, s[0] == '#' ? "#" : s);
}

static void begin(void)
{
	text[0] = '\0';
	gw_capture_begin(&c, line, NULL);
}

static void at(uint32_t ms, const char *s)
{
	gw_capture_bytes(&c, (const uint8_t *)s, strlen(s), ms);
}

/* Behind each time there is nothing but x and escaped controls. */
static void all_masked(void)
{
	assert_non_null(strchr(text, '#'));
	for (char *p = text; (p = strchr(p, ' ')) != NULL; p++)
		assert_int_equal(strspn(p + 1, "x"), strcspn(p + 1, "\\\n"));
}

static void writes_what_comes(void **state)
{
	(void)state;
	begin();
	at(500, "4006381333931\r\n");
	at(520, "a\\b\x02\xFF\t");
	assert_string_equal(text, "0 4006381333931\\x0D\\x0A\n20 a\\\\b\\x02\\xFF\\x09\n");
	/* a scanner without a terminator: the pauses are the lines */
	begin();
	at(1000, "4006381333931");
	at(1300, "96385074");
	at(1310, "!");
	at(3400, "last");
	assert_string_equal(text, "0 4006381333931\n300 96385074!\n");
	gw_capture_end(&c);
	gw_capture_end(&c);
	assert_string_equal(text, "0 4006381333931\n300 96385074!\n2400 last\n");
}

static void masks_cards(void **state)
{
	(void)state;
	begin();
	at(0, CARD "\r");
	assert_string_equal(text, "#0 xxxxxxxxxxxxxxxx\\x0D\n");
	/* in pieces, with pauses, between codes that are none */
	begin();
	at(0, "4006381333931");
	at(100, "41111111");
	at(250, "11111111");
	at(400, "96385074\r");
	assert_string_equal(text, "0 4006381333931\n#100 xxxxxxxx\n#250 xxxxxxxx\n"
				  "400 96385074\\x0D\n");
	/* typed by hand, a digit at a time: more pauses than there are parts */
	begin();
	for (uint32_t i = 0; i < 16; i++) {
		char digit[2] = {CARD[i], '\0'};

		at(i * 300, digit);
	}
	at(5000, "\r");
	all_masked();
	/* with parity bits */
	begin();
	at(0, "\xB4\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\xB1\r");
	assert_string_equal(text, "#0 xxxxxxxxxxxxxxxx\\x0D\n");
}

/* Issuers' beginnings with a right check digit, cut anywhere, with any pause below two seconds. */
static void never_leaks(void **state)
{
	static const char *const beginnings[] = {"4", "51", "55", "34", "37", "6011", "65", "353"};
	uint64_t seed = random_seed();

	(void)state;
	for (int round = 0; round < 3000; round++) {
		const char *b = beginnings[random_below(&seed, COUNT(beginnings))];
		size_t len = strcmp(b, "34") == 0 || strcmp(b, "37") == 0 ? 15 : 16, sum = 0,
		       n = strlen(b);
		uint32_t ms = 0;
		char pan[20];

		memcpy(pan, b, n);
		for (; n < len - 1; n++)
			pan[n] = (char)('0' + random_below(&seed, 10));
		for (size_t i = 0; i < len - 1; i++) {
			size_t d = (size_t)(pan[len - 2 - i] - '0') * (i % 2 == 0 ? 2 : 1);

			sum += d > 9 ? d - 9 : d;
		}
		pan[len - 1] = (char)('0' + (10 - sum % 10) % 10);
		pan[len] = '\0';
		assert_true(gw_card_seen(pan, len)); /* else this test shows nothing */
		begin();
		for (size_t from = 0; from < len;) {
			size_t take = 1 + random_below(&seed, (uint32_t)(len - from));

			gw_capture_bytes(&c, (const uint8_t *)pan + from, take, ms);
			from += take;
			ms += random_below(&seed, GW_CAPTURE_PAUSE_MS);
		}
		gw_capture_end(&c);
		all_masked();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_comes),
		cmocka_unit_test(masks_cards),
		cmocka_unit_test(never_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
