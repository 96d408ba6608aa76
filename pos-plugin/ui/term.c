#include "ui/term.h"

#include <stdlib.h>

#include "ui/paint.h"
#include "ui/termtype.h"

struct gw_term {
	struct gw_termtype type;
	struct gw_out *out; /* the tty's */
	int rows, cols;     /* of the picture shown last */
	bool all;           /* the terminal's picture is not ours */
	bool entered;
};

int gw_term_new(struct gw_term **out, struct gw_tty *tty, const char *type, bool colour,
		struct gw_err *err)
{
	struct gw_term *term = calloc(1, sizeof(*term));
	int rc;

	*out = NULL;
	if (term == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for the screen");
	rc = gw_termtype_load(&term->type, type, colour, err);
	if (rc != GW_OK) {
		free(term);
		return rc;
	}
	term->out = gw_tty_out(tty);
	term->all = true;
	*out = term;
	return GW_OK;
}

void gw_term_free(struct gw_term *term)
{
	if (term == NULL)
		return;
	gw_term_leave(term);
	free(term);
}

void gw_term_size(const struct gw_term *term, int *rows, int *cols)
{
	*rows = term->type.rows;
	*cols = term->type.cols;
}

bool gw_term_colours(const struct gw_term *term)
{
	return term->type.colour;
}

void gw_term_redraw(struct gw_term *term)
{
	term->all = true;
}

static void enter(struct gw_term *term)
{
	if (!term->entered)
		gw_out_text(term->out, term->type.enter);
	term->entered = true;
}

/* The shell's next line goes where the last row was. */
void gw_term_leave(struct gw_term *term)
{
	char bytes[GW_TERM_STRING_MAX];

	if (!term->entered)
		return;
	term->entered = false;
	term->all = true;
	gw_out_text(term->out, term->type.normal);
	gw_out_add(term->out, bytes,
		   gw_termtype_number(&term->type, GW_TERM_CUP, term->rows - 1, 0, bytes));
	gw_out_text(term->out, term->type.erase_line);
	gw_out_text(term->out, term->type.leave);
	gw_out_text(term->out, "\r");
}

void gw_term_show(struct gw_term *term, const struct gw_canvas *canvas,
		  const struct gw_canvas *before)
{
	bool all = term->all || canvas->rows != term->rows || canvas->cols != term->cols;

	if (all) {
		enter(term);
		gw_out_text(term->out, term->type.normal);
		gw_out_text(term->out, term->type.clear);
	}
	gw_paint(&term->type, canvas, all ? NULL : before, term->out);
	term->rows = canvas->rows;
	term->cols = canvas->cols;
	term->all = false;
}
