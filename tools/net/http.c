#include "tools/net/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cli.h"

#define CONNECT_S    15
#define STALL_S      60
#define WHOLE_S      600
#define RETRY_MOST_S 86400

struct gw_http {
	CURL *curl;
	struct gw_http_tls tls;
	char agent[64];
};

/* One exchange. */
struct exchange {
	const struct gw_http_request *request;
	struct gw_http_answer *answer;
	size_t sent;
	bool too_large;
	char error[CURL_ERROR_SIZE];
};

/* --- callbacks of libcurl --------------------------------------------------------------------- */

static size_t give(char *room, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t left = x->request->body_len - x->sent;
	size_t len = size * n < left ? size * n : left;

	if (len > 0)
		memcpy(room, (const char *)x->request->body + x->sent, len);
	x->sent += len;
	return len;
}

static int rewind_body(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > x->request->body_len)
		return CURL_SEEKFUNC_FAIL;
	x->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t take(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	const struct gw_http_request *q = x->request;

	if (q->take == NULL || q->take(q->ctx, data, size * n))
		return size * n;
	x->too_large = true;
	return 0;
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

/* Seconds, or a date (RFC 9110, 10.2.3). */
static int64_t retry_after_s(const char *value, size_t len)
{
	char text[40];
	time_t when;
	int64_t s;

	snprintf(text, sizeof(text), "%.*s", (int)len, value);
	when = curl_getdate(text, NULL);
	s = isdigit((unsigned char)text[0]) ? strtoll(text, NULL, 10)
	    : when > 0                      ? (int64_t)(when - time(NULL))
					    : 0;
	return s < 0 ? 0 : s > RETRY_MOST_S ? RETRY_MOST_S : s;
}

static size_t header(char *line, size_t size, size_t n, void *ctx)
{
	struct gw_http_answer *a = ((struct exchange *)ctx)->answer;
	const char *value;
	size_t len;

	if (size * n > 9 && strncmp(line, "HTTP/", 5) == 0 && memchr(line, ' ', 9) != NULL)
		a->status = strtol((const char *)memchr(line, ' ', 9), NULL, 10);
	value = header_value(line, size * n, "ETag", &len);
	if (value != NULL && len < sizeof(a->etag))
		snprintf(a->etag, sizeof(a->etag), "%.*s", (int)len, value);
	value = header_value(line, size * n, "Retry-After", &len);
	if (value != NULL && len < 40)
		a->retry_after_ms = retry_after_s(value, len) * 1000;
	if (header_value(line, size * n, "Content-Length", &len) != NULL ||
	    header_value(line, size * n, "Transfer-Encoding", &len) != NULL)
		a->framed = true;
	return size * n;
}

/* libcurl asks about once a second, also while nothing moves. */
static int is_over(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct exchange *x = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return *x->request->ending;
}

/* --- setting up ------------------------------------------------------------------------------- */

static void set_tls(const struct gw_http *h)
{
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->tls.cert != NULL)
		curl_easy_setopt(h->curl, CURLOPT_SSLCERT, h->tls.cert);
	if (h->tls.key != NULL)
		curl_easy_setopt(h->curl, CURLOPT_SSLKEY, h->tls.key);
	if (h->tls.ca != NULL)
		curl_easy_setopt(h->curl, CURLOPT_CAINFO, h->tls.ca);
}

static void set_common(const struct gw_http *h, struct exchange *x)
{
	const struct gw_http_request *q = x->request;

	curl_easy_reset(h->curl);
	curl_easy_setopt(h->curl, CURLOPT_URL, q->url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "https,http");
#else
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
#endif
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_USERAGENT, h->agent);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_TIME,
			 (long)(q->stall_s > 0 ? q->stall_s : STALL_S));
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT, (long)(q->whole_s > 0 ? q->whole_s : WHOLE_S));
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, header);
	curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, x);
	/* What stays on this machine goes through nobody's proxy. */
	if (gw_http_is_here(q->url))
		curl_easy_setopt(h->curl, CURLOPT_NOPROXY, "*");
	if (q->ending != NULL) {
		curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, is_over);
		curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, x);
	}
	set_tls(h);
}

