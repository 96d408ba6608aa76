/*
 * The life of an offer.
 *
 *	             consider                key, host      ACCEPTED, DECLINED, NOT_VOICED
 *	nothing ───────────────▶ on screen ───────────────────────────────────────────────▶ over
 *	          │                  │  the add-on is scanned        ACCEPTED_BY_SCAN
 *	          │                  │  offer_ms are over            EXPIRED
 *	          │                  │  its reason goes              WITHDRAWN
 *	          │                  └─ the sale ends                IGNORED
 *	          └─ holdout ──▶ ghost: nobody sees it; ends as ACCEPTED_BY_SCAN or IGNORED
 *
 * An offer on the screen is never replaced by another one: a key pressed for the first must not
 * accept the second, and one offer a sale is the default anyway.  The next scan goes through and is
 * shown at once; the offer waits beside it.  For the same reason a second offer keeps a second's
 * distance from the end of the first.
 *
 * A ghost takes the place of an offer in every count, and the screen for as long as the offer would
 * have had it, so that baskets of the holdout are decided on like all others.
 */
#include "engine/core.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"

/* Faster than any hand: a buffer that is being emptied or a script, no cadence of a cashier. */
#define HAND_GAP_MS 20

bool gw_core_suggestions_off(const struct gw_engine *e)
{
	const struct gw_table *t = e->ground.table;

	return t == NULL || e->settings.offers_per_sale == 0 ||
	       (t->expires_ms != 0 && e->at_ms > t->expires_ms + e->settings.grace_h * 3600000LL);
}

struct gw_slot *gw_core_offer(struct gw_engine *e)
{
	for (int i = 0; e->sale != NULL && i < e->sale->slot_count; i++)
		if (e->sale->slots[i].open && !e->sale->slots[i].ghost)
			return &e->sale->slots[i];
	return NULL;
}

/* --- whether to offer */

/* The last GW_CADENCE scans came in a rush: a moment in which nobody can ask anything. */
static bool in_rush(const struct gw_engine *e)
{
	const struct gw_sale *sale = e->sale;
	int64_t sum = 0;
	int gaps = 0;

	if (e->settings.rush_gap_ms == 0 || sale->scans < GW_CADENCE)
		return false;
	for (uint32_t i = sale->scans - GW_CADENCE + 1; i < sale->scans; i++) {
		int64_t gap =
			sale->cadence_ms[i % GW_CADENCE] - sale->cadence_ms[(i - 1) % GW_CADENCE];

		if (gap < HAND_GAP_MS)
			continue;
		sum += gap;
		gaps++;
	}
	return gaps > 0 && sum < (int64_t)gaps * e->settings.rush_gap_ms;
}

static bool screen_free(const struct gw_engine *e)
{
	for (int i = 0; i < e->sale->slot_count; i++) {
		const struct gw_slot *slot = &e->sale->slots[i];

		if (slot->open && (!slot->ghost || slot->expires_ms == 0))
			return false;
		if (e->mono_ms < slot->ended_mono_ms + GW_OFFER_PAUSE_MS)
			return false;
	}
	return true;
}

static bool may_offer(const struct gw_engine *e, enum gw_moment moment)
{
	const struct gw_sale *sale = e->sale;

	if (sale == NULL || sale->live == 0 || gw_core_suggestions_off(e))
		return false;
	if (sale->muted || sale->returned || sale->refused_offer ||
	    sale->slot_count >= e->settings.offers_per_sale)
		return false;
	if (moment == GW_MOMENT_SCAN && in_rush(e))
		return false;
	if (e->settings.deadline_ms > 0 && e->input->late_ms > e->settings.deadline_ms)
		return false;
	return screen_free(e);
}

static void find_arms(struct gw_engine *e, int32_t day)
{
	const struct gw_ground *g = &e->ground;

	if (day == e->arms_day && strcmp(e->arms_basket, e->sale->basket) == 0)
		return;
	for (uint32_t i = 0; i < g->index->arm_count; i++)
		g->has_arm[i] = gw_assign_has_arm(g->table, g->index->arms[i], e->settings.salt,
						  e->sale->basket, day);
	gw_core_copy(e->arms_basket, sizeof(e->arms_basket), e->sale->basket);
	e->arms_day = day;
}

