/*
 * Where tests keep their files: under $TMPDIR, which tests/run.sh makes anew for each test and
 * looks into afterwards.  Call mkdtemp or mkstemp on the name.
 */
#ifndef TESTS_TMP_H
#define TESTS_TMP_H

#include <stdio.h>
#include <stdlib.h>

#define TMP_NAME_MAX 64

/* "$TMPDIR/NAME-XXXXXX" */
static inline char *tmp_name(char out[TMP_NAME_MAX], const char *name)
{
	const char *dir = getenv("TMPDIR");
	int n = snprintf(out, TMP_NAME_MAX, "%s/%s-XXXXXX", dir != NULL && *dir ? dir : "/tmp",
			 name);

	if (n >= TMP_NAME_MAX) /* sockets' names are short as well */
		snprintf(out, TMP_NAME_MAX, "/tmp/%s-XXXXXX", name);
	return out;
}

#endif
