/* The list of keys in goeswith-keys(7) is the table's: REGEN=1 writes it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/home.h"
#include "base/text.h"
#include "ui/keys.h"

#define PAGE  "pos-plugin/man/goeswith-keys.7"
#define BEGIN ".\\\" keys begin\n"
#define END   ".\\\" keys end\n"

static void list_keys(struct gw_text *t)
{
	for (int act = 0; act < GW_ACT_COUNT; act++) {
		const struct gw_binding *row = gw_binding_of((enum gw_act)act);
		const char *sentence = row->manual;

		gw_text_add(t, ".It");
		for (int i = 0; i < 2; i++) {
			char name[GW_KEY_NAME_MAX];
			bool escaped = row->keys[i] == '-' || row->keys[i] == '?';

			if (row->keys[i] == 0)
				continue;
			/* `-` would be a hyphen, `?` a punctuation mark to mdoc */
			gw_text_addf(t, " Ic %s%s%s",
				     !escaped              ? ""
				     : row->keys[i] == '-' ? "\\"
							   : "\\&",
				     gw_key_name(name, row->keys[i]),
				     i == 0 && row->keys[1] != 0 ? " ," : "");
		}
		gw_text_addf(t, " Pq %s\n", row->name);
		/* a sentence a line, as mdoc wants it */
		for (const char *end; (end = strstr(sentence, ".  ")) != NULL; sentence = end + 3) {
			gw_text_add_bytes(t, sentence, (size_t)(end - sentence) + 1);
			gw_text_add_char(t, '\n');
		}
		gw_text_addf(t, "%s\n", sentence);
	}
}

static void manual_follows_the_table(void **state)
{
	char want[8000], *page, *begin, *end;
	struct gw_text t = gw_text_over(want, sizeof(want));
	size_t len;

	(void)state;
	list_keys(&t);
	assert_false(t.cut);
	assert_int_equal(gw_file_read(PAGE, 1 << 20, &page, &len, NULL), GW_OK);
	begin = strstr(page, BEGIN);
	end = strstr(page, END);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(BEGIN);
	assert_true(begin <= end);
	if (getenv("REGEN") != NULL) {
		size_t new_len = (size_t)(begin - page) + t.len + strlen(end);
		char *all = malloc(new_len + 1);

		assert_non_null(all);
		snprintf(all, new_len + 1, "%.*s%s%s", (int)(begin - page), page, want, end);
		assert_int_equal(gw_file_replace(PAGE, all, new_len, NULL), GW_OK);
		free(all);
	} else {
		assert_int_equal(end - begin, t.len);
		assert_memory_equal(begin, want, t.len);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_follows_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
