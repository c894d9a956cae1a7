/* What people write out of habit, PyTorch's above all, and the right call as an answer. In PyTorch a layer is made for an input that it
 * has not seen; here a call reads its input, whose channels are known and not written. */
#ifndef FTM_LANG_HABITS_H
#define FTM_LANG_HABITS_H

#include "builder.h"

/* Notes to an argument of an unknown name, which was reported, what PyTorch's parameter of that name is here. */
void habit_name(struct builder *b, const struct ftmrt_call_info *info, const struct arg *arg);

/* Notes to an argument by position, which was reported, that it is the part of a number behind a decimal comma: `lr = 0,003`.
 * i: which argument of the call; before: what the one in front of it is given to, or NULL. */
void habit_comma(struct builder *b, const struct expr *e, uint32_t i,
                 const struct ftmrt_param_info *before);

/* Notes to a text, which was reported where a call of `category` is wanted, the call that it is an argument of: a folder's
 * name is no data source. */
void habit_text(struct builder *b, enum ftmrt_category category, const struct value *v);

/* Looks whether a layer's call writes the size of its input by position. failed: an argument by position was reported, to
 * which a note is added; otherwise what the call says instead is warned about, if it is unlikely to be meant. implicit: the
 * first parameter is not written. */
void habit_size(struct builder *b, const struct bound_call *c, const struct expr *e, bool implicit,
                bool failed);

#endif
