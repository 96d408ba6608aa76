/*
 * Rows are gathered in arrays that grow by doubling; `done` gives back what they hold too much and
 * drops what only building needs.  Texts that come again and again (a segment, an arm, the tag of
 * a whole shelf) are kept once: a small cache remembers the last text of each hash.
 *
 * Keys that ascend, as they do in every file of ours, cannot repeat: no look-up is built to find
 * out, until the first key that does not ascend, or the first question about an item.
 */
#include "model/table_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/money.h"
#include "base/utf8.h"
#include "model/table_parts.h"

#define CACHE_SIZE 256
/* Beyond any price; a sum of a full sale of them still fits 64 bits. */
#define MINOR_MAX 1000000000000000LL

struct gw_table_build {
	struct gw_table *table; /* its arrays are being filled */
	struct gw_table_parts *parts;
	struct gw_index categories, rules; /* experiments and settings are few: searched */
	bool items_indexed, rules_indexed;
	uint32_t item_room, rule_room, category_room, experiment_room, setting_room;
	const char *cache[CACHE_SIZE];
};

int gw_table_build_new(struct gw_table_build **out, struct gw_err *err)
{
	struct gw_table_build *b = calloc(1, sizeof(*b));

	*out = NULL;
	if (b != NULL) {
		b->table = calloc(1, sizeof(*b->table));
		b->parts = calloc(1, sizeof(*b->parts));
	}
	if (b == NULL || b->table == NULL || b->parts == NULL) {
		if (b != NULL) {
			free(b->table);
			free(b->parts);
		}
		free(b);
		return gw_err_set(err, GW_E_MEMORY, "out of memory for a table");
	}
	b->table->private_parts = b->parts;
	b->table->version = b->table->chain = "";
	b->table->currency = "EUR";
	b->table->decimals = 2;
	*out = b;
	return GW_OK;
}

void gw_table_build_free(struct gw_table_build *b)
{
	if (b == NULL)
		return;
	gw_index_release(&b->categories);
	gw_index_release(&b->rules);
	gw_table_free(b->table);
	free(b);
}

static int no_memory(struct gw_err *err)
{
	return gw_err_set(err, GW_E_MEMORY, "out of memory for the table");
}

/*
 * Resizes the array whose address lies at array_at (the address of a pointer of any type, hence
 * copied as bytes) to count rows of size bytes.
 */
static bool resize(void *array_at, uint32_t count, size_t size)
{
	void *old, *resized;

	memcpy(&old, array_at, sizeof(old));
	resized = realloc(old, count * size);
	if (resized == NULL)
		return false;
	memcpy(array_at, &resized, sizeof(resized));
	/* cppcheck-suppress memleak ; it was copied to where it belongs */
	return true;
}

/* Makes room for one more row in an array of count rows with room for *room. */
static int make_room(void *array_at, uint32_t count, uint32_t *room, size_t size,
		     struct gw_err *err)
{
	uint32_t more = *room > 0 ? *room * 2 : 16;

	if (count < *room)
		return GW_OK;
	if (!resize(array_at, more, size))
		return no_memory(err);
	*room = more;
	return GW_OK;
}

/* Copies a text into the pool; NULL when out of memory. */
static const char *keep(struct gw_table_build *b, const char *s, size_t len)
{
	char *copy = gw_pool_get(&b->parts->pool, len + 1, false);

	if (copy != NULL)
		memcpy(copy, s, len + 1);
	return copy;
}

/* The same for a text that may be there already. */
static const char *keep_once(struct gw_table_build *b, const char *s, size_t len)
{
	const char **seen = &b->cache[gw_hash64(s, len) % CACHE_SIZE];

	if (*seen == NULL || strcmp(*seen, s) != 0)
		*seen = keep(b, s, len);
	return *seen;
}

/* True if the text may go to a terminal as it is. */
static bool safe(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;

		if (s[i] >= ' ' && s[i] <= '~') {
			i++;
			continue;
		}
		size_t n = gw_utf8_decode(s + i, len - i, &c);

		if (gw_utf8_is_unsafe(c) || (c == 0xFFFD && n == 1))
			return false;
		i += n;
	}
	return true;
}

