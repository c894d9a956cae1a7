/* How layer normalisation cuts the places of an image: a tile stays in the cache while its channels are visited several
 * times, and the scratch of the gradient has the moments of one. */
#ifndef FTM_KERNEL_PLACE_TILES_H
#define FTM_KERNEL_PLACE_TILES_H

enum { PLACES_OF_TILE = 64 };

#endif
