/*
 * Zebra's numbers of symbologies, as a scanner in SSI mode names them: one table for the dock,
 * which writes the AIM identifier in front of the data, and for the decoder, which reads captures.
 * Source: Zebra, "Simple Serial Interface Programmer's Guide", "Decode Data", bar code types.
 */
#ifndef LINK_SSI_TYPES_H
#define LINK_SSI_TYPES_H

/*
 * What the decoder does with the identifier must be what it does with the number; Trioptic and Code
 * 32 are varieties of Code 39, and "]X0", as the guide has it, would read books out of them.
 *
 * X(number, AIM letter, AIM modifier, what the decoder does: GW_SYM_*, name)
 */
#define GW_SSI_TYPES(X)                                                                            \
	X(0x01, 'A', '0', CODE, "Code 39")                                                         \
	X(0x02, 'F', '0', OTHER, "Codabar")                                                        \
	X(0x03, 'C', '0', CODE, "Code 128")                                                        \
	X(0x04, 'S', '0', CODE, "Discrete 2 of 5")                                                 \
	X(0x05, 'R', '0', CODE, "IATA 2 of 5")                                                     \
	X(0x06, 'I', '0', ITF, "ITF")                                                              \
	X(0x07, 'G', '0', CODE, "Code 93")                                                         \
	X(0x08, 'E', '0', RETAIL, "UPC-A")                                                         \
	X(0x09, 'E', '0', UPCE, "UPC-E")                                                           \
	X(0x0A, 'E', '4', EAN8, "EAN-8")                                                           \
	X(0x0B, 'E', '0', EAN, "EAN-13")                                                           \
	X(0x0C, 'H', '0', CODE, "Code 11")                                                         \
	X(0x0D, 'T', '0', CODE, "Code 49")                                                         \
	X(0x0E, 'M', '0', CODE, "MSI")                                                             \
	X(0x0F, 'C', '1', GS1, "GS1-128")                                                          \
	X(0x10, 'E', '0', UPCE, "UPC-E1")                                                          \
	X(0x11, 'L', '0', OTHER, "PDF417")                                                         \
	X(0x13, 'A', '4', CODE, "Code 39")                                                         \
	X(0x15, 'A', '0', CODE, "Trioptic Code 39")                                                \
	X(0x16, 'X', '0', BOOK, "Bookland")                                                        \
	X(0x17, 'X', '0', OTHER, "coupon code")                                                    \
	X(0x1A, 'L', '0', OTHER, "MicroPDF417")                                                    \
	X(0x1B, 'd', '1', FREE, "Data Matrix")                                                     \
	X(0x1C, 'Q', '1', FREE, "QR Code")                                                         \
	X(0x20, 'A', '0', CODE, "Code 32")                                                         \
	X(0x25, 'U', '0', FREE, "MaxiCode")                                                        \
	X(0x2C, 'Q', '1', FREE, "Micro QR Code")                                                   \
	X(0x2D, 'z', '0', FREE, "Aztec Code")                                                      \
	X(0x30, 'e', '0', GS1, "GS1 DataBar")                                                      \
	X(0x31, 'e', '0', GS1, "GS1 DataBar Limited")                                              \
	X(0x32, 'e', '0', GS1, "GS1 DataBar Expanded")                                             \
	X(0x48, 'E', '3', JOINED, "UPC-A+2")                                                       \
	X(0x4A, 'E', '3', JOINED, "EAN-8+2")                                                       \
	X(0x4B, 'E', '3', JOINED, "EAN-13+2")                                                      \
	X(0x51, 'C', '1', GS1, "GS1 composite")                                                    \
	X(0x54, 'e', '0', GS1, "GS1 composite")                                                    \
	X(0x55, 'e', '0', GS1, "GS1 composite")                                                    \
	X(0x56, 'e', '0', GS1, "GS1 composite")                                                    \
	X(0x59, 'C', '1', GS1, "GS1 composite")                                                    \
	X(0x88, 'E', '3', JOINED, "UPC-A+5")                                                       \
	X(0x8A, 'E', '3', JOINED, "EAN-8+5")                                                       \
	X(0x8B, 'E', '3', JOINED, "EAN-13+5")                                                      \
	X(0xB4, 'e', '0', GS1, "GS1 DataBar coupon")                                               \
	X(0xB7, 'h', '0', FREE, "Han Xin Code")                                                    \
	X(0xC1, 'd', '2', GS1, "GS1 DataMatrix")                                                   \
	X(0xC2, 'Q', '3', GS1, "GS1 QR Code")                                                      \
	X(0xC4, 'J', '0', FREE, "DotCode")

#endif
