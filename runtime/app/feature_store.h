/* Features on disk: a file that keeps what a frozen prefix makes of samples, by their contents (content.h), from one training to the next.
 *
 *     header    magic, version, key, bytes of a record's values, checksum
 *     records   content of the sample, checksum, values; one behind the other
 *
 * The key stands for all that the values depend on beside the sample. Nothing in a file is believed: a header that is not the wanted one
 * makes a new file, a record whose checksum is not that of its values is made again in its place, and what is cut off in the middle of a
 * record is cut off before it. One process writes, the others read what was there when they began. Where something fails a store goes on
 * without: it keeps no more, and what it cannot give is made again. */
#ifndef FTMRT_APP_FEATURE_STORE_H
#define FTMRT_APP_FEATURE_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct feature_store;

/* The store of a key in a folder, which is made where there is none, for values of so many bytes. What is odd about it is said. NULL, which
 * is said, too, where there can be none. */
struct feature_store *feature_store_open(const char *folder, uint64_t key, int64_t bytes);
void feature_store_close(struct feature_store *s);

/* Its path; how many samples it has; and whether it takes more. */
const char *feature_store_path(const struct feature_store *s);
int64_t feature_store_count(const struct feature_store *s);
bool feature_store_writes(const struct feature_store *s);

/* Takes no more from here on. */
void feature_store_stop(struct feature_store *s);

/* Whether there is room on its disk for so many samples more; a tenth of what is free is left alone. */
bool feature_store_has_room(const struct feature_store *s, int64_t samples);

/* The place of a sample's values, for good, or -1. */
int64_t feature_store_find(const struct feature_store *s, uint64_t content);

/* Keeps the values of a sample: their place, or -1 where the store takes no more. Not for several threads at once. */
int64_t feature_store_put(struct feature_store *s, uint64_t content, const void *values);

/* Reads the values at a place that find or put gave, into so many bytes; false: the file has changed since then, which is said. Any
 * number of threads may read while one puts. */
bool feature_store_get(const struct feature_store *s, int64_t place, uint64_t content,
                       void *values);

/* Bytes of the stores in a folder, and how many there are. */
int64_t feature_stores_bytes(const char *folder, int64_t *count);

#endif
