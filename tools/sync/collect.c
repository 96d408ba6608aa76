/*
 * collect: takes the files that terminals put below DIR/up/<terminal>/ into a book, and publishes
 * DIR/ack/<terminal>.  The acknowledgement is written after the book's commit, so it never promises
 * what a crash could take back; everything may be broken off anywhere and done again.
 *
 * Whose a file is comes from its folder (which the server lets only that terminal write), never
 * from what it says; both must agree.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/utf8.h"
#include "base/when.h"
#include "tools/sync/ack.h"
#include "tools/sync/ack_publish.h"
#include "tools/sync/device.h"
#include "tools/sync/sink.h"
#include "tools/sync/sync.h"

#define FILES_A_COMMIT 64

struct collecting {
	const struct sync *sync;
	struct sink *sink;
	struct book *book; /* the sink's */
	const char *dir;
	char till[GW_BATCH_TILL_MAX];
	struct device_key key;
	bool has_key;
	int64_t files, accepted, rejected, events, bytes, terminals;
	int64_t troubles; /* files and folders that could not be read or moved */
	int in_transaction;
	char *ack;                       /* ACK_FILE_MAX bytes */
	const struct ack_signer *signer; /* NULL: acknowledgements go unsigned */
	struct gw_err *err;
};

/* --- what a stranger has put ------------------------------------------------------------------ */

/* Told and passed over: what is wrong with one file or folder stops no other. */
static int pass_over(struct collecting *c, const struct gw_err *why)
{
	c->troubles++;
	fprintf(stderr, "goeswith-sync: %s\n", why->text);
	return GW_OK;
}

/*
 * A folder of ours must be one, or not be there: through a link that came with a stick, files
 * anywhere on this machine would be moved and written.
 */
static int is_own_folder(const char *path, struct gw_err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0 || S_ISDIR(st.st_mode))
		return GW_OK;
	return gw_err_set(err, GW_E_DENIED, "%s is %s: it must be a folder", path,
			  S_ISLNK(st.st_mode) ? "a link" : "not a folder");
}

static int is_own_part(const struct collecting *c, const char *name)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, c->dir, name, c->err);

	return rc == GW_OK ? is_own_folder(path, c->err) : rc;
}

/* A name as it may stand in a log: a file's may hold line ends and the terminal's commands. */
static const char *shown(char out[STATE_NAME_MAX], const char *name)
{
	gw_utf8_sanitize(out, STATE_NAME_MAX, name, strlen(name));
	return out;
}

/* --- one file --------------------------------------------------------------------------------- */

static int move_aside(const struct collecting *c, const char *path, const char *name,
		      struct gw_err *why)
{
	char folder[GW_PATH_MAX], to[GW_PATH_MAX], part[GW_PATH_MAX], safe[STATE_NAME_MAX];
	int rc = gw_path_join(part, c->dir, "quarantine", why);

	if (rc == GW_OK)
		rc = gw_path_join(folder, part, c->till, why);
	if (rc == GW_OK)
		rc = is_own_folder(folder, why);
	if (rc == GW_OK)
		rc = gw_home_make(folder, why);
	if (rc == GW_OK)
		rc = gw_path_join(to, folder, name, why);
	if (rc == GW_OK && rename(path, to) != 0 && errno != ENOENT)
		rc = gw_err_errno(why, GW_E_STORAGE, errno, "cannot move %s/%s to quarantine/",
				  c->till, shown(safe, name));
	return rc;
}

/*
 * Remembered first, moved second: a file that is remembered as refused and still there is moved the
 * next time.
 */
static int refuse(struct collecting *c, const struct file_name *name, const char *path,
		  const char *reason)
{
	int rc = book_refuse(c->book, c->till, name, reason, c->err);
	const char *slash = strrchr(path, '/');
	char safe[STATE_NAME_MAX];
	struct gw_err why = {0};

	c->rejected++;
	fprintf(stderr, "goeswith-sync: refused %s/%s: %s\n", c->till, shown(safe, name->name),
		reason);
	if (rc == GW_OK && move_aside(c, path, slash + 1, &why) < 0)
		return pass_over(c, &why);
	return rc;
}

