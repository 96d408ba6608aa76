#include "tools/sync/settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "tools/sync/ack.h"
#include "tools/sync/outbox.h"
#include "tools/table/trust.h"

#define RESEND_MOST     3       /* of a file that arrived damaged */
#define RESEND_LEAST_MS 3600000 /* of one that may be lost */

struct settling {
	const struct sync *sync;
	struct state *state;
	struct target *target;
	const char *till, *epoch;
	struct settle_result *result;
	struct gw_trust trust;
	char key[GW_KEY_ID_SIZE]; /* of the signature, "" when none was demanded */
	struct ack *ack;
	struct gw_err *err;
};

/* --- is it head office's? --------------------------------------------------------------------- */

static int load_trust(struct settling *p, struct gw_err *why)
{
	char folder[GW_PATH_MAX];
	int rc = gw_path_join(folder, p->sync->home, "trust/ack", why);

	return rc == GW_OK ? gw_trust_load_folder(&p->trust, folder, why) : rc;
}

static int is_demanded(const struct settling *p, bool *demanded, struct gw_err *why)
{
	const char *word = sync_setting(p->sync, "signed_acks", NULL);

	*demanded = word != NULL ? strcmp(word, "yes") == 0 : p->trust.count > 0;
	if (word != NULL && strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)
		return gw_err_set(why, GW_E_INPUT, "signed_acks must be yes or no");
	if (*demanded && p->trust.count == 0)
		return gw_err_set(why, GW_E_DENIED,
				  "signed_acks = yes, but there is no key of head office in "
				  "%s/trust/ack",
				  p->sync->home);
	return GW_OK;
}

static int check_signature(struct settling *p, const char *name, const char *data, size_t len,
			   struct gw_err *why)
{
	char remote[GW_PATH_MAX + 16], *signature;
	struct target_answer answer;
	struct gw_err inner = {0};
	size_t got;
	int rc;

	snprintf(remote, sizeof(remote), "%s.minisig", name);
	rc = p->target->ops->get(p->target, remote, GW_SIGNATURE_TEXT_MAX - 1, "", &signature, &got,
				 &answer, &inner);
	if (rc == GW_E_NOT_FOUND)
		return gw_err_set(why, GW_E_DENIED,
				  "%s is not signed, and this terminal believes signed "
				  "acknowledgements only",
				  name);
	if (rc < 0)
		return gw_err_set(why, rc, "%s: %s", remote, inner.text);
	rc = gw_trust_check(&p->trust, signature, data, len, p->key, NULL, &inner);
	free(signature);
	return rc < 0 ? gw_err_set(why, GW_E_DENIED, "%s: %s", remote, inner.text) : GW_OK;
}

/* Fetches both files and parses what is believed.  GW_E_NOT_FOUND: there is none yet. */
static int fetch(struct settling *p, bool demanded, struct gw_err *why)
{
	struct target_answer answer;
	char name[GW_PATH_MAX], *data;
	size_t len;
	int rc;

	snprintf(name, sizeof(name), "ack/%s", p->till);
	rc = p->target->ops->get(p->target, name, ACK_FILE_MAX, "", &data, &len, &answer, why);
	if (rc < 0)
		return rc;
	if (demanded)
		rc = check_signature(p, name, data, len, why);
	if (rc == GW_OK)
		rc = ack_parse(p->ack, p->till, data, len, why);
	free(data);
	if (rc == GW_OK && !demanded && p->ack->at_ms > sync_now_ms() + SYNC_DAY_MS)
		rc = gw_err_set(why, GW_E_DENIED,
				"%s is not signed and from the future: check this machine's clock",
				name);
	return rc;
}

static int read_ack(struct settling *p, struct gw_err *why)
{
	bool demanded = false;
	int rc = load_trust(p, why);

	if (rc == GW_OK)
		rc = is_demanded(p, &demanded, why);
	if (rc == GW_OK)
		rc = fetch(p, demanded, why);
	/* Perhaps it was written anew between the two files. */
	if (rc == GW_E_DENIED && demanded && p->key[0] != '\0')
		rc = fetch(p, demanded, why);
	return rc;
}

/* --- what it settles -------------------------------------------------------------------------- */

static int put_aside(struct settling *p, struct batch_row *row, const char *reason)
{
	p->result->quarantined++;
	return outbox_put_aside(p->sync, p->state, row, reason, p->err);
}

/*
 * A file that arrived damaged is sent again, a few times; one that is bad in itself is put aside.
 * The same acknowledgement may be read many times, and an old one again: each counts once.
 */
