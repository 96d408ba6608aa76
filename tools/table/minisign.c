/*
 * Layouts (all base64 on a line of their own):
 *
 *	public key   "Ed" id[8] key[32]
 *	secret key   "Ed" kdf[2] "B2" salt[32] ops[8 le] mem[8 le] { id[8] key[64] sum[32] }
 *	             kdf "Sc": the braces are XORed with scrypt(password, salt, ops, mem);
 *	             kdf 0 0: they lie open.  sum = BLAKE2b-256("Ed" id key)
 *	signature    untrusted comment / "ED" id[8] sig[64] / trusted comment / sig2[64]
 *	             sig over BLAKE2b-512(file), sig2 over sig and the trusted comment
 */
#include "tools/table/minisign.h"

#include <ctype.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SECRET_SIZE 158
#define SEALED_AT   54
#define SEALED_SIZE 104

static const char trusted_head[] = "trusted comment: ";

void gw_minisign_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

/* Text of line number n (0 = first) without its end; NULL when there are fewer. */
static const char *line_at(const char *text, int n, size_t *len)
{
	while (n-- > 0) {
		text = strchr(text, '\n');
		if (text == NULL)
			return NULL;
		text++;
	}
	*len = strcspn(text, "\r\n");
	return *len > 0 ? text : NULL;
}

/* libsodium's decoder takes some bytes beyond ASCII for letters. */
static bool is_base64(const char *p, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	return strspn(p, letters) >= len;
}

/* Decodes line n into exactly size bytes. */
static bool decode(const char *text, int n, unsigned char *out, size_t size)
{
	size_t len, got = 0;
	const char *line = line_at(text, n, &len), *end;

	return line != NULL && is_base64(line, len) &&
	       sodium_base642bin(out, size, line, len, NULL, &got, &end,
				 sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == size && end == line + len;
}

bool gw_key_id_parse(const char *text, size_t len, char out[GW_KEY_ID_SIZE])
{
	if (len == 0 || len >= GW_KEY_ID_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	/* minisign prints a number: an id that begins with noughts is shorter there. */
	for (; len > 1 && text[0] == '0'; text++)
		len--;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)toupper((unsigned char)text[i]);
	out[len] = '\0';
	return true;
}

void gw_key_id_format(const unsigned char id[8], char out[GW_KEY_ID_SIZE])
{
	char digits[GW_KEY_ID_SIZE];

	/* little-endian */
	for (size_t i = 0; i < 8; i++)
		snprintf(digits + 2 * i, 3, "%02X", id[7 - i]);
	(void)gw_key_id_parse(digits, 16, out);
}

int gw_public_key_read(struct gw_public_key *key, const char *text, struct gw_err *err)
{
	unsigned char raw[42];
	int line = strncmp(text, "untrusted comment:", 18) == 0 ? 1 : 0;

	if (!decode(text, line, raw, sizeof(raw)) || memcmp(raw, "Ed", 2) != 0)
		return gw_err_set(err, GW_E_INPUT, "not a minisign public key");
	memcpy(key->id, raw + 2, sizeof(key->id));
	memcpy(key->key, raw + 10, sizeof(key->key));
	return GW_OK;
}

bool gw_secret_key_is_locked(const char *text)
{
	unsigned char raw[SECRET_SIZE];
	bool locked = decode(text, 1, raw, sizeof(raw)) && memcmp(raw + 2, "Sc", 2) == 0;

	sodium_memzero(raw, sizeof(raw));
	return locked;
}

static uint64_t little_endian(const unsigned char *p)
{
	uint64_t n = 0;

	for (int i = 7; i >= 0; i--)
		n = n << 8 | p[i];
	return n;
}

/* Takes the password off raw[SEALED_AT..]. */
static int unseal(unsigned char raw[SECRET_SIZE], const char *password, struct gw_err *err)
{
	unsigned char stream[SEALED_SIZE];
	uint64_t ops = little_endian(raw + 38), memory = little_endian(raw + 46);

	if (password == NULL)
		return gw_err_set(err, GW_E_DENIED, "the key is locked; give its password");
	if (memory > 1u << 30 || ops > 1u << 28)
		return gw_err_set(err, GW_E_INPUT, "the key asks for too much work to unlock");
	if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password, strlen(password),
					       raw + 6, ops, (size_t)memory) != 0)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for unlocking the key");
	for (size_t i = 0; i < SEALED_SIZE; i++)
		raw[SEALED_AT + i] ^= stream[i];
	sodium_memzero(stream, sizeof(stream));
	return GW_OK;
}

