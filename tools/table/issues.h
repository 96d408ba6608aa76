/*
 * Complaints about a set of files, gathered so that a person sees all of them at once: each with
 * file, line and column, what is wrong and what to do.
 *
 * Owns its texts.  Keeps the first GW_ISSUES_MAX and counts the rest.
 */
#ifndef TABLE_ISSUES_H
#define TABLE_ISSUES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define GW_ISSUES_MAX 1000

typedef void gw_progress_fn(const char *file, int64_t rows);

struct gw_issue {
	char *text; /* "items.csv:12:5: ..." */
	bool warning;
};

struct gw_issues {
	struct gw_issue *list;
	int count;
	int64_t errors, warnings; /* those not kept included */
	/* Told now and then how far reading has come; NULL: nobody waits. */
	gw_progress_fn *progress;
};

struct gw_place {
	const char *file;      /* as complaints call it */
	uint32_t line, column; /* 1-based; line 0: the file as a whole */
};

void gw_issues_add(struct gw_issues *issues, bool warning, struct gw_place at, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));

/* Prints them all, a line each, and how many more there were. */
void gw_issues_print(const struct gw_issues *issues, FILE *out);
void gw_issues_release(struct gw_issues *issues);

#endif
