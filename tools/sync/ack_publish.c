/*
 * The signature is written before the acknowledgement it belongs to.  A terminal that reads between
 * the two finds that they do not fit and reads again; one that is killed there leaves a pair that
 * does not fit, which the next round notices and writes anew.
 */
#include "tools/sync/ack_publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"
#include "base/when.h"
#include "tools/sync/ack.h"
#include "tools/table/secret.h"

int ack_signer_load(struct ack_signer *signer, const char *path, const char *password_file,
		    struct gw_err *err)
{
	int rc = gw_secret_key_load(&signer->key, path, password_file, err);

	memcpy(signer->public_key.id, signer->key.id, sizeof(signer->public_key.id));
	/* The second half of an Ed25519 secret key is the public one (RFC 8032, libsodium). */
	memcpy(signer->public_key.key, signer->key.key + 32, sizeof(signer->public_key.key));
	return rc;
}

/* Whether two acknowledgements differ in nothing but their time. */
static bool says_the_same(const char *a, const char *b)
{
	const char *p = strstr(a, "\"at\":\""), *q = strstr(b, "\"at\":\"");
	size_t skip = 6 + GW_WHEN_MAX - 1;

	return p != NULL && q != NULL && p - a == q - b && strncmp(a, b, (size_t)(p - a)) == 0 &&
	       strlen(p) > skip && strlen(q) > skip && strcmp(p + skip, q + skip) == 0;
}

/* Whether the signature that is there is right for the text that is there. */
static bool signature_fits(const char *path, const char *text, const struct ack_signer *signer)
{
	char *signature;
	size_t len;
	bool fits;

	if (signer == NULL)
		return access(path, F_OK) != 0;
	if (gw_file_read(path, GW_SIGNATURE_TEXT_MAX, &signature, &len, NULL) < 0)
		return false;
	fits = gw_minisign_verify(&signer->public_key, text, strlen(text), signature, NULL, NULL) ==
	       GW_OK;
	free(signature);
	return fits;
}

static bool is_published(const char *path, const char *signature_path, const char *text,
			 const struct ack_signer *signer)
{
	char *old;
	size_t len;
	bool same;

	if (gw_file_read(path, ACK_FILE_MAX, &old, &len, NULL) < 0)
		return false;
	same = says_the_same(old, text) && signature_fits(signature_path, old, signer);
	free(old);
	return same;
}

static int write_signature(const char *path, const char *till, const char *text,
			   const struct ack_signer *signer, struct gw_err *err)
{
	char signature[GW_SIGNATURE_TEXT_MAX], comment[GW_TRUSTED_COMMENT_MAX];
	int rc;

	if (signer == NULL) {
		unlink(path);
		return GW_OK;
	}
	snprintf(comment, sizeof(comment), "goeswith acknowledgement of %s", till);
	rc = gw_minisign_sign(&signer->key, text, strlen(text), comment, signature, err);
	return rc == GW_OK ? gw_file_replace(path, signature, strlen(signature), err) : rc;
}

int ack_publish(const char *dir, const char *till, const char *text,
		const struct ack_signer *signer, struct gw_err *err)
{
	char folder[GW_PATH_MAX], path[GW_PATH_MAX], signature[GW_PATH_MAX + 16];
	int rc = gw_path_join(folder, dir, "ack", err);

	if (rc == GW_OK)
		rc = gw_home_make(folder, err);
	if (rc == GW_OK)
		rc = gw_path_join(path, folder, till, err);
	if (rc < 0)
		return rc;
	snprintf(signature, sizeof(signature), "%s.minisig", path);
	if (is_published(path, signature, text, signer))
		return GW_OK;
	rc = write_signature(signature, till, text, signer, err);
	return rc == GW_OK ? gw_file_replace(path, text, strlen(text), err) : rc;
}
