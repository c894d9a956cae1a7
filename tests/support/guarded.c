#include "guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

enum { MARGIN = 0xA5, LEAST_MARGIN = 256 };

struct guarded guarded_new(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (bytes + LEAST_MARGIN + page - 1) / page * page;
    struct guarded g = {.bytes = bytes, .mapping_bytes = body + page};
    void *mapping =
        mmap(NULL, g.mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED || mprotect((unsigned char *)mapping + body, page, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(1);
    }
    madvise(mapping, body,
            MADV_HUGEPAGE); /* as programs' workspaces; where there are none it fails */
    g.mapping = mapping;
    g.at = g.mapping + body - bytes;
    memset(g.mapping, MARGIN, body - bytes);
    return g;
}

void guarded_free(struct guarded *g)
{
    if (g->mapping)
        munmap(g->mapping, g->mapping_bytes);
    *g = (struct guarded){0};
}

bool guarded_intact(const struct guarded *g)
{
    for (const unsigned char *p = g->mapping; p < g->at; p++)
        if (*p != MARGIN)
            return false;
    return true;
}
