/* The text of --emit=schedule:
 *
 *     schedule digits batch 32 shards 4 {
 *       workspace 1234 = states 100 + arena 1000 + scratch 134
 *       constants 5000
 *       state @fc.weight : f32[10, 1280, 1, 1] conv at 0
 *       derive 0 = bn_scale(@bn1.weight, @bn1.running_var) : f32[32]
 *       derive 1 = scale_weight(@conv1.weight, 0) : f32[32, 3, 3, 3] conv at 64
 *       kernel conv2d_3x3s2_3x32_64x64_bias_add_relu6
 *       func predict {
 *         %8 = conv2d_3x3s2_3x32_64x64_bias_add_relu6(input 0, constant 64, ...) -> arena 0 (...)
 *         ...
 *       }
 *     } */
#include "plan.h"

#include <inttypes.h>

static const char *const derive_names[] = {
#define FTMRT_DERIVE(name, inputs, meaning) #name,
#include "derive.def"
#undef FTMRT_DERIVE
};

static void print_lower(const char *s, FILE *out)
{
    for (; *s; s++)
        fputc(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s, out);
}

static void print_derive(const struct schedule *s, uint32_t i, FILE *out)
{
    const struct ftmrt_derive *d = &s->derives.at[i];
    fprintf(out, "  derive %" PRIu32 " = ", i);
    print_lower(derive_names[d->op], out);
    for (int j = 0; j < 3 && d->in[j] != INT32_MIN; j++) {
        fputs(j ? ", " : "(", out);
        if (d->in[j] >= 0)
            fprintf(out, "%" PRId32, d->in[j]);
        else
            fprintf(out, "@%s", s->program->states.at[-1 - d->in[j]].name);
    }
    struct shape shape = shape_make(d->rank, d->dim);
    char text[128];
    fputc(')', out);
    if (d->value != 0)
        fprintf(out, " with %g", d->value);
    fprintf(out, " : f32%s", shape_text(&shape, text, sizeof(text)));
    if (d->stored)
        fprintf(out, " %s at %" PRIu64, ftmrt_layout_name(d->layout), d->offset);
    fputc('\n', out);
}

static void print_state(const struct schedule *s, uint32_t i, FILE *out)
{
    const struct state *state = &s->program->states.at[i];
    char text[128];
    if (s->state_offset[i] == UINT64_MAX)
        return;
    fprintf(out, "  state @%s : ", state->name);
    print_lower(ftmrt_dtype_name(state->type.dtype), out);
    fprintf(out, "%s %s at %" PRIu64 "\n", shape_text(&state->type.shape, text, sizeof(text)),
            ftmrt_layout_name(state->form.layout), s->state_offset[i]);
}

/* The state that begins at an offset of the workspace, or the offset itself for a part of one. */
static void print_state_at(const struct schedule *s, uint64_t offset, FILE *out)
{
    for (uint32_t i = 0; i < s->program->states.len; i++)
        if (s->state_offset[i] == offset) {
            fprintf(out, "@%s", s->program->states.at[i].name);
            return;
        }
    fprintf(out, "states %" PRIu64, offset);
}

static void print_workspace(const struct schedule *s, const struct place *p, FILE *out)
{
    if (p->offset >= s->states_size + s->arena_size)
        fprintf(out, "scratch %" PRIu64, p->offset - s->states_size - s->arena_size);
    else if (p->offset >= s->states_size)
        fprintf(out, "arena %" PRIu64, p->offset - s->states_size);
    else
        print_state_at(s, p->offset, out);
}

static void print_place(const struct schedule *s, const struct schedule_function *f,
                        const struct place *p, FILE *out)
{
    switch (p->kind) {
    case PLACE_NONE: fputs("nothing", out); break;
    case PLACE_IMMEDIATE: fputs("immediate", out); break;
    case PLACE_WORKSPACE: print_workspace(s, p, out); break;
    case PLACE_BLOB: fprintf(out, "constant %" PRIu64, p->offset); break;
    case PLACE_INPUT: fprintf(out, "input %" PRIu64, p->offset); break;
    case PLACE_OUTPUT: fprintf(out, "output \"%s\"", f->graph->outputs.at[p->offset].name); break;
    }
}

static void print_call(const struct schedule *s, const struct schedule_function *f,
                       const struct call *c, FILE *out)
{
    const struct node *n = graph_node(f->graph, c->node);
    fprintf(out, "    %%%" PRIu32 " = %s(", c->node.i, s->kernels.at[c->kernel].name);
    for (uint32_t i = 0; i < n->input_count; i++) {
        fputs(i ? ", " : "", out);
        print_place(s, f, &c->in[i], out);
    }
    fputc(')', out);
    if (c->out.kind != PLACE_NONE) {
        fputs(" -> ", out);
        print_place(s, f, &c->out, out);
        fprintf(out, " (%" PRIu64 " bytes)", c->out.bytes);
    }
    if (c->scratch.bytes)
        fprintf(out, " scratch %" PRIu64, c->scratch.bytes);
    if (n->name)
        fprintf(out, "    # %s", n->name);
    fputc('\n', out);
}

void schedule_print(const struct schedule *s, FILE *out)
{
    const struct program *p = s->program;
    fprintf(out, "schedule %s batch %" PRId64 " shards %" PRId64 " {\n", p->name, p->max_batch,
            p->shards);
    fprintf(out,
            "  workspace %" PRIu64 " = states %" PRIu64 " + arena %" PRIu64 " + scratch %" PRIu64
            "\n",
            s->workspace_size, s->states_size, s->arena_size,
            s->workspace_size - s->states_size - s->arena_size);
    fprintf(out, "  constants %" PRIu64 "\n", s->constants_size);
    for (uint32_t i = 0; i < p->states.len; i++)
        print_state(s, i, out);
    for (uint32_t i = 0; i < s->derives.len; i++)
        print_derive(s, i, out);
    for (uint32_t i = 0; i < s->kernels.len; i++)
        fprintf(out, "  kernel %s\n", s->kernels.at[i].name);
    for (uint32_t i = 0; i < s->functions.len; i++) {
        const struct schedule_function *f = &s->functions.at[i];
        fprintf(out, "  func %s {\n", f->graph->name);
        for (uint32_t c = 0; c < f->calls.len; c++)
            print_call(s, f, &f->calls.at[c], out);
        fputs("  }\n", out);
    }
    fputs("}\n", out);
}