/* Reads a file that may be hostile: no links, no devices, no more than the cap. */
static int read_upload(const char *path, char **data, size_t *len, struct gw_err *err)
{
	const char *slash = strrchr(path, '/');
	char safe[STATE_NAME_MAX];
	struct stat st;

	*data = NULL;
	*len = 0;
	if (lstat(path, &st) != 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot read %s",
				    shown(safe, slash + 1));
	if (!S_ISREG(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "not a file");
	if (st.st_size > GW_BATCH_FILE_MAX)
		return gw_err_set(err, GW_E_INPUT, "larger than %u bytes", GW_BATCH_FILE_MAX);
	return gw_file_read(path, GW_BATCH_FILE_MAX, data, len, err);
}

static int check_signature(const struct collecting *c, const char *data, size_t len,
			   struct gw_err *err)
{
	if (!c->has_key)
		return GW_OK;
	switch (device_verify(&c->key, data, len)) {
	case GW_OK:
		return GW_OK;
	case GW_E_NOT_FOUND:
		return gw_err_set(err, GW_E_INPUT, "it is not signed");
	default:
		return gw_err_set(err, GW_E_INPUT, "it is not signed by this terminal's key");
	}
}

static int check_header(const struct collecting *c, const struct file_name *name,
			const struct gw_batch_header *h, struct gw_err *err)
{
	if (strcmp(h->till, c->till) != 0)
		return gw_err_set(err, GW_E_INPUT, "it says it is from %s", h->till);
	if (strcmp(h->epoch, name->epoch) != 0 || h->first != name->first || h->last != name->last)
		return gw_err_set(err, GW_E_INPUT, "its header says something else than its name");
	return GW_OK;
}

/* GW_E_INPUT with the reason: the file is to be refused. */
static int take_data(struct collecting *c, const struct file_name *name, const char *data,
		     size_t len, struct gw_err *err)
{
	char hash[GW_BATCH_HASH_MAX];
	struct gw_batch *batch = NULL;
	int64_t fresh = 0;
	int rc;

	gw_batch_hash(hash, data, len);
	if (strncmp(hash, name->hash, 32) != 0)
		return gw_err_set(err, GW_E_INPUT,
				  "damaged on the way: its content does not fit its name");
	rc = check_signature(c, data, len, err);
	if (rc == GW_OK)
		rc = gw_batch_parse(&batch, data, len, err);
	if (rc < 0)
		return rc;
	rc = check_header(c, name, gw_batch_header(batch), err);
	if (rc == GW_OK)
		rc = book_take(c->book, name, batch, hash, &fresh, err);
	gw_batch_free(batch);
	c->events += fresh;
	return rc;
}

static int begin(struct collecting *c)
{
	return c->in_transaction++ == 0 ? book_begin(c->book, c->err) : GW_OK;
}

static int collect_file(struct collecting *c, const char *folder, const char *file)
{
	char path[GW_PATH_MAX], *data = NULL;
	struct file_name name;
	struct gw_err why = {0};
	enum file_state state = book_file(c->book, c->till, file);
	size_t len = 0;
	int rc = gw_path_join(path, folder, file, c->err);

	if (rc < 0)
		return rc;
	if (state == FILE_ACCEPTED || state == FILE_GAP) {
		if (c->sync->remove)
			unlink(path);
		return GW_OK;
	}
	c->files++;
	rc = begin(c);
	if (rc < 0)
		return rc;
	if (file_name_parse(&name, file) < 0) {
		snprintf(name.name, sizeof(name.name), "%.*s", STATE_NAME_MAX - 1, file);
		return refuse(c, &name, path, "its name is not that of a batch");
	}
	rc = read_upload(path, &data, &len, &why);
	if (rc < 0 && rc != GW_E_INPUT && rc != GW_E_MEMORY)
		return pass_over(c, &why);
	if (rc == GW_OK) {
		rc = take_data(c, &name, data, len, &why);
		c->bytes += (int64_t)len;
	}
	free(data);
	if (rc == GW_E_UNSUPPORTED) {
		/* The terminal is ahead of us: its files wait for this program to be updated. */
		fprintf(stderr, "goeswith-sync: %s/%s waits: %s\n", c->till, file, why.text);
		return GW_OK;
	}
	if (rc == GW_E_INPUT)
		return refuse(c, &name, path, why.text);
	if (rc < 0)
		return gw_err_set(c->err, rc, "%s", why.text);
	c->accepted++;
	return GW_OK;
}

/* --- one terminal ----------------------------------------------------------------------------- */

static int publish(struct collecting *c)
{
	struct gw_err why = {0};
	int rc = book_ack(c->book, c->till, sync_now_ms(), c->ack, ACK_FILE_MAX, &why);

	if (rc == GW_OK)
		rc = ack_publish(c->dir, c->till, c->ack, c->signer, &why);
	return rc < 0 ? pass_over(c, &why) : GW_OK;
}

static int finish(struct collecting *c)
{
	int rc;

	if (c->in_transaction == 0)
		return GW_OK;
	c->in_transaction = 0;
	rc = book_settle(c->book, c->till, c->err);
	if (rc == GW_OK)
		rc = book_commit(c->book, c->err);
	if (rc < 0)
		book_rollback(c->book);
	return rc;
}

static int load_key(struct collecting *c)
{
	char name[GW_BATCH_TILL_MAX + 8], path[GW_PATH_MAX];
	int rc;

	c->has_key = false;
	if (c->sync->keys == NULL)
		return GW_OK;
	snprintf(name, sizeof(name), "%s.pub", c->till);
	rc = gw_path_join(path, c->sync->keys, name, c->err);
	if (rc == GW_OK)
		rc = device_public_load(&c->key, path, c->err);
	c->has_key = rc == GW_OK;
	return rc;
}

static int not_hidden(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	/* A file that is still being written ends in .tmp. */
	return e->d_name[0] != '.' && (dot == NULL || strcmp(dot, ".tmp") != 0);
}

static int collect_files(struct collecting *c, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, not_hidden, alphasort), rc = GW_OK;

	if (n < 0) {
		struct gw_err why = {0};

		gw_err_errno(&why, GW_E_STORAGE, errno, "cannot read %s", folder);
		return pass_over(c, &why);
	}
	for (int i = 0; i < n; i++) {
		if (rc == GW_OK)
			rc = collect_file(c, folder, names[i]->d_name);
		if (rc == GW_OK && c->in_transaction >= FILES_A_COMMIT)
			rc = finish(c);
		if (c->sync->progress && c->files % 50 == 49)
			fprintf(stderr, "\r%" PRId64 " files, %" PRId64 " events ", c->files,
				c->events);
		free(names[i]);
	}
	free(names);
	return rc;
}