static int check_text(const char *s, size_t len, size_t most, const char *what, struct gw_err *err)
{
	if (len > most)
		return gw_err_set(err, GW_E_INPUT, "%s is longer than %zu bytes", what, most);
	if (!safe(s, len))
		return gw_err_set(err, GW_E_INPUT,
				  "%s holds control, invisible or malformed characters", what);
	return GW_OK;
}

/* Keeps *text (NULL: "") in place; `what` names it in the complaint. */
static int take(struct gw_table_build *b, const char **text, size_t most, const char *what,
		struct gw_err *err)
{
	size_t len = *text != NULL ? strlen(*text) : 0;
	int rc;

	if (len == 0) {
		*text = "";
		return GW_OK;
	}
	if ((rc = check_text(*text, len, most, what, err)) < 0)
		return rc;
	*text = keep_once(b, *text, len);
	return *text != NULL ? GW_OK : no_memory(err);
}

/* As take, for a name that stands in identifiers and lists: no blanks, not empty, its own. */
static int take_id(struct gw_table_build *b, const char **text, size_t most, const char *what,
		   struct gw_err *err)
{
	const char *s = *text != NULL ? *text : "";
	size_t len = strlen(s);
	int rc;

	if (len == 0)
		return gw_err_set(err, GW_E_INPUT, "%s is empty", what);
	for (size_t i = 0; i < len; i++)
		if (s[i] == ' ' || s[i] == '"' || s[i] == '\\')
			return gw_err_set(err, GW_E_INPUT,
					  "%s '%.60s' holds a blank, quote or backslash", what, s);
	if ((rc = check_text(s, len, most, what, err)) < 0)
		return rc;
	*text = keep(b, s, len);
	return *text != NULL ? GW_OK : no_memory(err);
}

/*
 * True, or *memory false, if key is in rows[0..count), which begin with their keys.  `indexed` says
 * whether the index holds them yet.
 */
static bool is_there(struct gw_index *index, bool *indexed, const void *rows, size_t stride,
		     uint32_t count, const char *key, bool *memory)
{
	if (!*indexed) {
		if (count == 0 || strcmp(gw_row_key_at(rows, stride, count - 1), key) < 0)
			return false;
		*memory = gw_index_fill(index, rows, stride, count);
		*indexed = *memory;
	}
	return gw_index_find(index, rows, stride, key, strlen(key)) != GW_NONE;
}

static int full(const char *what, uint32_t most, struct gw_err *err)
{
	return gw_err_set(err, GW_E_INPUT, "more than %u %s", most, what);
}

static bool money_ok(int64_t minor, int64_t least)
{
	return minor >= least && minor <= MINOR_MAX;
}

int gw_table_build_head(struct gw_table_build *b, const struct gw_table_head *head,
			struct gw_err *err)
{
	struct gw_table *t = b->table;
	int rc;

	t->version = head->version;
	t->chain = head->chain;
	t->currency = head->currency != NULL ? head->currency : "EUR";
	t->issued_ms = head->issued_ms;
	t->expires_ms = head->expires_ms;
	if ((rc = take(b, &t->version, GW_ID_MAX - 1, "the version", err)) < 0 ||
	    (rc = take(b, &t->chain, GW_ID_MAX - 1, "the chain", err)) < 0 ||
	    (rc = take(b, &t->currency, 3, "the currency", err)) < 0) {
		t->version = t->chain = "";
		t->currency = "EUR";
		return rc;
	}
	t->decimals = gw_money_decimals(t->currency);
	return GW_OK;
}

int64_t gw_table_build_category(struct gw_table_build *b, const char *name, struct gw_err *err)
{
	struct gw_table *t = b->table;
	int rc;

	if (t->category_count == GW_TABLE_CATEGORIES_MAX)
		return full("categories", GW_TABLE_CATEGORIES_MAX, err);
	if ((rc = take_id(b, &name, GW_CODE_MAX - 1, "the category", err)) < 0 ||
	    (rc = make_room(&t->categories, t->category_count, &b->category_room,
			    sizeof(*t->categories), err)) < 0)
		return rc;
	if (gw_table_build_find_category(b, name) != GW_NONE)
		return gw_err_set(err, GW_E_INPUT, "category '%s' is there already", name);
	((const char **)t->categories)[t->category_count] = name;
	if (!gw_index_add(&b->categories, name, t->category_count))
		return no_memory(err);
	return t->category_count++;
}

