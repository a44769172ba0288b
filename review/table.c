/*
 * table.c: libsmartcols, behind five functions.
 *
 * On a terminal lines are as wide as it is and the columns that may be are
 * cut; elsewhere nothing is. Rows are printed in pages (table_flush), so that
 * memory does not grow with the store; a page's columns are as wide as its
 * own text. Text must be safe already: libsmartcols would escape backslashes
 * a second time.
 */
#include "review/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

struct table {
	struct libscols_table *lines;
	struct libscols_line *row;
	size_t cell;
	bool printed;
};

static void
out_of_memory(void)
{
	(void)fprintf(stderr, "ndrq: out of memory\n");
	abort();
}

struct table *
table_new(const struct table_column *columns)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->lines = scols_new_table();
	if (table->lines == NULL)
		out_of_memory();
	(void)scols_table_enable_noencoding(table->lines, 1);
	for (; columns->heading != NULL; columns++) {
		int flags =
			(columns->right ? SCOLS_FL_RIGHT : 0) | (columns->cut ? SCOLS_FL_TRUNC : 0);

		if (scols_table_new_column(table->lines, columns->heading, columns->cut ? 0.2 : 1,
					   flags) == NULL)
			out_of_memory();
	}
	return table;
}

void
table_freep(struct table **table)
{
	if (*table == NULL)
		return;
	scols_unref_table((*table)->lines);
	free(*table);
	*table = NULL;
}

void
table_add_row(struct table *table)
{
	table->row = scols_table_new_line(table->lines, NULL);
	if (table->row == NULL)
		out_of_memory();
	table->cell = 0;
}

void
table_add_cell_take(struct table *table, char *text)
{
	if (scols_line_refer_data(table->row, table->cell++, text) != 0)
		out_of_memory();
}

void
table_flush(struct table *table)
{
	if (scols_table_is_empty(table->lines))
		return;
	(void)scols_table_enable_noheadings(table->lines, table->printed);
	(void)scols_print_table(table->lines);
	scols_table_remove_lines(table->lines);
	table->row = NULL;
	table->printed = true;
}
