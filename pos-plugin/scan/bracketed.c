/* Element strings as people write them: "(01)09501101530003(10)AB12". */
#include <string.h>

#include "scan/element.h"

static int parse(struct gw_scan_job *job, struct gw_element_list *list, char *room)
{
	const char *data = job->data;
	size_t at = 0;

	while (at < job->len) {
		const char *close = memchr(data + at, ')', job->len - at);
		struct gw_element e = {.value = room};
		unsigned number;
		size_t digits;
		int status;

		if (data[at] != '(' || close == NULL)
			return gw_scan_refuse(job->out, (int)at, "expected (AI)value");
		digits = (size_t)(close - data) - at - 1;
		e.ai = gw_ai_find(data + at + 1, digits, &number);
		if (e.ai == NULL || e.ai->numbers.digits != digits)
			return gw_scan_refuse(job->out, (int)at + 1,
					      "no such application identifier");
		at += digits + 2;
		e.number = (uint16_t)number;
		e.at = (uint16_t)at;
		for (; at < job->len && data[at] != '('; at++) {
			if (data[at] == '\\' && at + 1 < job->len && data[at + 1] == '(')
				at++;
			*room++ = data[at];
		}
		e.len = (uint16_t)(room - e.value);
		status = gw_element_add(job, list, &e);
		if (status != GW_OK)
			return status;
	}
	return GW_OK;
}

int gw_scan_decode_bracketed(const struct gw_scan_config *config, const char *text, size_t len,
			     struct gw_scan *out, struct gw_scan_elements *elements)
{
	static const struct gw_scan_config plain = {0};
	struct gw_scan_job job = {config != NULL ? config : &plain, text, len, NULL, elements};
	struct gw_element_list list;
	char room[GW_SCAN_DATA_MAX];
	int status;

	job.out = out;
	gw_scan_clear(out);
	if (elements != NULL)
		elements->count = 0;
	if (len == 0)
		return gw_scan_refuse(out, -1, "nothing was scanned");
	if (len > GW_SCAN_DATA_MAX)
		return gw_scan_refuse(out, GW_SCAN_DATA_MAX, "longer than %d bytes",
				      GW_SCAN_DATA_MAX);
	list.count = 0;
	list.fault = false;
	status = parse(&job, &list, room);
	return status == GW_OK ? gw_element_finish(&job, &list) : status;
}
