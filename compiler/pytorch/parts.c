/* The parts that a program uses. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"

void parts_import(struct parts *parts, const char *line)
{
    for (uint32_t i = 0; i < parts->imports.len; i++)
        if (!strcmp(parts->imports.at[i], line))
            return;
    vec_push(parts->arena, &parts->imports, line);
}

/* "same" of `from same import pad_same`; NULL of other lines. */
static const char *imported_module(struct arena *arena, const char *line)
{
    const char *name = str_begins_with(line, "from ") ? line + strlen("from ") : NULL;
    return name ? arena_strndup(arena, name, strcspn(name, " \n")) : NULL;
}

/* Takes the lines at the head of a part: comments, imports, blanks. What is left. */
static const char *take_head(struct parts *parts, const char *text)
{
    while (*text == '#' || *text == '\n' || str_begins_with(text, "import ") ||
           str_begins_with(text, "from ")) {
        const size_t length = strcspn(text, "\n");
        const char *line = arena_strndup(parts->arena, text, length);
        const char *module = imported_module(parts->arena, line);
        if (*line && *line != '#' && !(module && parts_use(parts, module)))
            parts_import(parts, line);
        text += length + (text[length] == '\n');
    }
    return text;
}

/* The last line that begins with a word at the margin. */
static const char *last_definition(const char *text, bool *is_class)
{
    const char *last = NULL;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (str_begins_with(line, "class ") || str_begins_with(line, "def ")) {
            last = line;
            *is_class = *line == 'c';
        }
    return last;
}

/* What stands between the brackets behind `at`. */
static const char *in_brackets(struct arena *arena, const char *at)
{
    const char *open = at ? strchr(at, '(') : NULL, *close = open ? strstr(open, "):") : NULL;
    return close ? arena_strndup(arena, open + 1, (size_t)(close - open - 1)) : NULL;
}

static struct part *read_part(struct parts *parts, const char *name)
{
    struct file_map map;
    if (!file_map_open(&map, arena_printf(parts->arena, "%s/%s.py", parts->folder, name)))
        return NULL;
    struct part *part = arena_new(parts->arena, struct part);
    part->name = name;
    part->text = arena_strndup(parts->arena, (const char *)map.data, map.size);
    file_map_close(&map);
    return part;
}

static void describe(struct arena *arena, struct part *part)
{
    const char *at = last_definition(part->text, &part->is_class);
    if (!at)
        return;
    const char *name = strchr(at, ' ') + 1;
    part->symbol = arena_strndup(arena, name, strcspn(name, "(:"));
    const char *parameters = in_brackets(arena, part->is_class ? strstr(at, "def __init__(") : at);
    part->parameters = parameters && strstr(parameters, "**") ? NULL : parameters;
}

const struct part *parts_use(struct parts *parts, const char *name)
{
    for (uint32_t i = 0; i < parts->used.len; i++)
        if (!strcmp(parts->used.at[i]->name, name))
            return parts->used.at[i];
    struct part *part = read_part(parts, name);
    if (!part)
        return NULL;
    part->text = take_head(parts, part->text);
    describe(parts->arena, part);
    vec_push(parts->arena, &parts->used, part);
    return part;
}

bool part_takes(const struct part *part, const char *argument)
{
    const size_t length = strlen(argument);
    for (const char *at = part->parameters; at && (at = strstr(at, argument)); at += length)
        if ((at == part->parameters || at[-1] == ' ') && strchr("=,", at[length]))
            return true;
    return false;
}

/* ---- imports ---- */

static bool is_others(const char *line)
{
    static const char *const packages[] = {"torch", "numpy", "PIL", "safetensors"};
    const char *name = strchr(line, ' ') + 1;
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
        if (str_begins_with(name, packages[i]) && strchr(" .", name[strlen(packages[i])]))
            return true;
    return false;
}

/* Modules before names from modules, each by the alphabet. */
static int by_kind_and_name(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return *x != *y ? (*x < *y) - (*x > *y) : strcmp(x, y);
}

void parts_print_imports(struct strbuf *out, const struct parts *parts)
{
    const uint32_t count = parts->imports.len;
    const char **lines = arena_array(parts->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        lines[i] = parts->imports.at[i];
    qsort(lines, count, sizeof *lines, by_kind_and_name);
    for (int others = 0; others < 2; others++) {
        uint32_t printed = 0;
        for (uint32_t i = 0; i < count; i++)
            if (is_others(lines[i]) == (others == 1)) {
                strbuf_addf(out, "%s\n", lines[i]);
                printed++;
            }
        strbuf_add(out, printed && !others ? "\n" : "");
    }
}
