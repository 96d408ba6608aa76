/*
 * A web server (https, mutual TLS) or an object store (S3, signed by libcurl).  Both are PUT and
 * GET of whole files; S3 adds its address scheme and signature.
 *
 * Never follows redirects, never speaks plain http but to this very machine, never skips checking
 * the server's certificate.
 */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/net/http.h"
#include "tools/sync/target.h"

#define BODY_SHOWN (200 * 64) /* of an error page, at most */

struct http_target {
	struct target base;
	struct gw_http *http;
	char url[GW_PATH_MAX]; /* without the name, without '/' at the end */
	const struct sync *sync;
	int stall_s;
	bool s3;
	char region[64], user[512];
};

/* Where an answer goes. */
struct room {
	char *at;
	size_t len, max;
};

static bool keep(void *ctx, const char *data, size_t len)
{
	struct room *r = ctx;

	if (len > r->max - r->len)
		return false;
	memcpy(r->at + r->len, data, len);
	r->len += len;
	return true;
}

/* --- signing for S3 --------------------------------------------------------------------------- */

struct signing {
	char line[128], scheme[96];
};

/* S3 wants the hash of the body among the headers that are signed (AWS SigV4). */
static const char *sign(const struct http_target *t, struct signing *s, struct gw_http_request *q)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];

	crypto_hash_sha256(hash, q->body, q->body_len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(s->line, sizeof(s->line), "x-amz-content-sha256: %s", hex);
	snprintf(s->scheme, sizeof(s->scheme), "aws:amz:%s:s3", t->region);
	q->sigv4 = s->scheme;
	q->user = t->user;
	return s->line;
}

/* --- what came of it -------------------------------------------------------------------------- */

/* The word for what is wrong in a store's answer, an XML page: <Code>NoSuchBucket</Code>. */
static void store_word(const struct room *page, char out[64])
{
	static const char tag[] = "<Code>";
	const char *end = page->at + page->len, *at = memmem(page->at, page->len, tag, 6);
	size_t n = 0;

	if (at != NULL)
		for (at += 6; at + n < end && n < 63 && isalnum((unsigned char)at[n]); n++)
			out[n] = at[n];
	out[n] = '\0';
}

/* Credentials, bucket or clock are wrong: the store's own word tells which. */
static int store_failed(const struct http_target *t, const struct room *page, long status,
			struct gw_err *err)
{
	char word[64];

	store_word(page, word);
	return gw_err_set(err, GW_E_DENIED,
			  "%s: the store answers %ld%s%s (check the bucket, s3_key, s3_secret and "
			  "this machine's clock)",
			  t->url, status, word[0] != '\0' ? " " : "", word);
}

static int answer_failed(const struct http_target *t, const struct room *page, long status,
			 struct target_answer *answer, struct gw_err *err)
{
	static const struct {
		long status;
		int code;
		bool for_good;
		const char *text;
	} rows[] = {
		{304, GW_E_AGAIN, false, "not changed"},
		/* nginx says this of a certificate it does not accept, too. */
		{400, GW_E_DENIED, false,
		 "the server refuses the file, or this terminal's certificate"},
		{401, GW_E_DENIED, false, "not allowed: check the credentials"},
		{403, GW_E_DENIED, false,
		 "not allowed: the certificate must be this terminal's, and not revoked"},
		{404, GW_E_NOT_FOUND, false, "not there"},
		{413, GW_E_INPUT, true, "the file is too large for the server"},
		{422, GW_E_INPUT, true, "the server refuses the file"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status) {
			answer->for_good = rows[i].for_good;
			answer->suspect = status == 400;
			if (t->s3 && rows[i].code == GW_E_DENIED)
				return store_failed(t, page, status, err);
			return gw_err_set(err, rows[i].code, "%s: %s (%ld)", t->url, rows[i].text,
					  status);
		}
	return gw_err_set(err, GW_E_DEVICE, "%s: the server answers %ld", t->url, status);
}

static int perform(struct http_target *t, const struct gw_http_request *q,
		   struct target_answer *answer, long *status, struct gw_err *err)
{
	struct gw_http_answer got;
	int rc = gw_http_do(t->http, q, &got, err);

