/*
 * config_text.h: the text of a configuration file with its includes in place.
 */
#ifndef BASE_CONFIG_TEXT_H
#define BASE_CONFIG_TEXT_H

#include "base/bytes.h"
#include "base/error.h"

/* From this line of the whole on, lines are those of files[file] from file_line on. */
struct config_piece {
	unsigned line;
	unsigned file_line;
	size_t file;
};

struct config_text {
	struct buffer bytes; /* NUL-terminated, holds no NUL */
	unsigned lines;      /* the line the next byte goes to, from 1 */
	struct config_piece *pieces;
	size_t pieces_len, pieces_size;
	char **files; /* files[0] is the one that was asked for */
	size_t files_len, files_size;
};

/* What a file is to hold: it is read instead of the file of that path, as it is named here or
 * where it is included. */
struct config_draft {
	const char *path;
	struct span text;
};

/* On failure text is empty again. draft may be NULL. */
int config_text_read(const char *path, const struct config_draft *draft, struct config_text *text,
		     struct error *err);
void config_text_done(struct config_text *text);

/* The file and line that a line of the whole came from. */
const char *config_text_where(const struct config_text *text, unsigned line, unsigned *ret_line);

/* A line of the whole, without its line end. */
struct span config_text_line(const struct config_text *text, unsigned line);

#endif
