/*
 * The link between a scanner dock and the register: the frame codec both sides use, and the
 * register's side of the protocol.  PROTOCOL.md, beside this file, is the wire format.
 *
 * Owns no file, clock or heap: bytes and milliseconds go in, callbacks come out.  Freestanding, so
 * that the same code runs in the dock's microcontroller.  One thread at a time per struct.
 *
 * It never loses or doubles a scan as long as the caller commits (session, seq, scan) to its
 * journal in one transaction, and only then calls gw_link_host_ack.
 *
 *	gw_link_host_init(&link, &ops, ctx);
 *	gw_link_host_start(&link, now_ms);               connected: asks who is there
 *	gw_link_host_input(&link, bytes, len, now_ms);   calls ops->scan, ops->hello, ...
 *	gw_link_host_ack(&link, scan.session, scan.seq); once the scan is durable
 *	gw_link_host_tick(&link, now_ms);                at gw_link_host_deadline(&link)
 */
#ifndef GOESWITH_LINK_H
#define GOESWITH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goeswith/status.h"

#define GW_LINK_MAJOR       1u
#define GW_LINK_MINOR       2u
#define GW_LINK_HEADER      10u
#define GW_LINK_FRAME_MAX   244u
#define GW_LINK_PAYLOAD_MAX 230u
/* 00, the COBS code byte, the frame, 00. */
#define GW_LINK_WIRE_MAX (GW_LINK_FRAME_MAX + 3u)
/* A SCAN's payload: origin, t_ms, then at most this many bytes of the scan. */
#define GW_LINK_SCAN_HEADER 5u
#define GW_LINK_PIECE_MAX   (GW_LINK_PAYLOAD_MAX - GW_LINK_SCAN_HEADER)
#define GW_LINK_SCAN_MAX    4096u
#define GW_LINK_WINDOW      8u
#define GW_LINK_HELLO_LEN   72u
#define GW_LINK_HELLO_LEAST 50u /* what minor versions 0 and 1 say */
#define GW_LINK_BOARD_LEN   12u

enum gw_link_type {
	GW_LINK_HELLO = 1, /* dock -> host: who and where I am */
	GW_LINK_SCAN,      /* dock -> host */
	GW_LINK_OPEN,      /* host -> dock: take this session */
	GW_LINK_ACK,       /* host -> dock: durable below seq */
	GW_LINK_CMD,       /* host -> dock */
	GW_LINK_CMDACK,    /* dock -> host */
	GW_LINK_RAW,       /* dock -> host, minor 1: scanner bytes as they came, for support */
};

enum gw_link_flag {
	GW_LINK_F_RETX = 1,  /* sent before */
	GW_LINK_F_LOST = 2,  /* SCAN: scans before this one were refused, see HELLO's lost */
	GW_LINK_F_NAK = 4,   /* ACK: a frame is missing; HELLO: the dock serves another host */
	GW_LINK_F_CLK = 8,   /* SCAN: t_ms is of a clock that has been reset since */
	GW_LINK_F_FRAG = 16, /* SCAN: the next sequence continues this scan */
};

/* Why a SCAN carries no bytes (high half of its origin byte). */
enum gw_link_scan_status {
	GW_LINK_SCAN_GOOD = 0,
	GW_LINK_SCAN_TOO_LONG, /* more than the dock can hold, cut off and refused */
	GW_LINK_SCAN_NOISE,    /* parity, framing or overrun error inside it */
	GW_LINK_SCAN_PARTIAL,  /* begun before the dock listened, or never finished */
};

enum gw_link_command {
	GW_LINK_CMD_BEEP = 1, /* enum gw_link_beep */
	GW_LINK_CMD_DISPLAY,  /* length of line 1, line 1, line 2; UTF-8 */
	GW_LINK_CMD_INJECT,   /* the code, without terminator */
	GW_LINK_CMD_CAPTURE,  /* 1 = copy scanner bytes as RAW frames, 0 = stop */
	GW_LINK_CMD_SELFTEST, /* enum gw_link_test_how; answered when run */
	GW_LINK_CMD_SETUP,    /* minor 2: struct gw_link_setup */
};

/* Self-test: what to do beyond what disturbs nobody, and (minor 2) what was tried and what failed.
 */
