/*
 * How a dock is: what it says of itself in HELLO, and what the register sees of the link.  The one
 * list of figures that `goeswith dock status`, its --json and the register's socket share.
 *
 * Plain data; pure functions.
 */
#ifndef PORT_DOCK_REPORT_H
#define PORT_DOCK_REPORT_H

#include "base/err.h"
#include "base/text.h"
#include "goeswith/link.h"

#define GW_DOCK_REPORT_JSON 2048
/* Where people ask a running register about its dock, in the home. */
#define GW_REGISTER_SOCKET "register.sock"

/* X(member): texts, truths and counts; as they are called in JSON. */
#define GW_DOCK_REPORT_TEXTS(X) X(board) X(unit) X(version) X(where) X(trouble)
#define GW_DOCK_REPORT_BOOLS(X)                                                                    \
	X(software)                                                                                \
	X(scanner)                                                                                 \
	X(starting)                                                                                \
	X(has_till)                                                                                \
	X(till)                                                                                    \
	X(till_blocked)                                                                            \
	X(has_display)                                                                             \
	X(display)                                                                                 \
	X(beeper)                                                                                  \
	X(flash_journal)                                                                           \
	X(warm)                                                                                    \
	X(watchdog)
#define GW_DOCK_REPORT_INTS(X)                                                                     \
	X(link_minor)                                                                              \
	X(pid)                                                                                     \
	X(session)                                                                                 \
	X(base)                                                                                    \
	X(next)                                                                                    \
	X(waiting)                                                                                 \
	X(lost)                                                                                    \
	X(too_long)                                                                                \
	X(resyncs)                                                                                 \
	X(rx_errors)                                                                               \
	X(bad_frames)                                                                              \
	X(resent)                                                                                  \
	X(till_dropped)                                                                            \
	X(injected)                                                                                \
	X(inject_refused)                                                                          \
	X(inject_timed_out)                                                                        \
	X(boots)                                                                                   \
	X(up_s)                                                                                    \
	X(ring_bytes)                                                                              \
	X(ring_used_permille)
/* Counted by the register since it started; -1 where none was asked. */
#define GW_DOCK_REPORT_SEEN(X)                                                                     \
	X(scans)                                                                                   \
	X(refused)                                                                                 \
	X(frames)                                                                                  \
	X(damaged)                                                                                 \
	X(again)                                                                                   \
	X(naks)                                                                                    \
	X(commands_again)                                                                          \
	X(codes_done)                                                                              \
	X(codes_refused)                                                                           \
	X(codes_timed_out)                                                                         \
	X(codes_unknown)                                                                           \
	X(round_trip_us)

struct gw_dock_report {
#define GW_TEXT_MEMBER(name) char name[160];
#define GW_BOOL_MEMBER(name) bool name;
#define GW_INT_MEMBER(name)  int64_t name;
	GW_DOCK_REPORT_TEXTS(GW_TEXT_MEMBER)
	GW_DOCK_REPORT_BOOLS(GW_BOOL_MEMBER)
	GW_DOCK_REPORT_INTS(GW_INT_MEMBER)
	GW_DOCK_REPORT_SEEN(GW_INT_MEMBER)
#undef GW_TEXT_MEMBER
#undef GW_BOOL_MEMBER
#undef GW_INT_MEMBER
};

/* Fills *report from HELLO; texts beyond it are "", what a register sees is -1. */
void gw_dock_report_hello(struct gw_dock_report *report, const struct gw_link_hello *hello);

/* One JSON object without a line feed; what no register has counted is left out. */
void gw_dock_report_json(const struct gw_dock_report *report, struct gw_text *out);
/* GW_E_INPUT.  Members it does not know are ignored, missing ones are 0 or -1 as above. */
int gw_dock_report_read(struct gw_dock_report *report, const char *json, size_t len,
			struct gw_err *err);

/* The figures for people: label and value, up to GW_DOCK_LINES_MAX, the important ones first. */
#define GW_DOCK_LINES_MAX 14
struct gw_dock_line {
	const char *label; /* static */
	char value[96];
	bool warn; /* somebody should look after it */
};
size_t gw_dock_report_lines(const struct gw_dock_report *report,
			    struct gw_dock_line lines[GW_DOCK_LINES_MAX]);
/* "good", "fair", "bad: check the cable": frames damaged or sent again, of all. */
const char *gw_dock_report_link(const struct gw_dock_report *report);

/* Names of what a self-test has tried (enum gw_link_test), static; NULL beyond the last bit. */
const char *gw_dock_test_name(unsigned bit);

#endif
