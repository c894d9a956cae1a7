#include "folder_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "folder_walk.h"

static const struct {
    const char *name;
    enum folder_part part;
} words[] = {
    {"train", PART_TRAIN},      {"training", PART_TRAIN},        {"val", PART_VALIDATION},
    {"valid", PART_VALIDATION}, {"validation", PART_VALIDATION}, {"validate", PART_VALIDATION},
    {"eval", PART_VALIDATION},  {"dev", PART_VALIDATION},        {"test", PART_TEST},
    {"testing", PART_TEST}};

enum { WORDS = sizeof words / sizeof *words };

enum folder_part folder_part_of(const char *name)
{
    for (size_t i = 0; i < WORDS; i++)
        if (!strcasecmp(words[i].name, name))
            return words[i].part;
    return PART_COUNT;
}

/* A second folder for one part, or one for none, ends the walk. */
static bool take(void *context, const char *name)
{
    struct folder_parts *p = context;
    const enum folder_part part = folder_part_of(name);
    if (part == PART_COUNT || *p->names[part])
        return false;
    snprintf(p->names[part], sizeof p->names[part], "%s", name);
    return true;
}

bool folder_parts_find(struct folder_parts *p, const char *root)
{
    struct folder_walk walk = {.entry = take, .context = p};
    *p = (struct folder_parts){0};
    return folder_walk_folders(&walk, root) && *p->names[PART_TRAIN] &&
           (*p->names[PART_VALIDATION] || *p->names[PART_TEST]);
}

/* The part that is looked for, and what its folder is called. */
struct part_search {
    enum folder_part part;
    char *name;
};

static bool take_part(void *context, const char *name)
{
    const struct part_search *search = context;
    if (folder_part_of(name) != search->part)
        return true;
    snprintf(search->name, 16, "%s", name);
    return false;
}

bool folder_part_find(const char *root, enum folder_part part, char name[16])
{
    struct part_search search = {part, name};
    struct folder_walk walk = {.entry = take_part, .context = &search};
    name[0] = '\0';
    (void)folder_walk_folders(&walk, root);
    return name[0] != '\0';
}
