/*
 * The acknowledgement head office publishes for a terminal, `ack/<terminal>`: up to which event of
 * each epoch everything is settled, which events it will never get, and which files it refused.
 *
 *	{"goeswith_ack":1,"terminal":"S0042-T03","at":"2026-11-22T09:41:12.345Z",
 *	 "epochs":[{"epoch":"00112233aabbccdd","committed":1500,"have":1500,"gaps":[[501,600]]}],
 *	 "rejected":[{"name":"...ndjson.zst","reason":"..."}]}
 *
 * Events up to `committed` are stored durably or lie in a gap; `have` is the last one there is,
 * with what is awaited before it.  `ack/<terminal>.minisig` is head office's signature over the
 * bytes of the file, as the minisign tool makes and checks it.  One thread, no state.
 */
#ifndef TOOLS_SYNC_ACK_H
#define TOOLS_SYNC_ACK_H

#include "store/batch.h"
#include "tools/sync/state.h"

#define ACK_EPOCHS   64
#define ACK_REJECTED 64
#define ACK_FILE_MAX (1u << 20)

struct ack {
	char till[GW_BATCH_TILL_MAX];
	int64_t at_ms; /* head office's clock */
	int epoch_count;
	struct {
		char epoch[GW_BATCH_EPOCH_MAX];
		int64_t committed, have; /* have < 0: it does not say */
	} epochs[ACK_EPOCHS];            /* the last ones */
	int rejected_count;
	struct {
		char name[STATE_NAME_MAX], reason[STATE_REASON_MAX];
	} rejected[ACK_REJECTED]; /* the last ones */
};

/* GW_E_INPUT: not an acknowledgement, or of another terminal than till. */
int ack_parse(struct ack *ack, const char *till, const char *json, size_t len, struct gw_err *err);

/* Everything up to here is settled; 0 when the epoch is not known. */
int64_t ack_committed(const struct ack *ack, const char *epoch);

/* The last event head office has; 0 when the epoch is not known, -1 when it does not say. */
int64_t ack_have(const struct ack *ack, const char *epoch);

/* Why a file was refused, NULL: it was not. */
const char *ack_rejected(const struct ack *ack, const char *name);

#endif
