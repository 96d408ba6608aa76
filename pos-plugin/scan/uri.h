/*
 * GS1 Digital Link (GS1 standard "Digital Link: URI Syntax", uncompressed): finds the key, its
 * qualifiers and attributes in a web address.  Any domain and any stem in front of the key will
 * do; the address is never resolved.  Private to scan/.
 */
#ifndef SCAN_URI_H
#define SCAN_URI_H

#include "scan/element.h"

/* True if p[0..len) begins with http:// or https:// in small or in capital letters. */
bool gw_uri_begins(const char *p, size_t len);

/*
 * Reads the link data[from..end) of the scan and fills the scan.  A link without a key is
 * GW_SCAN_URI.  GW_E_INPUT with a refusal: a character that may not stand in a link, no domain, or
 * as gw_element_finish.
 */
int gw_uri_decode(struct gw_scan_job *job, size_t from, size_t end);

#endif
