/*
 * The scanner player: `goeswith-sim scanner FILE --port PORT` sends the scans of a file into a port
 * as a scanner would, for demonstrations and tests.  See goeswith-sim(1) for the file's form.
 */
#ifndef SIM_SCANNER_H
#define SIM_SCANNER_H

/* argv[0] is "scanner"; returns the exit status. */
int gw_sim_scanner_main(int argc, char **argv);

#endif
