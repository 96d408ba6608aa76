/*
 * run: push and pull, for ever.  Rounds are a minute apart (`every`), a pull every quarter of an
 * hour (`pull_every`); after a failure the waits double, at random below a bound.  The first round
 * is put off by a share of the hour that the terminal's name chooses, so that a chain that is
 * switched on at eight does not arrive at eight.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "tools/sync/pull.h"
#include "tools/sync/push.h"

#define SAY_AGAIN_MS 3600000

/* What was told last. */
struct trouble {
	char text[500];
	int64_t again_ms; /* of passed_ms */
};

struct running {
	struct sync *sync;
	struct state *state;
	struct target *to, *from;
	int64_t every_ms, pull_every_ms;
	int64_t next_pull_ms; /* of passed_ms */
	int64_t failures;
	struct trouble push_trouble, pull_trouble;
};

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The signals are let in by the wait itself: one that comes just before it is not slept over. */
static void rest(int64_t ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (!ending && ms > 0)
		ppoll(NULL, 0, &t, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static int64_t passed_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * One line an event, as the service manager's log wants it.  The same trouble is told when it
 * begins and once an hour, and its end once: a till that is offline for a week fills no disk.
 */
static void say(struct trouble *t, const char *what, const struct gw_err *err)
{
	if (strcmp(t->text, err->text) == 0 && passed_ms() < t->again_ms)
		return;
	fprintf(stderr, "goeswith-sync: %s: %s\n", what, err->text);
	snprintf(t->text, sizeof(t->text), "%s", err->text);
	t->again_ms = passed_ms() + SAY_AGAIN_MS;
}

static void say_over(struct trouble *t, const char *what)
{
	if (t->text[0] != '\0')
		fprintf(stderr, "goeswith-sync: %s: works again\n", what);
	t->text[0] = '\0';
}

static int push_round(struct running *r)
{
	struct push_result result;
	struct gw_err err = {0};
	int rc = push_once(r->sync, r->state, r->to, true, &result, &err);

	if (rc < 0)
		say(&r->push_trouble, "push", &err);
	else if (result.waiting == 0 || result.sent > 0) /* else nothing was due, nothing tried */
		say_over(&r->push_trouble, "push");
	if (result.sent > 0 || result.committed > 0)
		fprintf(stderr,
			"goeswith-sync: sent %" PRId64 " batches with %" PRId64
			" events, committed %" PRId64 "\n",
			result.sent, result.sent_events, result.committed);
	/* A journal that is not there yet is no failure: the register will make it. */
	return rc == GW_E_NOT_FOUND ? GW_OK : rc;
}

static int pull_round(struct running *r)
{
	struct pull_result result;
	struct gw_err err = {0};
	int rc;

	if (r->from == NULL || passed_ms() < r->next_pull_ms)
		return GW_OK;
	rc = pull_once(r->sync, r->state, r->from, &result, &err);
	if (rc < 0 && rc != GW_E_NOT_FOUND)
		say(&r->pull_trouble, "pull", &err);
	else
		say_over(&r->pull_trouble, "pull");
	if (result.changed)
		fprintf(stderr, "goeswith-sync: table %" PRId64 " is in force\n", result.version);
	r->next_pull_ms = passed_ms() + r->pull_every_ms;
	return rc == GW_E_NOT_FOUND ? GW_OK : rc;
}

static int64_t splay_ms(const struct sync *s, int64_t most_ms)
{
	uint64_t h = gw_hash64(s->home, strlen(s->home));
	char host[256] = "";
	FILE *f = fopen("/etc/machine-id", "r");

	if (f != NULL) {
		if (fgets(host, sizeof(host), f) == NULL)
			host[0] = '\0';
		fclose(f);
	}
	h = gw_fmix64(gw_fnv1a64(h, host, strlen(host)));
	return most_ms > 0 ? (int64_t)(h % (uint64_t)most_ms) : 0;
}

static void work(struct running *r)
{
	while (!ending) {
		int push = push_round(r), pull = ending ? GW_OK : pull_round(r);
		int64_t wait = r->every_ms;

		r->failures = push < 0 || pull < 0 ? r->failures + 1 : 0;
		if (r->failures > 0)
			wait = push_backoff_ms(r->failures) + r->every_ms / 2;
		rest(wait);
	}
}

static int seconds(const struct sync *s, const char *key, long long fallback, int64_t *ms,
		   struct gw_err *err)
{
	const char *text = sync_setting(s, key, NULL);
	long long n = fallback;
	int rc = text != NULL ? gw_cli_number(key, text, 0, 604800, &n, err) : GW_OK;

	*ms = n * 1000;
	return rc;
}

static int open_all(struct running *r, struct gw_err *err)
{
	struct sync *s = r->sync;
	int rc = target_open(&r->to, s->to, s, err);

	if (rc == GW_OK && s->from != NULL)
		rc = target_open(&r->from, s->from, s, err);
	if (rc == GW_OK)
		rc = gw_home_make(s->home, err);
	return rc == GW_OK ? state_open(&r->state, s->state, err) : rc;
}

int sync_run(struct sync *s, struct gw_err *err)
{
	struct running r = {.sync = s};
	int64_t splay = 0;
	int rc;

	if (s->to == NULL)
		return gw_err_set(err, GW_E_USAGE,
				  "where to?  give --to URL, or `to` in section "
				  "[sync] of the configuration");
	s->limits.seal_all = false;
	s->progress = false;
	s->ending = &ending;
	rc = seconds(s, "every", 60, &r.every_ms, err);
	if (rc == GW_OK)
		rc = seconds(s, "pull_every", 900, &r.pull_every_ms, err);
	if (rc == GW_OK)
		rc = seconds(s, "splay", 300, &splay, err);
	if (r.every_ms < 1000)
		r.every_ms = 1000;
	if (rc == GW_OK)
		rc = open_all(&r, err);
	if (rc == GW_OK) {
		catch_signals();
		rest(splay_ms(s, splay));
		work(&r);
	}
	state_close(r.state);
	target_close(r.from);
	target_close(r.to);
	return rc;
}
