/* install, sign and verify: what stands between head office and a till. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "base/utf8.h"
#include "tools/table/install.h"
#include "tools/table/secret.h"
#include "tools/table/table_tool.h"

enum { ID_ROLLBACK = 256, ID_CHAIN, ID_COMMENT, ID_PASSWORD_FILE };

static const struct gw_cli_option install_options[] = {
	{ID_ROLLBACK, "rollback", NULL,
	 "take a lower version; without BUNDLE: go back to the table before this one"},
	{ID_CHAIN, "chain", "NAME", "move to the tables of this chain"},
	{0}};

static const struct gw_cli_program install_program = {
	"goeswith-table install", "BUNDLE\n--rollback [BUNDLE]",
	"Puts a bundle in force in the home.  Its signature is checked where the home has keys in\n"
	"trust/; its size and hash always are.  The table before stays as table.prev.db.  A "
	"running\n"
	"register takes the new table between two sales.",
	install_options, true};

static int restore(const char *home, bool json)
{
	struct gw_err err = {0};

	if (gw_table_restore_previous(home, &err) < 0)
		return gw_cli_fail(&install_program, &err);
	puts(json ? "{\"restored\":true}" : "the previous table is in force again");
	return 0;
}

static int install(const struct gw_install *how, const char *bundle, bool json)
{
	struct gw_install_result r;
	struct gw_err err = {0};

	if (gw_table_install(how, bundle, &r, &err) < 0)
		return gw_cli_fail(&install_program, &err);
	if (json)
		printf("{\"version\":%lld,\"before\":\"%s\",\"changed\":%s,\"key\":\"%s\","
		       "\"items\":%lld,\"rules\":%lld}\n",
		       (long long)r.manifest.version, r.before, r.unchanged ? "false" : "true",
		       r.key, (long long)r.manifest.items, (long long)r.manifest.rules);
	else if (r.unchanged)
		printf("version %lld is in force already\n", (long long)r.manifest.version);
	else
		printf("version %lld is in force%s%s: %lld items, %lld rules%s%s\n",
		       (long long)r.manifest.version, r.before[0] != '\0' ? ", before it " : "",
		       r.before, (long long)r.manifest.items, (long long)r.manifest.rules,
		       r.key[0] != '\0' ? ", signed with key " : "", r.key);
	return 0;
}

int gw_verb_install(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&install_program, argc, argv);
	struct gw_install how = {.now_ms = gw_clock_ms()};
	char home[GW_PATH_MAX];
	struct gw_err err = {0};
	const char *value;
	int id;

	while ((id = gw_cli_next(&cli, &value)) > 0) {
		if (id == ID_ROLLBACK)
			how.rollback = true;
		else
			how.chain = value;
	}
	if (id < 0)
		return cli.exit_status;
	if (gw_home_path(home, cli.home, &err) < 0)
		return gw_cli_fail(&install_program, &err);
	how.home = home;
	if (how.rollback && cli.first == cli.argc)
		return restore(home, cli.json);
	if (cli.argc - cli.first != 1)
		return gw_cli_usage(&install_program, "name one bundle");
	return install(&how, cli.argv[cli.first], cli.json);
}

/* --- sign --- */

static const struct gw_cli_option sign_options[] = {
	{'k', "key", "FILE", "secret key file, as `minisign -G` makes it"},
	{ID_COMMENT, "comment", "TEXT", "trusted comment (else time, chain and version)"},
	{ID_PASSWORD_FILE, "password-file", "FILE",
	 "its first line is the key's password (else asked for on the terminal)"},
	{0}};

static const struct gw_cli_program sign_program = {
	"goeswith-table sign", "BUNDLE --key FILE",
	"Signs a bundle's manifest, as `minisign -S -H -m BUNDLE/manifest` would.", sign_options,
	false};

/* The manifest's bytes, malloc'ed: what is signed and checked, before anything is parsed. */
static int manifest_text(const char *bundle, char **text, size_t *len, struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, bundle, GW_MANIFEST_NAME, err);

	*text = NULL;
	return rc < 0 ? rc : gw_file_read(path, GW_MANIFEST_MAX, text, len, err);
}

static int write_signature(const char *bundle, const char *signature, struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, bundle, GW_SIGNATURE_NAME, err);

	return rc < 0 ? rc : gw_file_replace(path, signature, strlen(signature), err);
}

/* Signs only what can be installed: a bundle whose payload is whole. */
static int sign(const char *bundle, const struct gw_secret_key *key, const char *comment,
		struct gw_err *err)
{
	char usual[200], signature[GW_SIGNATURE_TEXT_MAX];
	struct gw_manifest m;
	struct gw_table *table = NULL;
	char *text;
	size_t len;
	int rc;

