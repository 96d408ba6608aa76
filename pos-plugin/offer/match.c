/*
 * The picture:
 *
 *	node x ──▶ patterns[watch_first[x] .. watch_first[x+1])    at home: where they all begin
 *	       ──▶ watching[x] ─▶ p ─▶ q ─▶ none                   moved here from another node
 *
 * Invariants, between calls:
 *	1. A pattern is satisfied (in matched[]) or watched by exactly one node, and that
 *	   one is off.
 *	2. A node that was never on in this basket (not WOKEN) watches all its patterns at home; one
 *	   that was on watches only those in its chain: its home list has left it for good.
 *	3. Every node whose pieces, state or chain differ from the empty basket's is in touched[].
 *
 *	node goes on   -> wake: each pattern it watches moves to its next absent node, or is matched
 *	node goes off  -> drop: each matched pattern that needs it comes to watch it
 *	basket ends    -> gw_match_clear: forget the touched nodes; the home lists stand again by
 *	                  themselves, as WOKEN is gone
 *
 * Waking costs what the node watches.  The rarest absent node watches, so the popular items, which
 * are in most baskets, watch little: only what has nothing else left to wait for.
 */
#include "offer/match.h"

#include <stdlib.h>
#include <string.h>

enum { ON = 1, WOKEN = 2, TOUCHED = 4 };

int gw_match_new(struct gw_match **out, const struct gw_offer_index *index)
{
	struct gw_match *m = calloc(1, sizeof(*m));
	size_t nodes = index->node_count + 1u, patterns = index->pattern_count + 1u;

	*out = NULL;
	if (m == NULL)
		return GW_E_MEMORY;
	m->index = index;
	m->matched = malloc(patterns * sizeof(*m->matched));
	m->lost = malloc(patterns * sizeof(*m->lost));
	m->next = malloc(patterns * sizeof(*m->next));
	m->pieces = calloc(nodes, sizeof(*m->pieces));
	m->state = calloc(nodes, sizeof(*m->state));
	m->watching = malloc(nodes * sizeof(*m->watching));
	m->touched = malloc(nodes * sizeof(*m->touched));
	if (m->matched == NULL || m->lost == NULL || m->next == NULL || m->pieces == NULL ||
	    m->state == NULL || m->watching == NULL || m->touched == NULL) {
		gw_match_free(m);
		return GW_E_MEMORY;
	}
	memset(m->watching, 0xFF, nodes * sizeof(*m->watching));
	*out = m;
	gw_match_clear(m);
	return GW_OK;
}

void gw_match_free(struct gw_match *m)
{
	if (m == NULL)
		return;
	free(m->matched);
	free(m->lost);
	free(m->next);
	free(m->pieces);
	free(m->state);
	free(m->watching);
	free(m->touched);
	free(m);
}

void gw_match_clear(struct gw_match *m)
{
	for (uint32_t i = 0; i < m->touched_count; i++) {
		uint32_t node = m->touched[i];

		m->pieces[node] = 0;
		m->state[node] = 0;
		m->watching[node] = GW_NONE;
	}
	m->touched_count = m->matched_count = m->lost_count = 0;
	if (m->index->always != GW_NONE)
		m->matched[m->matched_count++] = m->index->always;
}

static inline void touch(struct gw_match *m, uint32_t node)
{
	if (m->state[node] & TOUCHED)
		return;
	m->state[node] |= TOUCHED;
	m->touched[m->touched_count++] = node;
}

static inline void watch(struct gw_match *m, uint32_t node, uint32_t pattern)
{
	touch(m, node);
	m->next[pattern] = m->watching[node];
	m->watching[node] = pattern;
}

/* Finds a new watch for a pattern whose watch went on, or notes that there is none: matched. */
static inline void move(struct gw_match *m, uint32_t pattern)
{
	const struct gw_pattern *p = &m->index->patterns[pattern];

	for (int i = 0; i < GW_IF_MAX && p->node[i] != GW_NONE; i++)
		if (!(m->state[p->node[i]] & ON)) {
			watch(m, p->node[i], pattern);
			return;
		}
	m->matched[m->matched_count++] = pattern;
}

static void wake(struct gw_match *m, uint32_t node)
{
	const uint32_t *home = m->index->watch_first;
	bool woken = m->state[node] & WOKEN;
	uint32_t p, next;

	touch(m, node);
	m->state[node] |= ON | WOKEN;
	if (!woken)
		for (p = home[node]; p < home[node + 1]; p++)
			move(m, p);
	p = m->watching[node];
	m->watching[node] = GW_NONE;
	for (; p != GW_NONE; p = next) {
		next = m->next[p];
		move(m, p);
	}
}

static bool needs(const struct gw_pattern *p, uint32_t node)
{
	return p->node[0] == node || p->node[1] == node || p->node[2] == node || p->node[3] == node;
}

static void drop(struct gw_match *m, uint32_t node)
{
	uint32_t kept = 0;

	m->state[node] &= (uint8_t)~ON;
	for (uint32_t i = 0; i < m->matched_count; i++) {
		uint32_t p = m->matched[i];

		if (needs(&m->index->patterns[p], node)) {
			watch(m, node, p);
			m->lost[m->lost_count++] = p;
		} else {
			m->matched[kept++] = p;
		}
	}
	m->matched_count = kept;
}

/* The pieces of a base node change from `old`: wakes or drops it and its levels. */
static void change(struct gw_match *m, uint32_t base, int32_t delta)
{
	const struct gw_offer_index *x = m->index;
	int32_t old = m->pieces[base], now = old + delta;

	touch(m, base);
	m->pieces[base] = now = now < 0 ? 0 : now;
	if (old == 0 && now > 0)
		wake(m, base);
	else if (old > 0 && now == 0)
		drop(m, base);
	if (x->level_first == NULL)
		return;
	for (uint32_t i = x->level_first[base]; i != GW_NONE; i = x->levels[i].next) {
		const struct gw_level *level = &x->levels[i];

		if (old < level->need && now >= level->need)
			wake(m, level->node);
		else if (old >= level->need && now < level->need)
			drop(m, level->node);
	}
}

static void change_item(struct gw_match *m, uint32_t item, int32_t delta)
{
	uint32_t category = m->index->table->items[item].category;

	m->lost_count = 0;
	change(m, item, delta);
	if (category < m->index->table->category_count)
		change(m, m->index->item_count + category, delta);
}

void gw_match_add(struct gw_match *m, uint32_t item, int32_t pieces)
{
	change_item(m, item, pieces);
}

void gw_match_remove(struct gw_match *m, uint32_t item, int32_t pieces)
{
	change_item(m, item, -pieces);
}

bool gw_match_rule(const struct gw_match *m, const struct gw_rule *rule)
{
	for (int i = 0; i < rule->condition_count; i++) {
		const struct gw_condition *c = &rule->conditions[i];
		int32_t need = 0;

		for (int j = 0; j <= i; j++)
			need += rule->conditions[j].index == c->index &&
				rule->conditions[j].is_category == c->is_category;
		if (m->pieces[c->is_category ? m->index->item_count + c->index : c->index] < need)
			return false;
	}
	return true;
}
