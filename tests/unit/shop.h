/*
 * A small shop for tests: a table from compact rows, an engine played from a line of text, and its
 * events written down as a line of text.
 */
#ifndef TESTS_SHOP_H
#define TESTS_SHOP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/view.h"
#include "model/table_build.h"

struct shop_item {
	const char *code;
	int64_t price, cost; /* -1 unknown */
	const char *category, *tags;
	int32_t stock; /* 0 is read as unknown, -9 as none left */
};

struct shop_rule {
	const char *id, *conditions; /* codes, or category:NAME, joined by blanks */
	const char *suggest;
	double weight;
	int64_t price; /* 0: the item's own */
	enum gw_rule_kind kind;
	enum gw_moment moment;
	const char *pos_code, *segment, *arm;
	int64_t min_subtotal;
	int32_t priority;
	int16_t from_minute, to_minute; /* 0, 0: all day */
	uint8_t days;                   /* 0: all */
};

struct shop_setting {
	const char *key, *value;
};

static inline void shop_fail(const char *what)
{
	fprintf(stderr, "shop: %s\n", what);
	abort();
}

static inline void shop_conditions(struct gw_table_build *b, struct gw_rule *rule, const char *text)
{
	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, " ");
		struct gw_condition *c = &rule->conditions[rule->condition_count++];
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		c->is_category = strncmp(name, "category:", 9) == 0;
		c->index = c->is_category ? gw_table_build_find_category(b, name + 9)
					  : gw_table_build_find(b, name, len);
		if (c->index == GW_NONE)
			shop_fail(name);
		p += len + (p[len] == ' ');
	}
}

static inline void shop_add_item(struct gw_table_build *b, const struct shop_item *in)
{
	struct gw_err err;
	struct gw_item item = {.code = in->code,
			       .name = in->code,
			       .tags = in->tags != NULL ? in->tags : "",
			       .price_minor = in->price,
			       .cost_minor = in->cost,
			       .category = GW_NONE,
			       .stock = in->stock == 0    ? -1
					: in->stock == -9 ? 0
							  : in->stock};

	if (in->category != NULL) {
		item.category = gw_table_build_find_category(b, in->category);
		if (item.category == GW_NONE)
			item.category = (uint32_t)gw_table_build_category(b, in->category, &err);
	}
	if (gw_table_build_item(b, &item, &err) < 0)
		shop_fail(err.text);
}

static inline void shop_add_rule(struct gw_table_build *b, const struct shop_rule *in)
{
	struct gw_err err;
	struct gw_rule rule = gw_rule_blank();
	const struct gw_item *item;

	rule.id = in->id;
	shop_conditions(b, &rule, in->conditions);
	rule.suggest = gw_table_build_find(b, in->suggest, strlen(in->suggest));
	if (rule.suggest == GW_NONE)
		shop_fail(in->suggest);
	item = &gw_table_build_peek(b)->items[rule.suggest];
	rule.kind = in->kind;
	rule.moment = in->moment;
	rule.weight = in->weight;
	rule.price_minor = in->price != 0 ? in->price : item->price_minor;
	rule.saves_minor =
		in->price != 0 && item->price_minor > in->price ? item->price_minor - in->price : 0;
	rule.pos_code = in->pos_code != NULL ? in->pos_code : in->suggest;
	rule.segment = in->segment != NULL ? in->segment : "";
	rule.arm = in->arm != NULL ? in->arm : "";
	rule.script = "Ask!";
	rule.min_subtotal_minor = in->min_subtotal;
	rule.priority = in->priority;
	if (in->to_minute != 0) {
		rule.from_minute = in->from_minute;
		rule.to_minute = in->to_minute;
	}
	if (in->days != 0)
		rule.days = in->days;
	if (gw_table_build_rule(b, &rule, &err) < 0)
		shop_fail(err.text);
}

struct shop {
	const struct shop_item *items;
	size_t item_count;
	const struct shop_rule *rules;
	size_t rule_count;
	const struct shop_setting *settings;
	size_t setting_count;
	const struct gw_experiment *experiments;
	size_t experiment_count;
	int64_t expires_ms;
	const char *version;
};

