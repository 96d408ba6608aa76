/*
 * push: seal what is new, put what waits, read the acknowledgement, delete what is committed.
 * Everything may be broken off anywhere and done again: sealing remembers after writing, putting
 * the same file twice is putting it once, and only an acknowledgement deletes.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "tools/sync/news.h"
#include "tools/sync/outbox.h"
#include "tools/sync/push.h"
#include "tools/sync/seal.h"
#include "tools/sync/settle.h"

#define BACKOFF_LEAST_MS 1000
#define BACKOFF_MOST_MS  900000
#define WAIT_MOST_MS     SYNC_DAY_MS /* Retry-After is believed up to a day */
#define SUSPECTS_MOST    3           /* refused one after the other: it is not the files */
#define SUSPECT_TRIES    5           /* ... and after so many times it is this file */

struct pushing {
	const struct sync *sync;
	struct state *state;
	struct target *target;
	struct device_key key;
	struct push_result *result;
	struct ack ack;            /* head office's word, all zero when it has none */
	bool patient;              /* leave alone what is to wait */
	int64_t to_send, shown_ms; /* batches to be put, when that was shown last */
	int suspects;              /* files refused since one was taken */
	struct batch_row suspect;  /* one that was refused again and again */
	bool stop;
	int failure; /* GW_E_DEVICE ...: the place cannot be reached, stop trying */
	struct gw_err why;
	int unsealed; /* GW_E_...: the journal cannot be read, or nothing can be written */
	struct gw_err why_unsealed;
	struct gw_err *err;
};

/* "Full jitter": uniform below a bound that doubles, so that a thousand tills do not come at once.
 */
int64_t push_backoff_ms(int64_t tries)
{
	int64_t most = tries >= 10 ? BACKOFF_MOST_MS : (int64_t)BACKOFF_LEAST_MS << tries;

	if (most > BACKOFF_MOST_MS)
		most = BACKOFF_MOST_MS;
	return 1 + (int64_t)randombytes_uniform((uint32_t)most);
}

static int remote_name(const struct pushing *p, const char *file, char out[GW_PATH_MAX])
{
	return snprintf(out, GW_PATH_MAX, "up/%s/%s", p->result->till, file);
}

static int quarantine(struct pushing *p, struct batch_row *row, const char *reason)
{
	p->result->quarantined++;
	return outbox_put_aside(p->sync, p->state, row, reason, p->err);
}

/* --- putting ---------------------------------------------------------------------------------- */

static int put_failed(struct pushing *p, struct batch_row *row, int rc,
		      const struct target_answer *answer, const struct gw_err *why)
{
	int64_t wait;

	if (answer->for_good)
		return quarantine(p, row, why->text);
	wait = push_backoff_ms(row->tries);
	row->tries++;
	row->refusals += answer->suspect;
	if (wait < answer->retry_after_ms)
		wait = answer->retry_after_ms;
	row->next_ms = sync_now_ms() + wait;
	snprintf(row->reason, sizeof(row->reason), "%.*s", (int)sizeof(row->reason) - 1, why->text);
	p->failure = rc;
	p->why = *why;
	/* One bad file must not hold up the ones behind it. */
	p->stop = !answer->suspect || ++p->suspects >= SUSPECTS_MOST;
	if (answer->suspect && row->refusals >= SUSPECT_TRIES)
		p->suspect = *row;
	return state_put(p->state, row, p->err);
}

/* On a terminal, five times a second: a slow line shows that it goes on, a fast one costs nothing.
 */
static void show_progress(struct pushing *p)
{
	int64_t now = sync_now_ms();

	if (!p->sync->progress || (now >= p->shown_ms && now < p->shown_ms + 200))
		return;
	fprintf(stderr, "\rsent %" PRId64 " of %" PRId64 " batches ", p->result->sent, p->to_send);
	p->shown_ms = now;
}

