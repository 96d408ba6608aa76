/*
 * A web server (https, mutual TLS) or an object store (S3, signed by libcurl).  Both are PUT and
 * GET of whole files; S3 adds its address scheme and signature.
 *
 * Never follows redirects, never speaks plain http but to this very machine, never skips checking
 * the server's certificate.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tools/sync/target.h"

#define CONNECT_S    15
#define STALL_S      60
#define WHOLE_S      600
#define BODY_SHOWN   200 /* of an error page, at most */
#define RETRY_MOST_S 86400

struct http_target {
	struct target base;
	CURL *curl;
	char url[GW_PATH_MAX]; /* without the name, without '/' at the end */
	const struct sync *sync;
	bool s3;
	char region[64], user[512];
};

/* One exchange. */
struct exchange {
	const uint8_t *out; /* body to send */
	size_t out_len, out_at;
	char *in; /* body received */
	size_t in_len, in_max;
	bool too_large;
	char etag[128];
	int64_t retry_after_s;
	char error[CURL_ERROR_SIZE];
};

/* --- callbacks of libcurl --------------------------------------------------------------------- */

static size_t give(char *room, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t len = size * n < x->out_len - x->out_at ? size * n : x->out_len - x->out_at;

	memcpy(room, x->out + x->out_at, len);
	x->out_at += len;
	return len;
}

static int rewind_body(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > x->out_len)
		return CURL_SEEKFUNC_FAIL;
	x->out_at = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t take(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t len = size * n;

	if (len > x->in_max - x->in_len) {
		x->too_large = true;
		return 0;
	}
	memcpy(x->in + x->in_len, data, len);
	x->in_len += len;
	return len;
}

/* Value of a header line if it is that header, its length in *len. */
static const char *header_value(const char *line, size_t size, const char *name, size_t *len)
{
	size_t n = strlen(name);

	if (size <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1;
	size -= n + 1;
	while (size > 0 && isspace((unsigned char)*line))
		line++, size--;
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		size--;
	*len = size;
	return line;
}

static size_t header(char *line, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	const char *value;
	size_t len;

	value = header_value(line, size * n, "ETag", &len);
	if (value != NULL && len < sizeof(x->etag))
		snprintf(x->etag, sizeof(x->etag), "%.*s", (int)len, value);
	value = header_value(line, size * n, "Retry-After", &len);
	if (value != NULL && len < 40) {
		char text[40];
		time_t when;

		snprintf(text, sizeof(text), "%.*s", (int)len, value);
		when = curl_getdate(text, NULL);
		x->retry_after_s = isdigit((unsigned char)text[0]) ? strtoll(text, NULL, 10)
				   : when > 0                      ? (int64_t)(when - time(NULL))
								   : 0;
		if (x->retry_after_s < 0)
			x->retry_after_s = 0;
		if (x->retry_after_s > RETRY_MOST_S)
			x->retry_after_s = RETRY_MOST_S;
	}
	return size * n;
}

/* --- setting up ------------------------------------------------------------------------------- */

static void set_tls(struct http_target *t)
{
	const char *cert = sync_setting(t->sync, "cert", NULL);
	const char *key = sync_setting(t->sync, "key", NULL);
	const char *ca = sync_setting(t->sync, "ca", NULL);

	curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(t->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (cert != NULL)
		curl_easy_setopt(t->curl, CURLOPT_SSLCERT, cert);
	if (key != NULL)
		curl_easy_setopt(t->curl, CURLOPT_SSLKEY, key);
	if (ca != NULL)
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, ca);
}

static void set_common(struct http_target *t, struct exchange *x, const char *url)
{
	curl_easy_reset(t->curl);
	curl_easy_setopt(t->curl, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "https,http");
#else
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
#endif
	curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "goeswith-sync/" GW_VERSION);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, (long)WHOLE_S);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, x);
	set_tls(t);
}

/* S3 wants the hash of the body among the headers that are signed (AWS SigV4). */
static struct curl_slist *sign(struct http_target *t, struct curl_slist *list,
			       const struct exchange *x)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1], line[128], scheme[96];

	crypto_hash_sha256(hash, x->out, x->out_len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(line, sizeof(line), "x-amz-content-sha256: %s", hex);
	snprintf(scheme, sizeof(scheme), "aws:amz:%s:s3", t->region);
	curl_easy_setopt(t->curl, CURLOPT_AWS_SIGV4, scheme);
	curl_easy_setopt(t->curl, CURLOPT_USERPWD, t->user);
	return curl_slist_append(list, line);
}

/* --- what came of it -------------------------------------------------------------------------- */

static int curl_failed(const struct http_target *t, CURLcode rc, const struct exchange *x,
		       struct gw_err *err)
{
	const char *why = x->error[0] != '\0' ? x->error : curl_easy_strerror(rc);

	switch (rc) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return gw_err_set(
			err, GW_E_DENIED,
			"%s: the server's certificate is not accepted: %s (check `ca` and "
			"this machine's clock)",
			t->url, why);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return gw_err_set(err, GW_E_DENIED,
				  "%s: cannot use the certificate: %s (check `cert`, `key`, `ca`)",
				  t->url, why);
	case CURLE_WRITE_ERROR:
		if (x->too_large)
			return gw_err_set(err, GW_E_INPUT, "%s: the answer is too large", t->url);
		break;
	case CURLE_OUT_OF_MEMORY:
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	default:
		break;
	}
	return gw_err_set(err, GW_E_DEVICE, "%s: %s", t->url, why);
}

static int answer_failed(const struct http_target *t, long status, struct target_answer *answer,
			 struct gw_err *err)
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
			return gw_err_set(err, rows[i].code, "%s: %s (%ld)", t->url, rows[i].text,
					  status);
		}
	return gw_err_set(err, GW_E_DEVICE, "%s: the server answers %ld", t->url, status);
}