	if ((rc = manifest_text(bundle, &text, &len, err)) < 0)
		return rc;
	if ((rc = gw_manifest_parse(&m, text, len, err)) == GW_OK)
		rc = gw_bundle_payload(bundle, &m, &table, err);
	gw_table_free(table);
	if (rc == GW_OK && comment == NULL) {
		snprintf(usual, sizeof(usual), "timestamp:%lld\tchain:%s\tversion:%lld",
			 (long long)(gw_clock_ms() / 1000), m.chain, (long long)m.version);
		comment = usual;
	}
	if (rc == GW_OK)
		rc = gw_minisign_sign(key, text, len, comment, signature, err);
	free(text);
	return rc < 0 ? rc : write_signature(bundle, signature, err);
}

int gw_verb_sign(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&sign_program, argc, argv);
	const char *value, *key_file = NULL, *comment = NULL, *password_file = NULL;
	struct gw_secret_key key;
	char id_text[GW_KEY_ID_SIZE];
	struct gw_err err = {0};
	int id, rc;

	while ((id = gw_cli_next(&cli, &value)) > 0) {
		if (id == 'k')
			key_file = value;
		else if (id == ID_COMMENT)
			comment = value;
		else
			password_file = value;
	}
	if (id < 0)
		return cli.exit_status;
	if (cli.argc - cli.first != 1 || key_file == NULL)
		return gw_cli_usage(&sign_program, "name one bundle and the secret key");
	rc = gw_secret_key_load(&key, key_file, password_file, &err);
	if (rc == GW_OK)
		rc = sign(cli.argv[cli.first], &key, comment, &err);
	gw_key_id_format(key.id, id_text);
	gw_minisign_wipe(&key, sizeof(key));
	if (rc < 0)
		return gw_cli_fail(&sign_program, &err);
	printf("%s: signed with key %s\n", cli.argv[cli.first], id_text);
	return 0;
}

/* --- verify --- */

static const struct gw_cli_option verify_options[] = {
	{'k', "key", "KEY", "public key file, or the key itself (else the home's trust/*.pub)"},
	{0}};

static const struct gw_cli_program verify_program = {
	"goeswith-table verify", "BUNDLE [--key KEY]",
	"Checks a bundle: signature, size, hash and every row.", verify_options, true};

static void report_good(const char *bundle, const struct gw_manifest *m, const char *key,
			const char *comment, bool json)
{
	char safe[GW_TRUSTED_COMMENT_MAX];

	gw_utf8_sanitize(safe, sizeof(safe), comment, strlen(comment));
	if (json)
		printf("{\"ok\":true,\"key\":\"%s\",\"version\":%lld}\n", key,
		       (long long)m->version);
	else
		printf("%s: good, version %lld, signed with key %s (%s)\n", bundle,
		       (long long)m->version, key, safe);
}

static int verify(const char *bundle, const struct gw_trust *trust, bool json, struct gw_err *err)
{
	char key[GW_KEY_ID_SIZE], comment[GW_TRUSTED_COMMENT_MAX];
	struct gw_manifest m;
	struct gw_table *table = NULL;
	char *text;
	size_t len;
	int rc;

	if ((rc = manifest_text(bundle, &text, &len, err)) < 0)
		return rc;
	if ((rc = gw_trust_verify(trust, bundle, text, len, key, comment, err)) == GW_OK &&
	    (rc = gw_manifest_parse(&m, text, len, err)) == GW_OK)
		rc = gw_bundle_payload(bundle, &m, &table, err);
	free(text);
	gw_table_free(table);
	if (rc == GW_OK)
		report_good(bundle, &m, key, comment, json);
	return rc;
}

int gw_verb_verify(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&verify_program, argc, argv);
	struct gw_trust trust = {.count = 0};
	const char *value, *key = NULL;
	char home[GW_PATH_MAX];
	struct gw_err err = {0};
	int id, rc;

	while ((id = gw_cli_next(&cli, &value)) > 0)
		key = value;
	if (id < 0)
		return cli.exit_status;
	if (cli.argc - cli.first != 1)
		return gw_cli_usage(&verify_program, "name one bundle");
	if (key != NULL)
		rc = gw_trust_add(&trust, key, &err);
	else if ((rc = gw_home_path(home, cli.home, &err)) == GW_OK)
		rc = gw_trust_load(&trust, home, &err);
	if (rc == GW_OK && trust.count == 0)
		rc = gw_err_set(
			&err, GW_E_DENIED,
			"no key to check against: name one with --key, or put it in %s/trust",
			home);
	if (rc == GW_OK)
		rc = verify(cli.argv[cli.first], &trust, cli.json, &err);
	return rc < 0 ? gw_cli_fail(&verify_program, &err) : 0;
}
