#include "store/chain.h"

#include <sodium.h>
#include <string.h>

static void add(crypto_generichash_state *h, const void *p, size_t len)
{
	crypto_generichash_update(h, p, len);
}

void gw_chain_start(uint8_t chain[GW_CHAIN_LEN], const char *epoch, const char *store,
		    const char *terminal)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, GW_CHAIN_LEN);
	add(&h, "goeswith journal 1\n", 19);
	add(&h, epoch, strlen(epoch));
	add(&h, "\n", 1);
	add(&h, store, strlen(store));
	add(&h, "-", 1);
	add(&h, terminal, strlen(terminal));
	crypto_generichash_final(&h, chain, GW_CHAIN_LEN);
}

static uint8_t *put(uint8_t *at, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*at++ = (uint8_t)(n >> 8 * i);
	return at;
}

void gw_chain_next(uint8_t chain[GW_CHAIN_LEN], const struct gw_chain_row *row)
{
	crypto_generichash_state h;
	uint8_t head[GW_CHAIN_LEN + 40], len[4], *p = head + GW_CHAIN_LEN;

	memcpy(head, chain, GW_CHAIN_LEN);
	p = put(p, (uint64_t)row->seq, 8);
	p = put(p, (uint64_t)row->at_ms, 8);
	p = put(p, (uint64_t)row->mono_ms, 8);
	p = put(p, row->boot, 4);
	p = put(p, row->scan_session, 4);
	p = put(p, row->scan_seq, 4);
	put(p, row->kind_len, 4);
	crypto_generichash_init(&h, NULL, 0, GW_CHAIN_LEN);
	add(&h, head, sizeof(head));
	add(&h, row->kind, row->kind_len);
	put(len, row->basket_len, 4);
	add(&h, len, 4);
	add(&h, row->basket, row->basket_len);
	put(len, row->body_len, 4);
	add(&h, len, 4);
	add(&h, row->body, row->body_len);
	crypto_generichash_final(&h, chain, GW_CHAIN_LEN);
}
