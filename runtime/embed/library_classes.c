/* The classes of a context. Where the last layer has room for more (FTMRT_ROLE_UNUSED) the context has a list of its own: the model's at first,
 * then what files that it loads say, and what ftmx_add_class brings. */
#include <math.h>
#include <string.h>

#include "embed.h"
#include "fingerprint.h"
#include "json_stream.h"
#include "rounding.h"

/* What keeps an output out of the softmax: its share is 0, and no gradient reaches its row. */
static const float unused_logit = -1e30F;

static bool grows(const ftmx_context *c)
{
    return context_value(c, FTMRT_ROLE_UNUSED, NULL) != NULL;
}

/* ---- the list ---- */

size_t classes_bytes(const struct ftmrt_program *p)
{
    const struct ftmrt_value *logits = network_logits(p);
    for (uint32_t i = 0; i < p->entry_count; i++)
        if (ftmrt_find_value(p->entries[i].inputs, p->entries[i].input_count, FTMRT_ROLE_UNUSED,
                             NULL))
            return (size_t)logits->dim[1] * CLASS_NAME;
    return 0;
}

static char *name_at(const ftmx_context *c, int64_t i)
{
    return c->class_names + (size_t)i * CLASS_NAME;
}

/* Outputs from the last class on are unused. */
static void set_count(ftmx_context *c, int64_t count)
{
    float *unused = context_value(c, FTMRT_ROLE_UNUSED, NULL);
    c->class_count = count;
    for (int64_t k = 0; k < network_logits(&c->model->program)->dim[1]; k++)
        unused[k] = k < count ? 0 : unused_logit;
}

void classes_begin(ftmx_context *c)
{
    int64_t count = 0;
    if (!grows(c))
        return;
    memset(c->class_names, 0, classes_bytes(&c->model->program));
    for (const char *name; (name = model_class_name(c->model, count)); count++)
        memcpy(name_at(c, count), name, strlen(name));
    set_count(c, count);
}

int64_t context_class_count(const ftmx_context *c)
{
    return grows(c) ? c->class_count : network_logits(&c->model->program)->dim[1];
}

const char *context_class_name(const ftmx_context *c, int64_t i)
{
    if (!grows(c))
        return model_class_name(c->model, i);
    return i >= 0 && i < c->class_count ? name_at(c, i) : NULL;
}

uint64_t context_classes_hash(const ftmx_context *c)
{
    uint64_t hash = 0; /* as the compiler makes struct ftmrt_identity's */
    if (!grows(c))
        return c->model->program.identity.classes;
    for (int64_t i = 0; i < c->class_count; i++)
        hash = fingerprint_bytes(name_at(c, i), strlen(name_at(c, i)), hash);
    return hash;
}

int64_t ftmx_class_count(const ftmx_context *context)
{
    return context_is_made(context) ? context_class_count(context) : 0;
}

const char *ftmx_context_class_name(const ftmx_context *context, int64_t i)
{
    return context_is_made(context) ? context_class_name(context, i) : NULL;
}

/* ---- of a file ---- */

/* Ends each line of a text; *count: how many there are. What is wrong with them, or NULL. */
static const char *cut_lines(char *lines, int64_t most, int64_t *count)
{
    char *line = lines;
    for (*count = 0; *line; ++*count) {
        const size_t length = strcspn(line, "\n");
        if (length == 0 || length >= CLASS_NAME)
            return length ? "has a name that is too long" : "has an empty name";
        if (*count == most)
            return "is longer than there is room for here";
        const bool last = line[length] == '\0';
        line[length] = '\0';
        for (const char *other = lines; other < line; other += strlen(other) + 1)
            if (strcmp(other, line) == 0)
                return "has a name twice";
        line += length + 1;
        if (last)
            *line = '\0'; /* there is room: json_take_string was given two bytes less */
    }
    return *count ? NULL : "is empty";
}

const char *classes_read(ftmx_context *c, struct json_stream *in, bool *syntax)
{
    bool fits = true;
    const size_t bytes = classes_bytes(&c->model->program);
    memset(c->class_lines, 0, bytes);
    *syntax = json_take_string(in, c->class_lines, bytes - 2, &fits);
    if (!*syntax)
        return NULL;
    return fits ? cut_lines(c->class_lines, network_logits(&c->model->program)->dim[1],
                            &c->lines_count)
                : "is longer than there is room for here";
}