static bool is_till_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < GW_BATCH_TILL_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
		       n;
}

/* 1: it is to be acknowledged once the sink has settled; 0: it waits. */
static int collect_terminal(struct collecting *c, const char *up, const char *till)
{
	char folder[GW_PATH_MAX];
	struct stat st;
	int rc = gw_path_join(folder, up, till, c->err);

	if (rc < 0 || !is_till_name(till) || lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
		return rc;
	snprintf(c->till, sizeof(c->till), "%.*s", GW_BATCH_TILL_MAX - 1, till);
	c->terminals++;
	if (rc == GW_OK && load_key(c) < 0) {
		/* Head office has not been told this terminal's key: its files wait. */
		fprintf(stderr, "goeswith-sync: %s waits: %s\n", till,
			c->err != NULL ? c->err->text : "no key");
		return GW_OK;
	}
	if (rc == GW_OK)
		rc = collect_files(c, folder);
	if (rc == GW_OK)
		rc = finish(c);
	else
		book_rollback(c->book);
	c->in_transaction = 0;
	return rc == GW_OK ? 1 : rc;
}

/*
 * Acknowledges terminals, once the sink has all that the book took from them.  Looked at each time,
 * so that a crash between commit and here is mended.
 */
static int acknowledge(struct collecting *c, struct dirent **tills, const bool *done, int count)
{
	int rc = c->sink->ops->settle(c->sink, c->err);

	for (int i = 0; i < count && rc == GW_OK; i++) {
		if (!done[i])
			continue;
		snprintf(c->till, sizeof(c->till), "%.*s", GW_BATCH_TILL_MAX - 1, tills[i]->d_name);
		rc = publish(c);
	}
	return rc;
}

static int collect_terminals(struct collecting *c, const char *up, struct dirent **tills,
			     bool *done, int count)
{
	int rc = GW_OK, from = 0;

	for (int i = 0; i < count && rc >= 0; i++) {
		rc = collect_terminal(c, up, tills[i]->d_name);
		done[i] = rc == 1;
		if (rc >= 0 && c->sink->ops->waiting(c->sink) >= c->sink->ops->patience) {
			rc = acknowledge(c, tills + from, done + from, i + 1 - from);
			from = i + 1;
		}
	}
	return rc >= 0 ? acknowledge(c, tills + from, done + from, count - from) : rc;
}

static int collect_all(struct collecting *c)
{
	char up[GW_PATH_MAX];
	struct dirent **names;
	bool *done;
	int n, rc = gw_path_join(up, c->dir, "up", c->err);

	if (rc == GW_OK)
		rc = is_own_part(c, "up");
	if (rc == GW_OK)
		rc = is_own_part(c, "ack");
	if (rc == GW_OK)
		rc = is_own_part(c, "quarantine");
	if (rc < 0)
		return rc;
	n = scandir(up, &names, not_hidden, alphasort);
	if (n < 0 && errno == ENOENT) {
		fprintf(stderr,
			"goeswith-sync: there is no folder up in %s: no terminal has put anything "
			"there\n",
			c->dir);
		return GW_OK;
	}
	if (n < 0)
		return gw_err_errno(c->err, GW_E_STORAGE, errno, "cannot read %s", up);
	done = calloc((size_t)n + 1, sizeof(*done));
	rc = done != NULL ? collect_terminals(c, up, names, done, n)
			  : gw_err_set(c->err, GW_E_MEMORY, "out of memory");
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(done);
	return rc;
}

/* --- the verb --------------------------------------------------------------------------------- */

static void print_result(const struct collecting *c)
{
	char room[512];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	if (!c->sync->cli.json) {
		printf("%" PRId64 " %s, %" PRId64 " new files: %" PRId64 " taken with %" PRId64
		       " events, %" PRId64 " refused\n",
		       c->terminals, c->terminals == 1 ? "terminal" : "terminals", c->files,
		       c->accepted, c->events, c->rejected);
		return;
	}
	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "terminals", c->terminals);
	gw_json_member_int(&j, "files", c->files);
	gw_json_member_int(&j, "accepted", c->accepted);
	gw_json_member_int(&j, "rejected", c->rejected);
	gw_json_member_int(&j, "events", c->events);
	gw_json_member_int(&j, "bytes", c->bytes);
	gw_json_end(&j, '}');
	puts(room);
}

