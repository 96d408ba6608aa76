/*
 * Signatures: one that the minisign tool made is taken, 10,000 mutations of manifest and signature
 * are not, and the ratchet only ever goes up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/home.h"
#include "tools/table/ratchet.h"
#include "tools/table/trust.h"
#include "tmp.h"

static struct gw_secret_key secret;
static struct gw_public_key public;

static int make_key(void **state)
{
	static const unsigned char seed[crypto_sign_SEEDBYTES] = {7};

	(void)state;
	if (sodium_init() < 0)
		return -1;
	memcpy(secret.id, "a key id", sizeof(secret.id));
	memcpy(public.id, secret.id, sizeof(public.id));
	return crypto_sign_seed_keypair(public.key, secret.key, seed);
}

/* Made with minisign 0.11 (-G -W, -S): key, file and signature of another's hand. */
static void of_the_tool(void **state)
{
	static const char key_text[] = "untrusted comment: minisign public key 9DC12B5B7CC2D5FC\n"
				       "RWT81cJ8WyvBnXJTDSnToFcCjM+oIL+Y/JokUHH+ZJH1PfAgOGHieiEj\n";
	static const char signature[] =
		"untrusted comment: signature from minisign secret key\n"
		"RUT81cJ8WyvBnUHO4MEJuG39lgsG+"
		"43xNmFvMIEElYE98gYV8H8RgcWlsL0YKc4u0Vqn44nXlH3kaZkAPBbBY+vX6YAZeSyeQw0=\n"
		"trusted comment: a trusted comment\n"
		"EYa7Gq+uFdXc/1vkE+Y++q7mwomMqWk8a1AMBBjCYliBDD0CP72Dz4atVX++RobHchlCrts3ogMURCoFe/"
		"cbCg==\n";
	static const char file[] = "a file that minisign signed\n";
	char comment[GW_TRUSTED_COMMENT_MAX], id[GW_KEY_ID_SIZE];
	struct gw_public_key key;

	(void)state;
	assert_int_equal(gw_public_key_read(&key, key_text, NULL), GW_OK);
	gw_key_id_format(key.id, id);
	assert_string_equal(id, "9DC12B5B7CC2D5FC");
	assert_int_equal(gw_minisign_verify(&key, file, strlen(file), signature, comment, NULL),
			 GW_OK);
	assert_string_equal(comment, "a trusted comment");
	assert_int_equal(gw_minisign_verify(&key, file, strlen(file) - 1, signature, NULL, NULL),
			 GW_E_DENIED);
}

static void mutations(void **state)
{
	static const char manifest[] =
		"{\"goeswith_bundle\":1,\"version\":7,\"chain\":\"north\"}\n";
	char signature[GW_SIGNATURE_TEXT_MAX], changed[GW_SIGNATURE_TEXT_MAX];
	char text[sizeof(manifest)];
	size_t first = 0, len;
	unsigned seed = 11;

	(void)state;
	assert_int_equal(
		gw_minisign_sign(&secret, manifest, strlen(manifest), "round 7", signature, NULL),
		GW_OK);
	assert_int_equal(
		gw_minisign_verify(&public, manifest, strlen(manifest), signature, NULL, NULL),
		GW_OK);
	len = strlen(signature);
	first = (size_t)(strchr(signature, '\n') - signature) +
		1; /* the untrusted comment is free */
	printf("# seed %u\n", seed);
	for (int i = 0; i < 10000; i++) {
		unsigned char bit = (unsigned char)(1u << rand_r(&seed) % 8);
		int rc;

		memcpy(text, manifest, sizeof(text));
		memcpy(changed, signature, len + 1);
		if (i % 2 == 0) {
			text[(size_t)rand_r(&seed) % strlen(manifest)] ^= (char)bit;
		} else {
			size_t at = first + (size_t)rand_r(&seed) % (len - first - 1);

			changed[at] ^= (char)bit;
		}
		rc = gw_minisign_verify(&public, text, strlen(manifest), changed, NULL, NULL);
		if (rc == GW_OK)
			fail_msg("taken at %d: %s%s", i, text, changed);
	}
}

static void key_files(void **state)
{
	static const char *const bad[] = {
		"",
		"\n\n\n",
		"untrusted comment: x\n",
		"untrusted comment: x\nRWQ=\n",
		"RWQ!",
		"RWRzAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"};
	struct gw_public_key key;
	struct gw_secret_key mine;
	struct gw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned char id[8];

		assert_int_equal(gw_public_key_read(&key, bad[i], &err), GW_E_INPUT);
		assert_int_equal(gw_secret_key_read(&mine, bad[i], NULL, &err), GW_E_INPUT);
		assert_int_equal(gw_signature_key_id(bad[i], id, &err), GW_E_INPUT);
		assert_false(gw_secret_key_is_locked(bad[i]));
	}
}

