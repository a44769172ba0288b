/*
 * table.h: rows in columns, as wide as the terminal.
 */
#ifndef REVIEW_TABLE_H
#define REVIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table;

struct table_column {
	const char *heading;
	bool right, cut;
};

/* columns is an array that ends with a NULL heading. */
struct table *table_new(const struct table_column *columns);
void table_freep(struct table **table);

/* Begins a row; then its cells from left to right. The text is taken over. */
void table_add_row(struct table *table);
void table_add_cell_take(struct table *table, char *text);

/* Prints the rows there are, the headings only the first time, and forgets them. */
void table_flush(struct table *table);

#endif