enum gw_link_test_how {
	GW_LINK_TEST_PLAIN = 1,
	GW_LINK_TEST_LOOP = 2, /* and send through the till's line, where a plug leads it back */
};
enum gw_link_test {
	GW_LINK_TEST_CRC = 1,     /* the check of frames, on a text with a known answer */
	GW_LINK_TEST_RING = 2,    /* the memory of scans: headers, records and their numbers */
	GW_LINK_TEST_BEEP = 4,    /* beeper and lamp: a person must say whether they work */
	GW_LINK_TEST_DISPLAY = 8, /* so with the display */
	GW_LINK_TEST_TILL = 16,   /* bytes sent to the till came back by the plug */
};

enum gw_link_beep { GW_LINK_BEEP_OK, GW_LINK_BEEP_BAD, GW_LINK_BEEP_OFFER };

enum gw_link_result {
	GW_LINK_DONE,        /* carried out; an injected code has left for the till */
	GW_LINK_REFUSED,     /* no till, code too long or with control bytes */
	GW_LINK_TIMED_OUT,   /* the line never fell quiet, or the dock never answered */
	GW_LINK_UNSUPPORTED, /* this dock has no such thing */
	GW_LINK_UNKNOWN,     /* the dock was reset in between: may or may not have happened */
};

enum gw_link_alarm {
	GW_LINK_ALARM_HOLE,   /* `count` sequences are gone for good: the journal is older than the
				 dock */
	GW_LINK_ALARM_BEHIND, /* the dock is older than the journal; a new session is opened */
	GW_LINK_ALARM_LOST,   /* the dock refused `count` more scans: its memory was full */
	GW_LINK_ALARM_BUSY,   /* the dock serves another register */
	GW_LINK_ALARM_MAJOR,  /* the dock speaks major version `count` */
};

/* HELLO's capability and state bits. */
enum gw_link_cap {
	GW_LINK_CAP_TILL = 1,
	GW_LINK_CAP_INJECT = 2,
	GW_LINK_CAP_DISPLAY = 4,
	GW_LINK_CAP_BEEP = 8,
	GW_LINK_CAP_FLASH = 16,
	GW_LINK_CAP_BACK = 32,  /* till -> scanner bytes pass */
	GW_LINK_CAP_SETUP = 64, /* takes a setup */
};
enum gw_link_state {
	GW_LINK_ST_SCANNER = 1,      /* present (a plain UART cannot tell and says so always) */
	GW_LINK_ST_TILL = 2,         /* present */
	GW_LINK_ST_TILL_BLOCKED = 4, /* does not read; bytes for it are being dropped */
	GW_LINK_ST_DISPLAY = 8,      /* answers or cannot tell */
	GW_LINK_ST_WARM = 16,        /* the last start kept its memory */
	GW_LINK_ST_WATCHDOG = 32,    /* the last start was the watchdog's, or a fault's */
	GW_LINK_ST_STARTING = 64,    /* minor 2: listens for a pause; a scan that runs is refused */
	GW_LINK_ST_RESTORED = 128,   /* minor 2: from flash; the session ends with `next` */
};

struct gw_link_frame {
	uint8_t type;  /* enum gw_link_type, or one we do not know */
	uint8_t flags; /* enum gw_link_flag */
	uint32_t session, seq;
	const uint8_t *payload; /* borrowed */
	size_t payload_len;     /* 0..GW_LINK_PAYLOAD_MAX */
};

struct gw_link_decoder {
	uint8_t room[GW_LINK_FRAME_MAX + 1]; /* private: one frame, still in COBS */
	uint16_t len;                        /* private */
	bool skipping;                       /* private: over-long, waiting for a zero */
	uint8_t foreign_major;               /* last major version that was not ours, 0 = none */
	uint16_t bad_count;                  /* frames thrown away; stands at 65535 */
};

/* CRC-32C (Castagnoli; RFC 3720 appendix B.4) of p[0..len), continued from crc; start with 0. */
uint32_t gw_link_crc32c(uint32_t crc, const void *p, size_t len);

uint32_t gw_link_get32(const uint8_t *p);
void gw_link_put32(uint8_t *p, uint32_t n);
uint16_t gw_link_get16(const uint8_t *p);
void gw_link_put16(uint8_t *p, uint32_t n);