static void comments(void **state)
{
	char out[GW_SIGNATURE_TEXT_MAX], long_one[GW_TRUSTED_COMMENT_MAX + 1];

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = '\0';
	assert_int_equal(gw_minisign_sign(&secret, "x", 1, "two\nlines", out, NULL), GW_E_INPUT);
	assert_int_equal(gw_minisign_sign(&secret, "x", 1, long_one, out, NULL), GW_E_INPUT);
	long_one[GW_TRUSTED_COMMENT_MAX - 1] = '\0';
	assert_int_equal(gw_minisign_sign(&secret, "x", 1, long_one, out, NULL), GW_OK);
	assert_int_equal(gw_minisign_verify(&public, "x", 1, out, NULL, NULL), GW_OK);
}

/* minisign prints an id as a number: one that begins with noughts is shorter. */
static void key_ids(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{"9DC12B5B7CC2D5FC", "9DC12B5B7CC2D5FC"},
		{"9dc12b5b7cc2d5fc", "9DC12B5B7CC2D5FC"},
		{"000C11B81E0B11CD", "C11B81E0B11CD"},
		{"C11B81E0B11CD", "C11B81E0B11CD"},
		{"0000000000000000", "0"},
		{"", NULL},
		{"-", NULL},
		{"9DC12B5B7CC2D5FG", NULL},
		{"09DC12B5B7CC2D5FC", NULL},
	};
	static const unsigned char id[8] = {0xCD, 0x11, 0x0B, 0x1E, 0xB8, 0x11, 0x0C, 0};
	char out[GW_KEY_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(gw_key_id_parse(rows[i].text, strlen(rows[i].text), out),
				 rows[i].want != NULL);
		if (rows[i].want != NULL)
			assert_string_equal(out, rows[i].want);
	}
	gw_key_id_format(id, out);
	assert_string_equal(out, "C11B81E0B11CD");
}

static void ratchet(void **state)
{
	char home[TMP_NAME_MAX], path[GW_PATH_MAX];
	struct gw_err err = {0};
	long long version;

	(void)state;
	assert_non_null(mkdtemp(tmp_name(home, "trust")));
	assert_int_equal(gw_ratchet_get(home, "A1", "", &version, &err), GW_OK);
	assert_int_equal(version, 0);
	assert_int_equal(gw_ratchet_set(home, "A1", "", 20261122101530, &err), GW_OK);
	assert_int_equal(gw_ratchet_set(home, "A1", "north", 5, &err), GW_OK);
	assert_int_equal(gw_ratchet_set(home, "B2", "", 3, &err), GW_OK);
	assert_int_equal(gw_ratchet_set(home, "A1", "", 4, &err), GW_OK); /* lower: no effect */
	gw_ratchet_get(home, "A1", "", &version, &err);
	assert_true(version == 20261122101530);
	gw_ratchet_get(home, "A1", "north", &version, &err);
	assert_int_equal(version, 5);
	gw_ratchet_get(home, "B2", "", &version, &err);
	assert_int_equal(version, 3);
	gw_ratchet_get(home, "B2", "north", &version, &err);
	assert_int_equal(version, 0);
	/* written with its noughts, as by an earlier version */
	gw_path_join(path, home, "trust/ratchet", &err);
	assert_int_equal(gw_file_replace(path, "00000000000000A1 north 7\n", 25, &err), GW_OK);
	gw_ratchet_get(home, "A1", "north", &version, &err);
	assert_int_equal(version, 7);
	/* damaged: refused rather than forgotten */
	gw_path_join(path, home, "trust/ratchet", &err);
	assert_int_equal(gw_file_replace(path, "A1 north\n", 9, &err), GW_OK);
	assert_int_equal(gw_ratchet_get(home, "A1", "north", &version, &err), GW_E_INPUT);
	assert_int_equal(gw_ratchet_set(home, "A1", "north", 9, &err), GW_E_INPUT);
	unlink(path);
	gw_path_join(path, home, "trust", &err);
	rmdir(path);
	assert_int_equal(rmdir(home), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_tool), cmocka_unit_test(mutations),
		cmocka_unit_test(key_files),   cmocka_unit_test(comments),
		cmocka_unit_test(key_ids),     cmocka_unit_test(ratchet),
	};

	return cmocka_run_group_tests(tests, make_key, NULL);
}
