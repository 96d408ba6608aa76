/*
 * Parsers of the numbers printed below bars.  Each takes data[from..end) of the scan, all of it,
 * and fills the scan; GW_E_INPUT with a refusal when it is something else.  Private to scan/.
 */
#ifndef SCAN_RETAIL_H
#define SCAN_RETAIL_H

#include "scan/parse.h"

/* EAN-13; also UPC-A of 12 digits and UPC-E of 8, as some makers send them. */
int gw_retail_ean(struct gw_scan_job *job, size_t from, size_t end);
int gw_retail_ean8(struct gw_scan_job *job, size_t from, size_t end);
/* UPC-E of n = 6, 7 or 8 digits. */
int gw_retail_upce(struct gw_scan_job *job, size_t from, size_t n);
/* An EAN-13 or UPC-A with 2 or 5 digits of add-on behind it. */
int gw_retail_joined(struct gw_scan_job *job, size_t from, size_t end);
/* An add-on alone; digits is 2 or 5. */
int gw_retail_addon(struct gw_scan_job *job, size_t from, size_t end, size_t digits);
/* Any EAN or UPC, told by its length. */
int gw_retail_any(struct gw_scan_job *job, size_t from, size_t end);
/* ITF-14, or an internal code; cut: the scanner has taken the check digit off. */
int gw_retail_itf(struct gw_scan_job *job, size_t from, size_t end, bool cut);
/* ISBN-10 of a Bookland symbol, or an internal code. */
int gw_retail_book(struct gw_scan_job *job, size_t from, size_t end);
/* Data without a symbology identifier: a GTIN, a GTIN with add-on, or an internal code. */
int gw_retail_bare(struct gw_scan_job *job, size_t from, size_t end);

#endif
