/* From the bytes of a keyboard to what the register must do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "ui/config.h"
#include "ui/state.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define F(n)     (GW_KEY_F0 + (n))

/* --- sequences ----------------------------------------------------------------------------------
 */

/* All keys of a text; '_' lets 20 ms pass, '=' 30 ms, '#' a second. */
static void decode(const char *in, uint32_t *keys, size_t *n)
{
	struct gw_keyseq seq;
	int64_t now = 0;
	uint32_t key;

	gw_keyseq_init(&seq);
	*n = 0;
	for (; *in != '\0'; in++) {
		bool again = true;

		now += *in == '_' ? 20 : *in == '=' ? 30 : *in == '#' ? 1000 : 0;
		key = gw_keyseq_poll(&seq, now);
		if (key != GW_KEY_NONE)
			keys[(*n)++] = key;
		if (strchr("_=#", *in) != NULL)
			continue;
		while (again) {
			key = gw_keyseq_add(&seq, (uint8_t)*in, now, &again);
			if (key != GW_KEY_NONE)
				keys[(*n)++] = key;
		}
	}
}

static void sequences(void **state)
{
	static const struct {
		const char *in;
		uint32_t want[5];
	} rows[] = {
		{"a", {'a'}},
		{"\xC3\xA4", {0xE4}},
		{"\xE6\x8A\xB9z", {0x62B9, 'z'}},
		{"\xC3z", {0xFFFD, 'z'}},
		{"\xFFz", {0xFFFD, 'z'}},
		{"\r", {'\r'}},
		/* xterm, VT100, rxvt and PuTTY, Linux, FreeBSD */
		{"\033OP\033OS", {F(1), F(4)}},
		{"\033[15~\033[24~", {F(5), F(12)}},
		{"\033[11~\033[14~", {F(1), F(4)}},
		{"\033[[A\033[[E", {F(1), F(5)}},
		{"\033[T\033[X", {F(8), F(12)}},
		{"\033[1;2P", {F(1)}},
		{"\033[A\033OB\033[1;5C\033[D",
		 {GW_KEY_UP, GW_KEY_DOWN, GW_KEY_RIGHT, GW_KEY_LEFT}},
		{"\033[H\033[4~\033[5~\033[3~",
		 {GW_KEY_HOME, GW_KEY_END, GW_KEY_PAGE_UP, GW_KEY_DELETE}},
		/* what means nothing here is swallowed whole */
		{"\033[?62;4cx", {'x'}},
		{"\033[200~x", {'x'}},
		{"\033[<0;10;10Mx", {'x'}},
		/* Esc alone after 25 ms; with a character behind it at once (Alt) */
		{"\033_", {0}},
		{"\033=", {GW_KEY_ESC}},
		{"\0332", {GW_KEY_ESC, '2'}},
		{"\033\033", {GW_KEY_ESC}},
		{"\033=\033OP", {GW_KEY_ESC, F(1)}},
		/* a sequence that a slow line brings in pieces is still one */
		{"\033_[_1_5_~", {F(5)}},
		{"\033=[15~", {GW_KEY_ESC, F(5)}},
		{"\033[1=5~", {F(5)}},
		/* and one that never comes whole is dropped */
		{"\033[1#x", {'x'}},
		{"\033=#[", {GW_KEY_ESC, '['}},
		{"\033[1\rx", {'\r', 'x'}},
	};
	uint32_t keys[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t want = 0;

		while (want < 5 && rows[i].want[want] != 0)
			want++;
		decode(rows[i].in, keys, &n);
		if (n != want || memcmp(keys, rows[i].want, n * sizeof(keys[0])) != 0)
			fail_msg("row %zu: %zu keys, first %x", i, n, n > 0 ? keys[0] : 0);
	}
}

/* --- the keyboard as a whole --------------------------------------------------------------------
 */

struct hands {
	struct gw_ui_state ui;
	struct gw_view view;
	struct gw_view_line lines[4];
	int64_t now;
	struct gw_text did;
	char room[600];
};