static int check_item(struct gw_table_build *b, const struct gw_item *item, struct gw_err *err)
{
	const char *code = item->code != NULL ? item->code : "";
	bool memory = true;

	if (is_there(&b->parts->items, &b->items_indexed, b->table->items, sizeof(*item),
		     b->table->item_count, code, &memory))
		return gw_err_set(err, GW_E_INPUT, "item %s is there already", code);
	if (!memory)
		return no_memory(err);
	if (!money_ok(item->price_minor, -1) || !money_ok(item->cost_minor, -1))
		return gw_err_set(err, GW_E_INPUT, "price or cost out of range");
	if (item->category != GW_NONE && item->category >= b->table->category_count)
		return gw_err_set(err, GW_E_INPUT, "no category %u", item->category);
	if (item->stock < -1)
		return gw_err_set(err, GW_E_INPUT, "stock %d is out of range", item->stock);
	if (item->kind != GW_ITEM_PRODUCT && item->kind != GW_ITEM_SERVICE)
		return gw_err_set(err, GW_E_INPUT, "no such kind of item");
	return GW_OK;
}

int64_t gw_table_build_item(struct gw_table_build *b, const struct gw_item *item,
			    struct gw_err *err)
{
	struct gw_table *t = b->table;
	struct gw_item copy = *item;
	int rc;

	if (t->item_count == GW_TABLE_ITEMS_MAX)
		return full("items", GW_TABLE_ITEMS_MAX, err);
	if ((rc = check_item(b, item, err)) < 0 ||
	    (rc = make_room(&t->items, t->item_count, &b->item_room, sizeof(copy), err)) < 0 ||
	    (rc = take_id(b, &copy.code, GW_CODE_MAX - 1, "the code", err)) < 0 ||
	    (rc = take(b, &copy.name, GW_ITEM_NAME_MAX, "the name", err)) < 0 ||
	    (rc = take(b, &copy.tags, GW_ITEM_TAGS_MAX, "tags", err)) < 0)
		return rc;
	((struct gw_item *)t->items)[t->item_count] = copy;
	if (b->items_indexed && !gw_index_add(&b->parts->items, copy.code, t->item_count))
		return no_memory(err);
	return t->item_count++;
}

static int check_conditions(const struct gw_table *t, const struct gw_rule *r, struct gw_err *err)
{
	if (r->condition_count > GW_IF_MAX)
		return gw_err_set(err, GW_E_INPUT, "more than %d conditions", GW_IF_MAX);
	for (int i = 0; i < r->condition_count; i++) {
		const struct gw_condition *c = &r->conditions[i];

		if (c->index >= (c->is_category ? t->category_count : t->item_count))
			return gw_err_set(err, GW_E_INPUT, "condition %d names nothing", i + 1);
		if (!c->is_category && c->index == r->suggest)
			return gw_err_set(err, GW_E_INPUT, "suggests its own condition");
	}
	return GW_OK;
}

static bool number_ok(double d, double least, double most)
{
	return isfinite(d) && d >= least && d <= most;
}

static int check_rule(const struct gw_table *t, const struct gw_rule *r, struct gw_err *err)
{
	const char *what = NULL;

	if (r->suggest >= t->item_count)
		return gw_err_set(err, GW_E_INPUT, "suggests an item that is not there");
	if ((unsigned)r->kind > GW_RULE_BUNDLE)
		what = "kind";
	else if ((unsigned)r->moment > GW_MOMENT_TOTAL)
		what = "moment";
	else if (!money_ok(r->price_minor, -1))
		what = "price";
	else if (!money_ok(r->saves_minor, 0))
		what = "saving";
	else if (!money_ok(r->min_subtotal_minor, 0))
		what = "min_subtotal";
	else if (r->from_day > r->to_day)
		what = "from/to";
	else if (r->days == 0 || r->days > 0x7F)
		what = "days";
	else if (r->from_minute < 0 || r->from_minute > 1439 || r->to_minute < 0 ||
		 r->to_minute > 1440 || r->from_minute == r->to_minute)
		what = "hours";
	else if (!number_ok(r->weight, -1e6, 1e6))
		what = "weight";
	else if (!number_ok(r->support, 0, 1) || !number_ok(r->confidence, 0, 1) ||
		 !number_ok(r->lift, 0, 1e12))
		what = "support, confidence or lift";
	if (what != NULL)
		return gw_err_set(err, GW_E_INPUT, "%s is out of range", what);
	return check_conditions(t, r, err);
}

