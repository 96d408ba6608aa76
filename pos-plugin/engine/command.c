/* What each input does.  A command decides and gives events; apply.c does what they say. */
#include "engine/core.h"

#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"
#include "base/when.h"

/* --- opening and closing */

void gw_core_open(struct gw_engine *e)
{
	struct gw_event *event;
	struct gw_civil local;
	struct gw_text id;

	if (e->sale != NULL)
		return;
	local = gw_civil_from_ms(e->at_ms + e->utc_offset_min * 60000LL);
	event = gw_core_event(e, GW_EV_OPEN);
	id = gw_text_over(event->basket, sizeof(event->basket));
	gw_text_add(&id, e->store);
	gw_text_add_char(&id, '-');
	gw_text_add(&id, e->terminal);
	gw_text_add_char(&id, '-');
	gw_text_add_int(&id, local.year % 10000 * 10000 + local.month * 100 + local.day, 8);
	gw_text_add(&id, e->practice ? "-P" : "-");
	gw_text_add_int(&id, e->practice ? e->next_practice++ % 100000 : e->next_basket % 1000000,
			e->practice ? 5 : 6);
	event->u.open.utc_offset_min = e->utc_offset_min;
	gw_core_commit(e, event);
}

static void close_sale(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor)
{
	char text[GW_MONEY_MAX];
	int64_t total = total_minor >= 0 ? total_minor : e->sale->total_minor;

	gw_core_close(e, reason, total_minor);
	gw_core_note(e, reason == GW_CLOSE_CANCEL ? GW_NOTE_CANCELLED : GW_NOTE_CLOSED,
		     gw_money_format(text, total, e->view.decimals));
}

/* --- control barcodes */

bool gw_core_control(struct gw_engine *e, const struct gw_input *in)
{
	static const enum gw_input_kind kinds[GW_CONTROL_COUNT] = {
		[GW_CONTROL_ACCEPT] = GW_IN_ACCEPT,         [GW_CONTROL_DECLINE] = GW_IN_DECLINE,
		[GW_CONTROL_NOT_VOICED] = GW_IN_NOT_VOICED, [GW_CONTROL_TOTAL] = GW_IN_TOTAL,
		[GW_CONTROL_TENDER] = GW_IN_TENDER,         [GW_CONTROL_VOID] = GW_IN_VOID_LAST,
		[GW_CONTROL_CANCEL] = GW_IN_CANCEL,         [GW_CONTROL_SUSPEND] = GW_IN_SUSPEND,
		[GW_CONTROL_RESUME] = GW_IN_RESUME,         [GW_CONTROL_MUTE] = GW_IN_MUTE,
	};
	struct gw_input control = *in;
	enum gw_control what;

	if (!gw_settings_control(&e->settings, e->scan.key, &what))
		return false;
	control.kind = kinds[what];
	control.text = "";
	control.price_minor = -1;
	gw_core_command(e, &control);
	return true;
}

/* --- lines */

static struct gw_sale_line *last_line(struct gw_sale *sale)
{
	for (int i = sale->line_count; i-- > 0;)
		if (!sale->shown[i].voided)
			return &sale->lines[i];
	return NULL;
}

/* The line an input is about, told when there is none. */
static struct gw_sale_line *asked_line(struct gw_engine *e, int number)
{
	struct gw_sale_line *line =
		number == 0 ? last_line(e->sale) : gw_core_line(e->sale, number);

	if (line != NULL && !gw_core_shown(e->sale, line)->voided)
		return line;
	if (number == 0)
		gw_core_error(e, "The sale has no line");
	else if (line == NULL && number > GW_LINES_MAX && number <= e->sale->line_last)
		gw_core_error(e, "Line %d is beyond the %d that can be changed", number,
			      GW_LINES_MAX);
	else
		gw_core_error(e, "The sale has no line %d", number);
	return NULL;
}

