/*
 * Data of an SSI packet, whose symbology stands as a number beside it.  UPC-A comes with 12 digits
 * and UPC-E as it is printed.
 */
#include <string.h>

#include "link/ssi_types.h"
#include "scan/frame.h"
#include "scan/parse.h"
#include "scan/symbology.h"

struct ssi_row {
	uint8_t type;
	uint8_t action; /* enum gw_sym_action */
	char letter, modifier;
	const char *name;
};

static const struct ssi_row rows[] = {
#define ROW(number, letter, modifier, action, name)                                                \
	{number, GW_SYM_##action, letter, modifier, name},
	GW_SSI_TYPES(ROW)
#undef ROW
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
	as = (struct gw_symbology){row->letter, "", (enum gw_sym_action)row->action, row->name};
	return gw_scan_decode_as(config, &as, (const char[]){']', row->letter, row->modifier, '\0'},
				 data, len, out, elements);
}
