/*
 * GS1 element strings: splits them at their identifiers, checks every value, and puts what a till
 * acts on into the scan.  Shared by the element string, bracketed text and Digital Link parsers;
 * private to scan/.
 *
 * A faulty element is left out with a warning, and the parser goes on behind it.  A faulty (01), or
 * faults in a scan that ends up without a product, refuse the scan.
 */
#ifndef SCAN_ELEMENT_H
#define SCAN_ELEMENT_H

#include "scan/ai.h"
#include "scan/parse.h"

struct gw_element {
	const struct gw_ai *ai;
	const char *value; /* borrowed */
	uint16_t number, len;
	uint16_t at; /* of the value in the scan */
};

struct gw_element_list {
	int count;
	bool fault; /* an element was left out, or two do not go together */
	struct gw_element list[GW_SCAN_ELEMENTS_MAX];
};

/* Writes the digits of an identifier ("01", "3103") and returns text. */
char *gw_ai_text(char text[5], const struct gw_ai *ai, unsigned number);

/*
 * Checks an element and adds it if it is good.  GW_OK, also for a faulty one, which becomes a
 * warning; GW_E_INPUT with a refusal for a faulty GTIN, or when there are too many.
 */
int gw_element_add(struct gw_scan_job *job, struct gw_element_list *list,
		   const struct gw_element *element);

/* Adds a warning about an element and marks the list as faulty. */
void gw_element_warn(struct gw_scan_job *job, struct gw_element_list *list,
		     enum gw_scan_warning_code code, const char *ai, size_t at);

/* Reads data[from..end) of the scan into the list. */
int gw_element_parse(struct gw_scan_job *job, struct gw_element_list *list, size_t from,
		     size_t end);

/*
 * Judges the list as a whole (repeated, excluded and missing elements), and fills the scan.
 * GW_E_INPUT with a refusal: two different GTINs, or faults and no product.
 */
int gw_element_finish(struct gw_scan_job *job, struct gw_element_list *list);

#endif
