/*
 * goeswith-sim fleet: many terminals that come back after an outage.  Makes a home for each with
 * sales through the real engine and store, then lets the real goeswith-sync push all of them, a few
 * at a time, and measures how long the backlog takes to drain.
 *
 * Starts goeswith-sim and goeswith-sync as processes from its own folder; owns a folder of homes.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

/* Takes the arguments behind the program's name (argv[0] is the verb); returns the exit status. */
int gw_sim_fleet_main(int argc, char **argv);

#endif
