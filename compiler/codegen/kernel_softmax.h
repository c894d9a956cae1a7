/* Softmax of the logits of a place against its label: what cross entropy and its gradient share.
 *
 * Logits are BLOCKED: those of a place are runs of 16, one for each channel block; the padding is masked. Per place: the
 * maximum m, then s = sum exp(x - m); with smoothing e and label l
 *
 *     loss = log s - (1 - e) (x[l] - m) - e / K sum (x - m)
 *     dx   = dy (exp(x - m) / s - (1 - e) [c == l] - e / K) / n
 *
 * A label that is a distribution t has sum t (x - m) for x[l] - m, t for [c == l], and, with w =
 * (1 - e) sum t + e, w log s for log s and w exp(x - m) / s for exp(x - m) / s.
 * (m is taken off before anything is added up: large logits cost no digits.) A label is only
 * compared, never used as an address: one out of range cannot read other memory. */
#ifndef FTM_CODEGEN_KERNEL_SOFTMAX_H
#define FTM_CODEGEN_KERNEL_SOFTMAX_H

#include "geometry.h"

struct softmax {
    struct kernel_build *k;
    int64_t classes, padded, pixels;
    bool fetches;            /* whether blocks of classes are asked for before they are needed */
    struct address x;        /* logits of the place */
    LLVMValueRef label;      /* in every lane, i32; NULL: */
    struct address shares;   /* the place's distribution */
    bool last;               /* the vector at hand has lanes past the last class */
    struct address noted;    /* where the place's exponentials are kept; nowhere: they are not */
    LLVMValueRef weight;     /* f32: w, of a distribution */
    LLVMValueRef max, sum;   /* f32 in every lane: maximum, sum of exponentials */
    LLVMValueRef total, hit; /* f32: sum of the logits, logit of the label; both less the maximum */
};

struct softmax softmax_of(struct kernel_build *k);

/* Address of vector c of the classes, at a place whose class 0 is at base. */
struct address softmax_at(struct softmax *s, struct address base, LLVMValueRef c);
/* Address of class 0 at a place of a value that lies like the logits. */
struct address softmax_place(struct softmax *s, struct address base, LLVMValueRef image,
                             LLVMValueRef pixel);

/* Takes a place's logits and label and finds its maximum and sums. */
void softmax_take(struct softmax *s, LLVMValueRef image, LLVMValueRef pixel);

/* If the kernel does, asks for what the classes from c on have some places on, in all maps of the place: blocks lie a map apart. */
void softmax_fetch_ahead(struct softmax *s, LLVMValueRef c);

/* i32 lanes c, c + 1, ... for a vector that starts at class c. */
LLVMValueRef softmax_index(struct ir *ir, LLVMValueRef c);
/* Builds `body` for all vectors of the classes: in a loop for those that are whole, then for the last ones. */
typedef void softmax_vector(struct softmax *s, LLVMValueRef c, void *user);
void softmax_each(struct softmax *s, softmax_vector *body, void *user);

/* v in the lanes of classes, `other` in the padding of a last vector. */
LLVMValueRef softmax_masked(struct softmax *s, LLVMValueRef index, LLVMValueRef v, double other);
/* share in the lane of the label and 0 in the others; the shares of a distribution times `share`. */
LLVMValueRef softmax_label(struct softmax *s, LLVMValueRef index, LLVMValueRef c,
                           LLVMValueRef share);

#endif
