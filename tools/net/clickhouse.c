#include "tools/net/clickhouse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "tools/net/http.h"

#define DATABASE_MAX 64
#define SAID_MAX     2048 /* of an error page */
#define URL_MAX      (GW_PATH_MAX + 1024)
#define OLDEST_MAJOR 18
#define OLDEST_MINOR 16
#define TIMEOUT_S    600
#define TIMEOUT_MOST 86400

struct gw_clickhouse {
	struct gw_http *http;
	char base[GW_PATH_MAX]; /* http://host:port */
	char name[GW_PATH_MAX + DATABASE_MAX];
	char database[DATABASE_MAX], version[40];
	char user[300], password[300]; /* header lines, "" for none */
	int timeout_s;
};

bool gw_clickhouse_is(const char *url)
{
	return strncmp(url, "clickhouse:", 11) == 0;
}

const char *gw_clickhouse_name(const struct gw_clickhouse *c)
{
	return c->name;
}

const char *gw_clickhouse_database(const struct gw_clickhouse *c)
{
	return c->database;
}

const char *gw_clickhouse_version(const struct gw_clickhouse *c)
{
	return c->version;
}

bool gw_clickhouse_at_least(const struct gw_clickhouse *c, int major, int minor)
{
	int a = 0, b = 0;

	return sscanf(c->version, "%d.%d", &a, &b) == 2 &&
	       (a > major || (a == major && b >= minor));
}

/* --- what the server says --------------------------------------------------------------------- */

/* What comes back: rows, or the page of an error. */
struct hearing {
	struct gw_rows *rows; /* NULL: nothing is expected */
	struct gw_http_answer answer;
	char said[SAID_MAX]; /* the first bytes */
	size_t len, total;
};

static bool hear(void *ctx, const char *data, size_t len)
{
	struct hearing *h = ctx;
	size_t n = len < sizeof(h->said) - 1 - h->len ? len : sizeof(h->said) - 1 - h->len;

	memcpy(h->said + h->len, data, n);
	h->len += n;
	h->said[h->len] = '\0';
	h->total += len;
	if (h->rows != NULL && h->answer.status == 200)
		gw_rows_feed(h->rows, data, len);
	return true;
}

#define ANOTHER "its tables are of another goeswith: add what they lack with `goeswith-sync schema`"

/* ClickHouse numbers its errors (dbms/src/Common/ErrorCodes.cpp): those a person can act on. */
static const struct {
	int number, code;
	const char *advice;
} known[] = {
	{60, GW_E_NOT_FOUND, "no such table: make them with `goeswith-sync schema`"},
	{81, GW_E_NOT_FOUND, "no such database: make it with `goeswith-sync schema`"},
	{16, GW_E_UNSUPPORTED, ANOTHER},
	{47, GW_E_UNSUPPORTED, ANOTHER},
	{164, GW_E_DENIED, "this user may only read"},
	{192, GW_E_DENIED, "unknown user: check `user` in section [clickhouse]"},
	{193, GW_E_DENIED, "wrong password: check `password` in section [clickhouse]"},
	{194, GW_E_DENIED, "it wants a password: set `password` in section [clickhouse]"},
	{195, GW_E_DENIED, "this machine's address may not use that user"},
	{291, GW_E_DENIED, "this user may not use the database"},
	{497, GW_E_DENIED, "this user may not do that"},
	{516, GW_E_DENIED, "wrong user or password: check section [clickhouse]"},
	{75, GW_E_STORAGE, "the server cannot write its files (disk full?): make room there"},
	{76, GW_E_STORAGE, "the server cannot write its files (disk full?): make room there"},
	{243, GW_E_STORAGE, "the server's disk is full: make room there"},
	{170, GW_E_NOT_FOUND, "no such cluster: see system.clusters"},
	{701, GW_E_NOT_FOUND, "no such cluster: see system.clusters"},
	{159, GW_E_DEVICE, "it took too long"},
	{202, GW_E_DEVICE, "the server is busy"},
	{209, GW_E_DEVICE, "a shard does not answer"},
	{210, GW_E_DEVICE, "a shard does not answer"},
	{241, GW_E_DEVICE, "the server has not enough memory for it"},
	{252, GW_E_DEVICE, "the server is behind with merging"},
	{279, GW_E_DEVICE, "a shard cannot be reached"},
	{32, GW_E_DEVICE, "a shard broke off"},
};