static void sit_down(struct hands *h)
{
	static const struct gw_view_line lines[] = {
		{.line = 1, .name = "one", .qty = 1, .amount_minor = 100},
		{.line = 2, .name = "two", .qty = 2, .voided = true},
		{.line = 3, .name = "three", .qty = 3, .amount_minor = 300},
		{.line = 4, .name = "four", .qty = 1, .milli = 1500, .amount_minor = 400},
	};
	struct gw_ui_options options = {0};

	memset(h, 0, sizeof(*h));
	gw_ui_state_init(&h->ui, &options);
	memcpy(h->lines, lines, sizeof(lines));
	h->view.lines = h->lines;
	h->view.line_count = 4;
	h->view.state = GW_VIEW_SELLING;
	h->view.offer.active = true;
	h->view.basket = h->view.subject = "";
	h->now = 1000;
	h->did = gw_text_over(h->room, sizeof(h->room));
}

static const char *const input_words[] = {
	[GW_IN_ACCEPT] = "accept", [GW_IN_DECLINE] = "decline", [GW_IN_NOT_VOICED] = "unasked",
	[GW_IN_QTY] = "qty",       [GW_IN_VOID] = "void",       [GW_IN_VOID_LAST] = "void_last",
	[GW_IN_TOTAL] = "total",   [GW_IN_CANCEL] = "cancel",   [GW_IN_SUSPEND] = "suspend",
	[GW_IN_RESUME] = "resume", [GW_IN_MUTE] = "mute",       [GW_IN_PRACTICE] = "practice",
};

static void write_down(struct hands *h, const struct gw_ui_action *a)
{
	static const char *const kinds[] = {"", "", "today", "scans", "-scans", "quit"};

	if (h->did.len > 0)
		gw_text_add_char(&h->did, ' ');
	if (a->kind == GW_UI_SCAN)
		gw_text_addf(&h->did, "scan:%.*s", (int)a->data_len, a->data);
	else if (a->kind == GW_UI_INPUT)
		gw_text_addf(&h->did, "%s", input_words[a->input]);
	else
		gw_text_addf(&h->did, "%s", kinds[a->kind]);
	if (a->line != 0 || a->qty != 0)
		gw_text_addf(&h->did, ":%d:%d", a->line, (int)a->qty);
	if (a->text[0] != '\0')
		gw_text_addf(&h->did, ":%s", a->text);
}

static void feed(struct hands *h, const uint8_t *bytes, size_t len)
{
	struct gw_ui_action actions[GW_ACTIONS_ROOM];
	size_t used, n;

	do {
		n = gw_ui_state_bytes(&h->ui, &h->view, bytes, len, &used, h->now, actions,
				      GW_ACTIONS_ROOM);
		assert_true(n <= GW_ACTIONS_ROOM);
		for (size_t i = 0; i < n; i++)
			write_down(h, &actions[i]);
		bytes += used;
		len -= used;
	} while (n > 0 || len > 0);
}

/*
 * '_' lets 5 ms pass, '~' 31 ms, '#' 200 ms; "{2}" is F2, "{e}" Esc.  Everything else is typed with
 * no time between.
 */
static const char *play(struct hands *h, const char *script)
{
	static const char *const f[] = {"",         "\033OP",   "\033OQ",   "\033OR",
					"\033OS",   "\033[15~", "\033[17~", "\033[18~",
					"\033[19~", "\033[20~", "\033[21~"};

	for (; *script != '\0'; script++) {
		const char *keys = script;
		size_t len = 1;

		if (strchr("_~#", *script) != NULL) {
			h->now += *script == '_' ? 5 : *script == '~' ? 31 : 200;
			feed(h, NULL, 0);
			continue;
		}
		if (*script == '{') {
			int n = script[1] == '0' ? 10 : script[1] - '0';

			keys = script[1] == 'e'   ? "\033"
			       : script[1] == 'u' ? "\033[A"
			       : script[1] == 'd' ? "\033[B"
						  : f[n];
			len = strlen(keys);
			script += 2;
		}
		feed(h, (const uint8_t *)keys, len);
	}
	return h->room;
}

