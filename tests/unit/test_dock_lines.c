/* firmware/board/cortexm/lines.c with the test in place of the interrupts: they come when it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "firmware/board/cortexm/lines.c"

static struct {
	struct gw_uart scanner, till;
	uint8_t scanner_rx[16], till_tx[16];
	bool can_send;
	unsigned offs, strike_at; /* how often they were masked; when the scanner's handler runs */
	char wire[64];            /* what the till's transmitter was given */
	size_t wire_len;
} m;

static int begin(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	m.scanner.rx = (struct gw_queue){m.scanner_rx, 15, 65530, 65530};
	m.till.tx = (struct gw_queue){m.till_tx, 15, 65530, 65530};
	return 0;
}

struct gw_uart *gw_line(enum gw_board_line line)
{
	return line == GW_BOARD_SCANNER ? &m.scanner : line == GW_BOARD_TILL ? &m.till : NULL;
}

bool gw_uart_can_send(const struct gw_uart *u)
{
	return u == &m.till && m.can_send;
}

void gw_uart_send(const struct gw_uart *u, uint8_t byte)
{
	(void)u;
	m.wire[m.wire_len++] = (char)byte;
}

void gw_uart_want_room(const struct gw_uart *u, bool wanted)
{
	(void)u;
	(void)wanted;
}

void gw_irq_off(void)
{
	m.offs++;
}

void gw_irq_on(void)
{
	if (m.offs == m.strike_at) {
		gw_queue_put(&m.scanner.rx, 'S');
		gw_lines_forward(&m.till, 'S');
	}
}

void gw_wait_for_interrupt(void)
{
}

static const uint8_t code[] = "40063";

/* A scanner's byte that comes at any moment of an injection reaches the till, whole and alone. */
static void test_a_scan_during_an_injection(void **state)
{
	unsigned most;

	assert_int_equal(gw_board_put_quiet(code, 5), 5);
	most = m.offs;
	for (unsigned at = 1; at <= most; at++)
		for (unsigned busy = 0; busy < 2; busy++) {
			size_t put;

			begin(state);
			m.strike_at = at;
			m.can_send = busy == 0; /* else the byte waits in the queue */
			put = gw_board_put_quiet(code, 5);
			assert_int_equal(put, at == most ? 5 : 0);
			m.can_send = true;
			gw_board_poll();
			assert_string_equal(m.wire, at == most ? "40063S" : "S");
		}
	/* Each of the code's bytes is a moment of its own. */
	assert_int_equal(most, 6);
}

static void hear(const char *bytes)
{
	while (*bytes != '\0')
		if (*bytes++ == '!')
			gw_uart_error(&m.scanner);
		else
			assert_true(gw_queue_put(&m.scanner.rx, (uint8_t)bytes[-1]));
}

static void read_as(const char *want)
{
	char got[64];
	size_t n = 0;

	for (unsigned i = 0; i < 16; i++) {
		bool error = false;

		n += gw_board_get(GW_BOARD_SCANNER, (uint8_t *)got + n, 8, &error);
		if (error)
			got[n++] = '!';
	}
	got[n] = '\0';
	assert_string_equal(got, want);
}

/* Errors are told where they were; between two of them nothing is trusted. */
static void test_errors_keep_their_place(void **state)
{
	static const char *const rows[][2] = {
		{"abc", "abc"}, {"ab!c", "ab!c"},      {"!", "!"},
		{"a!", "a!"},   {"a!bc!d", "a!b!c!d"}, {"!!a", "!a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(state);
		hear(rows[i][0]);
		read_as(rows[i][1]);
		assert_false(m.scanner.error);
	}
}

/* The error and a byte come after the look for an error and before the look for a byte. */
static void test_an_error_just_passed_is_told(void **state)
{
	bool error = false;

	(void)state;
	hear("!ab");
	m.scanner.rx.out++;
	assert_int_equal(gw_board_get(GW_BOARD_SCANNER, (uint8_t[8]){0}, 8, &error), 0);
	assert_true(error);
	assert_false(m.scanner.error);
	read_as("b");
	/* Else the till's line never counts as quiet again. */
	m.can_send = true;
	assert_int_equal(gw_board_put_quiet(code, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_scan_during_an_injection, begin),
		cmocka_unit_test_setup(test_errors_keep_their_place, begin),
		cmocka_unit_test_setup(test_an_error_just_passed_is_told, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