static int open_secret(struct gw_secret_key *key, unsigned char raw[SECRET_SIZE],
		       const char *password, struct gw_err *err)
{
	const unsigned char *sealed = raw + SEALED_AT;
	bool locked = memcmp(raw + 2, "Sc", 2) == 0;
	unsigned char sum[32], covered[2 + 72];
	int rc;

	if (memcmp(raw, "Ed", 2) != 0 || memcmp(raw + 4, "B2", 2) != 0 ||
	    (!locked && memcmp(raw + 2, "\0\0", 2) != 0))
		return gw_err_set(err, GW_E_INPUT, "not a minisign secret key");
	if (locked && (rc = unseal(raw, password, err)) < 0)
		return rc;
	covered[0] = 'E';
	covered[1] = 'd';
	memcpy(covered + 2, sealed, 72);
	crypto_generichash(sum, sizeof(sum), covered, sizeof(covered), NULL, 0);
	sodium_memzero(covered, sizeof(covered));
	/* A key made with -W may carry no checksum at all. */
	if (sodium_memcmp(sum, sealed + 72, sizeof(sum)) != 0 &&
	    (locked || !sodium_is_zero(sealed + 72, sizeof(sum))))
		return gw_err_set(err, GW_E_DENIED,
				  locked ? "wrong password for the key" : "the key is damaged");
	memcpy(key->id, sealed, sizeof(key->id));
	memcpy(key->key, sealed + 8, sizeof(key->key));
	return GW_OK;
}

int gw_secret_key_read(struct gw_secret_key *key, const char *text, const char *password,
		       struct gw_err *err)
{
	unsigned char raw[SECRET_SIZE];
	int rc;

	if (sodium_init() < 0)
		return gw_err_set(err, GW_E_BUG, "libsodium cannot be set up");
	if (decode(text, 1, raw, sizeof(raw)))
		rc = open_secret(key, raw, password, err);
	else
		rc = gw_err_set(err, GW_E_INPUT, "not a minisign secret key");
	sodium_memzero(raw, sizeof(raw));
	return rc;
}

struct signature {
	unsigned char id[8], sig[64], sig2[64];
	const char *comment;
	size_t comment_len;
};

static int parse(struct signature *s, const char *text, struct gw_err *err)
{
	unsigned char raw[74];
	size_t len;

	if (!decode(text, 1, raw, sizeof(raw)) || !decode(text, 3, s->sig2, sizeof(s->sig2)))
		return gw_err_set(err, GW_E_INPUT, "not a minisign signature");
	if (memcmp(raw, "Ed", 2) == 0)
		return gw_err_set(err, GW_E_INPUT,
				  "a signature of the old form; sign again with minisign -H");
	s->comment = line_at(text, 2, &len);
	if (memcmp(raw, "ED", 2) != 0 || s->comment == NULL ||
	    strncmp(s->comment, trusted_head, sizeof(trusted_head) - 1) != 0)
		return gw_err_set(err, GW_E_INPUT, "not a minisign signature");
	s->comment += sizeof(trusted_head) - 1;
	s->comment_len = len - (sizeof(trusted_head) - 1);
	if (s->comment_len >= GW_TRUSTED_COMMENT_MAX)
		return gw_err_set(err, GW_E_INPUT, "the signature's comment is too long");
	memcpy(s->id, raw + 2, sizeof(s->id));
	memcpy(s->sig, raw + 10, sizeof(s->sig));
	return GW_OK;
}

