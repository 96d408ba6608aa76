/*
 * Head office's side of an acknowledgement: DIR/ack/TERMINAL, and beside it the signature
 * TERMINAL.minisig where there is a key.  Nothing is written that says the same as what is there.
 */
#ifndef TOOLS_SYNC_ACK_PUBLISH_H
#define TOOLS_SYNC_ACK_PUBLISH_H

#include "tools/table/minisign.h"

struct ack_signer {
	struct gw_secret_key key;
	struct gw_public_key public_key;
};

/* Reads a key as `minisign -G` makes it.  Codes as gw_secret_key_load. */
int ack_signer_load(struct ack_signer *signer, const char *path, const char *password_file,
		    struct gw_err *err);

/*
 * text: what book_ack wrote.  signer NULL: unsigned, and an old signature is taken away, since it
 * would not fit.  GW_E_STORAGE, GW_E_DENIED, GW_E_MEMORY.
 */
int ack_publish(const char *dir, const char *till, const char *text,
		const struct ack_signer *signer, struct gw_err *err);

#endif
