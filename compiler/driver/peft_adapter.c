/* `--emit=peft -o FOLDER`: what `adapt ... with lora()` trained, as PEFT keeps it: adapter_model.safetensors and adapter_config.json
 * (peft, utils/save_and_load.py and tuners/lora/config.py). PeftModel.from_pretrained(network, FOLDER) takes it.
 *
 * An adapted layer has its two matrices there. Any other layer that trains, as a new head, is there as a whole: PEFT's
 * modules_to_save, which takes the place of the layer of that name. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "adapter_layers.h"
#include "calls.h"
#include "layer.h"
#include "replace.h"
#include "safetensors.h"
#include "str.h"

/* The names of layers, and the tensors. */
struct adapter_file {
    struct compilation *c;
    VEC(const struct layer *) adapted, saved;
    VEC(struct st_tensor) tensors;
};

static const struct layer *layer_of(struct compilation *c, const struct net_param *p)
{
    return &c->net->layers.at[p->layer.i];
}

/* What a layer is called where the weights come from. */
static const char *module_name(struct compilation *c, const struct layer *l)
{
    const char *key =
        bind_file_name(&c->arena, c->binding, layer_param_key(&c->arena, l, &l->params[0]));
    const size_t end = strlen(key) - strlen(l->params[0].name) - (*l->params[0].name != '\0');
    return arena_strndup(&c->arena, key, end);
}

/* Whether training writes something of a layer, or its recipe adds it. */
static bool is_saved(const struct layer *l)
{
    bool moves = l->added;
    for (uint32_t i = 0; i < l->param_count; i++)
        moves = moves || l->params[i].learnt || layer_param_moves(l, &l->params[i]);
    return moves;
}

/* ---- which layers ---- */

static bool sort_layers(struct adapter_file *f)
{
    struct compilation *c = f->c;
    for (uint32_t i = 0; i < c->net->layers.len; i++) {
        const struct layer *l = &c->net->layers.at[i];
        if (l->dead || !l->param_count || layer_is_adapter(l))
            continue;
        if (l->adapt && is_saved(l)) {
            diag_report(&c->diag, l->span, DIAG_PEFT_TRAINED, l->path);
            return false;
        }
        if (l->adapt)
            vec_push(&c->arena, &f->adapted, l);
        else if (is_saved(l))
            vec_push(&c->arena, &f->saved, l);
    }
    FTM_BUG_ON(!f->adapted.len, "adapters beside nothing");
    return true;
}

/* ---- tensors ---- */

/* The tensor of a parameter under PEFT's name. false after a report: it has no value yet. */
static bool add_tensor(struct adapter_file *f, const struct net_param *p, const char *name)
{
    const struct weight_tensor *t = trained_tensor(f->c, p);
    if (t)
        vec_push(&f->c->arena, &f->tensors,
                 tensor_to_write(t, arena_printf(&f->c->arena, "base_model.model.%s", name)));
    return t != NULL;
}

static bool contains(const struct adapter_file *f, const struct layer *l)
{
    for (uint32_t i = 0; i < f->saved.len; i++)
        if (f->saved.at[i] == l)
            return true;
    return false;
}

/* The layer that an adapter's stands beside: the one of the longest name above it. */
static const struct layer *base_of(const struct adapter_file *f, const struct layer *adapter)
{
    const char *above = str_path_parent(&f->c->arena, adapter->path);
    for (uint32_t i = 0; i < f->adapted.len; i++)
        if (!strcmp(f->adapted.at[i]->path, above))
            return f->adapted.at[i];
    FTM_BUG("'%s' adapts nothing", adapter->path);
}

static bool take_tensors(struct adapter_file *f)
{
    struct compilation *c = f->c;
    for (uint32_t i = 0; i < c->binding->params.len; i++) {
        const struct net_param *p = &c->binding->params.at[i];
        const struct layer *l = layer_of(c, p);
        const char *name = NULL;
        if (layer_is_adapter(l))
            name = arena_printf(&c->arena, "%s.%s.%s", module_name(c, base_of(f, l)),
                                strrchr(l->path, '.') + 1, p->param->name);
        else if (contains(f, l))
            name = bind_file_name(&c->arena, c->binding, p->name);
        if (name && !add_tensor(f, p, name))
            return false;
    }
    return true;
}

/* ---- configuration ---- */

/* A name as a regular expression in JSON. */
static void add_pattern(struct strbuf *out, const char *name)
{
    for (; *name; name++)
        strbuf_addf(out, *name == '.' ? "\\\\." : "%c", *name);
}

