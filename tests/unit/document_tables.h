/* Tables of a document that are printed from rows: a test holds the document to them, and with an argument its program prints them. */
#ifndef FTM_TEST_DOCUMENT_TABLES_H
#define FTM_TEST_DOCUMENT_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "file.h"

struct document_tables {
    const char *document;
    const char *first_line, *last_line; /* what the tables stand between */
    const char *(*text)(struct arena *arena);
};

static inline void assert_document_has(const struct document_tables *t)
{
    struct arena arena;
    struct file_map m;
    arena_init(&arena, "test");
    assert_true(file_map_open(&m, t->document));
    const char *text = arena_strndup(&arena, (const char *)m.data, m.size);
    file_map_close(&m);
    const char *first = strstr(text, t->first_line), *last = strstr(text, t->last_line);
    assert_non_null(first);
    assert_non_null(last);
    first += strlen(t->first_line);
    assert_string_equal(arena_strndup(&arena, first, (size_t)(last - first)), t->text(&arena));
    arena_clear(&arena);
}

static inline int print_document_tables(const struct document_tables *t)
{
    struct arena arena;
    arena_init(&arena, "tables");
    fputs(t->text(&arena), stdout);
    arena_clear(&arena);
    return 0;
}

#endif
