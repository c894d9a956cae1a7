/* What a step changes, for `--selftest`: of each state that the optimizer keeps, or else that it trains, the product of its values behind the
 * step with a direction, and the length of what has changed.
 *
 * Only what roundings cannot move far is kept. A gradient that is 0 but for them says nothing, and where a value stands at a kink, on either side
 * of which its gradient is another one, two correct programs differ. Such states are found by computing the step again, twice, with every
 * value rounded to some 1e-6 of itself. */
#include <math.h>
#include <string.h>

#include "finetune.h"
#include "network.h"
#include "pass.h"
#include "selftest_samples.h"

/* The step at hand. */
struct step_run {
    struct compilation *c;
    const struct program *compiled;
    const struct graph *train;
    uint32_t samples;
};

/* ---- runs ---- */

/* How a value is brought to this many binary places: rint or trunc. What is brought there already stays, so that copies stay equal, and the
 * greatest of some values one of them. */
enum { PLACES = 20 };
typedef double rounding(double x);

struct disturbance {
    rounding *to;
};

static void disturb(void *context, const struct node *n, struct tensor *value)
{
    const struct disturbance *by = context;
    (void)n;
    for (int64_t i = 0; i < shape_elements(&value->shape, 1); i++) {
        int exponent;
        const double mantissa = frexp(value->data[i], &exponent);
        value->data[i] = ldexp(by->to(ldexp(mantissa, PLACES)), exponent - PLACES);
    }
}

/* The states behind the step. */
static const struct tensor *states_after(const struct step_run *s, struct arena *arena,
                                         rounding *to)
{
    const uint64_t seed = (uint64_t)recipe_integer(s->c->recipe, FTMRT_PARAM_finetune_seed);
    struct disturbance by = {to};
    struct interp *in = selftest_interpreter(s->c, arena);
    in->keys = (struct draw_keys){.seed = seed, .step = 1};
    in->computed = to ? disturb : NULL;
    in->context = &by;
    struct arena scratch;
    arena_init(&scratch, "selftest");
    struct tensor *outputs = arena_array(&scratch, struct tensor, s->train->outputs.len);
    interp_run(in, &scratch, s->train, s->samples,
               selftest_inputs(&scratch, s->c, s->train, 0, s->samples), outputs, NULL);
    arena_clear(&scratch);
    return in->states;
}

/* ---- changes ---- */

/* Whether an optimizer keeps something for a parameter: that follows from the gradient more smoothly than the parameter does, which may
 * go by the gradient's sign alone. */
static bool has_slot(const struct program *p, const struct state *s)
{
    const size_t length = strlen(s->name);
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *slot = &p->states.at[i];
        if (slot->kind == FTMRT_STATE_SLOT && !strncmp(slot->name, s->name, length) &&
            slot->name[length] == '/')
            return true;
    }
    return false;
}

static struct ftmrt_selftest_state change_of(const struct step_run *s, uint32_t state,
                                             const struct tensor *before, const struct tensor *now)
{
    const char *name = s->c->program->states.at[state].name;
    struct ftmrt_selftest_state out = {.state = program_find_state(s->compiled, name)};
    for (int64_t i = 0; i < shape_elements(&now[state].shape, 1); i++) {
        const double d = now[state].data[i] - before[state].data[i];
        out.projection += network_selftest_direction(name, i) * now[state].data[i];
        out.norm += d * d;
    }
    out.norm = sqrt(out.norm);
    return out;
}

/* A change so short may not have the f32 values that it is made of. */
static const double shortest = 1e-30;

/* Whether the other runs say nearly the same. */
static bool is_steady(const struct step_run *s, uint32_t state, const struct tensor *before,
                      const struct tensor *const others[2],
                      const struct ftmrt_selftest_state *change)
{
    for (int i = 0; i < 2; i++) {
        const struct ftmrt_selftest_state other = change_of(s, state, before, others[i]);
        if (!(fabs(other.projection - change->projection) <= 1e-3 * change->norm) ||
            !(fabs(other.norm - change->norm) <= 1e-3 * change->norm))
            return false;
    }
    return change->norm > shortest;
}

void selftest_step(struct arena *arena, const struct program *compiled, struct compilation *again,
                   struct ftmrt_selftest *out)
{
    const struct pass_options until = {.stop_after = "backward"};
    struct step_run s = {.c = again,
                         .compiled = compiled,
                         .train = selftest_function(again->program, FTMRT_ENTRY_TRAIN)};
    const int64_t batch = recipe_integer(again->recipe, FTMRT_PARAM_finetune_batch);
    if (!s.train || again->recipe->teachers.len || !passes_run(again->program, &until))
        return;
    s.samples = batch < SELFTEST_SAMPLES ? (uint32_t)batch : SELFTEST_SAMPLES;
    const struct tensor *before = selftest_interpreter(again, &again->arena)->states,
                        *now = states_after(&s, &again->arena, NULL);
    const struct tensor *const others[2] = {states_after(&s, &again->arena, rint),
                                            states_after(&s, &again->arena, trunc)};
    const struct program *p = again->program;
    struct ftmrt_selftest_state *step =
        arena_array(arena, struct ftmrt_selftest_state, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        if (p->states.at[i].type.dtype != FTMRT_F32 || has_slot(p, &p->states.at[i]))
            continue;
        step[out->step_count] = change_of(&s, i, before, now);
        out->step_count += is_steady(&s, i, before, others, &step[out->step_count]);
    }
    out->step_samples = s.samples;
    out->step = step;
}