	*status = got.status;
	answer->retry_after_ms = got.retry_after_ms;
	memcpy(answer->etag, got.etag, sizeof(answer->etag));
	return rc;
}

/* --- the two operations ----------------------------------------------------------------------- */

static int http_put(struct target *base, const char *name, const void *data, size_t len,
		    struct target_answer *answer, struct gw_err *err)
{
	struct http_target *t = (struct http_target *)base;
	char url[2 * GW_PATH_MAX], page[BODY_SHOWN];
	struct room room = {page, 0, sizeof(page)};
	struct signing signing = {.line = ""};
	const char *headers[4] = {"If-None-Match: *", "Content-Type: application/zstd", "Expect:"};
	struct gw_http_request q = {.method = GW_HTTP_PUT,
				    .url = url,
				    .name = t->url,
				    .body = data,
				    .body_len = len,
				    .headers = headers,
				    .take = keep,
				    .ctx = &room,
				    .stall_s = t->stall_s,
				    .ending = t->sync->ending};
	long status;
	int rc;

	memset(answer, 0, sizeof(*answer));
	snprintf(url, sizeof(url), "%s/%s", t->url, name);
	/* libcurl signs the empty header too, though it is never sent: S3 would refuse that. */
	if (t->s3)
		headers[2] = sign(t, &signing, &q);
	rc = perform(t, &q, answer, &status, err);
	/* 412: a file of this name is there, and the name is the content. */
	if (rc < 0 || (status >= 200 && status < 300) || status == 412)
		return rc;
	rc = answer_failed(t, &room, status, answer, err);
	/* Whose certificate is meant: a till may have been renamed. */
	if (status == 403 && !t->s3)
		return gw_err_set(err, rc,
				  "%s/%.*s: not allowed: the certificate must be this terminal's, "
				  "and not revoked (403)",
				  t->url, (int)(strrchr(name, '/') - name), name);
	if (rc != GW_E_NOT_FOUND)
		return rc;
	return t->s3 ? store_failed(t, &room, status, err)
		     : gw_err_set(err, GW_E_DENIED, "%s: the server has no such place (404)",
				  t->url);
}

static int http_get(struct target *base, const char *name, size_t max, const char *etag,
		    char **data, size_t *len, struct target_answer *answer, struct gw_err *err)
{
	struct http_target *t = (struct http_target *)base;
	char url[2 * GW_PATH_MAX], line[160];
	struct room room = {malloc(max + 1), 0, max};
	struct signing signing = {.line = ""};
	const char *headers[3] = {NULL};
	struct gw_http_request q = {.url = url,
				    .name = t->url,
				    .headers = headers,
				    .take = keep,
				    .ctx = &room,
				    .stall_s = t->stall_s,
				    .ending = t->sync->ending};
	int rc, n = 0;
	long status;

	memset(answer, 0, sizeof(*answer));
	*data = NULL;
	*len = 0;
	if (room.at == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	snprintf(url, sizeof(url), "%s/%s", t->url, name);
	snprintf(line, sizeof(line), "If-None-Match: %s", etag);
	if (etag[0] != '\0')
		headers[n++] = line;
	if (t->s3)
		headers[n] = sign(t, &signing, &q);
	rc = perform(t, &q, answer, &status, err);
	if (rc == GW_OK && status != 200)
		rc = answer_failed(t, &room, status, answer, err);
	if (rc < 0) {
		free(room.at);
		return rc;
	}
	room.at[room.len] = '\0';
	*data = room.at;
	*len = room.len;
	return GW_OK;
}

static void http_free(struct target *base)
{
	struct http_target *t = (struct http_target *)base;

	gw_http_free(t->http);
	sodium_memzero(t->user, sizeof(t->user));
	free(t);
}

/* --- addresses -------------------------------------------------------------------------------- */

static const char *secret(const struct sync *s, const char *key, const char *variable)
{
	const char *value = sync_setting(s, key, NULL);

	return value != NULL ? value : getenv(variable);
}

/* s3://BUCKET/PREFIX becomes ENDPOINT/BUCKET/PREFIX. */
static int set_s3(struct http_target *t, const char *url, struct gw_err *err)
{
	const char *endpoint = sync_setting(t->sync, "s3_endpoint", NULL);
	const char *user = secret(t->sync, "s3_key", "AWS_ACCESS_KEY_ID");
	const char *word = secret(t->sync, "s3_secret", "AWS_SECRET_ACCESS_KEY");

	t->s3 = true;
	snprintf(t->region, sizeof(t->region), "%s",
		 sync_setting(t->sync, "s3_region", "us-east-1"));
	if (endpoint == NULL || user == NULL || word == NULL)
		return gw_err_set(err, GW_E_USAGE,
				  "s3:// needs s3_endpoint, s3_key and s3_secret in section [sync] "
				  "(or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)");
	if ((size_t)snprintf(t->user, sizeof(t->user), "%s:%s", user, word) >= sizeof(t->user) ||
	    (size_t)snprintf(t->url, sizeof(t->url), "%s/%s", endpoint, url + 5) >= sizeof(t->url))
		return gw_err_set(err, GW_E_USAGE, "s3: key or address is too long");
	return GW_OK;
}

static int set_patience(struct http_target *t, struct gw_err *err)
{
	const char *text = sync_setting(t->sync, "timeout", NULL);
	long long n = 60;
	int rc = text != NULL ? gw_cli_number("timeout", text, 1, 3600, &n, err) : GW_OK;

	t->stall_s = (int)n;
	return rc;
}

static int set_url(struct http_target *t, const char *url, struct gw_err *err)
{
	const char *host;
	size_t n;

	if (strncmp(url, "s3://", 5) == 0) {
		int rc = set_s3(t, url, err);

		if (rc < 0)
			return rc;
	} else if ((size_t)snprintf(t->url, sizeof(t->url), "%s", url) >= sizeof(t->url)) {
		return gw_err_set(err, GW_E_USAGE, "the address is too long");
	}
	host = strstr(t->url, "://");
	host = host != NULL ? host + 3 : t->url;
	if (memchr(host, '@', strcspn(host, "/?#")) != NULL)
		return gw_err_set(
			err, GW_E_USAGE,
			"an address holds no user and no password: over https the "
			"certificate says who this is (`cert` and `key` in section [sync])");
	if (strncmp(t->url, "https://", 8) != 0 && !gw_http_is_here(t->url))
		return gw_err_set(err, GW_E_USAGE, "%s: only https leaves this machine", t->url);
	for (n = strlen(t->url); n > 0 && t->url[n - 1] == '/'; n--)
		t->url[n - 1] = '\0';
	return GW_OK;
}

int target_http_open(struct target **target, const char *url, const struct sync *s,
		     struct gw_err *err)
{
	static const struct target_ops ops = {http_put, http_get, NULL, http_free};
	struct gw_http_tls tls = {sync_setting(s, "cert", NULL), sync_setting(s, "key", NULL),
				  sync_setting(s, "ca", NULL)};
	struct http_target *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL || sodium_init() < 0) {
		free(t);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	t->base.ops = &ops;
	t->sync = s;
	rc = gw_http_new(&t->http, "goeswith-sync", &tls, err);
	if (rc < 0) {
		free(t);
		return rc;
	}
	rc = set_url(t, url, err);
	if (rc == GW_OK)
		rc = set_patience(t, err);
	if (rc < 0)
		http_free(&t->base);
	else
		*target = &t->base;
	return rc;
}
