/*
 * Reading a payload.  Each line is parsed on its own; what it refers to (the items of a rule)
 * stands above it.  Only what a line states is looked at: a wrong type is a fault, an unknown
 * member is not.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/when.h"
#include "tools/table/payload.h"

struct line {
	struct gw_table_build *build;
	struct gw_table_head head;
	json_t *object;
	struct gw_err *err;
	const char *bad; /* first member of the wrong type */
	bool begun;      /* the first line was one of ours */
};

static const char *text_of(struct line *l, const char *key)
{
	const json_t *v = json_object_get(l->object, key);

	if (v == NULL)
		return "";
	if (json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v))
		return json_string_value(v);
	l->bad = key;
	return "";
}

static int64_t int_of(struct line *l, const char *key, int64_t usual, int64_t least, int64_t most)
{
	const json_t *v = json_object_get(l->object, key);

	if (v == NULL)
		return usual;
	if (json_is_integer(v) && json_integer_value(v) >= least && json_integer_value(v) <= most)
		return json_integer_value(v);
	l->bad = key;
	return usual;
}

static int64_t minor_of(struct line *l, const char *key, int64_t usual)
{
	return int_of(l, key, usual, INT64_MIN, INT64_MAX);
}

static double real_of(struct line *l, const char *key)
{
	const json_t *v = json_object_get(l->object, key);

	if (v == NULL)
		return 0;
	if (!json_is_number(v))
		l->bad = key;
	return json_number_value(v);
}

static int32_t day_of(struct line *l, const char *key, int32_t usual)
{
	const char *text = text_of(l, key);
	int64_t day;

	if (text[0] == '\0')
		return usual;
	if (gw_date_parse(text, strlen(text), &day) == GW_OK)
		return (int32_t)day;
	l->bad = key;
	return usual;
}

/* Index of a word, 0 when it is not stated. */
static int word_of(struct line *l, const char *key, const char *const *words)
{
	const char *text = text_of(l, key);

	if (text[0] == '\0')
		return 0;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	l->bad = key;
	return 0;
}

static int64_t category_of(struct line *l, const char *name)
{
	uint32_t index = gw_table_build_find_category(l->build, name);

	return index != GW_NONE ? index : gw_table_build_category(l->build, name, l->err);
}

static int64_t read_item(struct line *l)
{
	static const char *const kinds[] = {"product", "service", NULL};
	struct gw_item item = {.category = GW_NONE};
	const char *category = text_of(l, "category");

	if (category[0] != '\0') {
		int64_t index = category_of(l, category);

		if (index < 0)
			return index;
		item.category = (uint32_t)index;
	}
	item.code = text_of(l, "item");
	item.name = text_of(l, "name");
	item.tags = text_of(l, "tags");
	item.price_minor = minor_of(l, "price", -1);
	item.cost_minor = minor_of(l, "cost", -1);
	item.stock = (int32_t)int_of(l, "stock", -1, -1, INT32_MAX);
	item.kind = (enum gw_item_kind)word_of(l, "kind", kinds);
	return l->bad == NULL ? gw_table_build_item(l->build, &item, l->err) : GW_E_INPUT;
}

static uint32_t item_of(const struct line *l, const char *code)
{
	return gw_table_build_find(l->build, code, strlen(code));
}

static void read_conditions(struct line *l, struct gw_rule *rule)
{
	static const char category[] = "category:";
	const json_t *list = json_object_get(l->object, "if");
	size_t count = json_array_size(list);

	if ((list != NULL && !json_is_array(list)) || count > GW_IF_MAX) {
		l->bad = "if";
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct gw_condition *c = &rule->conditions[rule->condition_count++];

		if (text == NULL) {
			l->bad = "if";
			return;
		}
		c->is_category = strncmp(text, category, sizeof(category) - 1) == 0;
		c->index = c->is_category ? gw_table_build_find_category(
						    l->build, text + sizeof(category) - 1)
					  : item_of(l, text);
	}
}

static void read_when(struct line *l, struct gw_rule *rule)
{
	rule->from_day = day_of(l, "from", INT32_MIN);
	rule->to_day = day_of(l, "to", INT32_MAX);
	rule->days = (uint8_t)int_of(l, "days", 0x7F, 0, 0x7F);
	rule->from_minute = (int16_t)int_of(l, "from_minute", 0, 0, 1440);
	rule->to_minute = (int16_t)int_of(l, "to_minute", 1440, 0, 1440);
}

