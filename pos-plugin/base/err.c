#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* A text may quote what a file, a server or a stick holds; a terminal or a log will print it. */
static void make_printable(struct gw_err *err)
{
	char raw[sizeof(err->text)];
	size_t len = strlen(err->text);

	memcpy(raw, err->text, len);
	gw_utf8_sanitize(err->text, sizeof(err->text), raw, len);
}

static void format_into(struct gw_err *err, const char *format, va_list args)
{
	int n = vsnprintf(err->text, sizeof(err->text), format, args);

	if (n < 0)
		err->text[0] = '\0';
	else if ((size_t)n >= sizeof(err->text))
		err->text[gw_utf8_cut(err->text, sizeof(err->text) - 1)] = '\0';
	make_printable(err);
}

int gw_err_set(struct gw_err *err, int code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(args, format);
	format_into(err, format, args);
	va_end(args);
	return code;
}

int gw_err_errno(struct gw_err *err, int code, int errnum, const char *format, ...)
{
	va_list args;
	size_t used;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(args, format);
	format_into(err, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(errnum));
	return code;
}