static int perform(struct http_target *t, struct exchange *x, struct curl_slist *headers,
		   struct target_answer *answer, long *status, struct gw_err *err)
{
	CURLcode rc;

	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	rc = curl_easy_perform(t->curl);
	curl_slist_free_all(headers);
	*status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, status);
	answer->retry_after_ms = x->retry_after_s * 1000;
	memcpy(answer->etag, x->etag, sizeof(answer->etag));
	/* A server may answer and hang up before it has read all of the body, or say too much. */
	if (rc != CURLE_OK && !((rc == CURLE_SEND_ERROR || x->too_large) && *status >= 400))
		return curl_failed(t, rc, x, err);
	return GW_OK;
}

/* --- the two operations ----------------------------------------------------------------------- */

static int http_put(struct target *base, const char *name, const void *data, size_t len,
		    struct target_answer *answer, struct gw_err *err)
{
	struct http_target *t = (struct http_target *)base;
	char url[2 * GW_PATH_MAX], page[BODY_SHOWN * 64];
	struct exchange x = {.out = data, .out_len = len, .in = page, .in_max = sizeof(page)};
	struct curl_slist *headers = NULL;
	long status;
	int rc;

	memset(answer, 0, sizeof(*answer));
	snprintf(url, sizeof(url), "%s/%s", t->url, name);
	set_common(t, &x, url);
	curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(t->curl, CURLOPT_READDATA, &x);
	curl_easy_setopt(t->curl, CURLOPT_SEEKFUNCTION, rewind_body);
	curl_easy_setopt(t->curl, CURLOPT_SEEKDATA, &x);
	curl_easy_setopt(t->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
	headers = curl_slist_append(headers, "If-None-Match: *");
	headers = curl_slist_append(headers, "Content-Type: application/zstd");
	/* libcurl signs the empty header too, though it is never sent: S3 would refuse that. */
	if (t->s3)
		headers = sign(t, headers, &x);
	else
		headers = curl_slist_append(headers, "Expect:");
	rc = perform(t, &x, headers, answer, &status, err);
	/* 412: a file of this name is there, and the name is the content. */
	if (rc < 0 || (status >= 200 && status < 300) || status == 412)
		return rc;
	rc = answer_failed(t, status, answer, err);
	return rc == GW_E_NOT_FOUND ? gw_err_set(err, GW_E_DENIED,
						 "%s: the server has no such place (404)", t->url)
				    : rc;
}

static int http_get(struct target *base, const char *name, size_t max, const char *etag,
		    char **data, size_t *len, struct target_answer *answer, struct gw_err *err)
{
	struct http_target *t = (struct http_target *)base;
	char url[2 * GW_PATH_MAX], line[160];
	struct exchange x = {.in_max = max};
	struct curl_slist *headers = NULL;
	long status;
	int rc;

	memset(answer, 0, sizeof(*answer));
	*data = NULL;
	*len = 0;
	x.in = malloc(max + 1);
	if (x.in == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	snprintf(url, sizeof(url), "%s/%s", t->url, name);
	set_common(t, &x, url);
	if (etag[0] != '\0') {
		snprintf(line, sizeof(line), "If-None-Match: %s", etag);
		headers = curl_slist_append(headers, line);
	}
	if (t->s3)
		headers = sign(t, headers, &x);
	rc = perform(t, &x, headers, answer, &status, err);
	if (rc == GW_OK && status != 200)
		rc = answer_failed(t, status, answer, err);
	if (rc < 0) {
		free(x.in);
		return rc;
	}
	x.in[x.in_len] = '\0';
	*data = x.in;
	*len = x.in_len;
	return GW_OK;
}

static void http_free(struct target *base)
{
	struct http_target *t = (struct http_target *)base;

	curl_easy_cleanup(t->curl);
	sodium_memzero(t->user, sizeof(t->user));
	free(t);
	curl_global_cleanup();
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool is_here(const char *url)
{
	static const char *const names[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(url, names[i], n) == 0 &&
		    (url[n] == '/' || url[n] == ':' || url[n] == '\0'))
			return true;
	}
	return false;
}

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

static int set_url(struct http_target *t, const char *url, struct gw_err *err)
{
	size_t n;

	if (strncmp(url, "s3://", 5) == 0) {
		int rc = set_s3(t, url, err);

		if (rc < 0)
			return rc;
	} else if ((size_t)snprintf(t->url, sizeof(t->url), "%s", url) >= sizeof(t->url)) {
		return gw_err_set(err, GW_E_USAGE, "the address is too long");
	}
	if (strncmp(t->url, "https://", 8) != 0 && !is_here(t->url))
		return gw_err_set(err, GW_E_USAGE, "%s: only https leaves this machine", t->url);
	for (n = strlen(t->url); n > 0 && t->url[n - 1] == '/'; n--)
		t->url[n - 1] = '\0';
	return GW_OK;
}

int target_http_open(struct target **target, const char *url, const struct sync *s,
		     struct gw_err *err)
{
	static const struct target_ops ops = {http_put, http_get, http_free};
	struct http_target *t;
	int rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || sodium_init() < 0)
		return gw_err_set(err, GW_E_MEMORY, "libcurl cannot start");
	t = calloc(1, sizeof(*t));
	if (t != NULL)
		t->curl = curl_easy_init();
	if (t == NULL || t->curl == NULL) {
		free(t);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	t->base.ops = &ops;
	t->sync = s;
	rc = set_url(t, url, err);
	if (rc < 0)
		http_free(&t->base);
	else
		*target = &t->base;
	return rc;
}