int64_t gw_table_build_rule(struct gw_table_build *b, const struct gw_rule *rule,
			    struct gw_err *err)
{
	struct gw_table *t = b->table;
	struct gw_rule r = *rule;
	bool own_code, memory = true;
	int rc;

	if (t->rule_count == GW_TABLE_RULES_MAX)
		return full("rules", GW_TABLE_RULES_MAX, err);
	if ((rc = check_rule(t, rule, err)) < 0 ||
	    (rc = make_room(&t->rules, t->rule_count, &b->rule_room, sizeof(r), err)) < 0)
		return rc;
	/* Most rules ring what they suggest: `done` fills these in, in one walk over the items. */
	own_code = r.pos_code == NULL || r.pos_code[0] == '\0';
	if (own_code)
		r.pos_code = NULL;
	if ((rc = take_id(b, &r.id, GW_ID_MAX - 1, "the rule's name", err)) < 0 ||
	    (!own_code && (rc = take_id(b, &r.pos_code, GW_CODE_MAX - 1, "pos_code", err)) < 0) ||
	    (rc = take(b, &r.script, GW_RULE_SCRIPT_MAX, "the script", err)) < 0 ||
	    (rc = take(b, &r.segment, GW_ID_MAX - 1, "the segment", err)) < 0 ||
	    (rc = take(b, &r.arm, GW_ID_MAX - 1, "the arm", err)) < 0)
		return rc;
	if (is_there(&b->rules, &b->rules_indexed, t->rules, sizeof(r), t->rule_count, r.id,
		     &memory))
		return gw_err_set(err, GW_E_INPUT, "rule '%s' is there already", r.id);
	((struct gw_rule *)t->rules)[t->rule_count] = r;
	if (!memory || (b->rules_indexed && !gw_index_add(&b->rules, r.id, t->rule_count)))
		return no_memory(err);
	return t->rule_count++;
}

static int take_arms(struct gw_table_build *b, struct gw_experiment *e, struct gw_err *err)
{
	struct gw_arm *arms;
	int64_t shares = 0;
	int rc;

	if (e->arm_count > GW_TABLE_ARMS_MAX)
		return full("arms in one experiment", GW_TABLE_ARMS_MAX, err);
	arms = gw_pool_get(&b->parts->pool, e->arm_count * sizeof(*arms), true);
	if (arms == NULL)
		return no_memory(err);
	for (uint32_t i = 0; i < e->arm_count; i++) {
		arms[i] = e->arms[i];
		if ((rc = take_id(b, &arms[i].name, GW_ID_MAX - 1, "the arm", err)) < 0)
			return rc;
		if (arms[i].share_ppm < 0 || (shares += arms[i].share_ppm) > 1000000)
			return gw_err_set(err, GW_E_INPUT,
					  "the arms' shares are more than 1000000");
	}
	e->arms = arms;
	return GW_OK;
}

int64_t gw_table_build_experiment(struct gw_table_build *b, const struct gw_experiment *experiment,
				  struct gw_err *err)
{
	struct gw_table *t = b->table;
	struct gw_experiment e = *experiment;
	int rc;

