#include "tools/table/issues.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Out of memory loses the words of a complaint, never its count. */
static void keep(struct gw_issues *issues, const char *text, bool warning)
{
	struct gw_issue *more;

	if (warning)
		issues->warnings++;
	else
		issues->errors++;
	if (issues->count == GW_ISSUES_MAX)
		return;
	more = realloc(issues->list, (size_t)(issues->count + 1) * sizeof(*more));
	if (more == NULL)
		return;
	issues->list = more;
	more[issues->count] = (struct gw_issue){strdup(text), warning};
	if (more[issues->count].text != NULL)
		issues->count++;
}

void gw_issues_add(struct gw_issues *issues, bool warning, struct gw_place at, const char *format,
		   ...)
{
	char room[1024], what[600];
	struct gw_text text = gw_text_over(room, sizeof(room));
	va_list args;

	va_start(args, format);
	/* clang-tidy 14 takes args for uninitialized when it checks several files in one run. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	gw_text_add(&text, at.file);
	if (at.line > 0)
		gw_text_addf(&text, ":%u:%u", at.line, at.column);
	gw_text_addf(&text, ": %s%s", warning ? "warning: " : "", what);
	keep(issues, room, warning);
}

void gw_issues_print(const struct gw_issues *issues, FILE *out)
{
	int64_t rest = issues->errors + issues->warnings - issues->count;

	for (int i = 0; i < issues->count; i++)
		fprintf(out, "%s\n", issues->list[i].text);
	if (rest > 0)
		fprintf(out, "... and %lld more\n", (long long)rest);
}

void gw_issues_release(struct gw_issues *issues)
{
	for (int i = 0; i < issues->count; i++)
		free(issues->list[i].text);
	free(issues->list);
	*issues = (struct gw_issues){0};
}
