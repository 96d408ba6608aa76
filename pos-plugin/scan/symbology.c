#include "scan/symbology.h"

#include <string.h>

/*
 * ISO/IEC 15424 and the annexes on modifiers of each symbology's own standard.  The rows that tills
 * meet most stand first, because the search goes through them in order.
 */
static const struct gw_symbology table[] = {
	{'E', "0", GW_SYM_EAN, "EAN/UPC"},
	{'E', "4", GW_SYM_EAN8, "EAN-8"},
	{'C', "1", GW_SYM_GS1, "GS1-128"},
	{'d', "25", GW_SYM_GS1, "GS1 DataMatrix"},
	{'e', "01", GW_SYM_GS1, "GS1 DataBar"},
	{'Q', "34", GW_SYM_GS1, "GS1 QR Code"},
	{'Q', "01256", GW_SYM_FREE, "QR Code"},
	{'d', "01346", GW_SYM_FREE, "Data Matrix"},
	{'E', "3", GW_SYM_JOINED, "EAN/UPC"},
	{'E', "1", GW_SYM_ADDON2, "EAN/UPC"},
	{'E', "2", GW_SYM_ADDON5, "EAN/UPC"},
	{'I', "01", GW_SYM_ITF, "ITF"},
	{'I', "3", GW_SYM_ITF_CUT, "ITF"},
	{'C', "024", GW_SYM_CODE, "Code 128"},
	{'A', "01234567", GW_SYM_CODE, "Code 39"},
	{'G', "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm", GW_SYM_CODE, "Code 93"},
	{'J', "14", GW_SYM_GS1, "GS1 DotCode"},
	{'J', "0235", GW_SYM_FREE, "DotCode"},
	{'X', "0123456789ABCDEF", GW_SYM_BOOK, "other"},
	{'F', "0124", GW_SYM_OTHER, "Codabar"},
	{'z', "1478A", GW_SYM_GS1, "GS1 Aztec Code"},
	{'z', "0235679BC", GW_SYM_FREE, "Aztec Code"},
	{'e', "23", GW_SYM_FREE, "GS1 composite"},
	{'L', "3", GW_SYM_GS1, "PDF417"},
	{'L', "01245", GW_SYM_OTHER, "PDF417"},
	{'B', "0124", GW_SYM_CODE, "Telepen"},
	{'D', "1", GW_SYM_GS1, "Code One"},
	{'D', "0234567", GW_SYM_FREE, "Code One"},
	{'H', "013", GW_SYM_CODE, "Code 11"},
	{'K', "1", GW_SYM_GS1, "Code 16K"},
	{'K', "024", GW_SYM_CODE, "Code 16K"},
	{'M', "013", GW_SYM_CODE, "MSI"},
	{'N', "0", GW_SYM_CODE, "Anker"},
	{'O', "15", GW_SYM_GS1, "Codablock"},
	{'O', "046", GW_SYM_CODE, "Codablock"},
	{'P', "0", GW_SYM_CODE, "Plessey"},
	{'R', "013", GW_SYM_CODE, "2 of 5"},
	{'S', "013", GW_SYM_CODE, "2 of 5"},
	{'T', "1", GW_SYM_GS1, "Code 49"},
	{'T', "024", GW_SYM_CODE, "Code 49"},
	{'U', "0123", GW_SYM_FREE, "MaxiCode"},
	{'c', "0123456789", GW_SYM_CODE, "Channel Code"},
	{'g', "0123456789", GW_SYM_FREE, "Grid Matrix"},
	{'h', "0123456789", GW_SYM_FREE, "Han Xin Code"},
	{'o', "0123456789", GW_SYM_CODE, "OCR"},
	{'p', "0123456789", GW_SYM_CODE, "PosiCode"},
	{'r', "0123456789", GW_SYM_FREE, "other 2D"},
	{'s', "0123456789", GW_SYM_FREE, "SuperCode"},
	{'v', "0123456789", GW_SYM_FREE, "VeriCode"},
	{'Y', "0123456789", GW_SYM_OTHER, "system expansion"},
	{'Z', "0", GW_SYM_KEYED, "keyboard"},
	{'Z', "1234", GW_SYM_STRIPE, "magnetic stripe"},
	{'Z', "56789", GW_SYM_OTHER, "not a bar code"},
};

const struct gw_symbology *gw_symbology_find(char letter, char modifier)
{
	if (modifier == '\0')
		return NULL;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].letter == letter && strchr(table[i].modifiers, modifier) != NULL)
			return &table[i];
	return NULL;
}

/*
 * What makers put before the data when asked for their own code identifiers: the "Symbol" set of
 * Zebra, the Honeywell set, the Datalogic standard set.  letter is the first character sent; a
 * second one, where there is one, stands in modifiers.
 */