static struct gw_decision decision(struct gw_engine *e, enum gw_moment moment)
{
	struct gw_core_local local = gw_core_local(e, e->at_ms);
	struct gw_decision d = {
		.day = local.day,
		.minute = local.minute,
		.weekday = local.weekday,
		.moment = moment,
		.segment = e->sale->segment,
		.has_arm = e->ground.has_arm,
		.subtotal_minor = e->sale->total_minor,
		.min_weight = e->settings.min_weight,
		.min_confidence = e->settings.min_confidence,
		.min_margin_minor = e->settings.min_margin_minor,
	};

	find_arms(e, local.day);
	for (int i = 0; i < e->sale->slot_count; i++) {
		d.used_rules[d.used_count] = e->sale->slots[i].rule_index;
		d.used_items[d.used_count++] = e->sale->slots[i].item;
	}
	return d;
}

/* Takes candidates out whose item was reported out of stock today. */
static size_t drop_gone(const struct gw_engine *e, int32_t day, struct gw_candidate *list,
			size_t count)
{
	const struct gw_table *t = e->ground.table;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const char *code = t->items[t->rules[list[i].rule].suggest].code;
		bool gone = false;

		for (uint32_t g = 0; g < e->gone_count && g < GW_GONE_MAX; g++)
			gone = gone ||
			       (e->gone[g].day == day && strcmp(e->gone[g].code, code) == 0);
		if (!gone)
			list[kept++] = list[i];
	}
	return kept;
}

/* --- what speaks for it */

static void add_reason(struct gw_slot *slot, const char *name, int *count)
{
	for (int i = 0; i < *count && i < GW_WHY_MAX; i++)
		if (slot->why[i] == name)
			return;
	if (*count < GW_WHY_MAX)
		slot->why[*count] = name;
	else
		slot->why_more++;
	++*count;
}

static bool meets_condition(const struct gw_table *t, const struct gw_condition *c, uint32_t item)
{
	return c->is_category ? t->items[item].category == c->index : item == c->index;
}

/* Items on lines that are not voided, each once, that a condition of the rule asks for. */
void gw_core_reasons(const struct gw_engine *e, struct gw_slot *slot)
{
	const struct gw_table *t = e->ground.table;
	const struct gw_sale *sale = e->sale;
	const struct gw_rule *rule;
	int count = 0;

	memset(slot->why, 0, sizeof(slot->why));
	slot->why_more = 0;
	if (t == NULL || sale == NULL || slot->rule_index == GW_NONE)
		return;
	rule = &t->rules[slot->rule_index];
	for (int c = 0; c < rule->condition_count; c++)
		for (int i = 0; i < sale->line_count; i++)
			if (sale->lines[i].item != GW_NONE && gw_core_pieces(&sale->shown[i]) > 0 &&
			    meets_condition(t, &rule->conditions[c], sale->lines[i].item))
				add_reason(slot, t->items[sale->lines[i].item].name, &count);
}

/* --- making the offer */

static const char *eligible_ids(struct gw_engine *e, const struct gw_candidate *list, size_t count)
{
	struct gw_text t = gw_text_over(e->eligible_ids, sizeof(e->eligible_ids));

	for (size_t i = 0; i < count; i++) {
		const char *id = e->ground.table->rules[list[i].rule].id;

		if (t.len + strlen(id) + 1 >= t.size)
			break;
		if (i > 0)
			gw_text_add_char(&t, ' ');
		gw_text_add(&t, id);
	}
	return e->eligible_ids;
}

static void fill_offer(struct gw_engine *e, struct gw_ev_offer *o, const struct gw_candidate *c)
{
	const struct gw_table *t = e->ground.table;
	const struct gw_rule *rule = &t->rules[c->rule];
	const struct gw_item *item = &t->items[rule->suggest];
	struct gw_slot reasons = {.rule_index = c->rule};

	o->offer = e->sale->slot_count + 1;
	gw_core_copy(o->rule, sizeof(o->rule), rule->id);
	o->kind = rule->kind;
	gw_core_copy(o->code, sizeof(o->code), item->code);
	gw_core_copy(o->pos_code, sizeof(o->pos_code), rule->pos_code);
	o->name = item->name;
	o->script = rule->script;
	o->price_minor = rule->price_minor >= 0 ? rule->price_minor : item->price_minor;
	o->saves_minor = rule->saves_minor;
	o->margin_minor = c->margin_minor == GW_MARGIN_UNKNOWN ? -1 : c->margin_minor;
	o->subtotal_minor = e->sale->total_minor;
	o->expires_ms = e->settings.offer_ms;
	gw_core_copy(o->table_version, sizeof(o->table_version), t->version);
	gw_core_reasons(e, &reasons);
	memcpy(o->why, reasons.why, sizeof(o->why));
	o->why_more = reasons.why_more;
}

