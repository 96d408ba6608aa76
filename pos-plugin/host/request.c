/*
 * Commands are rows of a table, fields are rows in a command; so is the reference in HOST.md, and
 * a test compares the two.
 */
#include "host/request.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

#define QTY_MAX         1000000
#define LINE_NUMBER_MAX 1000000
#define MINOR_MAX       1000000000000LL

struct field {
	const char *name; /* NULL ends the list */
	int (*take)(struct gw_request *r, const struct field *f, const json_t *value,
		    struct gw_err *err);
	bool required;
	const char *words; /* the only values allowed, joined by '|' */
};

struct command {
	const char *word;
	enum gw_request_kind kind;
	enum gw_input_kind input;
	struct field fields[4];
};

static int wrong(const struct field *f, struct gw_err *err, const char *should)
{
	return gw_err_set(err, GW_E_INPUT, "field \"%s\" must be %s", f->name, should);
}

static int take_whole(const json_t *value, int64_t least, int64_t most, int64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < least ||
	    json_integer_value(value) > most)
		return GW_E_INPUT;
	*out = json_integer_value(value);
	return GW_OK;
}

static int take_qty(struct gw_request *r, const struct field *f, const json_t *value,
		    struct gw_err *err)
{
	int64_t n;

	if (take_whole(value, 1, QTY_MAX, &n) != GW_OK)
		return wrong(f, err, "a whole number from 1 to 1000000");
	r->input.qty = (int32_t)n;
	return GW_OK;
}

/* A till's own line may be a return. */
static int take_signed_qty(struct gw_request *r, const struct field *f, const json_t *value,
			   struct gw_err *err)
{
	int64_t n;

	if (take_whole(value, -QTY_MAX, QTY_MAX, &n) != GW_OK || n == 0)
		return wrong(f, err, "a whole number from -1000000 to 1000000, not 0");
	r->input.qty = (int32_t)n;
	return GW_OK;
}

static int take_line(struct gw_request *r, const struct field *f, const json_t *value,
		     struct gw_err *err)
{
	int64_t n;

	if (take_whole(value, 1, LINE_NUMBER_MAX, &n) != GW_OK)
		return wrong(f, err, "the number of a line, from 1 on");
	r->input.line = (int)n;
	return GW_OK;
}

static int take_minor(struct gw_request *r, const struct field *f, const json_t *value,
		      struct gw_err *err)
{
	if (json_is_null(value))
		return GW_OK; /* unknown, as when it is left out */
	if (take_whole(value, 0, MINOR_MAX, &r->input.price_minor) != GW_OK)
		return wrong(f, err, "a whole number of minor units (cents), 0 or more");
	return GW_OK;
}

static int take_on(struct gw_request *r, const struct field *f, const json_t *value,
		   struct gw_err *err)
{
	if (!json_is_boolean(value))
		return wrong(f, err, "true or false");
	r->input.qty = json_is_true(value);
	return GW_OK;
}

/* True if s[0..len) is one of the words joined by '|'. */
static bool among(const char *words, const char *s, size_t len)
{
	while (*words != '\0') {
		size_t n = strcspn(words, "|");

		if (n == len && memcmp(words, s, n) == 0)
			return true;
		words += n + (words[n] == '|');
	}
	return false;
}

static int copy_text(char *room, size_t size, const struct field *f, const json_t *value,
		     struct gw_err *err)
{
	const char *s = json_string_value(value);
	size_t len = json_string_length(value);

	if (s == NULL)
		return wrong(f, err, "a text");
	if (memchr(s, '\0', len) != NULL)
		return wrong(f, err, "a text without NUL");
	if (len >= size)
		return gw_err_set(err, GW_E_INPUT, "field \"%s\" is longer than %zu bytes", f->name,
				  size - 1);
	if (f->required && len == 0)
		return wrong(f, err, "a text that is not empty");
	if (f->words != NULL && len > 0 && !among(f->words, s, len))
		return gw_err_set(err, GW_E_INPUT, "field \"%s\" must be one of %s", f->name,
				  f->words);
	memcpy(room, s, len + 1);
	return GW_OK;
}

static int take_text(struct gw_request *r, const struct field *f, const json_t *value,
		     struct gw_err *err)
{
	/* All texts but codes are names of something: the engine holds them in GW_ID_MAX. */
	return copy_text(r->text, GW_ID_MAX, f, value, err);
}

static int take_basket(struct gw_request *r, const struct field *f, const json_t *value,
		       struct gw_err *err)
{
	return copy_text(r->text, GW_BASKET_ID_MAX, f, value, err);
}

static int take_code(struct gw_request *r, const struct field *f, const json_t *value,
		     struct gw_err *err)
{
	return copy_text(r->code, sizeof(r->code), f, value, err);
}

