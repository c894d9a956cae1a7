/* Pages: HTML that is one file, loads nothing and runs nothing. Texts from outside are escaped where they are written. */
#ifndef FTMRT_PAGE_HTML_H
#define FTMRT_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes markup with values in it. Of the conversions of printf there are %d, %lld, %zu, %.Nf, %.Ng, %% and %s, whose text is escaped. */
void html(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text from outside, for content and for attributes in double quotes: characters that mean something to HTML are escaped, and what is no
 * UTF-8, or a control character, becomes U+FFFD. */
void html_text(FILE *out, const char *text);

/* The beginning of a page, with its style; and its end. */
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* A picture of the bytes of a PNG file, at a size on the page; alt: what stands in its place; pixels: it is shown larger than it is, each pixel
 * as a square. */
void html_png(FILE *out, const unsigned char *bytes, size_t size, int width, int height,
              const char *alt, bool pixels);

/* Writes the style of all pages. */
void page_style(FILE *out);

#endif