static void make_offer(struct gw_engine *e, const struct gw_candidate *list, size_t count,
		       const struct gw_pick *pick)
{
	const struct gw_rule *rule = &e->ground.table->rules[list[pick->index].rule];
	struct gw_assignment a =
		gw_assign(e->ground.table, rule->arm, e->settings.holdout_ppm, e->settings.salt,
			  e->sale->basket, gw_core_local(e, e->at_ms).day);
	struct gw_event *event = gw_core_event(e, a.holdout ? GW_EV_GHOST : GW_EV_OFFER);
	struct gw_ev_offer *o = &event->u.offer;

	fill_offer(e, o, &list[pick->index]);
	gw_core_copy(o->experiment, sizeof(o->experiment),
		     a.experiment != NULL ? a.experiment->id : "");
	gw_core_copy(o->arm, sizeof(o->arm), a.arm);
	o->eligible = (int32_t)count;
	o->propensity_ppm = pick->propensity_ppm;
	o->holdout_ppm = a.holdout_ppm;
	o->hold_bucket_ppm = a.bucket_ppm;
	o->eligible_ids = eligible_ids(e, list, count);
	e->decided_rule = list[pick->index].rule;
	gw_core_commit(e, event);
	e->decided_rule = GW_NONE;
	if (a.holdout)
		return;
	e->view.offers_shown++;
	gw_core_beep(e, GW_BEEP_OFFER);
	gw_core_note(e, GW_NOTE_OFFERED, o->name);
}

void gw_core_consider(struct gw_engine *e, enum gw_moment moment)
{
	struct gw_candidate list[GW_SHORTLIST_MAX];
	struct gw_decision d;
	struct gw_pick pick;
	size_t count;

	if (!may_offer(e, moment))
		return;
	d = decision(e, moment);
	count = gw_shortlist(e->ground.fit, &d, &e->ground.room, list);
	count = drop_gone(e, d.day, list, count);
	if (count > 0 && e->chooser->pick(e->chooser->state, list, count, e->sale->basket, &pick) &&
	    pick.index < count)
		make_offer(e, list, count, &pick);
}

/* --- how it ends */

/* What the add-on brought: the line's amount, less that of one piece an upgrade replaces. */
static int64_t slot_value(struct gw_engine *e, const struct gw_slot *slot, int line)
{
	const struct gw_sale_line *l = gw_core_line(e->sale, line);
	int64_t value = l != NULL ? gw_core_shown(e->sale, l)->amount_minor : slot->price_minor;
	const struct gw_rule *rule;

	if (value < 0)
		return 0;
	if (slot->kind != GW_RULE_UPGRADE || slot->rule_index == GW_NONE)
		return value;
	rule = &e->ground.table->rules[slot->rule_index];
	for (int i = 0; i < rule->condition_count; i++)
		if (!rule->conditions[i].is_category) {
			int64_t old = e->ground.table->items[rule->conditions[i].index].price_minor;

			return old > 0 ? value - old : value;
		}
	return value;
}

static void end_slot(struct gw_engine *e, struct gw_slot *slot, enum gw_result result,
		     const char *why, int line)
{
	struct gw_event *event = gw_core_event(e, GW_EV_OUTCOME);
	struct gw_ev_outcome *o = &event->u.outcome;
	int64_t ms = e->mono_ms - slot->shown_mono_ms;

	o->offer = slot->offer;
	gw_core_copy(o->rule, sizeof(o->rule), slot->rule);
	gw_core_copy(o->code, sizeof(o->code), slot->code);
	o->result = result;
	gw_core_copy(o->why, sizeof(o->why), why);
	o->ms = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
	o->line = line;
	o->ghost = slot->ghost;
	if (line > 0)
		o->value_minor = slot_value(e, slot, line);
	gw_core_commit(e, event);
	if (line > 0 && !slot->ghost)
		e->view.offers_accepted++;
}

void gw_core_end_offer(struct gw_engine *e, struct gw_slot *slot, enum gw_result result,
		       const char *why)
{
	end_slot(e, slot, result, why, 0);
}

void gw_core_expire(struct gw_engine *e)
{
	struct gw_slot *slot = gw_core_offer(e);

	if (slot == NULL || slot->expires_ms == 0 ||
	    e->mono_ms < slot->shown_mono_ms + slot->expires_ms)
		return;
	gw_core_end_offer(e, slot, GW_RESULT_EXPIRED, "");
	gw_core_note(e, GW_NOTE_EXPIRED, NULL);
}

