/* The arms of an experiment as text: the form of experiments.csv and of table.db. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/table_build.h"

_Static_assert(GW_TABLE_ARMS_MAX *(GW_ID_MAX + 9) <= GW_ARMS_TEXT_MAX,
	       "the arms of one experiment fit their text");

static int parse_share(const char *text, int32_t *share)
{
	size_t len = strlen(text);

	if (len == 0 || len > 7 || strspn(text, "0123456789") != len)
		return GW_E_INPUT;
	*share = (int32_t)strtol(text, NULL, 10);
	return *share <= 1000000 ? GW_OK : GW_E_INPUT;
}

static int parse_arm(char *word, struct gw_arm *arm, struct gw_err *err)
{
	char *colon = strrchr(word, ':');

	if (colon == NULL || colon == word || parse_share(colon + 1, &arm->share_ppm) < 0)
		return gw_err_set(err, GW_E_INPUT,
				  "arm '%.60s' must be written name:share, with a share from 0 to "
				  "1000000 (parts per million)",
				  word);
	*colon = '\0';
	if (strlen(word) >= GW_ID_MAX)
		return gw_err_set(err, GW_E_INPUT,
				  "the name of arm '%.60s' is longer than %d bytes", word,
				  GW_ID_MAX - 1);
	arm->name = word;
	return GW_OK;
}

int gw_arms_parse(const char *text, char room[GW_ARMS_TEXT_MAX],
		  struct gw_arm arms[GW_TABLE_ARMS_MAX], uint32_t *count, struct gw_err *err)
{
	struct gw_text copy = gw_text_over(room, GW_ARMS_TEXT_MAX);
	char *rest = room, *word;

	*count = 0;
	gw_text_add(&copy, text);
	if (copy.cut)
		return gw_err_set(err, GW_E_INPUT, "the arms take more than %d bytes",
				  GW_ARMS_TEXT_MAX - 1);
	while ((word = strsep(&rest, " ")) != NULL) {
		int rc;

		if (word[0] == '\0')
			continue;
		if (*count == GW_TABLE_ARMS_MAX)
			return gw_err_set(err, GW_E_INPUT, "more than %d arms", GW_TABLE_ARMS_MAX);
		if ((rc = parse_arm(word, &arms[*count], err)) < 0)
			return rc;
		(*count)++;
	}
	return GW_OK;
}

const char *gw_arms_format(const struct gw_experiment *experiment, char room[GW_ARMS_TEXT_MAX])
{
	struct gw_text text = gw_text_over(room, GW_ARMS_TEXT_MAX);

	for (uint32_t i = 0; i < experiment->arm_count; i++)
		gw_text_addf(&text, "%s%s:%d", i > 0 ? " " : "", experiment->arms[i].name,
			     experiment->arms[i].share_ppm);
	return room;
}
