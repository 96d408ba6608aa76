/*
 * Fuzz target: what comes from outside in a bundle.  The first byte says which: a manifest, the
 * lines of a payload, a compressed payload, a key or signature.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/table/bundle.h"
#include "tools/table/minisign.h"
#include "tools/table/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A manifest that is taken says the same after it was written again. */
static void manifest(const char *text, size_t len)
{
	struct gw_manifest m, again;
	char room[4000];
	size_t n;

	if (gw_manifest_parse(&m, text, len, NULL) < 0)
		return;
	if (strchr(m.payload, '/') != NULL || m.payload[0] == '.')
		abort();
	n = gw_manifest_format(&m, room, sizeof(room));
	if (m.issued_ms < 0 || m.expires_ms < 0)
		return; /* before 1970: written as nothing */
	if (gw_manifest_parse(&again, room, n, NULL) < 0 || again.version != m.version ||
	    again.size != m.size || strcmp(again.hash, m.hash) != 0)
		abort();
}

static void payload(const char *raw, size_t len)
{
	struct gw_table_build *build;
	struct gw_table *table;
	struct gw_err err = {0};
	char *once;
	size_t once_len;

	if (gw_table_build_new(&build, NULL) < 0)
		return;
	if (gw_payload_read(raw, len, build, (struct gw_table_head){0}, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		gw_table_build_free(build);
		return;
	}
	table = gw_table_build_done(build);
	if (gw_payload_write(table, &once, &once_len, NULL) < 0)
		abort();
	free(once);
	gw_table_free(table);
}

static void packed(const char *p, size_t len)
{
	char *raw;

	if (gw_payload_expand(p, len, 4096, &raw, NULL) == GW_OK)
		free(raw);
}

static void keys(const char *p, size_t len)
{
	struct gw_public_key public = {{0}, {0}};
	struct gw_secret_key secret;
	unsigned char id[8];
	char *text = malloc(len + 1);

	if (text == NULL)
		return;
	memcpy(text, p, len);
	text[len] = '\0';
	gw_public_key_read(&public, text, NULL);
	if (!gw_secret_key_is_locked(text)) /* scrypt would be slow, and is not ours */
		gw_secret_key_read(&secret, text, NULL, NULL);
	if (gw_signature_key_id(text, id, NULL) == GW_OK) {
		memcpy(public.id, id, sizeof(id));
		if (gw_minisign_verify(&public, "x", 1, text, NULL, NULL) == GW_OK)
			abort(); /* nobody can sign for a key of zeros */
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(const char *, size_t) = {manifest, payload, packed, keys};

	if (size > 0)
		kinds[data[0] % 4]((const char *)data + 1, size - 1);
	return 0;
}
