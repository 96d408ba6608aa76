/* How a dock is: one list of figures for the socket, for --json and for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "port/dock_report.h"

static struct gw_dock_report from_hello(void)
{
	const struct gw_link_hello hello = {
		.session = 0xFFFFFFFF,
		.base = 7,
		.next = 9,
		.minor = 2,
		.caps = GW_LINK_CAP_TILL | GW_LINK_CAP_FLASH,
		.state = GW_LINK_ST_SCANNER | GW_LINK_ST_STARTING,
		.version = {1, 2, 3},
		.board = "stm32f1",
		.unit = {0x30, 0xFF, 0, 0, 0, 0, 0, 1},
		.ring_kib_x16 = 67,
		.up_s = 90,
	};
	struct gw_dock_report r;

	gw_dock_report_hello(&r, &hello);
	return r;
}

/* Every figure goes over the socket and back, whatever it is called. */
static void survives_the_socket(void **state)
{
	struct gw_dock_report in = from_hello(), out;
	char room[GW_DOCK_REPORT_JSON];
	struct gw_text t = gw_text_over(room, sizeof(room));
	int64_t n = 1000000007;

	(void)state;
#define FILL(name) in.name = n++;
	GW_DOCK_REPORT_INTS(FILL)
	GW_DOCK_REPORT_SEEN(FILL)
#undef FILL
#define FLIP(name) in.name = !in.name;
	GW_DOCK_REPORT_BOOLS(FLIP)
#undef FLIP
#define NAME(name) snprintf(in.name, sizeof(in.name), "%s \"\\ \xC3\xA9", #name);
	GW_DOCK_REPORT_TEXTS(NAME)
#undef NAME
	gw_dock_report_json(&in, &t);
	assert_false(t.cut);
	assert_int_equal(gw_dock_report_read(&out, room, t.len, NULL), GW_OK);
#define SAME(name) assert_int_equal(in.name, out.name);
	GW_DOCK_REPORT_INTS(SAME)
	GW_DOCK_REPORT_SEEN(SAME)
	GW_DOCK_REPORT_BOOLS(SAME)
#undef SAME
#define SAME(name) assert_string_equal(in.name, out.name);
	GW_DOCK_REPORT_TEXTS(SAME)
#undef SAME
	/* what no register counted is not made up */
	assert_int_equal(gw_dock_report_read(&out, "{\"lost\":3,\"more\":[]}", 20, NULL), GW_OK);
	assert_int_equal(out.lost, 3);
	assert_int_equal(out.next, 0);
	assert_int_equal(out.scans, -1);
	assert_int_equal(out.round_trip_us, -1);
	assert_int_equal(gw_dock_report_read(&out, "[1]", 3, NULL), GW_E_INPUT);
	assert_int_equal(gw_dock_report_read(&out, "{\"lost\"", 7, NULL), GW_E_INPUT);
}

static void reads_hello(void **state)
{
	struct gw_link_hello old = {.minor = 1, .unit = "posix"};
	struct gw_dock_report r = from_hello();

	(void)state;
	assert_string_equal(r.board, "stm32f1");
	assert_string_equal(r.unit, "30ff000000000001");
	assert_string_equal(r.version, "1.2.3");
	assert_false(r.software);
	assert_true(r.starting && r.has_till && r.flash_journal && !r.till && !r.has_display);
	assert_int_equal(r.waiting, 2);
	assert_int_equal(r.ring_bytes, 4288);
	/* before minor version 2 nobody told a board */
	gw_dock_report_hello(&r, &old);
	assert_true(r.software);
	assert_string_equal(r.board, "linux");
	old.unit[0] = 0x99;
	gw_dock_report_hello(&r, &old);
	assert_false(r.software);
	assert_string_equal(r.board, "box");
}

static const struct gw_dock_line *line(const struct gw_dock_report *r, const char *label)
{
	static struct gw_dock_line lines[GW_DOCK_LINES_MAX];
	size_t n = gw_dock_report_lines(r, lines);

	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(lines[i].label) <= 11);
		if (strcmp(lines[i].label, label) == 0)
			return &lines[i];
	}
	fail_msg("no line %s", label);
	return NULL;
}

static void tells_people(void **state)
{
	struct gw_dock_report r = from_hello();

	(void)state;
	assert_string_equal(line(&r, "Dock")->value, "box (stm32f1)");
	assert_string_equal(line(&r, "Scanner")->value, "starting");
	assert_string_equal(line(&r, "Running")->value, "1 min, resets: 0");
	assert_string_equal(line(&r, "Till")->value, "not there");
	assert_true(line(&r, "Till")->warn);
	assert_string_equal(line(&r, "Link")->value, "good");
	/* the first broken frame is the plug's; then it is so many of so many */
	r.frames = 100;
	r.damaged = 1;
	assert_string_equal(gw_dock_report_link(&r), "good");
	r.damaged = 2;
	assert_string_equal(gw_dock_report_link(&r), "fair");
	r.damaged = 3;
	assert_string_equal(gw_dock_report_link(&r), "bad: check the cable");
	assert_true(line(&r, "Link")->warn);
	r.frames = 100000;
	assert_string_equal(gw_dock_report_link(&r), "good");
	/* a damaged frame counts on either side, and so does what had to be said twice */
	r.damaged = 0;
	r.commands_again = 1000;
	r.bad_frames = 2000;
	assert_string_equal(gw_dock_report_link(&r), "bad: check the cable");
	assert_null(gw_dock_test_name(5));
}

/* Forty columns by twelve lines have room for eight of them. */
static void shows_trouble_on_a_small_screen(void **state)
{
	struct gw_dock_report r = from_hello();
	struct gw_dock_line lines[GW_DOCK_LINES_MAX];
	size_t n, warn_count = 0;

	(void)state;
	r.scanner = r.till = r.display = false;
	r.has_till = r.has_display = true;
	r.lost = 1;
	r.frames = 100;
	r.damaged = 50;
	n = gw_dock_report_lines(&r, lines);
	for (size_t i = 0; i < n; i++) {
		warn_count += lines[i].warn;
		assert_true(i < 8 || !lines[i].warn);
	}
	assert_int_equal(warn_count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_the_socket),
		cmocka_unit_test(reads_hello),
		cmocka_unit_test(tells_people),
		cmocka_unit_test(shows_trouble_on_a_small_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