struct maker_row {
	char id[4];
	struct gw_symbology as;
};

static const struct maker_row zebra[] = {
	{"A", {'A', "", GW_SYM_RETAIL, "EAN/UPC"}},
	{"B", {'B', "", GW_SYM_CODE, "Code 39"}},
	{"C", {'C', "", GW_SYM_OTHER, "Codabar"}},
	{"D", {'D', "", GW_SYM_CODE, "Code 128"}},
	{"E", {'E', "", GW_SYM_CODE, "Code 93"}},
	{"F", {'F', "", GW_SYM_ITF, "ITF"}},
	{"G", {'G', "", GW_SYM_CODE, "2 of 5"}},
	{"H", {'H', "", GW_SYM_CODE, "Code 11"}},
	{"J", {'J', "", GW_SYM_CODE, "MSI"}},
	{"K", {'K', "", GW_SYM_GS1, "GS1-128"}},
	{"L", {'L', "", GW_SYM_BOOK, "Bookland"}},
	{"N", {'N', "", GW_SYM_OTHER, "coupon code"}},
	{"R", {'R', "", GW_SYM_GS1, "GS1 DataBar"}},
	{"T", {'T', "", GW_SYM_GS1, "GS1 composite"}},
	{"P00", {'P', "", GW_SYM_FREE, "Data Matrix"}},
	{"P01", {'P', "", GW_SYM_FREE, "QR Code"}},
	{"X", {'X', "", GW_SYM_OTHER, "PDF417"}},
	{"Z", {'Z', "", GW_SYM_FREE, "Aztec Code"}},
};

static const struct maker_row honeywell[] = {
	{"d", {'d', "", GW_SYM_EAN, "EAN-13"}},       {"D", {'D', "", GW_SYM_EAN8, "EAN-8"}},
	{"c", {'c', "", GW_SYM_RETAIL, "UPC-A"}},     {"E", {'E', "", GW_SYM_UPCE, "UPC-E"}},
	{"e", {'e', "", GW_SYM_ITF, "ITF"}},          {"j", {'j', "", GW_SYM_CODE, "Code 128"}},
	{"I", {'I', "", GW_SYM_GS1, "GS1-128"}},      {"y", {'y', "", GW_SYM_GS1, "GS1 DataBar"}},
	{"{", {'{', "", GW_SYM_GS1, "GS1 DataBar"}},  {"}", {'}', "", GW_SYM_GS1, "GS1 DataBar"}},
	{"b", {'b', "", GW_SYM_CODE, "Code 39"}},     {"i", {'i', "", GW_SYM_CODE, "Code 93"}},
	{"a", {'a', "", GW_SYM_OTHER, "Codabar"}},    {"s", {'s', "", GW_SYM_FREE, "QR Code"}},
	{"w", {'w', "", GW_SYM_FREE, "Data Matrix"}}, {"r", {'r', "", GW_SYM_OTHER, "PDF417"}},
};

static const struct maker_row datalogic[] = {
	{"B", {'B', "", GW_SYM_EAN, "EAN-13"}},    {"A", {'A', "", GW_SYM_EAN8, "EAN-8"}},
	{"C", {'C', "", GW_SYM_RETAIL, "UPC-A"}},  {"D", {'D', "", GW_SYM_UPCE, "UPC-E"}},
	{"N", {'N', "", GW_SYM_ITF, "ITF"}},       {"T", {'T', "", GW_SYM_CODE, "Code 128"}},
	{"V", {'V', "", GW_SYM_CODE, "Code 39"}},  {"U", {'U', "", GW_SYM_CODE, "Code 93"}},
	{"R", {'R', "", GW_SYM_OTHER, "Codabar"}},
};

const struct gw_symbology *gw_symbology_of_maker(enum gw_scan_code_ids maker, const char *p,
						 size_t len, size_t *used)
{
	static const struct {
		const struct maker_row *rows;
		size_t count;
	} makers[] = {
		[GW_CODE_IDS_ZEBRA] = {zebra, sizeof(zebra) / sizeof(zebra[0])},
		[GW_CODE_IDS_HONEYWELL] = {honeywell, sizeof(honeywell) / sizeof(honeywell[0])},
		[GW_CODE_IDS_DATALOGIC] = {datalogic, sizeof(datalogic) / sizeof(datalogic[0])},
	};

	if (maker == GW_CODE_IDS_NONE || len == 0)
		return NULL;
	for (size_t i = 0; i < makers[maker].count; i++) {
		const struct maker_row *row = &makers[maker].rows[i];
		size_t n = strlen(row->id);

		if (n <= len && memcmp(row->id, p, n) == 0) {
			*used = n;
			return &row->as;
		}
	}
	return NULL;
}
