/*
 * Judges bracketed element strings, one a line: "ok", or zint's own words.  Also "ean DIGITS" and
 * "upce DIGITS", which print the number with the check digit that zint computes.
 */
#include <stdio.h>
#include <string.h>
#include <zint.h>

static int encode(int symbology, int mode, const char *text, char *out, size_t size)
{
	struct zint_symbol *symbol = ZBarcode_Create();
	int status;

	symbol->symbology = symbology;
	symbol->input_mode = mode;
	status = ZBarcode_Encode(symbol, (const unsigned char *)text, (int)strlen(text));
	snprintf(out, size, "%s", status == 0 ? (const char *)symbol->text : symbol->errtxt);
	ZBarcode_Delete(symbol);
	return status;
}

int main(void)
{
	char line[4096], out[512];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "ean ", 4) == 0) {
			encode(BARCODE_EANX, DATA_MODE, line + 4, out, sizeof(out));
			puts(out);
		} else if (strncmp(line, "upce ", 5) == 0) {
			encode(BARCODE_UPCE, DATA_MODE, line + 5, out, sizeof(out));
			puts(out);
		} else {
			int status = encode(BARCODE_DATAMATRIX, GS1_MODE | GS1PARENS_MODE, line,
					    out, sizeof(out));

			puts(status == 0 ? "ok" : out);
		}
	}
	return 0;
}
