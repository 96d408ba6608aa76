/*
 * The screens, moment by moment, against tests/data/golden/: REGEN=1 rewrites the files, then look
 * at the difference.  And what must hold for any page at any size.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/home.h"
#include "base/utf8.h"
#include "random.h"
#include "ui_scenes.h"

#define DIR_NAME "tests/data/golden"

/* Pages of a scene that go into its file. */
static const struct format {
	const char *name;
	int rows, cols;
	bool ascii, mono, roles;
} formats[] = {
	{"80x24", 24, 80, false, false, true},      {"40x12", 12, 40, false, false, true},
	{"132x43", 43, 132, false, false, false},   {"30x8", 8, 30, false, false, false},
	{"1x1", 1, 1, false, false, false},         {"80x24 ascii", 24, 80, true, true, false},
	{"40x12 ascii", 12, 40, true, true, false}, {"80x24 mono", 24, 80, false, true, false},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Types the scene's keys as a person would: a sequence at once, then a pause. */
static int64_t type_keys(struct gw_ui_state *state, struct scene *scene, int64_t now)
{
	struct gw_ui_action actions[8];
	size_t used;

	for (const char *k = scene->keys; k != NULL && *k != '\0'; k++) {
		if (state->seq.len == 0)
			now += 100;
		gw_ui_state_bytes(state, &scene->view, (const uint8_t *)k, 1, &used, now, actions,
				  8);
	}
	now += 100;
	gw_ui_state_bytes(state, &scene->view, NULL, 0, &used, now, actions, 8);
	return now;
}

static void compose(struct scene *scene, const struct format *format, struct gw_canvas *canvas)
{
	struct gw_ui_options options = {.ascii = format->ascii ? GW_UI_YES : GW_UI_NO,
					.colour = format->mono ? GW_UI_NO : GW_UI_YES,
					.pin = "1234"};
	struct gw_ui_state state;
	int64_t now = SCENE_MONO_MS;

	gw_ui_state_init(&state, &options);
	gw_canvas_start(canvas, format->rows, format->cols, format->ascii);
	gw_ui_compose(&state, &scene->view, &scene->status, now, canvas);
	if (scene->page != GW_PAGE_SALE)
		state.page = scene->page;
	now = type_keys(&state, scene, now);
	gw_canvas_start(canvas, format->rows, format->cols, format->ascii);
	gw_ui_compose(&state, &scene->view, &scene->status, now, canvas);
}

static void print_text(FILE *out, const struct gw_canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++) {
		char text[GW_CELL_TEXT_MAX];
		int end = canvas->cols;

		while (end > 0 && gw_cell_blank(gw_canvas_at(canvas, row, end - 1)))
			end--;
		for (int col = 0; col < end; col++) {
			gw_cell_text(canvas, gw_canvas_at(canvas, row, col), text);
			fputs(text, out);
		}
		fputc('\n', out);
	}
}

static void print_roles(FILE *out, const struct gw_canvas *canvas)
{
	static const char letters[] = {
#define LETTER(name, letter) letter,
		GW_ROLE_MAP(LETTER)
#undef LETTER
	};

	for (int row = 0; row < canvas->rows; row++) {
		int end = canvas->cols;

		while (end > 0 && gw_canvas_at(canvas, row, end - 1)->role == GW_ROLE_TEXT)
			end--;
		for (int col = 0; col < end; col++)
			fputc(letters[gw_canvas_at(canvas, row, col)->role], out);
		fputc('\n', out);
	}
}

static void print_scene(FILE *out, const char *name, struct gw_canvas *canvas)
{
	static struct scene scene;

	for (size_t i = 0; i < FORMATS; i++) {
		assert_true(scene_make(&scene, name));
		compose(&scene, &formats[i], canvas);
		fprintf(out, "== %s, cursor at %d,%d\n", formats[i].name, canvas->cursor_row,
			canvas->cursor_col);
		print_text(out, canvas);
		if (formats[i].roles) {
			fprintf(out, "-- roles\n");
			print_roles(out, canvas);
		}
	}
}

/* Says where two texts part. */
static bool same(const char *name, const char *want, const char *got)
{
	int line = 1;

	while (*want != '\0' || *got != '\0') {
		size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");

		if (w != g || memcmp(want, got, w) != 0) {
			print_error(DIR_NAME "/%s.txt:%d:\n  want %.*s\n  got  %.*s\n", name, line,
				    (int)w, want, (int)g, got);
			return false;
		}
		want += w + (want[w] != '\0');
		got += g + (got[g] != '\0');
		line++;
	}
	return true;
}

static void goldens(void **state)
{
	struct gw_canvas *canvas = calloc(1, sizeof(*canvas));
	bool regen = getenv("REGEN") != NULL, good = true;

	(void)state;
	assert_non_null(canvas);
	for (size_t i = 0; i < scene_count; i++) {
		char path[256], *got = NULL, *want = NULL;
		size_t got_len = 0, want_len = 0;
		FILE *out = open_memstream(&got, &got_len);

		assert_non_null(out);
		print_scene(out, scenes[i].name, canvas);
		fclose(out);
		snprintf(path, sizeof(path), DIR_NAME "/%s.txt", scenes[i].name);
		if (regen) {
			assert_int_equal(gw_file_replace(path, got, got_len, NULL), GW_OK);
		} else if (gw_file_read(path, 1 << 20, &want, &want_len, NULL) != GW_OK) {
			print_error("%s is missing: REGEN=1 writes it\n", path);
			good = false;
		} else {
			good = same(scenes[i].name, want, got) && good;
		}
		free(want);
		free(got);
	}
	free(canvas);
	assert_true(good);
}

