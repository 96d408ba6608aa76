#include "ui/ui.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ui/state.h"
#include "ui/term.h"
#include "ui/term_line.h"
#include "ui/tty.h"

struct gw_ui {
	struct gw_ui_state state;
	struct gw_tty *tty;
	struct gw_term *term; /* NULL: line mode */
	struct gw_lines lines;
	uint8_t typed[256]; /* read, but not acted on for want of room */
	size_t typed_len;
	struct gw_canvas pages[2]; /* the one on the screen, and the next */
	int shown;
};

/* Terminals of the time before Unicode, whatever the locale of this end says. */
static bool old_terminal(const char *type)
{
	static const char *const types[] = {"vt100", "vt102", "vt220", "vt52", "dumb", "ansi"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* wcwidth needs a UTF-8 locale even where only ASCII is to be written. */
static bool locale_is_utf8(void)
{
	bool utf8;

	setlocale(LC_CTYPE, "");
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return utf8;
}

static int open_screen(struct gw_ui *ui, const struct gw_ui_options *options, const char *type,
		       struct gw_err *err)
{
	const char *no_color = getenv("NO_COLOR");
	bool colour = options->colour != GW_UI_NO;
	int status;

	if (options->colour == GW_UI_AUTO && no_color != NULL && no_color[0] != '\0')
		colour = false;
	if (options->line_mode)
		return GW_OK;
	status = gw_term_new(&ui->term, ui->tty, type, colour, err);
	if (status == GW_E_UNSUPPORTED)
		return GW_OK;
	if (status == GW_OK)
		colour = gw_term_colours(ui->term);
	ui->state.mono = !colour;
	return status;
}

int gw_ui_new(struct gw_ui **out, const struct gw_ui_options *options, struct gw_err *err)
{
	const char *type = options->term != NULL ? options->term : getenv("TERM");
	struct gw_ui *ui = calloc(1, sizeof(*ui));
	bool utf8 = locale_is_utf8();
	int status;

	*out = NULL;
	if (ui == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for the screen");
	gw_ui_state_init(&ui->state, options);
	if (options->ascii == GW_UI_AUTO)
		ui->state.ascii = !utf8 || (type != NULL && old_terminal(type));
	status = gw_tty_new(&ui->tty, options->tty, err);
	if (status == GW_OK)
		status = open_screen(ui, options, type, err);
	if (status != GW_OK) {
		gw_ui_free(ui);
		return status;
	}
	*out = ui;
	return GW_OK;
}

void gw_ui_free(struct gw_ui *ui)
{
	if (ui == NULL)
		return;
	gw_term_free(ui->term);
	gw_tty_free(ui->tty);
	free(ui);
}

int gw_ui_fd(const struct gw_ui *ui)
{
	return gw_tty_fd(ui->tty);
}

static void stop(struct gw_ui *ui)
{
	ui->state.stop = false;
	if (!gw_tty_may_stop(ui->tty))
		return;
	if (ui->term != NULL)
		gw_term_leave(ui->term);
	gw_tty_stop(ui->tty);
}

int gw_ui_read(struct gw_ui *ui, const struct gw_view *view, int64_t mono_ms,
	       struct gw_ui_action *actions, size_t room)
{
	size_t used, n;
	int got;

	do {
		got = gw_tty_read(ui->tty, ui->typed + ui->typed_len,
				  sizeof(ui->typed) - ui->typed_len);
		if (got < 0)
			return got;
		ui->typed_len += (size_t)got;
		n = gw_ui_state_bytes(&ui->state, view, ui->typed, ui->typed_len, &used, mono_ms,
				      actions, room);
		ui->typed_len -= used;
		memmove(ui->typed, ui->typed + used, ui->typed_len);
	} while (n == 0 && used > 0);
	if (gw_tty_spoilt(ui->tty))
		ui->state.redraw = true;
	if (ui->state.stop)
		stop(ui);
	return (int)n;
}

int64_t gw_ui_deadline(const struct gw_ui *ui)
{
	return ui->typed_len > 0 ? 0 : gw_ui_state_deadline(&ui->state);
}

void gw_ui_draw(struct gw_ui *ui, const struct gw_view *view, const struct gw_ui_status *status,
		int64_t mono_ms)
{
	struct gw_canvas *page = &ui->pages[!ui->shown];
	int rows = 24, cols = 80;

	if (gw_tty_behind(ui->tty))
		return; /* the terminal is behind: when it has caught up it gets the newest picture
			 */
	if (ui->term == NULL) {
		gw_lines_show(&ui->lines, gw_tty_out(ui->tty), &ui->state, view, status, mono_ms,
			      &ui->pages[0]);
		gw_tty_push(ui->tty);
		return;
	}
	gw_term_size(ui->term, &rows, &cols);
	gw_tty_size(ui->tty, &rows, &cols, rows, cols);
	gw_canvas_start(page, rows, cols, ui->state.ascii);
	gw_ui_compose(&ui->state, view, status, mono_ms, page);
	if (ui->state.redraw)
		gw_term_redraw(ui->term);
	ui->state.redraw = false;
	gw_term_show(ui->term, page, &ui->pages[ui->shown]);
	ui->shown = !ui->shown;
	gw_tty_push(ui->tty);
}
