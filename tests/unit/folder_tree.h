/* A temporary folder with folders and files in it, for tests of what lists them. */
#ifndef FTM_TEST_FOLDER_TREE_H
#define FTM_TEST_FOLDER_TREE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder_tree {
    char root[32];              /* a template of mkdtemp */
    const char *const *folders; /* a folder in front of what is in it; NULL behind the last */
    const char *const *files;   /* the same */
};

static inline void tree_path(char out[128], const struct folder_tree *t, const char *name)
{
    snprintf(out, 128, "%s/%s", t->root, name);
}

static inline void tree_write(const struct folder_tree *t, const char *name, const char *text)
{
    char path[128];
    tree_path(path, t, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static inline void tree_make(struct folder_tree *t)
{
    char path[128];
    if (!mkdtemp(t->root))
        abort();
    for (size_t i = 0; t->folders[i]; i++) {
        tree_path(path, t, t->folders[i]);
        if (mkdir(path, 0777) != 0)
            abort();
    }
    for (size_t i = 0; t->files[i]; i++)
        tree_write(t, t->files[i], "x");
}

/* 0, or -1 if something is left that is none of the tree's. */
static inline int tree_remove(const struct folder_tree *t)
{
    char path[128];
    size_t count = 0;
    for (size_t i = 0; t->files[i]; i++) {
        tree_path(path, t, t->files[i]);
        unlink(path);
    }
    while (t->folders[count])
        count++;
    while (count-- > 0) {
        tree_path(path, t, t->folders[count]);
        rmdir(path);
    }
    return rmdir(t->root);
}

#endif