static int64_t read_rule(struct line *l)
{
	static const char *const kinds[] = {"addon", "upgrade", "bundle", NULL};
	static const char *const moments[] = {"scan", "total", NULL};
	struct gw_rule rule = gw_rule_blank();

	rule.id = text_of(l, "rule");
	read_conditions(l, &rule);
	rule.suggest = item_of(l, text_of(l, "suggest"));
	rule.kind = (enum gw_rule_kind)word_of(l, "kind", kinds);
	rule.moment = (enum gw_moment)word_of(l, "moment", moments);
	rule.price_minor = minor_of(l, "price", -1);
	rule.saves_minor = minor_of(l, "saves", 0);
	rule.pos_code = text_of(l, "pos_code");
	rule.script = text_of(l, "script");
	rule.segment = text_of(l, "segment");
	rule.arm = text_of(l, "arm");
	read_when(l, &rule);
	rule.min_subtotal_minor = minor_of(l, "min_subtotal", 0);
	rule.priority = (int32_t)int_of(l, "priority", 0, INT32_MIN, INT32_MAX);
	rule.weight = real_of(l, "weight");
	rule.support = real_of(l, "support");
	rule.confidence = real_of(l, "confidence");
	rule.lift = real_of(l, "lift");
	return l->bad == NULL ? gw_table_build_rule(l->build, &rule, l->err) : GW_E_INPUT;
}

static int64_t read_experiment(struct line *l)
{
	char room[GW_ARMS_TEXT_MAX];
	struct gw_arm arms[GW_TABLE_ARMS_MAX];
	struct gw_experiment e = {.arms = arms};

	e.id = text_of(l, "experiment");
	e.hypothesis = text_of(l, "hypothesis");
	e.metric = text_of(l, "metric");
	e.salt = text_of(l, "salt");
	e.from_day = day_of(l, "from", INT32_MIN);
	e.to_day = day_of(l, "to", INT32_MAX);
	e.holdout_ppm = (int32_t)int_of(l, "holdout_ppm", 0, 0, 1000000);
	if (gw_arms_parse(text_of(l, "arms"), room, arms, &e.arm_count, l->err) < 0)
		return GW_E_INPUT;
	return l->bad == NULL ? gw_table_build_experiment(l->build, &e, l->err) : GW_E_INPUT;
}

static int64_t read_setting(struct line *l)
{
	return gw_table_build_setting(l->build, text_of(l, "setting"), text_of(l, "value"), l->err);
}

static int64_t read_head(struct line *l)
{
	if (int_of(l, "goeswith_table", 0, 0, INT32_MAX) != 1)
		return gw_err_set(l->err, GW_E_INPUT,
				  "a format this program does not know; update "
				  "goeswith");
	l->head.currency = text_of(l, "currency");
	return gw_table_build_head(l->build, &l->head, l->err);
}

static int64_t read_object(struct line *l)
{
	static const struct {
		const char *key;
		int64_t (*read_kind)(struct line *);
	} kinds[] = {{"item", read_item},
		     {"rule", read_rule},
		     {"setting", read_setting},
		     {"experiment", read_experiment}};

	if (!l->begun) {
		l->begun = true;
		return read_head(l);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (json_object_get(l->object, kinds[i].key) != NULL)
			return kinds[i].read_kind(l);
	return GW_OK;
}

static int64_t read_line(struct line *l, const char *text, size_t len)
{
	json_error_t why;
	int64_t rc;

	if (len > GW_PAYLOAD_LINE_MAX)
		return gw_err_set(l->err, GW_E_INPUT, "longer than %d bytes", GW_PAYLOAD_LINE_MAX);
	l->object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(l->object)) {
		json_decref(l->object);
		return gw_err_set(l->err, GW_E_INPUT, "not a JSON object");
	}
	l->bad = NULL;
	rc = read_object(l);
	if (l->bad != NULL)
		rc = gw_err_set(l->err, GW_E_INPUT, "'%s' has a value it cannot have", l->bad);
	json_decref(l->object);
	return rc;
}

int gw_payload_read(const char *raw, size_t len, struct gw_table_build *build,
		    struct gw_table_head head, struct gw_err *err)
{
	struct gw_err why = {0};
	struct line l = {.build = build, .head = head, .err = &why};
	const char *p = raw, *end = raw + len;

	for (int64_t number = 1; p < end; number++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl != NULL ? nl : end;
		int64_t rc = read_line(&l, p, (size_t)(stop - p));

		if (rc < 0)
			return gw_err_set(err, (int)rc, "payload line %lld: %s", (long long)number,
					  why.text);
		p = nl != NULL ? nl + 1 : end;
	}
	if (!l.begun)
		return gw_err_set(err, GW_E_INPUT, "the payload is empty");
	return GW_OK;
}
