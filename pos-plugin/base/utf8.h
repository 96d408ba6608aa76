/*
 * UTF-8: decoding, cutting at a character, and making text from outside safe for a terminal.
 * Owns nothing, keeps no state, never allocates.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at p[0..len).  Stores the code point and returns the bytes it takes
 * (1-4).  A malformed, overlong, surrogate or cut sequence gives U+FFFD and returns 1.
 * len 0 returns 0.
 */
size_t gw_utf8_decode(const char *p, size_t len, uint32_t *code_point);

/* Writes a code point to out[4] and returns the bytes used; an invalid one is written as U+FFFD. */
size_t gw_utf8_encode(uint32_t code_point, char out[4]);

/* True if all of p[0..len) is well-formed UTF-8. */
bool gw_utf8_valid(const char *p, size_t len);

/*
 * Largest n <= max such that text[0..n) does not end inside a character; text must hold at least
 * max bytes.
 */
size_t gw_utf8_cut(const char *text, size_t max);

/*
 * True for a code point that must never reach a terminal or a report: C0 and C1 controls, bidi
 * embeddings, overrides and isolates, zero-width characters, soft hyphen, line and paragraph
 * separators, tags, non-characters (Unicode TR 36, section 3; RFC 9839).
 */
bool gw_utf8_is_unsafe(uint32_t code_point);

/*
 * Copies in[0..len) to out[0..size) without the unsafe characters; malformed bytes become U+FFFD,
 * runs of controls become one blank.  Always NUL-terminates (size >= 1); cuts at a character.
 * Returns the length written.
 */
size_t gw_utf8_sanitize(char *out, size_t size, const char *in, size_t len);

#endif