static void keys_act(void **state)
{
	static const struct {
		const char *script, *want;
		enum gw_ui_page page;
	} rows[] = {
		{"{2}", "accept", GW_PAGE_SALE},
		{"{3}", "decline", GW_PAGE_SALE},
		{"{4}", "", GW_PAGE_CANT},
		{"{4}{2}", "decline:out_of_stock", GW_PAGE_SALE},
		{"{4}{3}", "decline:has_it", GW_PAGE_SALE},
		{"{4}{4}", "decline:not_suitable", GW_PAGE_SALE},
		{"{4}{5}", "unasked", GW_PAGE_SALE},
		{"{4}{e}#", "", GW_PAGE_SALE},
		{"{5}", "total", GW_PAGE_SALE},
		{"{6}", "void_last", GW_PAGE_SALE},
		{"{7}", "suspend", GW_PAGE_SALE},
		{"{8}", "scans", GW_PAGE_SCANNER},
		{"{8}{8}", "scans scans", GW_PAGE_SCANNER}, /* its other side: figures anew */
		{"{8}{8}{8}", "scans scans -scans", GW_PAGE_SALE},
		{"{9}", "today", GW_PAGE_TODAY},
		{"{0}", "", GW_PAGE_QUIT},
		{"{0}{0}", "quit", GW_PAGE_SALE},
		{"{0}{e}#", "", GW_PAGE_SALE},
		{"{1}", "", GW_PAGE_HELP},
		/* on a page without the offer its keys must not answer it */
		{"{1}{2}", "", GW_PAGE_SALE},
		{"{9}{3}", "today", GW_PAGE_SALE},
		{"{0}{2}", "", GW_PAGE_SALE},
		{"x#{2}", "", GW_PAGE_SALE},
		{"x#x#", "cancel", GW_PAGE_SALE},
		/* Esc and a digit, fast or slow */
		{"{e}2~", "accept", GW_PAGE_SALE},
		{"{e}#2~", "accept", GW_PAGE_SALE},
		{"{e}#0~{e}#0~", "quit", GW_PAGE_SALE},
		{"{e}######2~", "", GW_PAGE_SALE},
		{"{e}#4~{e}#3~", "decline:has_it", GW_PAGE_SALE},
		/* letters */
		{"y#", "accept", GW_PAGE_SALE},
		{"n#", "decline", GW_PAGE_SALE},
		{"m#t#v#h#", "mute total void_last suspend", GW_PAGE_SALE},
		{"\x03", "", GW_PAGE_QUIT},
		/* Enter, Tab and Esc alone do nothing in a sale */
		{"\r#\t#{e}#", "", GW_PAGE_SALE},
		/* marking lines: 2 is void, 4 is weighed */
		{"{u}{6}", "void:4:0", GW_PAGE_SALE},
		{"{u}{u}{6}", "void:3:0", GW_PAGE_SALE},
		{"{u}{u}{u}{u}{6}", "void:1:0", GW_PAGE_SALE},
		{"{u}{u}{d}{d}{6}", "void_last", GW_PAGE_SALE},
		{"{u}{u}+#", "qty:3:4", GW_PAGE_SALE},
		{"{u}{u}-#", "qty:3:2", GW_PAGE_SALE},
		{"{u}{u}{u}-#", "", GW_PAGE_SALE},
		{"+#", "", GW_PAGE_SALE},
		{"{u}{u}1~2~*#", "qty:3:12", GW_PAGE_SALE},
		{"{u}{u}0~*#", "", GW_PAGE_SALE},
		{"{u}{u}9~9~9~9~9~9~9~9~*#", "", GW_PAGE_SALE},
		/* a code by hand */
		{"4~0~0~6~\r", "scan:4006", GW_PAGE_SALE},
		{"4~0~\x7F~1~\r", "scan:41", GW_PAGE_SALE},
		{"4~y~n~\r", "scan:4yn", GW_PAGE_SALE},
		{"4~{e}#\r#", "", GW_PAGE_SALE},
		{"4~{2}", "accept", GW_PAGE_SALE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct hands h;

		sit_down(&h);
		if (strcmp(play(&h, rows[i].script), rows[i].want) != 0 ||
		    h.ui.page != rows[i].page)
			fail_msg("%s: `%s`, want `%s`; page %d, want %d", rows[i].script, h.room,
				 rows[i].want, (int)h.ui.page, (int)rows[i].page);
	}
}

/* What scanners posing as keyboards send never answers an offer, and is never lost. */
static void wedge(void **state)
{
	static const struct {
		const char *script, *want;
		enum gw_ui_page page; /* before: opened with its key */
	} rows[] = {
		{"4006381333931\r", "scan:4006381333931", GW_PAGE_SALE},
		{"4_0_0_6_3_8_1_\r", "scan:4006381", GW_PAGE_SALE},
		{"4006381333931\r\n", "scan:4006381333931", GW_PAGE_SALE},
		{"4006381333931\r_\n#", "scan:4006381333931", GW_PAGE_SALE},
		{"4006381333931\t", "scan:4006381333931", GW_PAGE_SALE},
		{"4006381333931#", "scan:4006381333931", GW_PAGE_SALE},
		{"111\r222\r", "scan:111 scan:222", GW_PAGE_SALE},
		{"1\r2\r3\r4\r5\r6\r", "scan:1 scan:2 scan:3 scan:4 scan:5 scan:6", GW_PAGE_SALE},
		{"yny\r", "scan:yny", GW_PAGE_SALE},
		{"y\r", "scan:y", GW_PAGE_SALE},
		{"y_n_q_q#", "scan:ynqq", GW_PAGE_SALE},
		{"]d201095\x1D"
		 "10y\r",
		 "scan:]d201095\x1D"
		 "10y",
		 GW_PAGE_SALE},
		/* a jittery one: a pause within the code is no key press */
		{"AB~y~C\r", "scan:AByC", GW_PAGE_SALE},
		/* one slower than the gap: digits wait for the Enter */
		{"4~0~0~y~6~\r", "scan:400y6", GW_PAGE_SALE},
		{"4~0~0~6_\r", "scan:4006", GW_PAGE_SALE},
		/* a key that was held down, two keys hit at once */
		{"yyyyyyyy#", "", GW_PAGE_SALE},
		{"yn#", "", GW_PAGE_SALE},
		{"77\r", "scan:77", GW_PAGE_SALE},
		/* function keys within a code are part of what the scanner sends */
		{"40{2}06\r", "scan:4006", GW_PAGE_SALE},
		{"40\03306\r", "scan:4006", GW_PAGE_SALE},
		/* the next scan goes through, whatever is on the screen */
		{"{1}4006381\r", "scan:4006381", GW_PAGE_SALE},
		{"{0}4006381\r{0}", "scan:4006381", GW_PAGE_QUIT},
		{"{9}4006381\r", "today scan:4006381", GW_PAGE_SALE},
		{"{4}4006381\r", "scan:4006381", GW_PAGE_SALE},
		{"{8}4006381\r", "scans scan:4006381", GW_PAGE_SCANNER},
		{"x#4006381\rx#", "scan:4006381", GW_PAGE_CANCEL},
		/* ... and does not end up in a field */
		{"1~2~4006381\r#\r", "scan:4006381", GW_PAGE_SALE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct hands h;

		sit_down(&h);
		if (strcmp(play(&h, rows[i].script), rows[i].want) != 0 ||
		    h.ui.page != rows[i].page)
			fail_msg("%s: `%s`, want `%s`; page %d, want %d", rows[i].script, h.room,
				 rows[i].want, (int)h.ui.page, (int)rows[i].page);
	}
}

static void pin_guards_today(void **state)
{
	static const struct {
		const char *script, *want;
		enum gw_ui_page page;
	} rows[] = {
		{"{9}", "", GW_PAGE_PIN},
		{"{9}1~2~3~4~\r", "today", GW_PAGE_TODAY},
		{"{9}1~2~3~5~\r", "", GW_PAGE_SALE},
		{"{9}1~2~3~\r", "", GW_PAGE_SALE},
		{"{9}1~2~3~4~5~\r", "", GW_PAGE_SALE},
		{"{9}\r", "", GW_PAGE_SALE},
		{"{9}1~2~3~9~\x7F~4~\r", "today", GW_PAGE_TODAY},
		/* a scan is no PIN, and none is left over for the next try */
		{"{9}1234\r", "scan:1234", GW_PAGE_SALE},
		{"{9}1~2~{e}#{9}3~4~\r", "", GW_PAGE_SALE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct hands h;

		sit_down(&h);
		strcpy(h.ui.pin, "1234");
		if (strcmp(play(&h, rows[i].script), rows[i].want) != 0 ||
		    h.ui.page != rows[i].page)
			fail_msg("%s: `%s`, want `%s`; page %d", rows[i].script, h.room,
				 rows[i].want, (int)h.ui.page);
	}
}

static void between_sales(void **state)
{
	static const struct {
		const char *script, *want;
		uint32_t suspended;
		size_t held;
	} rows[] = {
		{"{2}{3}{4}{5}{6}m#x#", "", 0, 0},
		{"{7}", "", 0, 0},
		{"{7}", "resume", 1, 0},
		{"{7}{d}\r", "resume:B", 2, 2},
		{"{7}{d}{d}{u}{7}", "resume:A", 2, 2},
		{"{7}{e}#", "", 2, 2},
		{"p#", "practice:0:1", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct hands h;

		sit_down(&h);
		h.view.state = GW_VIEW_IDLE;
		h.view.offer.active = false;
		h.view.line_count = 0;
		h.view.suspended = rows[i].suspended;
		h.ui.held_count = rows[i].held;
		strcpy(h.ui.held[0], "A");
		strcpy(h.ui.held[1], "B");
		assert_string_equal(play(&h, rows[i].script), rows[i].want);
	}
}

static void too_long_is_refused(void **state)
{
	static struct hands h;
	char flood[3 * GW_BURST_MAX];

	(void)state;
	sit_down(&h);
	memset(flood, '7', sizeof(flood));
	feed(&h, (const uint8_t *)flood, sizeof(flood));
	assert_string_equal(play(&h, "\r"), "");
	assert_non_null(strstr(h.ui.hint, "too long"));
	assert_string_equal(play(&h, "4006381\r"), "scan:4006381");
}

static void deadlines(void **state)
{
	static struct hands h;

	(void)state;
	sit_down(&h);
	assert_int_equal(gw_ui_state_deadline(&h.ui), -1);
	play(&h, "y");
	assert_int_equal(gw_ui_state_deadline(&h.ui), h.now + GW_BURST_GAP_MS);
	play(&h, "~");
	assert_int_equal(gw_ui_state_deadline(&h.ui), -1);
	play(&h, "{e}");
	assert_int_equal(gw_ui_state_deadline(&h.ui), h.now + GW_ESC_DELAY_MS);
	play(&h, "#");
	assert_int_equal(gw_ui_state_deadline(&h.ui), -1);
}

/* --- other keys ---------------------------------------------------------------------------------
 */

static void remapping(void **state)
{
	static const struct {
		const char *act, *keys;
		bool good;
	} rows[] = {
		{"yes", "F12 j", true},
		{"yes", "Enter", false},
		{"no", "7", false},
		{"no", "^M", false},
		{"yes", "Esc", false},
		{"yes", "Tab", false},
		{"total", "Enter", true},
		{"total", "", true},
		{"total", "F25", false},
		{"total", "F0", false},
		{"total", "Fx", false},
		{"nothing", "F1", false},
		{"void", "Del ^V BkSp \xC3\xA9", true},
		{"void", "a b c d e", false},
		{"void", "\xC3", false},
	};
	struct gw_keymap map;
	struct gw_err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_keymap before;

		gw_keymap_init(&map);
		before = map;
		if ((gw_keymap_set(&map, rows[i].act, rows[i].keys, &err) == GW_OK) != rows[i].good)
			fail_msg("%s = %s: %s", rows[i].act, rows[i].keys, err.text);
		if (!rows[i].good)
			assert_memory_equal(&map, &before, sizeof(map));
	}
	gw_keymap_init(&map);
	assert_int_equal(gw_keymap_set(&map, "yes", "F5", NULL), GW_OK);
	assert_int_equal(gw_keymap_find(&map, F(5)), GW_ACT_YES);
	assert_int_equal(gw_keymap_find(&map, F(2)), GW_ACT_COUNT);
	assert_int_equal(gw_keymap_show(&map, GW_ACT_TOTAL), 't');
	map.letters = false;
	assert_int_equal(gw_keymap_find(&map, 't'), GW_ACT_COUNT);
	assert_int_equal(gw_keymap_show(&map, GW_ACT_TOTAL), 0);
}

static void configuration(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"[ui]\nascii=yes\ncolour=auto\nlines=no\nbar=no\nidle_clock=yes\nletters=no\n"
		 "burst_gap_ms=40\npin=1234\n[keys]\ntotal=F12 Ins\n",
		 true},
		{"", true},
		{"[ui]\nascii=perhaps\n", false},
		{"[ui]\nbar=auto\n", false},
		{"[ui]\nburst_gap_ms=4\n", false},
		{"[ui]\nburst_gap_ms=40x\n", false},
		{"[ui]\npin=12a\n", false},
		{"[ui]\npin=1234567890123456\n", false},
		{"[ui]\nblink=yes\n", false},
		{"[keys]\nyes=Enter\n", false},
	};
	char path[TMP_NAME_MAX];
	int fd = mkstemp(tmp_name(path, "ui"));

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_ui_options options;
		struct gw_keymap keys;
		struct gw_conf *conf;
		struct gw_err err = {0};

		assert_int_equal(gw_file_replace(path, rows[i].text, strlen(rows[i].text), &err),
				 GW_OK);
		assert_int_equal(gw_conf_load(&conf, path, &err), GW_OK);
		if ((gw_ui_configure(&options, &keys, conf, &err) == GW_OK) != rows[i].good)
			fail_msg("row %zu: %s", i, err.text);
		if (i == 0) {
			assert_true(options.ascii == GW_UI_YES && options.colour == GW_UI_AUTO);
			assert_true(!options.line_mode && options.hide_bar && options.idle_clock);
			assert_int_equal(options.burst_gap_ms, 40);
			assert_string_equal(options.pin, "1234");
			assert_false(keys.letters);
			assert_int_equal(gw_keymap_find(&keys, F(12)), GW_ACT_TOTAL);
		}
		gw_conf_free(conf);
	}
	unlink(path);
}