void classes_take(ftmx_context *c)
{
    const char *line = c->class_lines;
    if (!grows(c) || !c->lines_count)
        return;
    memset(c->class_names, 0, classes_bytes(&c->model->program));
    for (int64_t i = 0; i < c->lines_count; i++, line += strlen(line) + 1)
        memcpy(name_at(c, i), line, strlen(line));
    set_count(c, c->lines_count);
}

/* ---- snapshots ---- */

void classes_copy(const ftmx_context *c, void *memory)
{
    memcpy(memory, c->class_names, classes_bytes(&c->model->program));
}

void classes_restore(ftmx_context *c, const void *memory, int64_t count)
{
    if (!grows(c))
        return;
    memcpy(c->class_names, memory, classes_bytes(&c->model->program));
    for (int64_t i = 0; i < count; i++)
        name_at(c, i)[CLASS_NAME - 1] = '\0'; /* whatever the memory holds */
    set_count(c, count);
}

/* ---- a class more ---- */

static ftmx_status check_name(ftmx_context *c, const char *name)
{
    if (!name || !*name || strlen(name) >= CLASS_NAME)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "the name of a class has 1 to %d bytes",
                            (int64_t)CLASS_NAME - 1);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ')
            return context_fail(c, FTMX_ERROR_ARGUMENT,
                                "the name of a class has no line ends or other control characters");
    for (int64_t i = 0; i < c->class_count; i++)
        if (strcmp(name_at(c, i), name) == 0)
            return context_fail(c, FTMX_ERROR_ARGUMENT, "class %d is called '%s' already", i, name);
    if (c->class_count == network_logits(&c->model->program)->dim[1])
        return context_fail(c, FTMX_ERROR_LIMIT,
                            "there is no room behind class %d: compile with a larger `capacity`",
                            c->class_count - 1);
    return FTMX_OK;
}

/* The parameter of so many dimensions that has a row for each class; false: there is none. */
static bool find_rows(const ftmx_context *c, uint32_t rank, uint32_t *state)
{
    const struct ftmrt_program *p = &c->model->program;
    for (*state = 0; *state < p->state_count; ++*state) {
        const struct ftmrt_state *s = &p->states[*state];
        if (s->kind == FTMRT_STATE_PARAMETER && s->flags & FTMRT_GROWS && s->rank == rank)
            return true;
    }
    return false;
}

/* Whether the features are what the last layer reads: a row of `width` for each image, or a map that it reads flattened and that lies so. */
static bool are_of_head(const ftmx_context *c, int64_t width)
{
    const struct ftmrt_entry *e =
        ftmrt_entry_for(&c->model->program, FTMRT_ENTRY_PREFIX, NULL, 0, 1);
    const struct ftmrt_value *v = e ? e->outputs : NULL;
    return v && e->output_count == 1 && ftmrt_elements(v->rank - 1, v->dim + 1) == width &&
           (v->layout == FTMRT_LAYOUT_PLAIN || v->dim[1] == width);
}

static ftmx_status check_features(ftmx_context *c, const float *features, int64_t n, int64_t width)
{
    if (!features && n == 0)
        return FTMX_OK;
    if (!are_of_head(c, width))
        return context_fail(c, FTMX_ERROR_ARGUMENT,
                            "what is frozen here ends before the last layer, whose row cannot be "
                            "made of features: give NULL and 0");
    if (n < 1)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "features of %d images", n);
    const int64_t stride = features_count(c->model);
    if (!context_takes(c, features, n * stride, sizeof *features, "features"))
        return FTMX_ERROR_ARGUMENT;
    return train_check_finite(c, "features", features, n, stride);
}

/* The last layer while a row is added to it, in the context's staging memory: row by row. */
struct head {
    uint32_t weight, bias; /* states */
    bool has_bias;
    float *weights, *biases;
    int64_t count, width; /* classes before, elements of a row */
};

static void *read_rows(const ftmx_context *c, uint32_t state, unsigned char *memory)
{
    const struct ftmrt_program *p = &c->model->program;
    ftmrt_get_state(p, c->call.workspace, state, memory, ftmrt_state_bytes(&p->states[state]));
    return memory;
}

