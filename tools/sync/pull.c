/*
 * The order of checks: fetch the manifest (only if it changed), its signature; verify; only then
 * parse it; fetch the payload it names, no byte more than it says; hand the folder to the
 * installer, which checks all of it again from the disk.
 */
#include "tools/sync/pull.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/json.h"
#include "store/reader.h"
#include "tools/table/install.h"

#define ROLLOUT_MAX 4096
#define PAYLOAD_MAX (64u << 20)

struct pulling {
	const struct sync *sync;
	struct state *state;
	struct target *target;
	struct pull_result *result;
	char inbox[GW_PATH_MAX];
	char etag[128];
	struct gw_manifest manifest;
	struct gw_err *err;
};

/* --- which table ------------------------------------------------------------------------------ */

bool pull_is_chosen(const char *till, const char *path, int64_t share_ppm)
{
	uint64_t h = gw_fnv1a64(GW_FNV1A64_START, till, strlen(till));

	h = gw_fnv1a64(h, "\x1F", 1);
	h = gw_fmix64(gw_fnv1a64(h, path, strlen(path)));
	return (int64_t)((unsigned __int128)h * 1000000 >> 64) < share_ppm;
}

static void find_till(const struct sync *s, char till[GW_BATCH_TILL_MAX])
{
	struct gw_reader_info info;
	struct gw_reader *r;

	till[0] = '\0';
	if (gw_reader_open(&r, s->journal, NULL) < 0)
		return;
	gw_reader_info(r, &info);
	snprintf(till, GW_BATCH_TILL_MAX, "%s", info.till);
	gw_reader_close(r);
}

static bool is_table_path(const char *path)
{
	return path != NULL && strncmp(path, "table", 5) == 0 && strlen(path) < 60 &&
	       strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(path);
}

/*
 * A new table may go to a share of the terminals first.  The file that says so need not be signed:
 * it only chooses between tables that are.
 */
static int choose(struct pulling *p)
{
	struct target_answer answer;
	struct gw_err why = {0};
	char *data, till[GW_BATCH_TILL_MAX];
	const char *path;
	json_t *o;
	size_t len;
	int rc = p->target->ops->get(p->target, "rollout", ROLLOUT_MAX, "", &data, &len, &answer,
				     &why);

	snprintf(p->result->path, sizeof(p->result->path), "table");
	if (rc == GW_E_NOT_FOUND || rc == GW_E_DENIED)
		return GW_OK;
	if (rc < 0)
		return gw_err_set(p->err, rc, "%s", why.text);
	o = json_loadb(data, len, 0, NULL);
	free(data);
	path = json_string_value(json_object_get(o, "path"));
	find_till(p->sync, till);
	if (is_table_path(path) &&
	    pull_is_chosen(till, path, json_integer_value(json_object_get(o, "share_ppm"))))
		snprintf(p->result->path, sizeof(p->result->path), "%s", path);
	json_decref(o);
	return GW_OK;
}

/* --- fetching --------------------------------------------------------------------------------- */

static int fetch(struct pulling *p, const char *name, size_t max, const char *etag, char **data,
		 size_t *len)
{
	struct target_answer answer;
	struct gw_err why = {0};
	char remote[GW_PATH_MAX];
	int rc;

	snprintf(remote, sizeof(remote), "%s/%s", p->result->path, name);
	rc = p->target->ops->get(p->target, remote, max, etag, data, len, &answer, &why);
	if (rc == GW_OK && strcmp(name, GW_MANIFEST_NAME) == 0)
		memcpy(p->etag, answer.etag, sizeof(p->etag));
	if (rc < 0)
		gw_err_set(p->err, rc, "%s: %s", remote, why.text);
	return rc;
}

static int keep(struct pulling *p, const char *name, const char *data, size_t len)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, p->inbox, name, p->err);

	return rc == GW_OK ? gw_file_replace(path, data, len, p->err) : rc;
}

static int fetch_signature(struct pulling *p)
{
	char *data, path[GW_PATH_MAX];
	size_t len;
	int rc = fetch(p, GW_SIGNATURE_NAME, GW_SIGNATURE_TEXT_MAX - 1, "", &data, &len);

	if (rc == GW_E_NOT_FOUND) {
		/* Whether an unsigned table will do is the installer's decision. */
		rc = gw_path_join(path, p->inbox, GW_SIGNATURE_NAME, p->err);
		if (rc == GW_OK)
			unlink(path);
		return rc;
	}
	if (rc == GW_OK)
		rc = keep(p, GW_SIGNATURE_NAME, data, len);
	free(data);
	return rc;
}

static int verify(struct pulling *p, const char *manifest, size_t len)
{
	char comment[GW_TRUSTED_COMMENT_MAX], key[GW_KEY_ID_SIZE];
	struct gw_trust *trust = calloc(1, sizeof(*trust));
	int rc;

	if (trust == NULL)
		return gw_err_set(p->err, GW_E_MEMORY, "out of memory");
	rc = gw_trust_load(trust, p->sync->home, p->err);
	if (rc == GW_OK && trust->count > 0)
		rc = gw_trust_verify(trust, p->inbox, manifest, len, key, comment, p->err);
	free(trust);
	return rc;
}

static int fetch_manifest(struct pulling *p, const char *etag)
{
	char *data;
	size_t len;
	int rc = fetch(p, GW_MANIFEST_NAME, GW_MANIFEST_MAX - 1, etag, &data, &len);

	if (rc < 0)
		return rc;
	rc = keep(p, GW_MANIFEST_NAME, data, len);
	if (rc == GW_OK)
		rc = fetch_signature(p);
	if (rc == GW_OK)
		rc = verify(p, data, len);
	if (rc == GW_OK)
		rc = gw_manifest_parse(&p->manifest, data, len, p->err);
	free(data);
	return rc;
}