static void on_qty(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_sale_line *line = asked_line(e, in->line);

	if (line == NULL)
		return;
	if (in->qty < 1 || in->qty > GW_QTY_MAX) {
		gw_core_error(e, "A quantity is 1 to %d", GW_QTY_MAX);
		return;
	}
	if (gw_core_shown(e->sale, line)->milli != 0) {
		gw_core_error(e, "A weighed item has no quantity");
		return;
	}
	gw_core_change_qty(e, line, in->qty);
	gw_core_note(e, GW_NOTE_ADDED, gw_core_shown(e->sale, line)->name);
	gw_core_check_offer(e);
	gw_core_consider(e, GW_MOMENT_SCAN);
}

static void void_line(struct gw_engine *e, int number)
{
	struct gw_sale_line *line = asked_line(e, number);

	if (line == NULL)
		return;
	gw_core_void(e, line);
	gw_core_note(e, GW_NOTE_VOIDED, gw_core_shown(e->sale, line)->name);
	gw_core_check_offer(e);
}

static void on_void(struct gw_engine *e, const struct gw_input *in)
{
	if (in->line < 1)
		gw_core_error(e, "Which line?");
	else
		void_line(e, in->line);
}

static void on_void_last(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	void_line(e, 0);
}

/* --- the offer */

static void on_accept(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	gw_core_accept(e);
}

static void end_by_key(struct gw_engine *e, enum gw_result result, const char *why,
		       enum gw_note note)
{
	struct gw_slot *slot = gw_core_offer(e);

	if (slot == NULL) {
		gw_core_error(e, "There is no offer");
		return;
	}
	gw_core_end_offer(e, slot, result, why);
	gw_core_note(e, note, NULL);
}

static void on_decline(struct gw_engine *e, const struct gw_input *in)
{
	const char *why = in->text != NULL ? in->text : "";

	if (*why != '\0' && strcmp(why, "out_of_stock") != 0 && strcmp(why, "has_it") != 0 &&
	    strcmp(why, "not_suitable") != 0)
		gw_core_error(e, "A reason is out_of_stock, has_it or not_suitable");
	else
		end_by_key(e, GW_RESULT_DECLINED, why, GW_NOTE_DECLINED);
}

static void on_not_voiced(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	end_by_key(e, GW_RESULT_NOT_VOICED, "", GW_NOTE_NOT_VOICED);
}

static void on_mute(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	if (e->sale->muted)
		return;
	/* Whoever wants silence did not ask. */
	if (gw_core_offer(e) != NULL)
		gw_core_end_offer(e, gw_core_offer(e), GW_RESULT_NOT_VOICED, "");
	gw_core_commit(e, gw_core_event(e, GW_EV_MUTE));
	gw_core_note(e, GW_NOTE_MUTED, NULL);
}

/* --- the end of a sale */

static void on_total(struct gw_engine *e, const struct gw_input *in)
{
	char text[GW_MONEY_MAX];

	(void)in;
	if (e->sale->totalled) {
		close_sale(e, GW_CLOSE_TOTAL, -1);
		return;
	}
	gw_core_commit(e, gw_core_event(e, GW_EV_SUBTOTAL));
	gw_core_note(e, GW_NOTE_SUBTOTAL,
		     gw_money_format(text, e->sale->total_minor, e->view.decimals));
	gw_core_consider(e, GW_MOMENT_TOTAL);
}

static void on_tender(struct gw_engine *e, const struct gw_input *in)
{
	e->tenders = true;
	if (e->sale == NULL)
		gw_core_error(e, "No sale is open");
	else
		close_sale(e, GW_CLOSE_TENDER,
			   in->price_minor <= GW_PRICE_MAX ? in->price_minor : -1);
}

static void on_cancel(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	close_sale(e, GW_CLOSE_CANCEL, -1);
}

/* --- putting aside */

static struct gw_sale *find_aside(struct gw_engine *e, const char *basket, bool oldest)
{
	struct gw_sale *found = NULL;

	for (int i = 0; i < GW_SALES_MAX; i++) {
		struct gw_sale *sale = &e->sales[i];

		if (!sale->used || !sale->suspended ||
		    (*basket != '\0' && strcmp(basket, sale->basket) != 0))
			continue;
		if (found == NULL ||
		    (oldest ? sale->stamp < found->stamp : sale->stamp > found->stamp))
			found = sale;
	}
	return found;
}