/* Every row has exactly its cells, and no cell holds what could steer a terminal. */
static void check_cells(const struct gw_canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++)
		for (int col = 0; col < canvas->cols; col++) {
			const struct gw_cell *cell = gw_canvas_at(canvas, row, col);
			char text[GW_CELL_TEXT_MAX];
			size_t len = gw_cell_text(canvas, cell, text);

			assert_true(len < GW_CELL_TEXT_MAX);
			assert_true(cell->role < GW_ROLE_COUNT);
			assert_true((cell->width == 0) == (len == 0));
			if (cell->width == 2)
				assert_true(col + 1 < canvas->cols && cell[1].width == 0);
			if (cell->width == 0)
				assert_true(col > 0 && cell[-1].width == 2);
			assert_true(gw_utf8_valid(text, len));
			for (size_t i = 0; i < len;) {
				uint32_t c;

				i += gw_utf8_decode(text + i, len - i, &c);
				assert_false(gw_utf8_is_unsafe(c));
				assert_true(!canvas->ascii || c < 0x80);
			}
		}
	assert_in_range(canvas->cursor_row, 0, canvas->rows - 1);
	assert_in_range(canvas->cursor_col, 0, canvas->cols - 1);
}

static void any_size(void **state)
{
	static struct scene scene;
	struct gw_canvas *canvas = calloc(1, sizeof(*canvas));
	const size_t all = sizeof(canvas->cells);
	uint8_t *behind, *copy = malloc(all);
	unsigned seed = (unsigned)random_seed();

	(void)state;
	assert_non_null(canvas);
	assert_non_null(copy);
	for (int round = 0; round < 1500; round++) {
		struct format format = {"",
					1 + (int)(rand_r(&seed) % 60),
					1 + (int)(rand_r(&seed) % 200),
					rand_r(&seed) % 3 == 0,
					rand_r(&seed) % 2 == 0,
					false};
		size_t used;

		if (round % 10 == 0)
			format.rows = format.cols = 1;
		used = (size_t)(format.rows * format.cols) * sizeof(canvas->cells[0]);
		behind = (uint8_t *)canvas->cells + used;
		memset(behind, 0xA5, all - used);
		memset(copy, 0xA5, all - used);
		assert_true(scene_make(&scene, scenes[(size_t)rand_r(&seed) % scene_count].name));
		compose(&scene, &format, canvas);
		check_cells(canvas);
		assert_memory_equal(behind, copy, all - used);
	}
	free(copy);
	free(canvas);
}

/* In a holdout sale the engine has chosen an offer and shows none: nothing may give that away. */
static void holdout_looks_like_no_offer(void **state)
{
	static struct scene plain, holdout;
	struct gw_canvas *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_true(scene_make(&plain, "selling"));
	assert_true(scene_make(&holdout, "offer"));
	holdout.view.offer.active = false;
	holdout.view.note = plain.view.note;
	holdout.view.subject = plain.view.subject;
	for (size_t i = 0; i < FORMATS; i++) {
		compose(&plain, &formats[i], a);
		compose(&holdout, &formats[i], b);
		assert_memory_equal(a, b, sizeof(*a));
	}
	free(a);
	free(b);
}

/* Between sales nothing on the screen changes by itself, so nothing has to wake up for it. */
static void idle_sleeps(void **state)
{
	static const char *const sleeping[] = {"idle", "closed", "suspended", "scanner_lost"};
	static struct scene scene;
	struct gw_ui_options options = {0};
	struct gw_ui_state ui;
	struct gw_canvas *canvas = calloc(1, sizeof(*canvas));

	(void)state;
	assert_non_null(canvas);
	for (size_t i = 0; i < 4; i++) {
		gw_ui_state_init(&ui, &options);
		assert_true(scene_make(&scene, sleeping[i]));
		scene.view.state = GW_VIEW_IDLE;
		gw_canvas_start(canvas, 24, 80, false);
		gw_ui_compose(&ui, &scene.view, &scene.status, SCENE_MONO_MS, canvas);
		assert_int_equal(gw_ui_state_deadline(&ui), -1);
	}
	/* ... while a sale's clock moves on the minute */
	assert_true(scene_make(&scene, "selling"));
	scene.status.now_ms += 42000;
	gw_ui_compose(&ui, &scene.view, &scene.status, SCENE_MONO_MS, canvas);
	assert_int_equal(gw_ui_state_deadline(&ui), SCENE_MONO_MS + 18000);
	free(canvas);
}

/* Where there is one row for both, what happened covers what is wrong, and gives it way again. */
static void note_gives_way_to_alert(void **state)
{
	static struct scene scene;
	struct gw_ui_options options = {0};
	struct gw_ui_state ui;
	struct gw_canvas *canvas = calloc(1, sizeof(*canvas));

	(void)state;
	assert_non_null(canvas);
	gw_ui_state_init(&ui, &options);
	assert_true(scene_make(&scene, "scanner_lost"));
	for (int later = 0; later < 2; later++) {
		gw_canvas_start(canvas, 12, 40, false);
		gw_ui_compose(&ui, &scene.view, &scene.status, SCENE_MONO_MS + later * 5000,
			      canvas);
		assert_int_equal(gw_canvas_at(canvas, 10, 0)->glyph, later ? 'S' : '5');
		assert_int_equal(gw_canvas_at(canvas, 10, 0)->role,
				 later ? GW_ROLE_WARN : GW_ROLE_STRONG);
		if (!later)
			assert_int_equal(gw_ui_state_deadline(&ui), SCENE_MONO_MS + 5000);
	}
	free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goldens),
		cmocka_unit_test(any_size),
		cmocka_unit_test(holdout_looks_like_no_offer),
		cmocka_unit_test(idle_sleeps),
		cmocka_unit_test(note_gives_way_to_alert),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