struct gw_slot *gw_core_meets(struct gw_engine *e, const char *code, uint32_t item)
{
	for (int i = 0; e->sale != NULL && i < e->sale->slot_count; i++) {
		struct gw_slot *slot = &e->sale->slots[i];

		if (slot->open &&
		    ((item != GW_NONE && item == slot->item) || strcmp(code, slot->code) == 0 ||
		     strcmp(code, slot->pos_code) == 0))
			return slot;
	}
	return NULL;
}

void gw_core_offer_met(struct gw_engine *e, struct gw_slot *slot, int line)
{
	bool ghost = slot->ghost;

	end_slot(e, slot, GW_RESULT_ACCEPTED_BY_SCAN, "", line);
	if (!ghost)
		gw_core_note(e, GW_NOTE_TAKEN_SCAN, slot->name);
}

static bool reason_holds(const struct gw_engine *e, const struct gw_slot *slot)
{
	const struct gw_rule *rule;

	if (slot->rule_index == GW_NONE || e->ground.fit == NULL)
		return true; /* of an older table: it stays its time */
	rule = &e->ground.table->rules[slot->rule_index];
	return gw_match_rule(e->ground.fit->match, rule) && e->sale->live > 0 &&
	       e->sale->total_minor >= rule->min_subtotal_minor &&
	       (rule->segment[0] == '\0' || strcmp(rule->segment, e->sale->segment) == 0);
}

void gw_core_check_offer(struct gw_engine *e)
{
	struct gw_slot *slot = gw_core_offer(e);

	if (slot == NULL || reason_holds(e, slot))
		return;
	gw_core_end_offer(e, slot, GW_RESULT_WITHDRAWN, "");
	gw_core_note(e, GW_NOTE_WITHDRAWN, NULL);
}

/* --- accepting by key */

/* The last line with the item an upgrade replaces, NULL. */
static struct gw_sale_line *replaced_line(struct gw_engine *e, const struct gw_slot *slot)
{
	const struct gw_table *t = e->ground.table;
	const struct gw_rule *rule;

	if (slot->kind != GW_RULE_UPGRADE || slot->rule_index == GW_NONE)
		return NULL;
	rule = &t->rules[slot->rule_index];
	for (int c = 0; c < rule->condition_count; c++)
		for (int i = e->sale->line_count; i-- > 0;)
			if (e->sale->lines[i].item != GW_NONE &&
			    gw_core_pieces(&e->sale->shown[i]) > 0 &&
			    meets_condition(t, &rule->conditions[c], e->sale->lines[i].item))
				return &e->sale->lines[i];
	return NULL;
}

/* Takes one piece of the replaced item out: its line, or one of its quantity. */
static void take_out(struct gw_engine *e, const struct gw_sale_line *line)
{
	const struct gw_view_line *shown = gw_core_shown(e->sale, line);

	gw_core_warn(e, "Take out at the till: %s", shown->name);
	if (shown->qty > 1)
		gw_core_change_qty(e, line, shown->qty - 1);
	else
		gw_core_void(e, line);
}

static int add_accepted(struct gw_engine *e, const struct gw_slot *slot)
{
	struct gw_event *event = gw_core_event(e, GW_EV_LINE);
	struct gw_ev_line *l = &event->u.line;

	l->line = e->sale->line_last + 1;
	memcpy(l->code, slot->code, sizeof(l->code));
	l->name = slot->item != GW_NONE ? slot->name : NULL;
	l->qty = 1;
	l->price_minor = slot->price_minor;
	l->source = GW_SOURCE_OFFER;
	l->offer = slot->offer;
	l->unconfirmed = true;
	gw_core_commit(e, event);
	return l->line;
}

void gw_core_accept(struct gw_engine *e)
{
	struct gw_slot *slot = gw_core_offer(e);
	const struct gw_sale_line *replaced;
	struct gw_event *event;
	int line;

	if (slot == NULL) {
		gw_core_error(e, "There is no offer to accept");
		return;
	}
	replaced = replaced_line(e, slot);
	line = add_accepted(e, slot);
	end_slot(e, slot, GW_RESULT_ACCEPTED, "", line);
	if (replaced != NULL)
		take_out(e, replaced);
	event = gw_core_event(e, GW_EV_INJECT);
	memcpy(event->u.code.code, slot->pos_code, sizeof(event->u.code.code));
	event->u.code.line = line;
	gw_core_commit(e, event);
	gw_core_beep(e, GW_BEEP_OK);
	gw_core_note(e, GW_NOTE_TAKEN, slot->name);
}
