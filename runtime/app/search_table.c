#include "search_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "best_epoch.h"

struct search_table search_table_of(const struct search_space *space, const struct config *c,
                                    bool rounds)
{
    struct search_table t = {.space = space, .rounds = rounds};
    t.score = best_epoch_word(c, &t.unit);
    if (!strcmp(t.score, "loss"))
        t.score = NULL;
    return t;
}

enum { LEAST_WIDTH = 9 };

static int width_of(const struct search_axis *a)
{
    const int length = (int)strlen(a->path);
    return length > LEAST_WIDTH ? length : LEAST_WIDTH;
}

void search_table_head(const struct search_table *t)
{
    printf("trial");
    for (uint32_t i = 0; i < t->space->count; i++)
        printf("  %*s", width_of(&t->space->axes[i]), t->space->axes[i].path);
    printf(t->rounds ? "  round   epoch" : "  epoch");
    if (t->score)
        printf("  %*s", LEAST_WIDTH, t->score);
    printf("      loss%s\n", t->space->repeat > 1 ? "  deviation" : "");
    fflush(stdout);
}

void search_table_row(const struct search_table *t, const struct trial *trial)
{
    printf("%5lld", (long long)trial->number);
    for (uint32_t i = 0; i < t->space->count; i++) {
        char *text = search_value_text(trial->values[i]);
        printf("  %*s", width_of(&t->space->axes[i]), text);
        free(text);
    }
    if (t->rounds)
        printf("  %5lld", (long long)trial->round);
    if (trial->failure) {
        printf("  failed: %s", trial->failure);
        return;
    }
    if (t->rounds)
        printf("  %3lld/%-2lld", (long long)trial->epoch, (long long)trial->epochs);
    else
        printf("  %5lld", (long long)trial->epoch);
    if (t->score) {
        const int width = (int)strlen(t->score);
        printf("  %*.2f %%", width > LEAST_WIDTH ? width - 2 : LEAST_WIDTH - 2,
               t->unit * trial->score);
    }
    printf(trial->loss < 1000 ? "  %8.4f" : "  %8.2e", trial->loss);
    if (t->space->repeat > 1)
        printf("  %9.4f", t->score ? t->unit * trial->deviation : trial->deviation);
}

void search_table_ranks(const struct search_table *t, struct trial *trials, int64_t count)
{
    qsort(trials, (size_t)count, sizeof *trials, trial_compare);
    printf("\nby what they reached in validation:\n");
    search_table_head(t);
    for (int64_t i = 0; i < count; i++) {
        search_table_row(t, &trials[i]);
        printf("\n");
    }
}
