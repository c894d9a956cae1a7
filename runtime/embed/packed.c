/* A packed file is trusted as far as its numbers agree: no place outside of it is ever looked at. */
#include "packed.h"

#include <string.h>

#include "fingerprint.h"
#include "rounding.h"

const uint64_t packed_magic =
    UINT64_C(0x6b6361706d746601); /* 1 "ftmpack", from its first byte on */

static uint64_t hash_tensors(const struct ftmrt_program *p, uint64_t hash)
{
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        const struct ftmrt_tensor *t = &p->tensors[i];
        const uint64_t facts[] = {t->dtype, t->rank, t->offset, t->bytes, t->hashed};
        hash = fingerprint_bytes(facts, sizeof facts, hash);
        hash = fingerprint_bytes(t->dim, t->rank * sizeof t->dim[0], hash);
    }
    return hash;
}

static uint64_t hash_derives(const struct ftmrt_program *p, uint64_t hash)
{
    for (uint32_t i = 0; i < p->derive_count; i++) {
        const struct ftmrt_derive *d = &p->derives[i];
        const uint64_t facts[] = {d->op, d->rank, d->layout, d->offset, d->stored, d->single};
        const double numbers[] = {d->eps, d->value};
        hash = fingerprint_bytes(facts, sizeof facts, hash);
        hash = fingerprint_bytes(d->in, sizeof d->in, hash);
        hash = fingerprint_bytes(numbers, sizeof numbers, hash);
        hash = fingerprint_bytes(d->dim, d->rank * sizeof d->dim[0], hash);
    }
    return hash;
}

static uint64_t hash_sources(const struct ftmrt_program *p, uint64_t hash)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        hash = fingerprint_bytes(&p->states[i].source, sizeof p->states[i].source, hash);
    return hash;
}

uint64_t packed_interface(const struct ftmrt_program *p)
{
    const uint64_t whole[] = {p->abi_version,  p->identity.graph, p->identity.transform,
                              p->blob_size,    p->state_count,    p->tensor_count,
                              p->derive_count, PACKED_VERSION};
    uint64_t hash = fingerprint_bytes(whole, sizeof whole, 0);
    return hash_derives(p, hash_tensors(p, hash_sources(p, hash)));
}

/* What lies between texts and blob is nobody's. */
static uint64_t content_hash(const struct ftmrt_training *t, const void *texts, size_t text_bytes,
                             const void *blob, size_t bytes)
{
    const uint64_t hash = fingerprint_bytes(texts, text_bytes, fingerprint_bytes(t, sizeof *t, 0));
    return fingerprint_bytes(blob, bytes, hash);
}

struct packed_header packed_header_of(const struct ftmrt_program *p, const char *texts,
                                      size_t text_bytes, uint32_t class_count)
{
    const uint64_t before = sizeof(struct packed_header) + text_bytes;
    struct ftmrt_training training = p->training ? *p->training : (struct ftmrt_training){0};
    training.thresholds = NULL; /* a library leaves the choice of labels to its caller */
    return (struct packed_header){
        .magic = packed_magic,
        .version = PACKED_VERSION,
        .class_count = class_count,
        .interface = packed_interface(p),
        .weights = p->identity.weights,
        .classes = p->identity.classes,
        .content = content_hash(&training, texts, text_bytes, p->blob, (size_t)p->blob_size),
        .text_bytes = text_bytes,
        .blob_at = align_up(before, PACKED_ALIGNMENT),
        .blob_bytes = p->blob_size,
        .training = training};
}

/* Facts that a program says of its weight file. */
enum {
    SOURCE_FACTS = 0
#define FTMRT_SOURCE_FACT(name, key, meaning) +1
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
};

const char *packed_text(const char *texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        texts += strlen(texts) + 1;
    return texts;
}

/* How many texts fill the bytes; -1: the last one does not end. */
static int64_t count_texts(const char *texts, uint64_t bytes)
{
    int64_t seen = 0;
    for (uint64_t i = 0; i < bytes; i++)
        seen += texts[i] == '\0';
    return bytes == 0 || texts[bytes - 1] == '\0' ? seen : -1;
}

/* Whether texts and blob lie in the file, in this order; no sum can overflow. */
static int parts_fit(const struct packed_header *h, size_t bytes)
{
    const uint64_t size = sizeof *h;
    return h->text_bytes <= bytes - size && h->blob_at % PACKED_ALIGNMENT == 0 &&
           h->blob_at >= size + h->text_bytes && h->blob_at <= bytes &&
           h->blob_bytes == bytes - h->blob_at;
}

enum ftmrt_status packed_open(const struct ftmrt_program *p, uint32_t class_count, const void *file,
                              size_t bytes, struct packed_weights *out)
{
    struct packed_header h;
    const unsigned char *begin = file;
    if (!file || (uintptr_t)file % PACKED_ALIGNMENT != 0)
        return FTMRT_ERROR_ARGUMENT;
    if (bytes < sizeof h)
        return FTMRT_ERROR_FORMAT;
    memcpy(&h, file, sizeof h);
    const char *names = (const char *)begin + sizeof h;
    if (h.magic != packed_magic || !parts_fit(&h, bytes) || !(h.training.temperature >= 0) ||
        !(h.training.threshold >= 0) || h.training.thresholds)
        return FTMRT_ERROR_FORMAT;
    const int64_t texts = count_texts(names, h.text_bytes), facts = texts - h.class_count;
    if (texts < 0 || (facts != 0 && facts != SOURCE_FACTS))
        return FTMRT_ERROR_FORMAT;
    if (h.version != PACKED_VERSION || h.interface != packed_interface(p) ||
        h.blob_bytes != p->blob_size || h.class_count != class_count)
        return FTMRT_ERROR_MISMATCH;
    if (content_hash(&h.training, names, h.text_bytes, begin + h.blob_at, h.blob_bytes) !=
        h.content)
        return FTMRT_ERROR_FORMAT;
    *out = (struct packed_weights){.blob = begin + h.blob_at,
                                   .names = names,
                                   .source = facts ? packed_text(names, h.class_count) : NULL,
                                   .class_count = h.class_count,
                                   .weights = h.weights,
                                   .training = &((const struct packed_header *)file)->training,
                                   .classes = h.classes};
    return FTMRT_OK;
}