/* The table itself: no key twice, everything explained, answers only on keys no scanner sends. */
static void table_is_sound(void **state)
{
	(void)state;
	for (int a = 0; a < GW_ACT_COUNT; a++) {
		const struct gw_binding *row = gw_binding_of((enum gw_act)a);

		assert_in_range(strlen(row->label), 1, 8);
		assert_in_range(strlen(row->help), 5, 56);
		assert_true(strlen(row->manual) > 10 &&
			    row->manual[strlen(row->manual) - 1] == '.');
		for (int b = 0; b < a; b++) {
			const struct gw_binding *other = gw_binding_of((enum gw_act)b);

			assert_string_not_equal(row->name, other->name);
			for (int i = 0; i < 4; i++)
				if (row->keys[i / 2] != 0)
					assert_int_not_equal(row->keys[i / 2], other->keys[i % 2]);
		}
	}
	assert_int_equal(gw_binding_of(GW_ACT_YES)->keys[0], F(2));
	assert_int_equal(gw_binding_of(GW_ACT_NO)->keys[0], F(3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),     cmocka_unit_test(keys_act),
		cmocka_unit_test(wedge),         cmocka_unit_test(pin_guards_today),
		cmocka_unit_test(between_sales), cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(deadlines),     cmocka_unit_test(remapping),
		cmocka_unit_test(configuration), cmocka_unit_test(table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
