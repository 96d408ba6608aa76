/*
 * A JSON writer over a gw_text: commas and escapes are its business, balance is the caller's.
 * Control characters are escaped and malformed UTF-8 becomes U+FFFD, so that the output is always
 * valid JSON; whether it fitted is told by the text's `cut`.  Never allocates.  Reading JSON is
 * jansson's business.
 *
 *	struct gw_json j = gw_json_over(&text);
 *	gw_json_begin(&j, '{');
 *	gw_json_key(&j, "code"); gw_json_string(&j, code);
 *	gw_json_member_int(&j, "qty", 2);
 *	gw_json_end(&j, '}');
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct gw_json {
	struct gw_text *out; /* borrowed */
	bool comma;          /* the next value needs a comma before it */
};

struct gw_json gw_json_over(struct gw_text *out);
/* bracket: '{' or '['; end takes the matching '}' or ']'. */
void gw_json_begin(struct gw_json *j, char bracket);
void gw_json_end(struct gw_json *j, char bracket);
/* key is ASCII without characters that need escaping. */
void gw_json_key(struct gw_json *j, const char *key);
void gw_json_string(struct gw_json *j, const char *s);
void gw_json_string_len(struct gw_json *j, const char *s, size_t len);
void gw_json_int(struct gw_json *j, int64_t n);
void gw_json_bool(struct gw_json *j, bool b);
void gw_json_null(struct gw_json *j);
/* digits: significant digits, 1-17; not-a-number and infinities become null. */
void gw_json_double(struct gw_json *j, double d, int digits);
/* Already valid JSON, copied as it is. */
void gw_json_raw(struct gw_json *j, const char *json, size_t len);

void gw_json_member_string(struct gw_json *j, const char *key, const char *s);
void gw_json_member_int(struct gw_json *j, const char *key, int64_t n);
void gw_json_member_bool(struct gw_json *j, const char *key, bool b);
void gw_json_member_double(struct gw_json *j, const char *key, double d, int digits);

#endif
