/*
 * One HTTP exchange at a time over libcurl, for the programs that may use the network: uploads and
 * tables (tools/sync), statistics at head office (tools/report, tools/mine).
 *
 * Owns a connection that is kept between exchanges.  Never follows redirects, never skips checking
 * a server's certificate.  A request may arrive twice (libcurl repeats it when a kept connection
 * turns out to be dead), so only such are sent as do no harm then.  One thread.
 *
 *	struct gw_http_tls tls = {.ca = ca};
 *	gw_http_new(&h, "goeswith-sync", &tls, &err);
 *	struct gw_http_request q = {.method = GW_HTTP_GET, .url = url, .name = url,
 *				    .take = keep, .ctx = &room};
 *	rc = gw_http_do(h, &q, &answer, &err);	// GW_OK: look at answer.status
 *	gw_http_free(h);
 */
#ifndef TOOLS_NET_HTTP_H
#define TOOLS_NET_HTTP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gw_http;

/* Files; NULL: none, or the system's authorities. */
struct gw_http_tls {
	const char *cert, *key, *ca;
};

enum gw_http_method { GW_HTTP_GET, GW_HTTP_PUT, GW_HTTP_POST };

struct gw_http_request {
	enum gw_http_method method;
	const char *url;
	const char *name; /* for messages: the address without what varies or is secret */
	const void *body; /* of PUT and POST; borrowed */
	size_t body_len;
	const char *const *headers; /* "Name: value", "Name:" takes one away; NULL-terminated */
	const char *sigv4, *user;   /* CURLOPT_AWS_SIGV4 and its "key:secret", else NULL */
	/* Called for each piece of the answer's body; false: it is too large, stop. */
	bool (*take)(void *ctx, const char *data, size_t len);
	void *ctx;
	/* Becomes true when the exchange is to be broken off (GW_E_DEVICE); NULL: never. */
	const volatile sig_atomic_t *ending;
	int stall_s, whole_s; /* give up after so long without a byte, in all; 0: 60, 600 */
};

struct gw_http_answer {
	long status;            /* known before the first byte of the body is taken */
	int64_t retry_after_ms; /* the server asked to wait; 0: it did not */
	char etag[128];
	bool framed; /* the server said where the answer ends, and it ended there */
};

/* agent: the program's name.  The texts of tls must outlive the connection.  GW_E_MEMORY. */
int gw_http_new(struct gw_http **http, const char *agent, const struct gw_http_tls *tls,
		struct gw_err *err);
void gw_http_free(struct gw_http *http);

/*
 * GW_OK: there is an answer, whatever its status.  GW_E_DEVICE: there is none, or half of one (try
 * again); GW_E_DENIED: a certificate; GW_E_INPUT: the answer is too large; GW_E_MEMORY.
 */
int gw_http_do(struct gw_http *http, const struct gw_http_request *request,
	       struct gw_http_answer *answer, struct gw_err *err);

/* Whether an http:// address is this very machine. */
bool gw_http_is_here(const char *url);

#endif