	if (t->experiment_count == GW_TABLE_EXPERIMENTS_MAX)
		return full("experiments", GW_TABLE_EXPERIMENTS_MAX, err);
	if (e.holdout_ppm < 0 || e.holdout_ppm > 1000000 || e.from_day > e.to_day)
		return gw_err_set(err, GW_E_INPUT, "holdout_ppm or from/to is out of range");
	if ((rc = make_room(&t->experiments, t->experiment_count, &b->experiment_room, sizeof(e),
			    err)) < 0 ||
	    (rc = take_id(b, &e.id, GW_ID_MAX - 1, "the experiment's name", err)) < 0 ||
	    (rc = take(b, &e.hypothesis, GW_TABLE_TEXT_MAX, "the hypothesis", err)) < 0 ||
	    (rc = take(b, &e.metric, GW_ID_MAX - 1, "the metric", err)) < 0 ||
	    (rc = take(b, &e.salt, GW_ITEM_NAME_MAX, "the salt", err)) < 0 ||
	    (rc = take_arms(b, &e, err)) < 0)
		return rc;
	for (uint32_t i = 0; i < t->experiment_count; i++)
		if (strcmp(t->experiments[i].id, e.id) == 0)
			return gw_err_set(err, GW_E_INPUT, "experiment '%s' is there already",
					  e.id);
	((struct gw_experiment *)t->experiments)[t->experiment_count] = e;
	return t->experiment_count++;
}

int64_t gw_table_build_setting(struct gw_table_build *b, const char *key, const char *value,
			       struct gw_err *err)
{
	struct gw_table *t = b->table;
	int rc;

	if (t->setting_count == GW_TABLE_SETTINGS_MAX)
		return full("settings", GW_TABLE_SETTINGS_MAX, err);
	if ((rc = make_room(&t->settings, t->setting_count, &b->setting_room, sizeof(*t->settings),
			    err)) < 0 ||
	    (rc = take_id(b, &key, GW_ID_MAX - 1, "the setting's key", err)) < 0 ||
	    (rc = take(b, &value, GW_TABLE_TEXT_MAX, "the setting's value", err)) < 0)
		return rc;
	if (gw_table_setting(t, key, NULL) != NULL)
		return gw_err_set(err, GW_E_INPUT, "setting '%s' is there already", key);
	((struct gw_setting *)t->settings)[t->setting_count] = (struct gw_setting){key, value};
	return t->setting_count++;
}

uint32_t gw_table_build_find(struct gw_table_build *b, const char *code, size_t len)
{
	if (!b->items_indexed)
		b->items_indexed = gw_index_fill(&b->parts->items, b->table->items,
						 sizeof(*b->table->items), b->table->item_count);
	return gw_table_find(b->table, code, len);
}

uint32_t gw_table_build_find_category(const struct gw_table_build *b, const char *name)
{
	return gw_index_find(&b->categories, b->table->categories, sizeof(*b->table->categories),
			     name, strlen(name));
}

const struct gw_table *gw_table_build_peek(const struct gw_table_build *b)
{
	return b->table;
}

struct gw_rule gw_rule_blank(void)
{
	return (struct gw_rule){.suggest = GW_NONE,
				.price_minor = -1,
				.from_day = INT32_MIN,
				.to_day = INT32_MAX,
				.days = 0x7F,
				.to_minute = 1440};
}

static void fill_pos_codes(struct gw_table *t)
{
	struct gw_rule *rules = (struct gw_rule *)t->rules;

	for (uint32_t i = 0; i < t->rule_count; i++)
		if (rules[i].pos_code == NULL)
			rules[i].pos_code = t->items[rules[i].suggest].code;
}

struct gw_table *gw_table_build_done(struct gw_table_build *b)
{
	struct gw_table *t = b->table;
	bool indexed = b->items_indexed ||
		       gw_index_fill(&b->parts->items, t->items, sizeof(*t->items), t->item_count);

	fill_pos_codes(t);
	/* Shrinking gives back what doubling took too much; an array that stays is no harm. */
	if (t->item_count > 0)
		(void)resize(&t->items, t->item_count, sizeof(*t->items));
	if (t->rule_count > 0)
		(void)resize(&t->rules, t->rule_count, sizeof(*t->rules));
	if (t->category_count > 0)
		(void)resize(&t->categories, t->category_count, sizeof(*t->categories));
	if (indexed)
		b->table = NULL;
	gw_table_build_free(b);
	return indexed ? t : NULL;
}
