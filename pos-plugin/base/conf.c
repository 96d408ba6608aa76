/* goeswith.conf through inih: a flat list in file order; files are a page long, look-ups rare. */
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"

struct entry {
	struct entry *next;
	char *section, *key, *value;
};

struct gw_conf {
	struct entry *first, **last;
	bool out_of_memory;
};

static void free_entry(struct entry *e)
{
	free(e->section);
	free(e->key);
	free(e->value);
	free(e);
}

static int add(void *ctx, const char *section, const char *key, const char *value)
{
	struct gw_conf *conf = ctx;
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->section = strdup(section)) == NULL || (e->key = strdup(key)) == NULL ||
	    (e->value = strdup(value != NULL ? value : "")) == NULL) {
		if (e != NULL)
			free_entry(e);
		conf->out_of_memory = true;
		return 0;
	}
	*conf->last = e;
	conf->last = &e->next;
	return 1;
}

int gw_conf_load(struct gw_conf **out, const char *path, struct gw_err *err)
{
	struct gw_conf *conf = calloc(1, sizeof(*conf));
	char *text;
	size_t len;
	int rc;

	*out = NULL;
	if (conf == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	conf->last = &conf->first;
	rc = gw_file_read(path, 1u << 20, &text, &len, err);
	if (rc == GW_E_NOT_FOUND) {
		*out = conf;
		return GW_OK;
	}
	if (rc == GW_OK) {
		int line = ini_parse_string(text, add, conf);

		if (conf->out_of_memory)
			rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
		else if (line != 0)
			rc = gw_err_set(err, GW_E_INPUT,
					"%s, line %d: neither [section] nor key = value", path,
					line);
		free(text);
	}
	if (rc < 0) {
		gw_conf_free(conf);
		return rc;
	}
	*out = conf;
	return GW_OK;
}

void gw_conf_free(struct gw_conf *conf)
{
	if (conf == NULL)
		return;
	for (struct entry *e = conf->first, *next; e != NULL; e = next) {
		next = e->next;
		free_entry(e);
	}
	free(conf);
}

const char *gw_conf_get(const struct gw_conf *conf, const char *section, const char *key,
			const char *fallback)
{
	const char *value = fallback;

	if (conf == NULL)
		return fallback;
	for (const struct entry *e = conf->first; e != NULL; e = e->next)
		if (strcmp(e->section, section) == 0 && strcmp(e->key, key) == 0)
			value = e->value;
	return value;
}

void gw_conf_each(const struct gw_conf *conf, const char *section,
		  void (*each)(void *ctx, const char *key, const char *value), void *ctx)
{
	if (conf == NULL)
		return;
	for (const struct entry *e = conf->first; e != NULL; e = e->next)
		if (strcmp(e->section, section) == 0)
			each(ctx, e->key, e->value);
}
