#include "ui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/utf8.h"

static const struct gw_binding table[GW_ACT_COUNT] = {
#define GW_KEY_ROW(act, name, f, key, label, help, manual)                                         \
	[act] = {(name), (label), (help), (manual), {(f) ? GW_KEY_F0 + (f) : 0, (key)}},
	GW_KEY_MAP(GW_KEY_ROW)
#undef GW_KEY_ROW
};

static const struct {
	uint32_t key;
	const char *name;
} names[] = {
	{GW_KEY_ESC, "Esc"},        {GW_KEY_ENTER, "Enter"},  {GW_KEY_TAB, "Tab"},
	{GW_KEY_BACKSPACE, "BkSp"}, {GW_KEY_UP, "Up"},        {GW_KEY_DOWN, "Down"},
	{GW_KEY_LEFT, "Left"},      {GW_KEY_RIGHT, "Right"},  {GW_KEY_HOME, "Home"},
	{GW_KEY_END, "End"},        {GW_KEY_PAGE_UP, "PgUp"}, {GW_KEY_PAGE_DOWN, "PgDn"},
	{GW_KEY_INSERT, "Ins"},     {GW_KEY_DELETE, "Del"},   {' ', "Space"},
};

const struct gw_binding *gw_binding_of(enum gw_act act)
{
	return &table[act];
}

void gw_keymap_init(struct gw_keymap *map)
{
	memset(map, 0, sizeof(*map));
	map->letters = true;
	for (int act = 0; act < GW_ACT_COUNT; act++) {
		int n = 0;

		for (int i = 0; i < 2; i++)
			if (table[act].keys[i] != 0)
				map->keys[act][n++] = table[act].keys[i];
	}
}

static bool plain(uint32_t key)
{
	return key >= 0x20 && key < GW_KEY_NONE;
}

enum gw_act gw_keymap_find(const struct gw_keymap *map, uint32_t key)
{
	if (key == 0 || (plain(key) && !map->letters))
		return GW_ACT_COUNT;
	for (int act = 0; act < GW_ACT_COUNT; act++)
		for (int i = 0; i < GW_KEYS_EACH; i++)
			if (map->keys[act][i] == key)
				return (enum gw_act)act;
	return GW_ACT_COUNT;
}

uint32_t gw_keymap_show(const struct gw_keymap *map, enum gw_act act)
{
	uint32_t shown = 0;

	for (int i = 0; i < GW_KEYS_EACH; i++) {
		uint32_t key = map->keys[act][i];

		if (key > GW_KEY_F0 && key <= GW_KEY_F_LAST)
			return key;
		if (shown == 0 && key != 0 && (map->letters || !plain(key)))
			shown = key;
	}
	return shown;
}

char *gw_key_name(char out[GW_KEY_NAME_MAX], uint32_t key)
{
	struct gw_text t = gw_text_over(out, GW_KEY_NAME_MAX);
	char text[4] = "";

	if (key > GW_KEY_F0 && key <= GW_KEY_F_LAST) {
		gw_text_add_char(&t, 'F');
		gw_text_add_int(&t, key - GW_KEY_F0, 1);
		return out;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].key == key) {
			gw_text_add(&t, names[i].name);
			return out;
		}
	if (key < 0x20) {
		gw_text_add_char(&t, '^');
		gw_text_add_char(&t, (char)(key + '@'));
	} else {
		gw_text_add_bytes(&t, text, gw_utf8_encode(key, text));
	}
	return out;
}

/* A key by its name, 0 if there is none such. */
static uint32_t key_named(const char *word, size_t len)
{
	uint32_t c;
	char text[8], *end;

	if (len == 0 || len >= sizeof(text))
		return 0;
	memcpy(text, word, len);
	text[len] = '\0';
	if (gw_utf8_decode(word, len, &c) == len)
		return gw_utf8_is_unsafe(c) || c == 0xFFFD ? 0 : c;
	if (text[0] == '^' && len == 2 && text[1] >= 'A' && text[1] <= '_')
		return (uint32_t)(text[1] - '@');
	if ((text[0] == 'F' || text[0] == 'f') && text[1] >= '1' && text[1] <= '9') {
		unsigned long n = strtoul(text + 1, &end, 10);

		return *end == '\0' && n <= 24 ? GW_KEY_F0 + (uint32_t)n : 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, text) == 0)
			return names[i].key;
	return 0;
}

static bool scanner_sends(uint32_t key)
{
	return key == GW_KEY_ENTER || key == GW_KEY_TAB || key == GW_KEY_ESC || key < 0x20 ||
	       (key >= '0' && key <= '9');
}

static int parse_keys(enum gw_act act, const char *keys, uint32_t out[GW_KEYS_EACH],
		      struct gw_err *err)
{
	const char *name = table[act].name;
	int n = 0;

	memset(out, 0, GW_KEYS_EACH * sizeof(out[0]));
	for (keys += strspn(keys, " "); *keys != '\0'; keys += strspn(keys, " ")) {
		size_t len = strcspn(keys, " ");
		uint32_t key = key_named(keys, len);

		if (key == 0)
			return gw_err_set(
				err, GW_E_INPUT,
				"key `%s`: `%.*s` is no key; use F1 to F24, a letter, ^A, "
				"Esc, Enter, Up, Ins ...",
				name, (int)len, keys);
		if ((act == GW_ACT_YES || act == GW_ACT_NO) && scanner_sends(key))
			return gw_err_set(err, GW_E_INPUT,
					  "key `%s`: a scanner can send `%.*s`, which would answer "
					  "the offer by itself; use a function key",
					  name, (int)len, keys);
		if (n == GW_KEYS_EACH)
			return gw_err_set(err, GW_E_INPUT, "key `%s`: at most %d keys", name,
					  GW_KEYS_EACH);
		out[n++] = key;
		keys += len;
	}
	return GW_OK;
}

static void take_from_others(struct gw_keymap *map, uint32_t key)
{
	for (int act = 0; act < GW_ACT_COUNT; act++)
		for (int i = 0; i < GW_KEYS_EACH; i++)
			if (map->keys[act][i] == key)
				map->keys[act][i] = 0;
}

int gw_keymap_set(struct gw_keymap *map, const char *act, const char *keys, struct gw_err *err)
{
	for (int i = 0; i < GW_ACT_COUNT; i++) {
		uint32_t parsed[GW_KEYS_EACH];
		int status;

		if (strcmp(table[i].name, act) != 0)
			continue;
		status = parse_keys((enum gw_act)i, keys, parsed, err);
		if (status != GW_OK)
			return status;
		for (int k = 0; k < GW_KEYS_EACH; k++)
			if (parsed[k] != 0)
				take_from_others(map, parsed[k]);
		memcpy(map->keys[i], parsed, sizeof(parsed));
		return GW_OK;
	}
	return gw_err_set(err, GW_E_INPUT, "there is no key named `%s` to set", act);
}