static inline struct gw_table *shop_table(const struct shop *s)
{
	struct gw_table_build *b;
	struct gw_err err;
	struct gw_table_head head = {.version = s->version != NULL ? s->version : "1",
				     .expires_ms = s->expires_ms};

	if (gw_table_build_new(&b, &err) < 0 || gw_table_build_head(b, &head, &err) < 0)
		shop_fail(err.text);
	for (size_t i = 0; i < s->item_count; i++)
		shop_add_item(b, &s->items[i]);
	for (size_t i = 0; i < s->rule_count; i++)
		shop_add_rule(b, &s->rules[i]);
	for (size_t i = 0; i < s->experiment_count; i++)
		if (gw_table_build_experiment(b, &s->experiments[i], &err) < 0)
			shop_fail(err.text);
	for (size_t i = 0; i < s->setting_count; i++)
		if (gw_table_build_setting(b, s->settings[i].key, s->settings[i].value, &err) < 0)
			shop_fail(err.text);
	return gw_table_build_done(b);
}

/* --- playing */

struct shop_player {
	struct gw_engine *engine;
	int64_t at_ms, mono_ms;
	bool all; /* beeps and tables are written too */
	struct gw_text *out;
	uint32_t scan_seq;
	/* Called for every event, may be NULL. */
	void (*on_event)(void *ctx, const struct gw_event *event);
	void *ctx;
};

static inline void shop_write(struct gw_text *t, const struct gw_event *v)
{
	static const char *const results[] = {
#define SHOP_WORD(name, word) word,
		GW_RESULT_MAP(SHOP_WORD)};
	static const char *const reasons[] = {GW_CLOSE_MAP(SHOP_WORD)};
#undef SHOP_WORD
	static const char *const words[] = {
#define SHOP_WORD(name, word, kept) word,
		GW_EVENT_MAP(SHOP_WORD)
#undef SHOP_WORD
	};
	static const char *const sources[] = {"scan", "offer", "host"};
	static const char *const beeps[] = {"ok", "bad", "offer"};

	if (t->len > 0)
		gw_text_add_char(t, ' ');
	gw_text_add(t, words[v->kind]);
	switch (v->kind) {
	case GW_EV_LINE:
		gw_text_addf(t, ":%d:%s:%d:%lld:%s", v->u.line.line, v->u.line.code, v->u.line.qty,
			     (long long)v->u.line.price_minor, sources[v->u.line.source]);
		if (v->u.line.offer != 0)
			gw_text_addf(t, ":%d%s", v->u.line.offer, v->u.line.unconfirmed ? "?" : "");
		break;
	case GW_EV_VOID:
		gw_text_addf(t, ":%d", v->u.voided.line);
		break;
	case GW_EV_OFFER:
	case GW_EV_GHOST:
		gw_text_addf(t, ":%s:%lld", v->u.offer.rule, (long long)v->u.offer.price_minor);
		break;
	case GW_EV_OUTCOME:
		gw_text_addf(t, ":%d:%s%s%s:%d:%lld", v->u.outcome.offer,
			     results[v->u.outcome.result], v->u.outcome.why[0] != '\0' ? "/" : "",
			     v->u.outcome.why, v->u.outcome.line,
			     (long long)v->u.outcome.value_minor);
		break;
	case GW_EV_CLOSE:
		gw_text_addf(t, ":%d:%d:%lld:%s", v->u.close.lines, v->u.close.items,
			     (long long)v->u.close.total_minor, reasons[v->u.close.reason]);
		break;
	case GW_EV_UNKNOWN:
		gw_text_addf(t, ":%s:%d", v->u.code.code, v->u.code.line);
		break;
	case GW_EV_INJECT:
		gw_text_addf(t, ":%s", v->u.code.code);
		break;
	case GW_EV_BEEP:
		gw_text_addf(t, ":%s", beeps[v->u.beep]);
		break;
	case GW_EV_REFUSED:
	case GW_EV_WARN:
	case GW_EV_ERROR:
		gw_text_addf(t, ":'%s'", v->u.text);
		break;
	case GW_EV_LOGIN:
	case GW_EV_SEGMENT:
		gw_text_addf(t, ":%s", v->u.id.id);
		break;
	default:
		break;
	}
}

static inline void shop_input(struct shop_player *p, struct gw_input *in)
{
	const struct gw_event *events;
	size_t n;

	in->at_ms = p->at_ms;
	in->mono_ms = p->mono_ms;
	if (gw_engine_input(p->engine, in) != GW_OK)
		shop_fail("input refused");
	n = gw_engine_events(p->engine, &events);
	for (size_t i = 0; i < n; i++) {
		if (p->on_event != NULL)
			p->on_event(p->ctx, &events[i]);
		if (p->out == NULL)
			continue;
		if (p->all || (events[i].kind != GW_EV_BEEP && events[i].kind != GW_EV_TABLE))
			shop_write(p->out, &events[i]);
	}
}