static int server_failed(const struct gw_clickhouse *c, long status, const struct hearing *h,
			 struct gw_err *err)
{
	const char *code = strstr(h->said, "Code: ");
	char safe[300];
	int number = code != NULL ? atoi(code + 6) : 0;

	gw_utf8_sanitize(safe, sizeof(safe), h->said, strcspn(h->said, "\r\n"));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == number)
			return gw_err_set(err, known[i].code, "%s: %s (%.160s)", c->name,
					  known[i].advice, safe);
	if (status == 401 || status == 403)
		return gw_err_set(err, GW_E_DENIED, "%s: not allowed (%ld)", c->name, status);
	if (number == 0)
		return gw_err_set(err, GW_E_DEVICE, "%s: the server answers %ld", c->name, status);
	return gw_err_set(err, GW_E_UNSUPPORTED, "%s: the server refuses it: %s", c->name, safe);
}

/* --- one exchange ----------------------------------------------------------------------------- */

static void add_escaped(struct gw_text *t, const char *s)
{
	for (; *s != '\0'; s++)
		if (isalnum((unsigned char)*s) || strchr("-._~", *s) != NULL)
			gw_text_add_char(t, *s);
		else
			gw_text_addf(t, "%%%02X", (unsigned char)*s);
}

struct asking {
	const char *query; /* in the address; NULL: the body is the query */
	const void *body;
	size_t len;
	bool packed, outside;
};

static int exchange(struct gw_clickhouse *c, const struct asking *a, struct hearing *h,
		    struct gw_err *err)
{
	char room[URL_MAX];
	struct gw_text url = gw_text_over(room, sizeof(room));
	const char *headers[6] = {"Expect:", "Content-Type: text/plain"};
	struct gw_http_request q = {.method = GW_HTTP_POST,
				    .url = room,
				    .name = c->name,
				    .body = a->body,
				    .body_len = a->len,
				    .headers = headers,
				    .take = hear,
				    .ctx = h,
				    .stall_s = c->timeout_s,
				    .whole_s = c->timeout_s};
	int rc, n = 2;

	gw_text_addf(&url, "%s/?wait_end_of_query=1", c->base);
	if (!a->outside) {
		gw_text_add(&url, "&database=");
		add_escaped(&url, c->database);
	}
	if (a->query != NULL) {
		gw_text_add(&url, "&insert_distributed_sync=1&input_format_skip_unknown_fields=1"
				  "&query=");
		add_escaped(&url, a->query);
	}
	/* Long lists of items do not fit into what a server takes by itself (256 KB). */
	if (a->query == NULL && a->len > (128u << 10))
		gw_text_addf(&url, "&max_query_size=%zu", 2 * a->len);
	if (url.cut)
		return gw_err_set(err, GW_E_USAGE, "%s: the address is too long", c->name);
	if (a->packed)
		headers[n++] = "Content-Encoding: gzip";
	if (c->user[0] != '\0')
		headers[n++] = c->user;
	if (c->password[0] != '\0')
		headers[n++] = c->password;
	rc = gw_http_do(c->http, &q, &h->answer, err);
	if (rc < 0)
		return rc;
	if (h->answer.status != 200)
		return server_failed(c, h->answer.status, h, err);
	/* Without a frame nobody can tell a whole answer from half of one. */
	if (!h->answer.framed)
		return gw_err_set(err, GW_E_DEVICE, "%s: the answer has no end", c->name);
	return GW_OK;
}

static int ask(struct gw_clickhouse *c, const char *sql, bool outside, struct gw_rows *rows,
	       struct gw_err *err)
{
	static const char format[] = " FORMAT TabSeparated";
	size_t len = strlen(sql);
	char *body = malloc(len + sizeof(format));
	struct hearing h = {.rows = NULL};
	struct gw_err inner = {0};
	int rc, read;