static void write_rows(ftmx_context *c, uint32_t state, const float *values)
{
    const struct ftmrt_program *p = &c->model->program;
    ftmrt_set_state(p, c->call.workspace, state, values, ftmrt_state_bytes(&p->states[state]));
}

static double product(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t j = 0; j < count; j++)
        sum += (double)a[j] * (double)b[j];
    return sum;
}

/* Sets a row to the mean of n rows of the given stride. */
static void mean_of(float *row, const float *rows, int64_t n, int64_t stride, int64_t width)
{
    for (int64_t j = 0; j < width; j++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)rows[i * stride + j];
        row[j] = n ? (float)(sum / (double)n) : 0;
    }
}

/* The largest output of the classes that there are. */
static double best_of(const struct head *h, const float *feature)
{
    double best = 0;
    for (int64_t k = 0; k < h->count; k++) {
        const double sum = product(h->weights + k * h->width, feature, h->width) +
                           (h->has_bias ? (double)h->biases[k] : 0);
        best = k == 0 || sum > best ? sum : best;
    }
    return best;
}

/* The direction of the mean feature, as long as the other rows are in the mean (H. Qi, M. Brown, D. G. Lowe, Low-Shot Learning with Imprinted
 * Weights, CVPR 2018, section 3.2), and a bias with which the features it is made of give in the mean 1 more than the best of the other
 * classes. Their features are not normalised as in the paper: without that bias the new class would be the answer to everything. */
static void imprint(const struct head *h, const float *features, int64_t n, int64_t stride)
{
    float *row = h->weights + h->count * h->width;
    double length = 0, ahead = 1;
    for (int64_t k = 0; k < h->count; k++) {
        const float *other = h->weights + k * h->width;
        length += sqrt(product(other, other, h->width)) / (double)h->count;
    }
    mean_of(row, features, n, stride, h->width);
    const double norm = sqrt(product(row, row, h->width));
    for (int64_t j = 0; j < h->width; j++)
        row[j] = norm > 0 ? (float)((double)row[j] * length / norm) : 0;
    for (int64_t i = 0; i < n; i++) {
        const float *feature = features + i * stride;
        ahead += (best_of(h, feature) - product(row, feature, h->width)) / (double)n;
    }
    if (h->has_bias)
        h->biases[h->count] = (float)ahead;
}

/* Makes the parameters of the class behind the last one; without features they are the mean of the others'. */
static void add_row(ftmx_context *c, struct head *h, const float *features, int64_t n)
{
    const struct ftmrt_program *p = &c->model->program;
    const size_t bytes = align_up(ftmrt_state_bytes(&p->states[h->weight]), sizeof(int64_t));
    h->weights = read_rows(c, h->weight, c->staging);
    h->biases = h->has_bias ? read_rows(c, h->bias, c->staging + bytes) : NULL;
    if (features) {
        imprint(h, features, n, features_count(c->model));
    } else {
        mean_of(h->weights + h->count * h->width, h->weights, h->count, h->width, h->width);
        if (h->has_bias)
            mean_of(h->biases + h->count, h->biases, h->count, 1, 1);
    }
    write_rows(c, h->weight, h->weights);
    if (h->has_bias)
        write_rows(c, h->bias, h->biases);
}

ftmx_status ftmx_add_class(ftmx_context *context, const char *name, const float *features,
                           int64_t n, int64_t *label)
{
    struct head h = {0};
    ftmx_status status = context_begin_sound(context);
    if (status == FTMX_OK)
        status = check_name(context, name);
    if (status != FTMX_OK)
        return status;
    if (!find_rows(context, 2, &h.weight))
        return context_fail(context, FTMX_ERROR_MISMATCH, "the last layer is not open");
    h.has_bias = find_rows(context, 1, &h.bias);
    h.count = context->class_count;
    h.width = context->model->program.states[h.weight].dim[1];
    status = check_features(context, features, n, h.width);
    if (status != FTMX_OK)
        return status;
    add_row(context, &h, features, n);
    memset(name_at(context, h.count), 0, CLASS_NAME);
    memcpy(name_at(context, h.count), name, strlen(name));
    set_count(context, h.count + 1);
    if (label)
        *label = h.count;
    return FTMX_OK;
}