static void set_body(const struct gw_http *h, struct exchange *x)
{
	const struct gw_http_request *q = x->request;

	if (q->method == GW_HTTP_GET)
		return;
	curl_easy_setopt(h->curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(h->curl, CURLOPT_READDATA, x);
	curl_easy_setopt(h->curl, CURLOPT_SEEKFUNCTION, rewind_body);
	curl_easy_setopt(h->curl, CURLOPT_SEEKDATA, x);
	if (q->method == GW_HTTP_PUT) {
		curl_easy_setopt(h->curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(h->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->body_len);
	} else {
		curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
	}
}

/* --- what came of it -------------------------------------------------------------------------- */

static int failed(CURLcode rc, const struct exchange *x, struct gw_err *err)
{
	const char *why = x->error[0] != '\0' ? x->error : curl_easy_strerror(rc);
	const char *name = x->request->name;

	switch (rc) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return gw_err_set(
			err, GW_E_DENIED,
			"%s: the server's certificate is not accepted: %s (check `ca` and "
			"this machine's clock)",
			name, why);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return gw_err_set(err, GW_E_DENIED,
				  "%s: cannot use the certificate: %s (check `cert`, `key`, `ca`)",
				  name, why);
	case CURLE_WRITE_ERROR:
		if (x->too_large)
			return gw_err_set(err, GW_E_INPUT, "%s: the answer is too large", name);
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		return gw_err_set(err, GW_E_DEVICE, "%s: broken off", name);
	case CURLE_OUT_OF_MEMORY:
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	default:
		break;
	}
	return gw_err_set(err, GW_E_DEVICE, "%s: %s", name, why);
}

int gw_http_do(struct gw_http *h, const struct gw_http_request *q, struct gw_http_answer *answer,
	       struct gw_err *err)
{
	struct exchange x = {.request = q, .answer = answer};
	struct curl_slist *headers = NULL;
	CURLcode rc;

	memset(answer, 0, sizeof(*answer));
	set_common(h, &x);
	set_body(h, &x);
	if (q->sigv4 != NULL) {
		curl_easy_setopt(h->curl, CURLOPT_AWS_SIGV4, q->sigv4);
		curl_easy_setopt(h->curl, CURLOPT_USERPWD, q->user);
	}
	for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, q->headers[i]);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	rc = curl_easy_perform(h->curl);
	curl_slist_free_all(headers);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	/* A server may answer and hang up before it has read all of the body, or say too much. */
	if (rc != CURLE_OK && !((rc == CURLE_SEND_ERROR || x.too_large) && answer->status >= 400))
		return failed(rc, &x, err);
	return GW_OK;
}

/* --- lifetime --------------------------------------------------------------------------------- */

int gw_http_new(struct gw_http **http, const char *agent, const struct gw_http_tls *tls,
		struct gw_err *err)
{
	struct gw_http *h;

	*http = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return gw_err_set(err, GW_E_MEMORY, "libcurl cannot start");
	h = calloc(1, sizeof(*h));
	if (h != NULL)
		h->curl = curl_easy_init();
	if (h == NULL || h->curl == NULL) {
		gw_http_free(h);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	h->tls = *tls;
	snprintf(h->agent, sizeof(h->agent), "%s/%s", agent, GW_VERSION);
	*http = h;
	return GW_OK;
}

void gw_http_free(struct gw_http *h)
{
	if (h != NULL)
		curl_easy_cleanup(h->curl);
	free(h);
	curl_global_cleanup();
}

bool gw_http_is_here(const char *url)
{
	static const char *const names[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
	size_t host = strlen(url) > 7 ? 7 + strcspn(url + 7, "/?#") : 0;

	/* http://127.0.0.1:80@example.com is a user and a password at example.com. */
	if (memchr(url, '@', host) != NULL)
		return false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(url, names[i], n) == 0 &&
		    (url[n] == '/' || url[n] == ':' || url[n] == '\0'))
			return true;
	}
	return false;
}