	if (body == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	memcpy(body, sql, len);
	memcpy(body + len, format, sizeof(format));
	h.rows = rows;
	struct asking a = {.body = body, .len = len + sizeof(format) - 1, .outside = outside};

	rc = exchange(c, &a, &h, err);
	read = gw_rows_end(rows, &inner);
	free(body);
	if (rc < 0 || read == GW_OK)
		return rc;
	/* A sentence of each's own stands in err already. */
	return inner.text[0] != '\0' ? gw_err_set(err, read, "%s: %s", c->name, inner.text) : read;
}

int gw_clickhouse_ask(struct gw_clickhouse *c, const char *sql, int columns, gw_rows_each *each,
		      void *ctx, struct gw_err *err)
{
	struct gw_rows rows;
	int rc;

	gw_rows_init(&rows, columns, each, ctx);
	rc = ask(c, sql, false, &rows, err);
	gw_rows_release(&rows);
	return rc;
}

int gw_clickhouse_look(struct gw_clickhouse *c, const char *sql, gw_rows_each *each, void *ctx,
		       struct gw_err *err)
{
	struct gw_rows rows;
	int rc;

	gw_rows_init(&rows, 1, each, ctx);
	rc = ask(c, sql, true, &rows, err);
	gw_rows_release(&rows);
	return rc;
}

static int silent(struct gw_clickhouse *c, const struct asking *a, struct gw_err *err)
{
	struct hearing h = {.rows = NULL};
	int rc = exchange(c, a, &h, err);

	/* A failure after the headers stands in the body. */
	return rc == GW_OK && h.total > 0 ? server_failed(c, 200, &h, err) : rc;
}

int gw_clickhouse_do(struct gw_clickhouse *c, const char *sql, bool outside, struct gw_err *err)
{
	struct asking a = {.body = sql, .len = strlen(sql), .outside = outside};

	return silent(c, &a, err);
}

int gw_clickhouse_insert(struct gw_clickhouse *c, const char *table, const void *data, size_t len,
			 struct gw_err *err)
{
	char query[128];
	struct asking a = {.query = query, .body = data, .len = len, .packed = true};

	snprintf(query, sizeof(query), "INSERT INTO %s FORMAT JSONEachRow", table);
	return silent(c, &a, err);
}

void gw_clickhouse_quote(struct gw_text *out, const char *text)
{
	gw_text_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			gw_text_add_char(out, '\\');
		gw_text_add_char(out, *text);
	}
	gw_text_add_char(out, '\'');
}

/* --- opening ---------------------------------------------------------------------------------- */

static const char *setting(const struct gw_conf *conf, const char *key, const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL ? value : gw_conf_get(conf, "clickhouse", key, NULL);
}

static int set_header(char *out, size_t size, const char *name, const char *value,
		      struct gw_err *err)
{
	if (value == NULL || value[0] == '\0')
		return GW_OK;
	if ((size_t)snprintf(out, size, "%s: %s", name, value) < size &&
	    strpbrk(value, "\r\n") == NULL)
		return GW_OK;
	return gw_err_set(err, GW_E_USAGE, "[clickhouse]: %s is too long", name);
}

static int set_login(struct gw_clickhouse *c, const struct gw_conf *conf, struct gw_err *err)
{
	const char *password = setting(conf, "password", "GOESWITH_CLICKHOUSE_PASSWORD");
	int rc = set_header(c->user, sizeof(c->user), "X-ClickHouse-User",
			    setting(conf, "user", "GOESWITH_CLICKHOUSE_USER"), err);

	if (rc == GW_OK)
		rc = set_header(c->password, sizeof(c->password), "X-ClickHouse-Key", password,
				err);
	if (rc == GW_OK && c->password[0] != '\0' && strncmp(c->base, "https://", 8) != 0 &&
	    !gw_http_is_here(c->base))
		return gw_err_set(err, GW_E_USAGE,
				  "%s: a password leaves this machine over https only", c->base);
	return rc;
}

static bool is_name(const char *s)
{
	return (isalpha((unsigned char)s[0]) || s[0] == '_') &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
		       strlen(s);
}

