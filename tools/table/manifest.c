/* The manifest as text: what a signature covers and a till believes first. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/when.h"
#include "tools/table/bundle.h"
#include "tools/table/minisign.h"
#include "tools/table/payload.h"

void gw_hash_hex(const void *data, size_t len, char out[GW_HASH_HEX_SIZE])
{
	unsigned char hash[32];

	crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	sodium_bin2hex(out, GW_HASH_HEX_SIZE, hash, sizeof(hash));
}

size_t gw_manifest_format(const struct gw_manifest *m, char *room, size_t size)
{
	struct gw_text text = gw_text_over(room, size);
	struct gw_json j = gw_json_over(&text);
	char when[GW_WHEN_MAX];

	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "goeswith_bundle", 1);
	gw_json_member_string(&j, "chain", m->chain);
	gw_json_member_int(&j, "version", m->version);
	gw_json_member_string(&j, "issued", gw_when_format(when, m->issued_ms));
	if (m->expires_ms > 0)
		gw_json_member_string(&j, "expires", gw_when_format(when, m->expires_ms));
	gw_json_member_string(&j, "min_program", m->min_program);
	gw_json_member_string(&j, "payload", m->payload);
	gw_json_member_string(&j, "blake2b256", m->hash);
	gw_json_member_int(&j, "size", m->size);
	gw_json_member_int(&j, "raw_size", m->raw_size);
	gw_json_member_int(&j, "items", m->items);
	gw_json_member_int(&j, "rules", m->rules);
	if (m->floor_count > 0) {
		gw_json_key(&j, "floors");
		gw_json_begin(&j, '{');
		for (int i = 0; i < m->floor_count; i++)
			gw_json_member_int(&j, m->floors[i].key, m->floors[i].version);
		gw_json_end(&j, '}');
	}
	gw_json_end(&j, '}');
	gw_text_add_char(&text, '\n');
	return text.len;
}

struct reader {
	json_t *object;
	const char *bad; /* first member that is missing or cannot be */
};

static void fail(struct reader *r, const char *key)
{
	if (r->bad == NULL)
		r->bad = key;
}

static void get_text(struct reader *r, const char *key, bool needed, char *out, size_t size)
{
	const json_t *v = json_object_get(r->object, key);
	const char *s = json_string_value(v);

	out[0] = '\0';
	if (v == NULL && !needed)
		return;
	if (s == NULL || strlen(s) != json_string_length(v) || strlen(s) >= size)
		fail(r, key);
	else
		memcpy(out, s, strlen(s) + 1);
}

static int64_t get_int(struct reader *r, const char *key, int64_t least, int64_t most)
{
	const json_t *v = json_object_get(r->object, key);

	if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most) {
		fail(r, key);
		return least;
	}
	return json_integer_value(v);
}

static int64_t get_time(struct reader *r, const char *key, bool needed)
{
	char text[40];
	int64_t ms = 0;

	get_text(r, key, needed, text, sizeof(text));
	if (text[0] != '\0' && gw_when_parse(text, strlen(text), &ms) < 0)
		fail(r, key);
	return ms;
}

/* A chain is a word: it stands in messages and file names. */
static bool word(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] ==
	       '\0';
}

/* "floors":{"9DC12B5B7CC2D5FC":20261122000000} */
static void get_floors(struct reader *r, struct gw_manifest *m)
{
	json_t *floors = json_object_get(r->object, "floors"), *version;
	const char *key;

	if (floors != NULL &&
	    (!json_is_object(floors) || json_object_size(floors) > GW_FLOORS_MAX)) {
		fail(r, "floors");
		return;
	}
	json_object_foreach(floors, key, version)
	{
		struct gw_floor *f = &m->floors[m->floor_count++];

		if (!gw_key_id_parse(key, strlen(key), f->key) || !json_is_integer(version) ||
		    json_integer_value(version) < 1)
			fail(r, "floors");
		f->version = json_integer_value(version);
	}
}

static void read_members(struct reader *r, struct gw_manifest *m)
{
	char name[sizeof(m->payload)];

	get_int(r, "goeswith_bundle", 1, 1);
	get_text(r, "chain", false, m->chain, sizeof(m->chain));
	m->version = get_int(r, "version", 1, INT64_MAX);
	m->issued_ms = get_time(r, "issued", true);
	m->expires_ms = get_time(r, "expires", false);
	get_text(r, "min_program", false, m->min_program, sizeof(m->min_program));
	get_text(r, "blake2b256", true, m->hash, sizeof(m->hash));
	m->size = get_int(r, "size", 1, GW_PAYLOAD_SIZE_MAX);
	m->raw_size = get_int(r, "raw_size", 1, GW_PAYLOAD_RAW_MAX);
	m->items = get_int(r, "items", 0, GW_TABLE_ITEMS_MAX);
	m->rules = get_int(r, "rules", 0, GW_TABLE_RULES_MAX);
	get_floors(r, m);
	if (!word(m->chain))
		fail(r, "chain");
	if (strlen(m->hash) != 64 || strspn(m->hash, "0123456789abcdef") != 64)
		fail(r, "blake2b256");
	/* The name follows from the hash: a manifest can name no other file. */
	snprintf(m->payload, sizeof(m->payload), "%s.ndjson.zst", m->hash);
	get_text(r, "payload", true, name, sizeof(name));
	if (strcmp(name, m->payload) != 0)
		fail(r, "payload");
}

int gw_manifest_parse(struct gw_manifest *m, const char *text, size_t len, struct gw_err *err)
{
	json_error_t why;
	struct reader r = {json_loadb(text, len, JSON_REJECT_DUPLICATES, &why), NULL};

	*m = (struct gw_manifest){0};
	if (!json_is_object(r.object)) {
		json_decref(r.object);
		return gw_err_set(err, GW_E_INPUT, "the manifest is not a JSON object");
	}
	read_members(&r, m);
	json_decref(r.object);
	if (r.bad != NULL)
		return gw_err_set(err, GW_E_INPUT,
				  "the manifest's '%s' is missing or cannot be right", r.bad);
	return GW_OK;
}