static int rejected(struct settling *p, struct batch_row *row, const char *reason)
{
	char key[STATE_NAME_MAX + 16], at[GW_WHEN_MAX], seen[GW_WHEN_MAX];

	snprintf(key, sizeof(key), "again:%s", row->name);
	gw_when_format(at, p->ack->at_ms);
	state_noted(p->state, key, seen, sizeof(seen));
	if (strcmp(at, seen) <= 0)
		return GW_OK;
	if (strncmp(reason, "damaged", 7) != 0 || row->tries >= RESEND_MOST)
		return put_aside(p, row, reason);
	row->state = BATCH_SEALED;
	row->tries++;
	snprintf(row->reason, sizeof(row->reason), "%s", reason);
	state_note(p->state, key, at, NULL);
	return state_put(p->state, row, p->err);
}

/*
 * Head office has been at work since this file was put, and does not have it.  Perhaps it waits
 * for one before it; perhaps it is lost.  Waiting as long as the file is old doubles the time from
 * one attempt to the next.
 */
static bool may_be_lost(const struct settling *p, const struct batch_row *row)
{
	int64_t age = row->sent_ms - row->sealed_ms;

	return row->state == BATCH_SENT &&
	       p->ack->at_ms - row->sent_ms > (age > RESEND_LEAST_MS ? age : RESEND_LEAST_MS);
}

static int apply(void *ctx, const struct batch_row *row)
{
	struct settling *p = ctx;
	struct batch_row copy = *row;
	const char *reason;

	if (row->state != BATCH_SENT && row->state != BATCH_SEALED)
		return GW_OK;
	reason = ack_rejected(p->ack, row->name);
	if (reason != NULL)
		return row->state == BATCH_SENT ? rejected(p, &copy, reason) : GW_OK;
	if (row->last > ack_committed(p->ack, row->epoch)) {
		if (!may_be_lost(p, row))
			return GW_OK;
		copy.state = BATCH_SEALED;
		return state_put(p->state, &copy, p->err);
	}
	p->result->committed++;
	return outbox_commit(p->sync, p->state, &copy, p->err);
}

/*
 * Head office says less than it said before.  When nothing lies there behind what it has, the
 * events behind that are sealed again; the batch that ends there is still known, so that the chain
 * of files goes on.  Only the journal of now can be sealed again.
 */
static int take_back(struct settling *p)
{
	int64_t upto = ack_committed(p->ack, p->epoch), was = state_committed(p->state, p->epoch);

	if (upto >= was || ack_have(p->ack, p->epoch) != upto)
		return GW_OK;
	if (upto > 0 && !state_ends_at(p->state, p->epoch, upto)) {
		fprintf(stderr,
			"goeswith-sync: head office has events up to %" PRId64
			" and had them up to %" PRId64
			"; this terminal does not know that place any "
			"more: remove sync.db to send everything again\n",
			upto, was);
		return GW_OK;
	}
	fprintf(stderr,
		"goeswith-sync: head office has lost events %" PRId64 " to %" PRId64
		": they are sealed again\n",
		upto + 1, was);
	p->result->taken_back = was - upto;
	return state_forget_after(p->state, p->epoch, upto, p->err);
}

static int settle_all(struct settling *p)
{
	char at[GW_WHEN_MAX], seen[GW_WHEN_MAX];
	int rc = state_each(p->state, apply, p, p->err);

	gw_when_format(at, p->ack->at_ms);
	state_noted(p->state, "ack_at", seen, sizeof(seen));
	/* An old one settles what it can and is then forgotten. */
	if (rc < 0 || strcmp(at, seen) <= 0)
		return rc;
	rc = take_back(p);
	if (rc == GW_OK)
		rc = state_note(p->state, "ack_at", at, p->err);
	return rc == GW_OK ? state_note(p->state, "ack_key", p->key, p->err) : rc;
}

int settle(const struct sync *s, struct state *state, struct target *target, const char *till,
	   const char *epoch, struct ack *ack, struct settle_result *result, struct gw_err *err)
{
	struct settling *p = calloc(1, sizeof(*p));
	int rc;

	memset(result, 0, sizeof(*result));
	memset(ack, 0, sizeof(*ack));
	if (p == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	*p = (struct settling){.sync = s,
			       .state = state,
			       .target = target,
			       .till = till,
			       .epoch = epoch,
			       .ack = ack,
			       .result = result,
			       .err = err};
	rc = read_ack(p, &result->why);
	if (rc == GW_OK)
		rc = settle_all(p);
	else if (rc == GW_E_NOT_FOUND)
		rc = GW_OK;
	else {
		memset(ack, 0, sizeof(*ack));
		result->failure = rc;
		rc = GW_OK;
	}
	if (rc == GW_OK)
		rc = state_note(state, "ack_trouble", result->failure < 0 ? result->why.text : "",
				err);
	free(p);
	return rc;
}
