#include "tools/mine/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"

int gw_out_open(struct gw_out *out, const char *path, struct gw_err *err)
{
	memset(out, 0, sizeof(*out));
	out->to = stdout;
	if (path == NULL || strcmp(path, "-") == 0)
		return GW_OK;
	if (strlen(path) >= sizeof(out->path))
		return gw_err_set(err, GW_E_USAGE, "%s: path too long", path);
	snprintf(out->path, sizeof(out->path), "%s", path);
	snprintf(out->beside, sizeof(out->beside), "%s%s", path,
		 gw_file_may_replace(path) ? ".part" : "");
	out->to = fopen(out->beside, "we");
	if (out->to == NULL)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno, "%s",
				    out->beside);
	return GW_OK;
}

int gw_out_close(struct gw_out *out, bool keep, struct gw_err *err)
{
	bool good, in_place;

	if (out->to == NULL)
		return GW_OK;
	good = fflush(out->to) == 0 && !ferror(out->to);
	if (out->to == stdout)
		return good || !keep ? GW_OK
				     : gw_err_errno(err, GW_E_STORAGE, errno, "standard output");
	in_place = strcmp(out->beside, out->path) == 0;
	if (keep && good && !in_place)
		good = fsync(fileno(out->to)) == 0;
	if (fclose(out->to) != 0)
		good = false;
	out->to = NULL;
	if (keep && good && (in_place || rename(out->beside, out->path) == 0))
		return GW_OK;
	if (keep)
		gw_err_errno(err, GW_E_STORAGE, errno, "%s", out->path);
	if (!in_place)
		unlink(out->beside);
	return keep ? GW_E_STORAGE : GW_OK;
}

void gw_csv_put(FILE *to, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

static char *put_number(char *to, uint64_t n, char before)
{
	char room[24], *p = room + sizeof(room);
	size_t len;

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	*--p = before;
	len = (size_t)(room + sizeof(room) - p);
	memcpy(to, p, len);
	return to + len;
}

static char *put_code(char *to, const struct gw_tsv *t, uint32_t item, char behind)
{
	size_t len = gw_dict_len(&t->sales->items, item);

	memcpy(to, gw_dict_text(&t->sales->items, item), len);
	to[len] = behind;
	return to + len + 1;
}

/* The numbers behind antecedent and consequent, and the line's end. */
static char *put_counts(char *p, const struct gw_tsv *t, const struct gw_counts *c)
{
	p = put_number(p, c->n_xy, '\t');
	p = put_number(p, c->n_x, '\t');
	p = put_number(p, c->n_y, '\t');
	p = put_number(p, c->n, '\t');
	if (t->measure != NULL)
		p += snprintf(p, 24, "\t%.10g", t->measure(c));
	*p++ = '\n';
	return p;
}

void gw_tsv_category(const struct gw_tsv *t, uint32_t category, uint32_t item,
		     const struct gw_counts *c)
{
	char line[5 * 24], *p = put_counts(line, t, c);

	fprintf(t->to, "category:%s\t%s", gw_dict_text(&t->sales->categories, category),
		gw_dict_text(&t->sales->items, item));
	fwrite(line, 1, (size_t)(p - line), t->to);
}

int gw_tsv_rule(void *ctx, const struct gw_mined_rule *rule)
{
	const struct gw_tsv *t = ctx;
	const struct gw_order *order = t->sets->order;
	struct gw_counts c = gw_rule_counts(t->sets, gw_sales_baskets(t->sales), rule);
	char line[GW_SET_MAX * (GW_ITEM_CODE_MAX + 1) + 5 * 24], *p = line;
	uint32_t item[GW_ANTECEDENT_MAX];

	for (int i = 0; i < rule->len; i++) {
		uint32_t next = order->item_of[rule->antecedent[i]];
		int at = i;

		for (; at > 0 && strcmp(gw_dict_text(&t->sales->items, item[at - 1]),
					gw_dict_text(&t->sales->items, next)) > 0;
		     at--)
			item[at] = item[at - 1];
		item[at] = next;
	}
	for (int i = 0; i < rule->len; i++)
		p = put_code(p, t, item[i], i + 1 < rule->len ? ' ' : '\t');
	p = put_code(p, t, order->item_of[rule->consequent], '\t') - 1;
	p = put_counts(p, t, &c);
	return fwrite_unlocked(line, 1, (size_t)(p - line), t->to) > 0 ? GW_OK : GW_E_STORAGE;
}
