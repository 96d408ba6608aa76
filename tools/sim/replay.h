/*
 * goeswith-sim replay: baskets, journals or held-out cases through the real engine.
 */
#ifndef TOOLS_SIM_REPLAY_H
#define TOOLS_SIM_REPLAY_H

int gw_sim_replay_main(int argc, char **argv);

#endif