static int put_one(struct pushing *p, struct batch_row *row)
{
	char path[GW_PATH_MAX], name[GW_PATH_MAX], hash[GW_BATCH_HASH_MAX], *data = NULL;
	struct target_answer answer = {0};
	struct gw_err why = {0};
	size_t len = 0;
	int rc = gw_path_join(path, p->sync->outbox, row->name, p->err);

	if (rc == GW_OK)
		rc = gw_file_read(path, GW_BATCH_FILE_MAX, &data, &len, &why);
	if (rc < 0)
		return rc == GW_E_NOT_FOUND ? quarantine(p, row, "its file is gone from the outbox")
					    : gw_err_set(p->err, rc, "%s", why.text);
	gw_batch_hash(hash, data, len);
	if (strrchr(row->name, '-') == NULL ||
	    strncmp(strrchr(row->name, '-') + 1, hash, 32) != 0) {
		free(data);
		return quarantine(p, row, "its file was damaged in the outbox");
	}
	remote_name(p, row->name, name);
	rc = p->target->ops->put(p->target, name, data, len, &answer, &why);
	free(data);
	if (rc < 0)
		return put_failed(p, row, rc, &answer, &why);
	row->state = BATCH_SENT;
	row->sent_ms = sync_now_ms();
	row->reason[0] = '\0';
	p->suspects = 0;
	/* The server takes another file: so it is that one. */
	if (p->suspect.name[0] != '\0') {
		int rc_aside = quarantine(p, &p->suspect, p->suspect.reason);

		p->suspect.name[0] = '\0';
		if (rc_aside < 0)
			return rc_aside;
	}
	p->result->sent++;
	p->result->sent_events += row->last - row->first + 1;
	show_progress(p);
	return state_put(p->state, row, p->err);
}

/* An hour that lies further ahead than any wait was set by a clock that was wrong. */
static bool is_to_wait(const struct batch_row *row)
{
	int64_t left = row->next_ms - sync_now_ms();

	return left > 0 && left <= WAIT_MOST_MS;
}

static int count_due(void *ctx, const struct batch_row *row)
{
	struct pushing *p = ctx;

	p->to_send += row->state == BATCH_SEALED;
	return GW_OK;
}

static int put_due(void *ctx, const struct batch_row *row)
{
	struct pushing *p = ctx;
	struct batch_row copy = *row;

	if (p->sync->ending != NULL && *p->sync->ending)
		p->stop = true;
	if (row->state != BATCH_SEALED || p->stop || (p->patient && is_to_wait(row)))
		return GW_OK;
	return put_one(p, &copy);
}

/* --- once head office has been heard ---------------------------------------------------------- */

/*
 * What was put and is not confirmed must still lie there: a stick may be another one than the last
 * time, or come back empty.
 */
static int put_gone(void *ctx, const struct batch_row *row)
{
	struct pushing *p = ctx;
	struct batch_row copy = *row;
	char name[GW_PATH_MAX];

	if (row->state != BATCH_SENT || p->stop)
		return GW_OK;
	remote_name(p, row->name, name);
	if (!p->target->ops->is_gone(p->target, name))
		return GW_OK;
	copy.state = BATCH_SEALED;
	return put_one(p, &copy);
}

/*
 * A batch that was put aside here never comes; one that was sent and then dropped from a full
 * outbox does not, when head office waits for just that one.
 */
static bool never_comes(const struct pushing *p, const struct batch_row *row)
{
	int64_t upto = ack_committed(&p->ack, row->epoch);

	return (row->state == BATCH_QUARANTINED && row->last > upto) ||
	       (row->state == BATCH_DROPPED && row->first == upto + 1 &&
		ack_have(&p->ack, row->epoch) > row->last);
}

