/*
 * Status codes of every goeswith module, and the exit status each class of failure ends a
 * program with.  0 is success, failures are negative; a function that can fail in more than one
 * way says in its header which of these it returns.
 *
 * Freestanding: no library call, usable in firmware.  No state.
 */
#ifndef GOESWITH_STATUS_H
#define GOESWITH_STATUS_H

/* X(name, code, exit status of a program that fails with it, text) */
#define GW_STATUS_MAP(X)                                                                           \
	X(GW_OK, 0, 0, "done")                                                                     \
	X(GW_E_BUG, -1, 1, "called in a way the header forbids")                                   \
	X(GW_E_USAGE, -2, 2, "wrong usage")                                                        \
	X(GW_E_INPUT, -3, 3, "bad input data")                                                     \
	X(GW_E_DEVICE, -4, 4, "device or network not there")                                       \
	X(GW_E_STORAGE, -5, 5, "storage cannot be read or written")                                \
	X(GW_E_DENIED, -6, 6, "refused")                                                           \
	X(GW_E_MEMORY, -7, 1, "out of memory")                                                     \
	X(GW_E_UNSUPPORTED, -8, 1, "not supported here")                                           \
	X(GW_E_AGAIN, -9, 4, "not now, try again")                                                 \
	X(GW_E_FULL, -10, 1, "no room left in the buffer")                                         \
	X(GW_E_NOT_FOUND, -11, 1, "not there")

enum gw_status {
#define GW_STATUS_ENUM(name, code, exit_status, text) name = (code),
	GW_STATUS_MAP(GW_STATUS_ENUM)
#undef GW_STATUS_ENUM
};

/*
 * A failure told for a person: filled by the function that noticed it with what was wrong, where
 * and what to do.  Owned by the caller; every function that takes a pointer to one accepts NULL.
 */
struct gw_err {
	int code;       /* enum gw_status */
	char text[500]; /* UTF-8, NUL-terminated, cut at a character */
};

/* Text of a status code, static; "unknown status" for a code not in the map. */
static inline const char *gw_status_text(int code)
{
	switch (code) {
#define GW_STATUS_TEXT(name, code, exit_status, text)                                              \
	case (code):                                                                               \
		return (text);
		GW_STATUS_MAP(GW_STATUS_TEXT)
#undef GW_STATUS_TEXT
	default:
		return "unknown status";
	}
}

/* Exit status (0-6) of a program that ends with this code. */
static inline int gw_status_exit(int code)
{
	switch (code) {
#define GW_STATUS_EXIT(name, code, exit_status, text)                                              \
	case (code):                                                                               \
		return (exit_status);
		GW_STATUS_MAP(GW_STATUS_EXIT)
#undef GW_STATUS_EXIT
	default:
		return 1;
	}
}

#endif