static double lora_number(const struct layer *l, uint32_t argument)
{
    return call_float(l->adapt->call, argument);
}

/* What differs from the first layer's. */
static void add_others(struct strbuf *out, const struct adapter_file *f, const char *key,
                       double (*number)(const struct layer *l))
{
    const double first = number(f->adapted.at[0]);
    bool any = false;
    strbuf_addf(out, "  \"%s\": {", key);
    for (uint32_t i = 1; i < f->adapted.len; i++) {
        const struct layer *l = f->adapted.at[i];
        if (number(l) == first)
            continue;
        strbuf_add(out, any ? ", \"^" : "\"^");
        add_pattern(out, module_name(f->c, l));
        strbuf_add(out, "\": ");
        strbuf_add_double(out, number(l));
        any = true;
    }
    strbuf_add(out, "},\n");
}

static double rank_of(const struct layer *l)
{
    return (double)call_int(l->adapt->call, ARG_lora_rank);
}

static double alpha_of(const struct layer *l) { return lora_number(l, ARG_lora_alpha); }

/* PEFT has one for all; it means nothing where nothing trains. */
static double dropout_of(const struct adapter_file *f)
{
    double most = 0;
    for (uint32_t i = 0; i < f->adapted.len; i++) {
        const double p = lora_number(f->adapted.at[i], ARG_lora_dropout);
        most = p > most ? p : most;
    }
    return most;
}

/* The names as one expression, each whole: as a list they would be those of all layers that end so. */
static void add_targets(struct strbuf *out, const struct adapter_file *f)
{
    strbuf_add(out, "  \"target_modules\": \"");
    for (uint32_t i = 0; i < f->adapted.len; i++) {
        strbuf_add(out, i ? "|" : "");
        add_pattern(out, module_name(f->c, f->adapted.at[i]));
    }
    strbuf_add(out, "\",\n  \"modules_to_save\": [");
    for (uint32_t i = 0; i < f->saved.len; i++)
        strbuf_addf(out, "%s\"%s\"", i ? ", " : "", module_name(f->c, f->saved.at[i]));
    strbuf_add(out, "],\n");
}

static struct strbuf configuration(const struct adapter_file *f)
{
    struct strbuf out;
    strbuf_init(&out, &f->c->arena);
    strbuf_add(&out, "{\n  \"peft_type\": \"LORA\",\n  \"r\": ");
    strbuf_add_double(&out, rank_of(f->adapted.at[0]));
    strbuf_add(&out, ",\n  \"lora_alpha\": ");
    strbuf_add_double(&out, alpha_of(f->adapted.at[0]));
    strbuf_add(&out, ",\n  \"lora_dropout\": ");
    strbuf_add_double(&out, dropout_of(f));
    strbuf_add(&out, ",\n");
    add_others(&out, f, "rank_pattern", rank_of);
    add_others(&out, f, "alpha_pattern", alpha_of);
    add_targets(&out, f);
    strbuf_add(&out, "  \"bias\": \"none\",\n  \"fan_in_fan_out\": false,\n"
                     "  \"inference_mode\": true\n}\n");
    return out;
}

/* ---- files ---- */

static bool make_folder(struct compilation *c)
{
    if (mkdir(c->output, 0777) == 0 || errno == EEXIST)
        return true;
    diag_system(&c->diag, c->output, errno);
    return false;
}

static bool write_files(struct adapter_file *f)
{
    struct compilation *c = f->c;
    char error[512];
    struct st_metadata format = {"format", "pt"};
    const struct st_file file = {.tensors = f->tensors.at,
                                 .tensor_count = f->tensors.len,
                                 .metadata = &format,
                                 .metadata_count = 1};
    const struct strbuf text = configuration(f);
    const char *weights = file_join(&c->arena, c->output, "adapter_model.safetensors"),
               *config = file_join(&c->arena, c->output, "adapter_config.json");
    if (!make_folder(c))
        return false;
    if (st_write(&file, weights, error, sizeof error) != FTMRT_OK) {
        diag_report(&c->diag, SPAN_NONE, DIAG_NOT_WRITTEN, error);
        return false;
    }
    if (replace_whole(config, text.text, text.len, NULL, 0) == FTMRT_OK)
        return true;
    diag_system(&c->diag, config, errno);
    return false;
}

bool peft_adapter(struct compilation *c)
{
    struct adapter_file f = {.c = c};
    return adapters_there(c) && sort_layers(&f) && take_tensors(&f) && write_files(&f);
}
