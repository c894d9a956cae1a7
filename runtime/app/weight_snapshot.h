/* The weights of a session at one time, in memory. */
#ifndef FTMRT_APP_WEIGHT_SNAPSHOT_H
#define FTMRT_APP_WEIGHT_SNAPSHOT_H

#include "session.h"

/* What training changes but the optimizer's slots, one state behind the other. */
struct weight_snapshot {
    unsigned char *bytes;
    size_t size;
    double temperature; /* of the answers, which goes with the weights as well */
    char *thresholds;   /* of labels, which go with the weights, as text; NULL: there are none */
};

/* Keeps the session's weights, in the place of what was kept before; and gives them back to it. */
void weight_snapshot_take(struct weight_snapshot *w, const struct session *s);
void weight_snapshot_give(const struct weight_snapshot *w, struct session *s);
/* The same weights in another place. */
void weight_snapshot_copy(struct weight_snapshot *to, const struct weight_snapshot *from);
/* As a file, for this program alone; false after a message. And back: false, where there is none, or of another program or level. */
bool weight_snapshot_write(const struct weight_snapshot *w, const struct session *s,
                           const char *path);
bool weight_snapshot_read(struct weight_snapshot *w, const struct session *s, const char *path);
void weight_snapshot_close(struct weight_snapshot *w);

#endif