/* Unless head office is told so, it waits, and confirms nothing of what is behind. */
static int tell_gap(void *ctx, const struct batch_row *row)
{
	struct pushing *p = ctx;
	struct target_answer answer = {0};
	char file[STATE_NAME_MAX], name[GW_PATH_MAX];
	uint8_t *data = NULL;
	size_t len = 0;
	int rc;

	if (p->failure < 0 || !never_comes(p, row))
		return GW_OK;
	rc = seal_gap(&p->key, p->result->till, row, file, &data, &len, p->err);
	if (rc < 0)
		return rc;
	remote_name(p, file, name);
	p->failure = p->target->ops->put(p->target, name, data, len, &answer, &p->why);
	free(data);
	return GW_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int read_ack(struct pushing *p, const char *epoch)
{
	struct settle_result settled;
	int rc = settle(p->sync, p->state, p->target, p->result->till, epoch, &p->ack, &settled,
			p->err);

	p->result->committed += settled.committed;
	p->result->quarantined += settled.quarantined;
	p->result->taken_back_events += settled.taken_back;
	p->failure = settled.failure;
	p->why = settled.why;
	return rc;
}

static int count_waiting(void *ctx, const struct batch_row *row)
{
	struct push_result *r = ctx;

	if (row->state == BATCH_SEALED) {
		r->waiting++;
		r->waiting_events += row->last - row->first + 1;
		if (r->next_ms == 0 || row->next_ms < r->next_ms)
			r->next_ms = row->next_ms;
	} else if (row->state == BATCH_SENT) {
		r->unacknowledged++;
	}
	return 0;
}

/*
 * A journal that cannot be read holds up nothing that was sealed before.  epoch becomes that of the
 * journal, or "": then nothing may be taken back, since it could not be sealed again.
 */
static int seal(struct pushing *p, char epoch[GW_BATCH_EPOCH_MAX])
{
	struct seal_result sealed;
	char till[GW_BATCH_TILL_MAX];

	epoch[0] = '\0';
	state_noted(p->state, "till", till, sizeof(till));
	p->unsealed = seal_new(p->sync, p->state, &p->key, &sealed, &p->why_unsealed);
	if (p->unsealed < 0 && till[0] == '\0')
		return gw_err_set(p->err, p->unsealed, "%s", p->why_unsealed.text);
	snprintf(p->result->till, sizeof(p->result->till), "%s",
		 p->unsealed < 0 ? till : sealed.till);
	if (p->unsealed < 0)
		return GW_OK;
	snprintf(epoch, GW_BATCH_EPOCH_MAX, "%s", sealed.epoch);
	p->result->sealed = sealed.batches;
	p->result->sealed_events = sealed.events;
	p->result->sealed_bytes = sealed.bytes;
	p->result->oldest_left_ms = sealed.oldest_left_ms;
	return strcmp(till, sealed.till) == 0 ? GW_OK
					      : state_note(p->state, "till", sealed.till, p->err);
}

static int push_steps(struct pushing *p)
{
	char epoch[GW_BATCH_EPOCH_MAX];
	int64_t dropped = 0;
	int rc = seal(p, epoch);

	if (rc == GW_OK)
		rc = seal_clean(p->sync, p->state, p->err);
	if (rc == GW_OK)
		rc = state_each(p->state, count_due, p, p->err);
	if (rc == GW_OK)
		rc = state_each(p->state, put_due, p, p->err);
	if (rc == GW_OK && p->failure == GW_OK)
		rc = read_ack(p, epoch);
	if (rc == GW_OK && p->failure == GW_OK && p->target->ops->is_gone != NULL)
		rc = state_each(p->state, put_gone, p, p->err);
	if (rc == GW_OK && p->failure == GW_OK)
		rc = state_each(p->state, tell_gap, p, p->err);
	if (rc == GW_OK)
		rc = seal_cap(p->sync, p->state, &p->key, p->result->till, &dropped, p->err);
	p->result->dropped_events = dropped;
	if (rc == GW_OK)
		rc = state_prune(p->state, p->err);
	if (rc == GW_OK)
		rc = state_each(p->state, count_waiting, p->result, p->err);
	return rc;
}

/* The journal's trouble goes before the place's: that is the one to see to. */
static int outcome(struct pushing *p)
{
	int rc = p->unsealed < 0 ? p->unsealed : p->failure;

	if (rc < 0 && p->err != NULL)
		*p->err = p->unsealed < 0 ? p->why_unsealed : p->why;
	return rc < 0 ? rc : GW_OK;
}

int push_once(const struct sync *s, struct state *state, struct target *target, bool patient,
	      struct push_result *result, struct gw_err *err)
{
	struct pushing *p = calloc(1, sizeof(*p));
	int rc;

	memset(result, 0, sizeof(*result));
	if (p == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	*p = (struct pushing){.sync = s,
			      .state = state,
			      .target = target,
			      .result = result,
			      .patient = patient,
			      .err = err};
	rc = device_key_load(&p->key, s->device, err);
	if (rc == GW_OK)
		rc = push_steps(p);
	if (p->shown_ms > 0)
		fputs("\r\033[K", stderr);
	if (rc == GW_OK)
		rc = outcome(p);
	news_write(s, state, rc < 0 && err != NULL ? err->text : "");
	sodium_memzero(&p->key, sizeof(p->key));
	free(p);
	return rc;
}

static void print_result(const struct sync *s, const struct push_result *r)
{
	char room[1024];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	if (!s->cli.json) {
		printf("sealed %" PRId64 " events in %" PRId64 " batches, sent %" PRId64
		       ", committed %" PRId64 ", waiting %" PRId64 ", not acknowledged %" PRId64
		       "\n",
		       r->sealed_events, r->sealed, r->sent, r->committed, r->waiting,
		       r->unacknowledged);
		return;
	}
	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "terminal", r->till);
	gw_json_member_int(&j, "sealed_batches", r->sealed);
	gw_json_member_int(&j, "sealed_events", r->sealed_events);
	gw_json_member_int(&j, "sealed_bytes", r->sealed_bytes);
	gw_json_member_int(&j, "sent_batches", r->sent);
	gw_json_member_int(&j, "sent_events", r->sent_events);
	gw_json_member_int(&j, "committed_batches", r->committed);
	gw_json_member_int(&j, "waiting_batches", r->waiting);
	gw_json_member_int(&j, "waiting_events", r->waiting_events);
	gw_json_member_int(&j, "unacknowledged_batches", r->unacknowledged);
	gw_json_member_int(&j, "quarantined_batches", r->quarantined);
	gw_json_member_int(&j, "dropped_events", r->dropped_events);
	gw_json_member_int(&j, "taken_back_events", r->taken_back_events);
	gw_json_end(&j, '}');
	puts(room);
}

int sync_push(struct sync *s, struct gw_err *err)
{
	struct push_result result;
	struct target *target;
	struct state *state;
	int rc;

	if (s->to == NULL)
		return gw_err_set(err, GW_E_USAGE,
				  "where to?  give --to URL, or `to` in section [sync] of the "
				  "configuration");
	if (access(s->home, F_OK) != 0)
		return gw_err_set(err, GW_E_NOT_FOUND,
				  "there is no home %s: has a register run on this machine?  "
				  "(--home DIR names another)",
				  s->home);
	rc = target_open(&target, s->to, s, err);
	if (rc < 0)
		return rc;
	rc = state_open(&state, s->state, err);
	if (rc == GW_OK) {
		rc = push_once(s, state, target, false, &result, err);
		if (result.till[0] != '\0')
			print_result(s, &result);
		if (rc == GW_OK && s->progress && result.sent > 0 && strncmp(s->to, "dir:", 4) == 0)
			fputs("all of it is on the disk there: a stick may be pulled out\n",
			      stderr);
		state_close(state);
	}
	target_close(target);
	return rc;
}
