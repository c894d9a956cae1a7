/* The weights of a session at one time, in memory. */
#ifndef FTMRT_APP_WEIGHT_SNAPSHOT_H
#define FTMRT_APP_WEIGHT_SNAPSHOT_H

#include "session.h"

/* What training changes but the optimizer's slots, one state behind the other. */
struct weight_snapshot {
    unsigned char *bytes;
    size_t size;
    char *thresholds; /* of labels, which go with the weights, as text; NULL: there are none */
};

/* Keeps the session's weights, in the place of what was kept before; and gives them back to it. */
void weight_snapshot_take(struct weight_snapshot *w, const struct session *s);
void weight_snapshot_give(const struct weight_snapshot *w, struct session *s);
/* The same weights in another place. */
void weight_snapshot_copy(struct weight_snapshot *to, const struct weight_snapshot *from);
void weight_snapshot_close(struct weight_snapshot *w);

#endif
