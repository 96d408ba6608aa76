/*
 * Non-cryptographic 64-bit hashes: assignment to arms and hash tables.  Pure functions.
 * FNV-1a: Fowler, Noll, Vo (draft-eastlake-fnv, section 2).  fmix64: the finaliser of MurmurHash3
 * by Appleby (public domain); without it consecutive basket ids correlate.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GW_FNV1A64_START 0xCBF29CE484222325u

/* Continues an FNV-1a hash over p[0..len); start with GW_FNV1A64_START. */
static inline uint64_t gw_fnv1a64(uint64_t hash, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ s[i]) * 0x100000001B3u;
	return hash;
}

static inline uint64_t gw_fmix64(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xFF51AFD7ED558CCDu;
	h ^= h >> 33;
	h *= 0xC4CEB9FE1A85EC53u;
	return h ^ h >> 33;
}

/* Hash table key of p[0..len). */
static inline uint64_t gw_hash64(const void *p, size_t len)
{
	return gw_fmix64(gw_fnv1a64(GW_FNV1A64_START, p, len));
}

/*
 * Assignment of a basket: fmix64(fnv1a64(salt 0x1F basket)), uniform over 2^64.  The separator
 * keeps ("ab", "c") apart from ("a", "bc").
 */
static inline uint64_t gw_assign_hash(const char *salt, const char *basket)
{
	uint64_t hash = gw_fnv1a64(GW_FNV1A64_START, salt, strlen(salt));

	hash = (hash ^ 0x1Fu) * 0x100000001B3u;
	return gw_fmix64(gw_fnv1a64(hash, basket, strlen(basket)));
}

/* The bucket of a hash: floor(hash * 10^6 / 2^64), 0..999999. */
static inline int32_t gw_assign_bucket_ppm(uint64_t hash)
{
	uint64_t high = (hash >> 32) * 1000000u, low = (hash & 0xFFFFFFFFu) * 1000000u;

	return (int32_t)((high + (low >> 32)) >> 32);
}

#endif
