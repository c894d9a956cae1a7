#include "phase_words.h"

#include <math.h>
#include <stdio.h>

#include "best_epoch.h"

/* How scores of a recipe's `best` are printed. */
struct score_form {
    const char *word;    /* what they are */
    double unit;         /* what a score is times for people */
    const char *percent; /* behind one, */
    const char *points;  /* and behind the difference of two */
    int digits;
};

static struct score_form form_of(const struct trainer *t)
{
    struct score_form f = {0};
    f.word = best_epoch_word(&t->session->config, &f.unit);
    f.percent = f.unit < 0 ? "" : " %";
    f.points = f.unit < 0 ? "" : " points";
    f.digits = f.unit < 0 ? 4 : 2;
    return f;
}

/* "accuracy in validation up to 92.70 % (epoch 5), 1.20 points better than before it" */
static void print_reached(const struct trainer *t, const struct phase_result *r)
{
    const struct score_form f = form_of(t);
    const double gain = fabs(f.unit) * (r->highest - r->before);
    printf("%s in validation %s to %.*f%s (epoch %lld)", f.word, f.unit < 0 ? "down" : "up",
           f.digits, f.unit * r->highest, f.percent, (long long)r->highest_epoch);
    if (isfinite(r->before))
        printf(", %.*f%s %s than before it", f.digits, fabs(gain), f.points,
               gain >= 0 ? "better" : "worse");
}

void phase_words_done(const struct trainer *t, const struct phase_result *r)
{
    printf("phase %s: ", r->ended->name);
    if (!t->validation.count)
        printf("done");
    else if (!r->highest_epoch)
        printf("no epoch has a finite loss in validation");
    else
        print_reached(t, r);
    if (r->stopped)
        printf("; stopped behind epoch %lld", (long long)r->epoch);
    printf("\n");
    fflush(stdout);
}

void phase_words_gain(const struct trainer *t)
{
    const struct progress *p = &t->progress;
    const int64_t last = (int64_t)t->phase_count - 1;
    if (!last || !t->validation.count || !p->best_epoch || p->phase != last)
        return;
    const struct score_form f = form_of(t);
    const char *name = t->phases[last].name, *kept = t->phases[p->best_phase].name;
    if (p->best_phase < last)
        printf("phase %s gained nothing in validation: kept are the weights of phase %s, epoch "
               "%lld, %s %.*f%s\n",
               name, kept, (long long)p->best_epoch, f.word, f.digits, f.unit * p->best, f.percent);
    else
        printf("phase %s gained %.*f%s in validation over what was before it: kept is its epoch "
               "%lld, %s %.*f%s\n",
               name, f.digits, fabs(f.unit * (p->best - p->phase_before)), f.points,
               (long long)p->best_epoch, f.word, f.digits, f.unit * p->best, f.percent);
}