/* Writes 00 COBS(frame) 00 and returns its length; 0 when the payload is too long. */
size_t gw_link_encode(uint8_t out[GW_LINK_WIRE_MAX], const struct gw_link_frame *frame);

void gw_link_decoder_init(struct gw_link_decoder *d);
/*
 * Takes one byte.  True when it completed a good frame of our major version: *frame then holds it,
 * its payload borrowed until the next call.  Bad frames are counted and skipped.
 */
bool gw_link_decode(struct gw_link_decoder *d, uint8_t byte, struct gw_link_frame *frame);

/* What a HELLO says.  Zero where an older minor version does not say it. */
struct gw_link_hello {
	uint32_t session, base, next; /* unacknowledged: [base, next) */
	uint32_t lost, now_ms;
	uint16_t bad_frames, rx_errors, too_long, resyncs;
	uint32_t till_dropped; /* bytes the till did not take */
	uint8_t unit[8];
	uint8_t minor, caps, state;
	uint8_t version[3];
	uint16_t ring_kib_x16; /* size of the scan memory in 1/16 KiB */
	uint16_t ring_used_permille;
	uint32_t cmd_next;
	uint16_t boots; /* warm starts since the last cold one */
	uint16_t injected;
	/* minor 2 */
	char board[GW_LINK_BOARD_LEN]; /* what it runs on, padded with NULs; "linux": a program */
	uint16_t resent;               /* frames with scans that went more than once */
	uint16_t inject_refused, inject_timed_out;
	uint32_t up_s; /* seconds since its start */
};

void gw_link_hello_put(uint8_t out[GW_LINK_HELLO_LEN], const struct gw_link_hello *hello);
/* False when the frame is no HELLO or too short for minor version 0. */
bool gw_link_hello_get(struct gw_link_hello *hello, const struct gw_link_frame *frame);

#define GW_LINK_SETUP_LEN 8u

/* How the scanner speaks: what a box from the shelf must be told.  The till's line follows it. */
struct gw_link_setup {
	uint8_t framing;      /* 0 terminator or pause, 1 STX/ETX, 2 Zebra SSI */
	uint8_t terminators;  /* bits CR 1, LF 2, TAB 4, ETX 8 */
	uint8_t answer;       /* 1: the dock answers the scanner; 0: the till does, or nobody */
	uint16_t idle_gap_ms; /* 1 and up */
	uint16_t baud_100;    /* in units of 100; 0: leave the line as it is */
	uint8_t bits;         /* 7, 8 */
	uint8_t parity;       /* 0 none, 1 odd, 2 even */
};

void gw_link_setup_put(uint8_t out[GW_LINK_SETUP_LEN], const struct gw_link_setup *setup);
/* False when len is too short or a field is none of the above. */
bool gw_link_setup_get(struct gw_link_setup *setup, const uint8_t *bytes, size_t len);

struct gw_link_scan {
	uint32_t session, seq; /* of its last piece; unique together */
	uint8_t port;          /* which of the dock's scanners, 0..15 */
	uint8_t status;        /* enum gw_link_scan_status; bytes are empty unless GOOD */
	uint8_t flags;         /* LOST, CLK */
	uint32_t t_ms;         /* dock's clock when its last byte came */
	const uint8_t *bytes;  /* borrowed for the call; without terminators */
	size_t len;            /* 0..GW_LINK_SCAN_MAX */
};

/* What the register must provide.  All are called from within the functions below. */
struct gw_link_host_ops {
	/* Bytes for the dock.  What cannot be written may be dropped: the protocol repeats it. */
	void (*send)(void *ctx, const uint8_t *bytes, size_t len);
	/* Each scan once, in order.  It may be acknowledged inside the call or at any time later.
	 */
	void (*scan)(void *ctx, const struct gw_link_scan *scan);
	/* 1 + the highest sequence the journal holds of a session, 0 for one it does not know. */
	uint32_t (*next_expected)(void *ctx, uint32_t session);
	/* A fresh random number, not 0, no session of the journal, never given before. */
	uint32_t (*nonce)(void *ctx);
	void (*hello)(void *ctx, const struct gw_link_hello *hello);
	void (*alarm)(void *ctx, enum gw_link_alarm alarm, uint32_t count);
	/* How a command ended; tag as it was given.  May be NULL. */
	void (*done)(void *ctx, uint32_t tag, enum gw_link_result result);
	/* RAW bytes during a capture.  May be NULL. */
	void (*raw)(void *ctx, uint8_t port, uint32_t t_ms, const uint8_t *bytes, size_t len);
};

