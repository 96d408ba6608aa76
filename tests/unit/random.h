/* A small seeded generator for randomised tests: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * SEED from the environment, else the time: a failing run is repeated with SEED=...  CI judges a
 * change, not luck: there it is the same each time.
 */
static inline uint64_t random_seed(void)
{
	const char *text = getenv("SEED");
	const char *ci = getenv("CI");
	uint64_t seed = text != NULL                ? strtoull(text, NULL, 10)
			: ci != NULL && *ci != '\0' ? 20261122
						    : (uint64_t)time(NULL);

	printf("# SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* 0 .. n-1 */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((random_next(state) >> 32) * n) >> 32);
}

#endif
