/*
 * Zebra's numbers of symbologies, and what the decoder does with each.  A scanner in SSI mode names
 * the symbology by number, and sends UPC-A with 12 digits and UPC-E as it is printed.
 * Source: Zebra, "Simple Serial Interface Programmer's Guide", bar code types.
 */
#include <string.h>

#include "scan/frame.h"
#include "scan/parse.h"
#include "scan/symbology.h"

struct ssi_row {
	uint8_t type;
	uint8_t action; /* enum gw_sym_action */
	const char *aim;
	const char *name;
};

static const struct ssi_row rows[] = {
	{0x01, GW_SYM_CODE, "]A0", "Code 39"},
	{0x02, GW_SYM_OTHER, "]F0", "Codabar"},
	{0x03, GW_SYM_CODE, "]C0", "Code 128"},
	{0x04, GW_SYM_CODE, "]S0", "Discrete 2 of 5"},
	{0x05, GW_SYM_CODE, "]R0", "IATA 2 of 5"},
	{0x06, GW_SYM_ITF, "]I0", "ITF"},
	{0x07, GW_SYM_CODE, "]G0", "Code 93"},
	{0x08, GW_SYM_RETAIL, "]E0", "UPC-A"},
	{0x09, GW_SYM_UPCE, "]E0", "UPC-E"},
	{0x0A, GW_SYM_EAN8, "]E4", "EAN-8"},
	{0x0B, GW_SYM_EAN, "]E0", "EAN-13"},
	{0x0C, GW_SYM_CODE, "]H0", "Code 11"},
	{0x0D, GW_SYM_CODE, "]T0", "Code 49"},
	{0x0E, GW_SYM_CODE, "]M0", "MSI"},
	{0x0F, GW_SYM_GS1, "]C1", "GS1-128"},
	{0x10, GW_SYM_UPCE, "]E0", "UPC-E1"},
	{0x11, GW_SYM_OTHER, "]L0", "PDF417"},
	{0x13, GW_SYM_CODE, "]A4", "Code 39"},
	{0x15, GW_SYM_CODE, "]X0", "Trioptic Code 39"},
	{0x16, GW_SYM_BOOK, "]X0", "Bookland"},
	{0x17, GW_SYM_OTHER, "]X0", "coupon code"},
	{0x1A, GW_SYM_OTHER, "]L0", "MicroPDF417"},
	{0x1B, GW_SYM_FREE, "]d1", "Data Matrix"},
	{0x1C, GW_SYM_FREE, "]Q1", "QR Code"},
	{0x20, GW_SYM_CODE, "]X0", "Code 32"},
	{0x25, GW_SYM_FREE, "]U0", "MaxiCode"},
	{0x2C, GW_SYM_FREE, "]Q1", "Micro QR Code"},
	{0x2D, GW_SYM_FREE, "]z0", "Aztec Code"},
	{0x30, GW_SYM_GS1, "]e0", "GS1 DataBar"},
	{0x31, GW_SYM_GS1, "]e0", "GS1 DataBar Limited"},
	{0x32, GW_SYM_GS1, "]e0", "GS1 DataBar Expanded"},
	{0x48, GW_SYM_JOINED, "]E3", "UPC-A+2"},
	{0x4A, GW_SYM_JOINED, "]E3", "EAN-8+2"},
	{0x4B, GW_SYM_JOINED, "]E3", "EAN-13+2"},
	{0x51, GW_SYM_GS1, "]C1", "GS1 composite"},
	{0x54, GW_SYM_GS1, "]e0", "GS1 composite"},
	{0x55, GW_SYM_GS1, "]e0", "GS1 composite"},
	{0x56, GW_SYM_GS1, "]e0", "GS1 composite"},
	{0x59, GW_SYM_GS1, "]C1", "GS1 composite"},
	{0x88, GW_SYM_JOINED, "]E3", "UPC-A+5"},
	{0x8A, GW_SYM_JOINED, "]E3", "EAN-8+5"},
	{0x8B, GW_SYM_JOINED, "]E3", "EAN-13+5"},
	{0xB4, GW_SYM_GS1, "]e0", "GS1 DataBar coupon"},
	{0xB7, GW_SYM_FREE, "]h0", "Han Xin Code"},
	{0xC1, GW_SYM_GS1, "]d2", "GS1 DataMatrix"},
	{0xC2, GW_SYM_GS1, "]Q3", "GS1 QR Code"},
	{0xC4, GW_SYM_FREE, "]J0", "DotCode"},
};

static const struct ssi_row *find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *gw_ssi_name(uint8_t code_type)
{
	const struct ssi_row *row = find(code_type);

	return row != NULL ? row->name : "";
}

int gw_scan_decode_ssi(const struct gw_scan_config *config, uint8_t code_type, const uint8_t *data,
		       size_t len, struct gw_scan *out, struct gw_scan_elements *elements)
{
	const struct ssi_row *row = find(code_type);
	struct gw_symbology as;

	/* A scanner may be set to send the AIM identifier, too. */
	if (row == NULL ||
	    (len >= 3 && data[0] == ']' && gw_symbology_find((char)data[1], (char)data[2]) != NULL))
		return gw_scan_decode_elements(config, data, len, out, elements);
	as = (struct gw_symbology){row->aim[1], "", (enum gw_sym_action)row->action, row->name};
	return gw_scan_decode_as(config, &as, row->aim, data, len, out, elements);
}