#define GW_LINK_QUEUE_MAX 6
struct gw_link_order {
	uint8_t len, bytes[GW_LINK_PAYLOAD_MAX]; /* bytes[0] = enum gw_link_command */
	uint32_t tag;
	int64_t until_ms; /* worthless from then on */
};

struct gw_link_host {
	const struct gw_link_host_ops *ops; /* borrowed */
	void *ctx;                          /* borrowed */
	struct gw_link_decoder decoder;
	struct gw_link_hello dock; /* the last one; dock.session = 0 until there is a session */
	/* private from here on */
	bool started, resumed, busy, paused, ack_due, nak_due;
	uint32_t session;             /* the last there was, whose numbers these are: */
	uint32_t committed, expected; /* acknowledged below; received below */
	uint32_t told;                /* what the last ACK said of expected */
	int64_t open_at_ms;           /* when to ask (again) who is there; < 0: no need */
	int32_t ask_ms;               /* how long to wait for the answer */
	uint32_t ahead;               /* frames above the expected one since it is missed */
	size_t piece_len;             /* of a scan still in pieces */
	bool piece_skip;
	uint8_t pieces[GW_LINK_SCAN_MAX];
	struct gw_link_order queue[GW_LINK_QUEUE_MAX];
	uint8_t queue_count;
	uint32_t frames, again;        /* good frames heard; SCANs that had come before */
	uint32_t naks, commands_again; /* asked for again; orders repeated */
	uint8_t tested, test_failed;   /* enum gw_link_test, of the last self-test */
	uint32_t cmd_seq;
	bool cmd_sent;
	int64_t cmd_at_ms;
	uint32_t cmd_rto_ms;
};

void gw_link_host_init(struct gw_link_host *h, const struct gw_link_host_ops *ops, void *ctx);
/* The connection stands (again).  Forgets what was half received; the queue of commands stays. */
void gw_link_host_start(struct gw_link_host *h, int64_t now_ms);
/* The connection is gone.  Commands that wait expire by and by. */
void gw_link_host_stop(struct gw_link_host *h);
void gw_link_host_input(struct gw_link_host *h, const uint8_t *bytes, size_t len, int64_t now_ms);
void gw_link_host_tick(struct gw_link_host *h, int64_t now_ms);
/* When to call tick, or -1: nothing is pending and the link is silent. */
int64_t gw_link_host_deadline(const struct gw_link_host *h);
/* The scan with this number and all before it are durable.  Other sessions' numbers are ignored. */
void gw_link_host_ack(struct gw_link_host *h, uint32_t session, uint32_t seq);
/* Asks for a HELLO now, for its figures; the answer comes through ops->hello. */
void gw_link_host_ask(struct gw_link_host *h, int64_t now_ms);
/* While paused the dock keeps its scans (storage is down and memory is full). */
void gw_link_host_pause(struct gw_link_host *h, bool paused);

/*
 * Commands, sent one at a time and each carried out at most once.  GW_E_FULL when too many wait,
 * GW_E_INPUT when it does not fit a frame.  A waiting display text is replaced by a newer one,
 * whose tag is then the one reported.
 */
int gw_link_host_beep(struct gw_link_host *h, enum gw_link_beep kind, uint32_t tag, int64_t now_ms);
int gw_link_host_display(struct gw_link_host *h, const char *line1, const char *line2, uint32_t tag,
			 int64_t now_ms);
int gw_link_host_inject(struct gw_link_host *h, const void *code, size_t len, uint32_t tag,
			int64_t now_ms);
int gw_link_host_setup(struct gw_link_host *h, const struct gw_link_setup *setup, uint32_t tag,
		       int64_t now_ms);
int gw_link_host_order(struct gw_link_host *h, enum gw_link_command command, uint8_t argument,
		       uint32_t tag, int64_t now_ms);

#endif