/* A scan may hold any byte, NUL included: what to say to it is the decoder's business. */
static int take_data(struct gw_request *r, const struct field *f, const json_t *value,
		     struct gw_err *err)
{
	const char *s = json_string_value(value);
	size_t len = json_string_length(value);

	if (s == NULL)
		return wrong(f, err, "a text");
	if (len == 0)
		return wrong(f, err, "a text that is not empty");
	if (len > sizeof(r->data))
		return gw_err_set(err, GW_E_INPUT, "field \"%s\" is longer than %zu bytes", f->name,
				  sizeof(r->data));
	memcpy(r->data, s, len);
	r->input.data_len = len;
	return GW_OK;
}

#define WHYS "out_of_stock|has_it|not_suitable"

static const struct command commands[] = {
	{"scan", GW_REQUEST_INPUT, GW_IN_SCAN, {{"data", take_data, true, NULL}}},
	{"line",
	 GW_REQUEST_INPUT,
	 GW_IN_LINE,
	 {{"code", take_code, true, NULL},
	  {"qty", take_signed_qty, false, NULL},
	  {"price", take_minor, false, NULL}}},
	{"accept", GW_REQUEST_INPUT, GW_IN_ACCEPT, {{0}}},
	{"decline", GW_REQUEST_INPUT, GW_IN_DECLINE, {{"why", take_text, false, WHYS}}},
	{"not_voiced", GW_REQUEST_INPUT, GW_IN_NOT_VOICED, {{0}}},
	{"qty",
	 GW_REQUEST_INPUT,
	 GW_IN_QTY,
	 {{"line", take_line, false, NULL}, {"qty", take_qty, true, NULL}}},
	{"void", GW_REQUEST_INPUT, GW_IN_VOID, {{"line", take_line, true, NULL}}},
	{"void_last", GW_REQUEST_INPUT, GW_IN_VOID_LAST, {{0}}},
	{"total", GW_REQUEST_INPUT, GW_IN_TOTAL, {{0}}},
	{"tender", GW_REQUEST_INPUT, GW_IN_TENDER, {{"total", take_minor, false, NULL}}},
	{"cancel", GW_REQUEST_INPUT, GW_IN_CANCEL, {{0}}},
	{"suspend", GW_REQUEST_INPUT, GW_IN_SUSPEND, {{0}}},
	{"resume", GW_REQUEST_INPUT, GW_IN_RESUME, {{"basket", take_basket, false, NULL}}},
	{"cashier", GW_REQUEST_INPUT, GW_IN_CASHIER, {{"id", take_text, true, NULL}}},
	{"segment", GW_REQUEST_INPUT, GW_IN_SEGMENT, {{"name", take_text, true, NULL}}},
	{"mute", GW_REQUEST_INPUT, GW_IN_MUTE, {{0}}},
	{"practice", GW_REQUEST_INPUT, GW_IN_PRACTICE, {{"on", take_on, true, NULL}}},
	{"tick", GW_REQUEST_INPUT, GW_IN_TICK, {{0}}},
	{"state", GW_REQUEST_STATE, GW_IN_TICK, {{0}}},
};

static const struct command *find_command(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].word) == len && memcmp(commands[i].word, word, len) == 0)
			return &commands[i];
	return NULL;
}

static int read_at(struct gw_request *r, const json_t *root, struct gw_err *err)
{
	const json_t *at = json_object_get(root, "at");

	if (at == NULL)
		return GW_OK;
	if (!json_is_string(at) ||
	    gw_when_parse(json_string_value(at), json_string_length(at), &r->at_ms) != GW_OK)
		return gw_err_set(
			err, GW_E_INPUT,
			"field \"at\" must be a time such as \"2026-11-22T09:41:12.345Z\"");
	r->has_at = true;
	return GW_OK;
}

static int read_fields(struct gw_request *r, const struct command *c, const json_t *root,
		       struct gw_err *err)
{
	for (const struct field *f = c->fields; f->name != NULL; f++) {
		const json_t *value = json_object_get(root, f->name);
		int rc;

		if (value == NULL && f->required)
			return gw_err_set(err, GW_E_INPUT, "\"%s\" needs the field \"%s\"", c->word,
					  f->name);
		if (value != NULL && (rc = f->take(r, f, value, err)) != GW_OK)
			return rc;
	}
	return GW_OK;
}

static int read_object(struct gw_request *r, const json_t *root, struct gw_err *err)
{
	const json_t *word = json_object_get(root, "do");
	const struct command *c;
	int rc;

	if (!json_is_object(root))
		return gw_err_set(err, GW_E_INPUT, "a line must be a JSON object");
	if (word == NULL)
		return gw_err_set(err, GW_E_INPUT, "the field \"do\" is missing");
	if (!json_is_string(word))
		return gw_err_set(err, GW_E_INPUT, "field \"do\" must be a text");
	c = find_command(json_string_value(word), json_string_length(word));
	if (c == NULL)
		return gw_err_set(err, GW_E_INPUT, "field \"do\" names no command");
	r->kind = c->kind;
	r->input.kind = c->input;
	rc = read_at(r, root, err);
	return rc == GW_OK ? read_fields(r, c, root, err) : rc;
}