/*
 * One word of a script:
 *	s:CODE  scan      l:CODE[*QTY][@PRICE]  host line     yes  no[:WHY]  nv  mute
 *	q:LINE*QTY        v[:LINE]  void        tot  ten[:PRICE]  can  sus  res[:BASKET]
 *	cash:ID  seg:NAME  prac:0|1             +MS  time passes, with a tick   ~MS  without
 *	late:MS:CODE      a scan that was read MS ago
 */
static inline void shop_word(struct shop_player *p, const char *word)
{
	static const struct {
		const char *word;
		enum gw_input_kind kind;
	} plain[] = {{"yes", GW_IN_ACCEPT},    {"no", GW_IN_DECLINE},   {"nv", GW_IN_NOT_VOICED},
		     {"mute", GW_IN_MUTE},     {"v", GW_IN_VOID},       {"tot", GW_IN_TOTAL},
		     {"ten", GW_IN_TENDER},    {"can", GW_IN_CANCEL},   {"sus", GW_IN_SUSPEND},
		     {"res", GW_IN_RESUME},    {"cash", GW_IN_CASHIER}, {"seg", GW_IN_SEGMENT},
		     {"prac", GW_IN_PRACTICE}, {"q", GW_IN_QTY},        {"l", GW_IN_LINE},
		     {"s", GW_IN_SCAN},        {"late", GW_IN_SCAN},    {"inj", GW_IN_INJECTED}};
	struct gw_input in = {.kind = GW_IN_TICK, .price_minor = -1};
	char head[16], rest[160], *star, *at;
	const char *colon = strchr(word, ':');

	snprintf(head, sizeof(head), "%.*s", colon != NULL ? (int)(colon - word) : 15, word);
	snprintf(rest, sizeof(rest), "%s", colon != NULL ? colon + 1 : "");
	if (*word == '+' || *word == '~') {
		p->at_ms += atoll(word + 1);
		p->mono_ms += atoll(word + 1);
		if (*word == '+')
			shop_input(p, &in);
		return;
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(head, plain[i].word) == 0)
			in.kind = plain[i].kind;
	if (in.kind == GW_IN_TICK)
		shop_fail(word);
	if (strcmp(head, "late") == 0) {
		in.late_ms = atoi(rest);
		memmove(rest, strchr(rest, ':') + 1, strlen(strchr(rest, ':')));
	}
	at = in.kind == GW_IN_LINE ? strrchr(rest, '@') : NULL;
	if (at != NULL) {
		in.price_minor = atoll(at + 1);
		*at = '\0';
	}
	star = in.kind == GW_IN_LINE || in.kind == GW_IN_QTY ? strrchr(rest, '*') : NULL;
	if (star != NULL) {
		in.qty = atoi(star + 1);
		*star = '\0';
	}
	in.text = in.code = rest;
	in.data = (const uint8_t *)rest;
	in.data_len = strlen(rest);
	if (in.kind == GW_IN_QTY || in.kind == GW_IN_VOID)
		in.line = atoi(rest);
	if (in.kind == GW_IN_INJECTED) {
		in.line = atoi(rest);
		in.text = gw_engine_view(p->engine)->basket;
	}
	if (in.kind == GW_IN_VOID && *rest == '\0')
		in.kind = GW_IN_VOID_LAST;
	if (in.kind == GW_IN_TENDER && *rest != '\0')
		in.price_minor = atoll(rest);
	if (in.kind == GW_IN_PRACTICE)
		in.qty = atoi(rest);
	if (in.kind == GW_IN_SCAN) {
		in.scan_session = 1;
		in.scan_seq = ++p->scan_seq;
	}
	shop_input(p, &in);
}

/* Plays the words of a script; 800 ms pass before each scan or line. */
static inline void shop_play(struct shop_player *p, const char *script)
{
	char word[256];

	for (const char *s = script; *s != '\0';) {
		size_t len = strcspn(s, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		if (*s == 's' || *s == 'l') {
			p->at_ms += 800;
			p->mono_ms += 800;
		}
		if (len > 0)
			shop_word(p, word);
		s += len + (s[len] == ' ');
	}
}

#endif