static int set_url(struct gw_clickhouse *c, const char *url, struct gw_err *err)
{
	const char *at = gw_clickhouse_is(url) ? url + 11 : url;
	size_t scheme = strncmp(at, "http://", 7) == 0    ? 7
			: strncmp(at, "https://", 8) == 0 ? 8
							  : 0;
	const char *host = at + scheme, *slash = strchr(host, '/');
	const char *database = slash != NULL && slash[1] != '\0' ? slash + 1 : "goeswith";
	size_t len = slash != NULL ? (size_t)(slash - at) : strlen(at);

	if (scheme == 0 || len == scheme || len >= sizeof(c->base) || strpbrk(host, "@?# ") != NULL)
		return gw_err_set(
			err, GW_E_USAGE,
			"%s: an address is clickhouse:http://HOST:PORT[/DATABASE], without "
			"a password",
			url);
	if (strlen(database) >= sizeof(c->database) || !is_name(database))
		return gw_err_set(err, GW_E_USAGE,
				  "%s: a database is named with letters, digits "
				  "and _",
				  url);
	memcpy(c->base, at, len);
	snprintf(c->database, sizeof(c->database), "%s", database);
	snprintf(c->name, sizeof(c->name), "%s/%s", c->base, c->database);
	return GW_OK;
}

static int take_version(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	struct gw_clickhouse *c = ctx;

	(void)columns;
	snprintf(c->version, sizeof(c->version), "%s", cells[0].text != NULL ? cells[0].text : "");
	return GW_OK;
}

static int check_version(struct gw_clickhouse *c, struct gw_err *err)
{
	int major, minor, rc = gw_clickhouse_look(c, "SELECT version()", take_version, c, err);

	if (rc < 0)
		return rc;
	if (sscanf(c->version, "%d.%d", &major, &minor) != 2)
		return gw_err_set(err, GW_E_INPUT, "%s: that is no ClickHouse server", c->name);
	if (!gw_clickhouse_at_least(c, OLDEST_MAJOR, OLDEST_MINOR))
		return gw_err_set(err, GW_E_UNSUPPORTED,
				  "%s: ClickHouse %s is too old, 18.16 or later is needed", c->name,
				  c->version);
	return GW_OK;
}

static int open_steps(struct gw_clickhouse *c, const char *url, const char *agent,
		      const struct gw_conf *conf, struct gw_err *err)
{
	struct gw_http_tls tls = {gw_conf_get(conf, "clickhouse", "cert", NULL),
				  gw_conf_get(conf, "clickhouse", "key", NULL),
				  gw_conf_get(conf, "clickhouse", "ca", NULL)};
	const char *timeout = gw_conf_get(conf, "clickhouse", "timeout", NULL);
	int rc = set_url(c, url, err);

	if (rc == GW_OK)
		rc = set_login(c, conf, err);
	c->timeout_s = timeout != NULL ? atoi(timeout) : TIMEOUT_S;
	if (rc == GW_OK && (c->timeout_s < 1 || c->timeout_s > TIMEOUT_MOST))
		rc = gw_err_set(err, GW_E_USAGE, "[clickhouse]: timeout is 1 to %d seconds",
				TIMEOUT_MOST);
	if (rc == GW_OK)
		rc = gw_http_new(&c->http, agent, &tls, err);
	return rc == GW_OK ? check_version(c, err) : rc;
}

int gw_clickhouse_open(struct gw_clickhouse **out, const char *url, const char *agent,
		       const struct gw_conf *conf, struct gw_err *err)
{
	struct gw_clickhouse *c = calloc(1, sizeof(*c));
	int rc;

	*out = NULL;
	if (c == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = open_steps(c, url, agent, conf, err);
	if (rc < 0)
		gw_clickhouse_close(c);
	else
		*out = c;
	return rc;
}

void gw_clickhouse_close(struct gw_clickhouse *c)
{
	if (c == NULL)
		return;
	if (c->http != NULL)
		gw_http_free(c->http);
	memset(c->password, 0, sizeof(c->password));
	free(c);
}