/*
 * Depth is bounded before the parser sees the line, because the parser recurses.  Returns the byte
 * at which the line is too deep, len if nowhere.
 */
static size_t find_too_deep(const char *line, size_t len)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > GW_REQUEST_DEPTH_MAX)
			return i;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
	}
	return len;
}

static void free_wiped(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static int parse(json_t **root, const char *line, size_t len, struct gw_err *err)
{
	size_t deep = find_too_deep(line, len);
	json_error_t e;

	*root = NULL;
	if (memchr(line, '\0', len) != NULL)
		return gw_err_set(err, GW_E_INPUT, "byte %zu of the line is NUL",
				  (size_t)((const char *)memchr(line, '\0', len) - line) + 1);
	if (deep < len)
		return gw_err_set(err, GW_E_INPUT, "byte %zu: nested deeper than %d", deep + 1,
				  GW_REQUEST_DEPTH_MAX);
	json_set_alloc_funcs(malloc, free_wiped);
	*root = json_loadb(line, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	if (*root != NULL)
		return GW_OK;
	/* The parser's own text quotes the line; say where and what only. */
	switch (json_error_code(&e)) {
	case json_error_invalid_utf8:
		return gw_err_set(err, GW_E_INPUT, "byte %d: not UTF-8", e.position);
	case json_error_duplicate_key:
		return gw_err_set(err, GW_E_INPUT, "byte %d: a field stands there twice",
				  e.position);
	case json_error_premature_end_of_input:
		return gw_err_set(err, GW_E_INPUT, "byte %d: the line ends within the JSON",
				  e.position);
	case json_error_numeric_overflow:
		return gw_err_set(err, GW_E_INPUT, "byte %d: number too large", e.position);
	case json_error_out_of_memory:
		return gw_err_set(err, GW_E_MEMORY, "out of memory for a line");
	default:
		return gw_err_set(err, GW_E_INPUT, "byte %d: not JSON", e.position);
	}
}

static void start(struct gw_request *r)
{
	memset(&r->input, 0, sizeof(r->input));
	r->kind = GW_REQUEST_INPUT;
	r->input.kind = GW_IN_TICK;
	r->has_at = false;
	r->at_ms = 0;
	r->code[0] = r->text[0] = '\0';
	r->input.data = r->data;
	r->input.code = r->code;
	r->input.text = r->text;
	r->input.price_minor = -1;
	r->input.qty = 1;
}

int gw_request_read(struct gw_request *r, const char *line, size_t len, struct gw_err *err)
{
	json_t *root;
	int rc;

	start(r);
	if (len > GW_REQUEST_LINE_MAX)
		return gw_err_set(err, GW_E_INPUT, "line longer than %d bytes",
				  GW_REQUEST_LINE_MAX);
	rc = parse(&root, line, len, err);
	if (rc == GW_OK)
		rc = read_object(r, root, err);
	json_decref(root);
	return rc;
}

void gw_request_wipe(struct gw_request *r)
{
	explicit_bzero(r->data,
		       r->input.data_len <= sizeof(r->data) ? r->input.data_len : sizeof(r->data));
	explicit_bzero(r->code, sizeof(r->code));
	explicit_bzero(r->text, sizeof(r->text));
	start(r);
}

void gw_sim_clock_now(const struct gw_sim_clock *c, int64_t *wall_ms, int64_t *mono_ms)
{
	if (!c->simulated)
		return;
	*wall_ms = c->at_ms;
	*mono_ms = c->mono_ms;
}

void gw_sim_clock_stamp(struct gw_sim_clock *c, struct gw_request *r, int64_t wall_ms,
			int64_t mono_ms)
{
	if (r->has_at) {
		if (!c->simulated)
			c->mono_ms = mono_ms;
		else if (r->at_ms > c->at_ms)
			c->mono_ms += r->at_ms - c->at_ms;
		c->simulated = true;
		c->at_ms = r->at_ms;
	}
	r->input.at_ms = wall_ms;
	r->input.mono_ms = mono_ms;
	gw_sim_clock_now(c, &r->input.at_ms, &r->input.mono_ms);
}

bool gw_sim_clock_tick_due(const struct gw_request *r, int64_t deadline_ms, int64_t before_ms,
			   struct gw_input *tick)
{
	/* A deadline that lies at or before the last input has had its tick already. */
	if (deadline_ms < 0 || deadline_ms <= before_ms || deadline_ms >= r->input.mono_ms)
		return false;
	memset(tick, 0, sizeof(*tick));
	tick->kind = GW_IN_TICK;
	tick->mono_ms = deadline_ms;
	tick->at_ms = r->input.at_ms - (r->input.mono_ms - deadline_ms);
	return true;
}
