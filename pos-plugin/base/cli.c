#include "base/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ID_HELP = 0x7000, ID_VERSION, ID_HOME, ID_CONFIG, ID_JSON };

#define LONG_MAX_COUNT 80
#define HELP_COLUMNS   79
#define HELP_INDENT    29

static const struct gw_cli_option shared[] = {
	{ID_HOME, "home", "DIR", "where goeswith keeps its data (else $GOESWITH_HOME)"},
	{ID_CONFIG, "config", "FILE", "configuration instead of HOME/goeswith.conf"},
	{'v', "verbose", NULL, "say more on stderr"},
	{ID_HELP, "help", NULL, "print this and end"},
	{ID_VERSION, "version", NULL, "print the version and end"},
	{0},
};

static const struct gw_cli_option json_option = {ID_JSON, "json", NULL, "print JSON"};

/* Prints the words of a line from column `at` on, and goes on at `indent`; returns the column. */
static int put_words(const char *line, size_t len, int at, int indent)
{
	const char *end = line + len;
	int n;

	for (; line < end; line += n) {
		line += strspn(line, " ");
		n = (int)strcspn(line, " \n");
		if (n == 0 || line >= end)
			break;
		if (at + n >= HELP_COLUMNS && at > indent)
			at = printf("\n%*s", indent, "") - 1;
		at += printf("%s%.*s", at > indent ? " " : "", n, line);
	}
	return at;
}

static void print_option(const struct gw_cli_option *o)
{
	char left[64];
	int n = 0;

	if (o->id < 256)
		n = snprintf(left, sizeof(left), "-%c, ", o->id);
	else
		n = snprintf(left, sizeof(left), "    ");
	snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	n = printf("  %-26s ", left);
	(void)put_words(o->help, strlen(o->help), n, HELP_INDENT);
	putchar('\n');
}

/* Lines that begin with a blank stand as they are; the others are filled anew. */
static void print_about(const char *text)
{
	int at = 0;

	while (text != NULL) {
		const char *end = strchr(text, '\n');
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);

		if (len > 0 && text[0] != ' ') {
			at = put_words(text, len, at, 0);
		} else {
			printf("%s%.*s\n", at > 0 ? "\n" : "", (int)len, text);
			at = 0;
		}
		text = end != NULL ? end + 1 : NULL;
	}
	printf("%s\n", at > 0 ? "\n" : "");
}

static void print_usage(const struct gw_cli_program *p)
{
	const char *line = p->synopsis;

	for (bool first = true; line != NULL; first = false) {
		const char *end = strchr(line, '\n');
		size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
		int at = printf("%s%s", first ? "usage: " : "       ", p->name);

		(void)put_words(line, len, at, 11);
		putchar('\n');
		line = end != NULL ? end + 1 : NULL;
	}
	putchar('\n');
}

static void print_help(const struct gw_cli_program *p)
{
	print_usage(p);
	print_about(p->about);
	for (const struct gw_cli_option *o = p->options; o != NULL && o->name != NULL; o++)
		print_option(o);
	if (p->json)
		print_option(&json_option);
	for (const struct gw_cli_option *o = shared; o->name != NULL; o++)
		print_option(o);
}

static void add_letter(struct gw_cli *cli, const struct gw_cli_option *o)
{
	size_t n = strlen(cli->letters);

	if (o->id >= 256 || n + 3 > sizeof(cli->letters))
		return;
	cli->letters[n++] = (char)o->id;
	if (o->value != NULL)
		cli->letters[n++] = ':';
	cli->letters[n] = '\0';
}

struct gw_cli gw_cli_start(const struct gw_cli_program *program, int argc, char **argv)
{
	struct gw_cli cli = {.program = program, .argc = argc, .argv = argv, .letters = ":"};

	for (const struct gw_cli_option *o = program->options; o != NULL && o->name != NULL; o++)
		add_letter(&cli, o);
	add_letter(&cli, &shared[2]);
	/* Homes are shared by a group (register, sync): directories 0770, files 0660. */
	umask(0007);
	optind = 0; /* glibc: start anew, so that verbs can be parsed after their program */
	return cli;
}

static struct option long_form(const struct gw_cli_option *o)
{
	struct option f = {o->name, o->value != NULL ? required_argument : no_argument, NULL,
			   o->id};

	return f;
}

static void long_table(const struct gw_cli *cli, struct option table[LONG_MAX_COUNT])
{
	int n = 0;

	for (const struct gw_cli_option *o = cli->program->options; o != NULL && o->name != NULL;
	     o++)
		if (n < LONG_MAX_COUNT - 8)
			table[n++] = long_form(o);
	if (cli->program->json)
		table[n++] = long_form(&json_option);
	for (const struct gw_cli_option *o = shared; o->name != NULL; o++)
		table[n++] = long_form(o);
	memset(&table[n], 0, sizeof(table[n]));
}

static int finish(struct gw_cli *cli, int exit_status)
{
	cli->exit_status = exit_status;
	return -1;
}

/* Takes a shared option; returns 0 when it was one, its id when it is the program's own. */
static int take_shared(struct gw_cli *cli, int id)
{
	switch (id) {
	case ID_HOME:
		cli->home = optarg;
		return 0;
	case ID_CONFIG:
		cli->config = optarg;
		return 0;
	case ID_JSON:
		cli->json = true;
		return 0;
	case 'v':
		cli->verbose++;
		return 0;
	case ID_HELP:
		print_help(cli->program);
		return finish(cli, 0);
	case ID_VERSION:
		printf("%s %s\n", cli->program->name, GW_VERSION);
		return finish(cli, 0);
	default:
		return id;
	}
}

int gw_cli_next(struct gw_cli *cli, const char **value)
{
	struct option table[LONG_MAX_COUNT];

	*value = NULL;
	long_table(cli, table);
	for (;;) {
		int id = getopt_long(cli->argc, cli->argv, cli->letters, table, NULL);

		if (id == -1) {
			cli->first = optind;
			return 0;
		}
		if (id == ':')
			return finish(cli, gw_cli_usage(cli->program, "%s needs a value",
							cli->argv[optind - 1]));
		if (id == '?')
			return finish(cli, gw_cli_usage(cli->program, "no such option: %s",
							cli->argv[optind - 1]));
		id = take_shared(cli, id);
		if (id != 0) {
			*value = optarg;
			return id;
		}
	}
}

int gw_cli_fail(const struct gw_cli_program *program, const struct gw_err *err)
{
	fprintf(stderr, "%s: %s\n", program->name,
		err->text[0] != '\0' ? err->text : gw_status_text(err->code));
	return gw_status_exit(err->code);
}

int gw_cli_usage(const struct gw_cli_program *program, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry '%s --help'.\n", program->name);
	return gw_status_exit(GW_E_USAGE);
}

int gw_cli_number(const char *option, const char *text, long long least, long long most,
		  long long *out, struct gw_err *err)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *out < least || *out > most)
		return gw_err_set(err, GW_E_USAGE,
				  "%s takes a whole number from %lld to %lld, not \"%s\"", option,
				  least, most, text);
	return GW_OK;
}