static bool has_payload(const struct pulling *p)
{
	char path[GW_PATH_MAX], hash[GW_HASH_HEX_SIZE], *data;
	bool has = false;
	size_t len;

	if (gw_path_join(path, p->inbox, p->manifest.payload, NULL) == GW_OK &&
	    gw_file_read(path, PAYLOAD_MAX, &data, &len, NULL) == GW_OK) {
		gw_hash_hex(data, len, hash);
		has = strcmp(hash, p->manifest.hash) == 0;
		free(data);
	}
	return has;
}

static int fetch_payload(struct pulling *p)
{
	char hash[GW_HASH_HEX_SIZE], *data;
	size_t len;
	int rc;

	if (has_payload(p))
		return GW_OK;
	if (p->manifest.size < 0 || p->manifest.size > PAYLOAD_MAX)
		return gw_err_set(p->err, GW_E_INPUT, "the table is larger than %u bytes",
				  PAYLOAD_MAX);
	rc = fetch(p, p->manifest.payload, (size_t)p->manifest.size, "", &data, &len);
	if (rc < 0)
		return rc;
	gw_hash_hex(data, len, hash);
	if (strcmp(hash, p->manifest.hash) != 0)
		rc = gw_err_set(p->err, GW_E_INPUT,
				"the table's content does not fit its manifest");
	else
		rc = keep(p, p->manifest.payload, data, len);
	free(data);
	return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int install(struct pulling *p)
{
	struct gw_install how = {.home = p->sync->home, .now_ms = sync_now_ms()};
	struct gw_install_result *r = calloc(1, sizeof(*r));
	char path[GW_PATH_MAX];
	int rc;

	if (r == NULL)
		return gw_err_set(p->err, GW_E_MEMORY, "out of memory");
	rc = gw_table_install(&how, p->inbox, r, p->err);
	if (rc == GW_OK) {
		p->result->changed = !r->unchanged;
		p->result->version = r->manifest.version;
		p->result->items = r->manifest.items;
		p->result->rules = r->manifest.rules;
		snprintf(p->result->key, sizeof(p->result->key), "%s", r->key);
		if (gw_path_join(path, p->inbox, p->manifest.payload, NULL) == GW_OK)
			unlink(path);
	}
	free(r);
	return rc;
}

static int pull_steps(struct pulling *p)
{
	char note[128], seen[128], table[GW_PATH_MAX];
	int rc = gw_path_join(p->inbox, p->sync->home, "inbox", p->err);

	if (rc == GW_OK)
		rc = gw_home_make(p->inbox, p->err);
	if (rc == GW_OK)
		rc = gw_path_join(table, p->sync->home, "table.db", p->err);
	if (rc == GW_OK)
		rc = choose(p);
	if (rc < 0)
		return rc;
	snprintf(note, sizeof(note), "etag:%s", p->result->path);
	state_noted(p->state, note, seen, sizeof(seen));
	/* A table that is not there any more is fetched again, changed or not. */
	if (access(table, F_OK) != 0)
		seen[0] = '\0';
	rc = fetch_manifest(p, seen);
	if (rc == GW_E_AGAIN)
		return GW_OK;
	if (rc == GW_OK)
		rc = fetch_payload(p);
	if (rc == GW_OK)
		rc = install(p);
	if (rc == GW_OK)
		rc = state_note(p->state, note, p->etag, p->err);
	return rc;
}

int pull_once(const struct sync *s, struct state *state, struct target *target,
	      struct pull_result *result, struct gw_err *err)
{
	struct pulling *p = calloc(1, sizeof(*p));
	int rc;

	memset(result, 0, sizeof(*result));
	if (p == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	p->sync = s;
	p->state = state;
	p->target = target;
	p->result = result;
	p->err = err;
	rc = pull_steps(p);
	free(p);
	return rc;
}

static void print_result(const struct sync *s, const struct pull_result *r)
{
	char room[512];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	if (!s->cli.json) {
		if (r->changed)
			printf("version %" PRId64 " is in force: %" PRId64 " items, %" PRId64
			       " rules%s%s\n",
			       r->version, r->items, r->rules,
			       r->key[0] != '\0' ? ", signed with key " : "", r->key);
		else
			puts("the table in force is the newest");
		return;
	}
	gw_json_begin(&j, '{');
	gw_json_member_bool(&j, "changed", r->changed);
	gw_json_member_string(&j, "path", r->path);
	if (r->version > 0)
		gw_json_member_int(&j, "version", r->version);
	gw_json_member_string(&j, "key", r->key);
	gw_json_end(&j, '}');
	puts(room);
}

int sync_pull(struct sync *s, struct gw_err *err)
{
	struct pull_result result;
	struct target *target;
	struct state *state;
	int rc;

	if (s->from == NULL)
		return gw_err_set(err, GW_E_USAGE,
				  "where from?  give --from URL, or `from` in section [sync] of "
				  "the configuration");
	rc = target_open(&target, s->from, s, err);
	if (rc < 0)
		return rc;
	rc = gw_home_make(s->home, err);
	if (rc == GW_OK)
		rc = state_open(&state, s->state, err);
	if (rc == GW_OK) {
		rc = pull_once(s, state, target, &result, err);
		state_close(state);
	}
	target_close(target);
	if (rc == GW_OK)
		print_result(s, &result);
	return rc;
}
