#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct gw_json gw_json_over(struct gw_text *out)
{
	struct gw_json j = {.out = out};

	return j;
}

static void before_value(struct gw_json *j)
{
	if (j->comma)
		gw_text_add_char(j->out, ',');
	j->comma = true;
}

void gw_json_begin(struct gw_json *j, char bracket)
{
	before_value(j);
	gw_text_add_char(j->out, bracket);
	j->comma = false;
}

void gw_json_end(struct gw_json *j, char bracket)
{
	gw_text_add_char(j->out, bracket);
	j->comma = true;
}

void gw_json_key(struct gw_json *j, const char *key)
{
	before_value(j);
	gw_text_add_char(j->out, '"');
	gw_text_add(j->out, key);
	gw_text_add_bytes(j->out, "\":", 2);
	j->comma = false;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void add_escaped(struct gw_text *out, uint32_t c)
{
	char bytes[4];

	if (c == '"' || c == '\\') {
		gw_text_add_char(out, '\\');
		gw_text_add_char(out, (char)c);
	} else if (c == '\n') {
		gw_text_add_bytes(out, "\\n", 2);
	} else if (c == '\t') {
		gw_text_add_bytes(out, "\\t", 2);
	} else if (c < 0x20 || c == 0x7F) {
		gw_text_addf(out, "\\u%04x", (unsigned)c);
	} else {
		gw_text_add_bytes(out, bytes, gw_utf8_encode(c, bytes));
	}
}

void gw_json_string_len(struct gw_json *j, const char *s, size_t len)
{
	before_value(j);
	gw_text_add_char(j->out, '"');
	for (size_t i = 0; i < len;) {
		size_t run = i;
		uint32_t c;

		while (run < len && is_plain((unsigned char)s[run]))
			run++;
		gw_text_add_bytes(j->out, s + i, run - i);
		i = run;
		if (i < len) {
			i += gw_utf8_decode(s + i, len - i, &c);
			add_escaped(j->out, c);
		}
	}
	gw_text_add_char(j->out, '"');
}

void gw_json_string(struct gw_json *j, const char *s)
{
	gw_json_string_len(j, s, strlen(s));
}

void gw_json_int(struct gw_json *j, int64_t n)
{
	before_value(j);
	gw_text_addf(j->out, "%" PRId64, n);
}

void gw_json_bool(struct gw_json *j, bool b)
{
	before_value(j);
	gw_text_add(j->out, b ? "true" : "false");
}

void gw_json_null(struct gw_json *j)
{
	before_value(j);
	gw_text_add(j->out, "null");
}

void gw_json_double(struct gw_json *j, double d, int digits)
{
	if (!isfinite(d)) {
		gw_json_null(j);
		return;
	}
	before_value(j);
	gw_text_addf(j->out, "%.*g", digits, d);
}

void gw_json_raw(struct gw_json *j, const char *json, size_t len)
{
	before_value(j);
	gw_text_add_bytes(j->out, json, len);
}

void gw_json_member_string(struct gw_json *j, const char *key, const char *s)
{
	gw_json_key(j, key);
	gw_json_string(j, s);
}

void gw_json_member_int(struct gw_json *j, const char *key, int64_t n)
{
	gw_json_key(j, key);
	gw_json_int(j, n);
}

void gw_json_member_bool(struct gw_json *j, const char *key, bool b)
{
	gw_json_key(j, key);
	gw_json_bool(j, b);
}

void gw_json_member_double(struct gw_json *j, const char *key, double d, int digits)
{
	gw_json_key(j, key);
	gw_json_double(j, d, digits);
}