int sync_collect(struct sync *s, struct gw_err *err)
{
	struct collecting c = {.sync = s, .err = err};
	struct ack_signer signer = {.key = {.id = {0}}};
	struct stat st;
	int rc;

	if (s->cli.argc - s->cli.first != 1)
		return gw_err_set(err, GW_E_USAGE, "collect takes one folder, that with up/ in it");
	if (s->ack_key != NULL) {
		rc = ack_signer_load(&signer, s->ack_key, s->password_file, err);
		if (rc < 0)
			return rc;
		c.signer = &signer;
	}
	c.dir = s->cli.argv[s->cli.first];
	if (stat(c.dir, &st) != 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_DEVICE, errno,
				    "cannot reach the folder %s", c.dir);
	if (!S_ISDIR(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "%s is not a folder", c.dir);
	rc = sink_open(&c.sink, s->into, c.dir, s, err);
	if (rc < 0)
		return rc;
	c.book = c.sink->book;
	c.ack = malloc(ACK_FILE_MAX);
	rc = c.ack != NULL ? collect_all(&c) : gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (s->progress && c.files >= 49)
		fputs("\r\033[K", stderr);
	if (rc == GW_OK)
		print_result(&c);
	if (rc == GW_OK && c.troubles > 0)
		rc = gw_err_set(err, GW_E_STORAGE,
				"not all of it: %" PRId64 " could not be read, moved or written "
				"(see above); the rest is done",
				c.troubles);
	free(c.ack);
	c.sink->ops->close(c.sink);
	gw_minisign_wipe(&signer, sizeof(signer));
	return rc;
}
