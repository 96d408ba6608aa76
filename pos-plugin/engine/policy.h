/*
 * What simulations and measurements may do to an engine beyond the public API: put another chooser
 * in, and look at what fits.  Same threads and lifetime as the engine.
 */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "goeswith/engine.h"
#include "offer/choose.h"

/* chooser is borrowed until the engine is freed or gets another; NULL: gw_chooser_best. */
GW_API void gw_engine_set_chooser(struct gw_engine *engine, const struct gw_chooser *chooser);

/*
 * The evidence for the open sale, NULL without a table; valid until the next call.  Ask it with
 * gw_fit_rank for "what would be offered first, caps off".
 */
GW_API const struct gw_fit *gw_engine_fit(const struct gw_engine *engine);

#endif