int gw_signature_key_id(const char *signature, unsigned char id[8], struct gw_err *err)
{
	struct signature s;
	int rc = parse(&s, signature, err);

	if (rc == GW_OK)
		memcpy(id, s.id, sizeof(s.id));
	return rc;
}

static size_t with_comment(const unsigned char sig[64], const char *comment, size_t len,
			   unsigned char out[64 + GW_TRUSTED_COMMENT_MAX])
{
	memcpy(out, sig, 64);
	memcpy(out + 64, comment, len);
	return 64 + len;
}

int gw_minisign_verify(const struct gw_public_key *key, const void *data, size_t len,
		       const char *signature, char comment[GW_TRUSTED_COMMENT_MAX],
		       struct gw_err *err)
{
	unsigned char hash[64], covered[64 + GW_TRUSTED_COMMENT_MAX];
	char id[GW_KEY_ID_SIZE];
	struct signature s = {.comment = ""};
	size_t covered_len;
	int rc;

	if (sodium_init() < 0)
		return gw_err_set(err, GW_E_BUG, "libsodium cannot be set up");
	if ((rc = parse(&s, signature, err)) < 0)
		return rc;
	gw_key_id_format(s.id, id);
	if (memcmp(s.id, key->id, sizeof(s.id)) != 0)
		return gw_err_set(err, GW_E_DENIED, "signed with another key (%s)", id);
	crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	covered_len = with_comment(s.sig, s.comment, s.comment_len, covered);
	if (crypto_sign_verify_detached(s.sig, hash, sizeof(hash), key->key) != 0)
		return gw_err_set(err, GW_E_DENIED, "the signature of key %s does not fit", id);
	if (crypto_sign_verify_detached(s.sig2, covered, covered_len, key->key) != 0)
		return gw_err_set(err, GW_E_DENIED, "the signature's comment was altered (key %s)",
				  id);
	if (comment != NULL)
		snprintf(comment, GW_TRUSTED_COMMENT_MAX, "%.*s", (int)s.comment_len, s.comment);
	return GW_OK;
}

int gw_minisign_sign(const struct gw_secret_key *key, const void *data, size_t len,
		     const char *trusted_comment, char out[GW_SIGNATURE_TEXT_MAX],
		     struct gw_err *err)
{
	unsigned char hash[64], raw[74] = "ED", sig2[64], covered[64 + GW_TRUSTED_COMMENT_MAX];
	char first[sodium_base64_ENCODED_LEN(sizeof(raw), sodium_base64_VARIANT_ORIGINAL)];
	char second[sodium_base64_ENCODED_LEN(sizeof(sig2), sodium_base64_VARIANT_ORIGINAL)];
	size_t comment_len = strlen(trusted_comment), covered_len;
	char id[GW_KEY_ID_SIZE];

	if (comment_len >= GW_TRUSTED_COMMENT_MAX || strpbrk(trusted_comment, "\r\n") != NULL)
		return gw_err_set(err, GW_E_INPUT,
				  "the comment must be one line of at most %d bytes",
				  GW_TRUSTED_COMMENT_MAX - 1);
	crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	memcpy(raw + 2, key->id, sizeof(key->id));
	crypto_sign_detached(raw + 10, NULL, hash, sizeof(hash), key->key);
	covered_len = with_comment(raw + 10, trusted_comment, comment_len, covered);
	crypto_sign_detached(sig2, NULL, covered, covered_len, key->key);
	sodium_bin2base64(first, sizeof(first), raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(second, sizeof(second), sig2, sizeof(sig2),
			  sodium_base64_VARIANT_ORIGINAL);
	gw_key_id_format(key->id, id);
	snprintf(out, GW_SIGNATURE_TEXT_MAX,
		 "untrusted comment: signature from goeswith-table, key %s\n%s\n%s%s\n%s\n", id,
		 first, trusted_head, trusted_comment, second);
	return GW_OK;
}
