#include "training_failure.h"

#include "report.h"
#include "split_file.h"

static char *of_input(const struct trainer *t)
{
    char number[SPLIT_NUMBER];
    return app_format("the loss is not finite at step %lld: sample %s of %s has values that are "
                      "not finite",
                      (long long)t->last.step,
                      split_file_name(t->train.source, t->broken.sample, number),
                      t->train.source->name);
}

char *training_failure(const struct trainer *t)
{
    const struct step_result *last = &t->last;
    const long long step = (long long)last->step;
    if (t->broken.state)
        return app_format("'%s' is not finite after step %lld: the update made it so; lower the "
                          "learning rate (it is %g)",
                          t->broken.state->name, step, last->lr);
    switch (t->broken.cause) {
    case CAUSE_INPUT: return of_input(t);
    case CAUSE_LAST:
        return app_format("the loss is not finite behind step %lld: its update made the weights "
                          "too large; lower the learning rate (it is %g)",
                          step, last->lr);
    case CAUSE_SIZE:
        return app_format("the loss is not finite at step %lld, before any update: inputs and "
                          "weights are, so their numbers are too large; look at the scale of "
                          "`normalize`",
                          step);
    case CAUSE_UPDATE: break;
    }
    return app_format("the loss is not finite at step %lld: the updates before it made the "
                      "weights too large; lower the learning rate (it is %g)",
                      step, last->lr);
}
