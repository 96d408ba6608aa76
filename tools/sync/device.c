#include "tools/sync/device.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"

#define FRAME_MAGIC 0x184D2A5A /* a skippable frame (RFC 8878, section 3.1.2) */
#define PUBLIC_LEN  42

static int secret_path(char out[GW_PATH_MAX], const char *folder, struct gw_err *err)
{
	return gw_path_join(out, folder, "till.key", err);
}

static int write_secret(const char *path, const struct device_key *key, struct gw_err *err)
{
	char beside[GW_PATH_MAX + 8];
	int fd;

	snprintf(beside, sizeof(beside), "%s.tmp", path);
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, key->id, sizeof(key->id)) != (ssize_t)sizeof(key->id) ||
	    write(fd, key->secret_key, sizeof(key->secret_key)) !=
		    (ssize_t)sizeof(key->secret_key) ||
	    fsync(fd) != 0 || close(fd) != 0 || rename(beside, path) != 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "cannot write %s", path);
	return GW_OK;
}

static int write_public(const char *folder, const struct device_key *key, struct gw_err *err)
{
	uint8_t raw[PUBLIC_LEN] = {'E', 'd'};
	char path[GW_PATH_MAX], base64[80], text[200];
	int rc = gw_path_join(path, folder, "till.pub", err);

	if (rc < 0)
		return rc;
	memcpy(raw + 2, key->id, 8);
	memcpy(raw + 10, key->public_key, 32);
	sodium_bin2base64(base64, sizeof(base64), raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, sizeof(text), "untrusted comment: goeswith till\n%s\n", base64);
	return gw_file_replace(path, text, strlen(text), err);
}

static int make_key(struct device_key *key, const char *folder, struct gw_err *err)
{
	char path[GW_PATH_MAX] = "";
	int rc = gw_home_make(folder, err);

	crypto_sign_keypair(key->public_key, key->secret_key);
	randombytes_buf(key->id, sizeof(key->id));
	if (rc == GW_OK)
		rc = secret_path(path, folder, err);
	if (rc == GW_OK)
		rc = write_public(folder, key, err);
	if (rc == GW_OK)
		rc = write_secret(path, key, err);
	/* What it has signed must not outlive it. */
	return rc == GW_OK ? gw_dir_sync(folder, err) : rc;
}

int device_key_load(struct device_key *key, const char *folder, struct gw_err *err)
{
	char path[GW_PATH_MAX], *data;
	size_t len;
	int rc = secret_path(path, folder, err);

	if (rc < 0)
		return rc;
	rc = gw_file_read(path, 200, &data, &len, err);
	if (rc == GW_E_NOT_FOUND)
		return make_key(key, folder, err);
	if (rc == GW_OK && len != sizeof(key->id) + sizeof(key->secret_key))
		rc = gw_err_set(err, GW_E_INPUT,
				"%s is not a key: remove it, and tell head office the new one",
				path);
	if (rc == GW_OK) {
		memcpy(key->id, data, 8);
		memcpy(key->secret_key, data + 8, 64);
		memcpy(key->public_key, key->secret_key + 32, 32);
		sodium_memzero(data, len);
	}
	free(data);
	return rc;
}

int device_public_load(struct device_key *key, const char *path, struct gw_err *err)
{
	uint8_t raw[PUBLIC_LEN];
	char *data, *line;
	size_t len, n = 0;
	int rc = gw_file_read(path, 1000, &data, &len, err);

	if (rc < 0)
		return rc;
	line = strncmp(data, "untrusted comment:", 18) == 0 ? strchr(data, '\n') : NULL;
	line = line != NULL ? line + 1 : data;
	line[strcspn(line, "\r\n")] = '\0';
	memset(key, 0, sizeof(*key));
	if (sodium_base642bin(raw, sizeof(raw), line, strlen(line), NULL, &n, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n != PUBLIC_LEN || memcmp(raw, "Ed", 2) != 0)
		rc = gw_err_set(err, GW_E_INPUT, "%s is not a public key", path);
	memcpy(key->id, raw + 2, 8);
	memcpy(key->public_key, raw + 10, 32);
	free(data);
	return rc;
}

static void put32(uint8_t *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

void device_sign(uint8_t trailer[DEVICE_TRAILER], const struct device_key *key, const void *data,
		 size_t len)
{
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	put32(trailer, FRAME_MAGIC);
	put32(trailer + 4, DEVICE_TRAILER - 8);
	memcpy(trailer + 8, key->id, 8);
	crypto_sign_detached(trailer + 16, NULL, hash, sizeof(hash), key->secret_key);
}

int device_verify(const struct device_key *key, const void *data, size_t len)
{
	uint8_t hash[32], frame[8];
	const uint8_t *trailer;

	if (len < DEVICE_TRAILER)
		return GW_E_NOT_FOUND;
	trailer = (const uint8_t *)data + (len - DEVICE_TRAILER);
	put32(frame, FRAME_MAGIC);
	put32(frame + 4, DEVICE_TRAILER - 8);
	if (memcmp(trailer, frame, sizeof(frame)) != 0)
		return GW_E_NOT_FOUND;
	crypto_generichash(hash, sizeof(hash), data, len - DEVICE_TRAILER, NULL, 0);
	if (memcmp(trailer + 8, key->id, 8) != 0 ||
	    crypto_sign_verify_detached(trailer + 16, hash, sizeof(hash), key->public_key) != 0)
		return GW_E_DENIED;
	return GW_OK;
}
