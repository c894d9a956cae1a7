#include "trial_checkpoint.h"

#include <stdlib.h>
#include <unistd.h>

#include "report.h"
#include "trainer.h"

#define CHECKPOINT_SECONDS 300.0
#define CHECKPOINT_SHARE   0.01

void trial_checkpoint_open(struct trial_checkpoint *c, const char *folder,
                           const struct run_identity *identity, int64_t round, int64_t trial,
                           int64_t training)
{
    char *name = app_format("%s/trial-%lld-%lld-%lld", folder, (long long)round, (long long)trial,
                            (long long)training);
    *c = (struct trial_checkpoint){.states = app_format("%s.safetensors", name),
                                   .best = app_format("%s.best", name),
                                   .identity = *identity,
                                   .next = trainer_clock() + CHECKPOINT_SECONDS};
    free(name);
}

void trial_checkpoint_close(struct trial_checkpoint *c)
{
    free(c->states);
    free(c->best);
    *c = (struct trial_checkpoint){0};
}

bool trial_checkpoint_due(const struct trial_checkpoint *c) { return trainer_clock() >= c->next; }

/* The best weights come first: those of a later epoch than the states' are found again, the others would be lost. */
bool trial_checkpoint_save(struct trial_checkpoint *c, const struct session *s,
                           const struct progress *p, const struct weight_snapshot *best)
{
    const double begin = trainer_clock();
    const bool ok = (p->best_epoch == c->best_epoch || weight_snapshot_write(best, s, c->best)) &&
                    checkpoint_save(s, p, &c->identity, c->states);
    c->best_epoch = p->best_epoch;
    const double end = trainer_clock(), pause = (end - begin) / CHECKPOINT_SHARE;
    c->next = end + (CHECKPOINT_SECONDS > pause ? CHECKPOINT_SECONDS : pause);
    return ok;
}

bool trial_checkpoint_take(struct trial_checkpoint *c, struct session *s, struct progress *p,
                           struct weight_snapshot *best, bool *found)
{
    struct progress start = *p;
    *found = access(c->states, F_OK) == 0;
    if (!*found)
        return true;
    if (!checkpoint_load(s, p, &c->identity, c->states))
        return false;
    if (!p->best_epoch || weight_snapshot_read(best, s, c->best)) {
        c->best_epoch = p->best_epoch;
        return true;
    }
    *p = start;
    *found = false;
    return session_restart(s);
}

void trial_checkpoint_remove(const struct trial_checkpoint *c)
{
    unlink(c->states);
    unlink(c->best);
}