static int count_aside(const struct gw_engine *e)
{
	int count = 0;

	for (int i = 0; i < GW_SALES_MAX; i++)
		count += e->sales[i].used && e->sales[i].suspended;
	return count;
}

/* Nobody came back for it: makes room for the next one. */
static void close_oldest(struct gw_engine *e)
{
	struct gw_sale *open = e->sale;

	e->sale = find_aside(e, "", true);
	gw_core_close_events(e, GW_CLOSE_IDLE, -1);
	e->sale = open;
}

static void on_suspend(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_slot *slot = gw_core_offer(e);

	(void)in;
	if (slot != NULL)
		gw_core_end_offer(e, slot, GW_RESULT_WITHDRAWN, "");
	if (count_aside(e) == GW_ASIDE_MAX)
		close_oldest(e);
	gw_core_commit(e, gw_core_event(e, GW_EV_SUSPEND));
	gw_core_note(e, GW_NOTE_SUSPENDED, NULL);
	gw_core_between_sales(e);
}

static void on_resume(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_sale *sale = find_aside(e, in->text != NULL ? in->text : "", false);
	struct gw_event *event;

	if (e->sale != NULL) {
		gw_core_error(e, "A sale is open: close it or put it aside first");
		return;
	}
	if (sale == NULL) {
		gw_core_error(e, "No such sale was put aside");
		return;
	}
	event = gw_core_event(e, GW_EV_RESUME);
	memcpy(event->basket, sale->basket, sizeof(event->basket));
	gw_core_commit(e, event);
	gw_core_note(e, GW_NOTE_RESUMED, NULL);
}

/* --- who, and how */

static void on_cashier(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_event *event = gw_core_event(e, GW_EV_LOGIN);

	gw_core_copy(event->u.id.id, sizeof(event->u.id.id), in->text);
	gw_core_commit(e, event);
}

/* A customer who is known before the first item begins the sale. */
static void on_segment(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_event *event;

	gw_core_open(e);
	event = gw_core_event(e, GW_EV_SEGMENT);
	gw_core_copy(event->u.id.id, sizeof(event->u.id.id), in->text);
	gw_core_commit(e, event);
	gw_core_check_offer(e);
}

static void on_practice(struct gw_engine *e, const struct gw_input *in)
{
	if (e->sale != NULL)
		gw_core_error(e, "Practice cannot begin or end within a sale");
	else
		e->practice = in->qty != 0;
}

static const struct {
	void (*run)(struct gw_engine *e, const struct gw_input *in);
	bool in_sale; /* only while a sale is open */
} commands[] = {
	[GW_IN_SCAN] = {gw_core_scan, false},
	[GW_IN_LINE] = {gw_core_host_line, false},
	[GW_IN_ACCEPT] = {on_accept, false},
	[GW_IN_DECLINE] = {on_decline, false},
	[GW_IN_NOT_VOICED] = {on_not_voiced, false},
	[GW_IN_QTY] = {on_qty, true},
	[GW_IN_VOID] = {on_void, true},
	[GW_IN_VOID_LAST] = {on_void_last, true},
	[GW_IN_TOTAL] = {on_total, true},
	[GW_IN_TENDER] = {on_tender, false},
	[GW_IN_CANCEL] = {on_cancel, true},
	[GW_IN_SUSPEND] = {on_suspend, true},
	[GW_IN_RESUME] = {on_resume, false},
	[GW_IN_CASHIER] = {on_cashier, false},
	[GW_IN_SEGMENT] = {on_segment, false},
	[GW_IN_MUTE] = {on_mute, true},
	[GW_IN_PRACTICE] = {on_practice, false},
	[GW_IN_INJECTED] = {gw_core_injected, false},
	[GW_IN_TICK] = {NULL, false},
};

void gw_core_command(struct gw_engine *e, const struct gw_input *in)
{
	if (commands[in->kind].run == NULL)
		return;
	if (commands[in->kind].in_sale && e->sale == NULL)
		gw_core_error(e, "No sale is open");
	else
		commands[in->kind].run(e, in);
}
