/* PNG by libpng's low-level interface, which changes no sample: gamma and colour profiles are left alone, as Pillow leaves
 * them. Palettes and less than 8 bits are widened, of 16 bits the upper 8 are taken. */
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "decoder.h"

struct reader {
    struct decoding *d;
    png_structp png;
    png_infop info;
    size_t at;
    png_bytep *rows; /* libpng's */
    bool done;       /* all pixels are there */
};

static void read_bytes(png_structp png, png_bytep to, size_t count)
{
    struct reader *r = png_get_io_ptr(png);
    if (count > r->d->size - r->at)
        png_error(png, "the file ends too early");
    memcpy(to, r->d->bytes + r->at, count);
    r->at += count;
}

static void keep_error(png_structp png, png_const_charp text)
{
    const struct reader *r = png_get_error_ptr(png);
    decoding_fail(r->d, "cannot be read as PNG: %s", text);
    longjmp(png_jmpbuf(png), 1);
}

static void keep_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text; /* of what Pillow does not look at */
}

/* What libpng is to make of the samples. Transparency that is dropped is not made of a colour key first. */
static void set_transformations(const struct reader *r)
{
    png_struct *png = r->png;
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_16(png);
    if (r->d->options->alpha == FTMRT_ALPHA_DROP)
        png_set_strip_alpha(png);
    else if (png_get_valid(png, r->info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
}

static void find_orientation(const struct reader *r)
{
    png_bytep exif = NULL;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(r->png, r->info, &size, &exif) && exif)
        r->d->report->orientation = exif_orientation(exif, size);
}

/* Throws through libpng after a failure. */
static void read_picture(struct reader *r)
{
    png_read_info(r->png, r->info);
    const int64_t height = png_get_image_height(r->png, r->info),
                  width = png_get_image_width(r->png, r->info);
    if (!decoding_check_size(r->d, height, width)) /* libpng takes memory for whole rows next */
        longjmp(png_jmpbuf(r->png), 1);
    set_transformations(r);
    const int channels = png_get_channels(r->png, r->info);
    unsigned char *at = decoding_pixels(r->d, height, width, channels);
    if (!at)
        longjmp(png_jmpbuf(r->png), 1);
    r->rows = png_malloc(r->png, (size_t)height * sizeof *r->rows);
    for (int64_t y = 0; y < height; y++)
        r->rows[y] = at + y * width * channels;
    png_read_image(r->png, r->rows);
    r->done = true;
    if (channels % 2 == 0) {
        alpha_flatten(at, height * width, channels, r->d->options->alpha);
        r->d->out->channels = channels - 1;
    }
    find_orientation(r);
    png_read_end(r->png, r->info); /* EXIF data may follow the pixels */
    find_orientation(r);
}

/* Apart from read_picture: what lives across longjmp is in *r alone. */
static bool catch_errors(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)) == 0)
        read_picture(r);
    return r->done;
}

bool decode_png(struct decoding *d)
{
    struct reader r = {.d = d};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, keep_error, keep_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    if (!r.info) {
        png_destroy_read_struct(&r.png, NULL, NULL);
        return decoding_fail(d, "cannot be read as PNG: no memory");
    }
    png_set_read_fn(r.png, &r, read_bytes);
    png_set_user_limits(r.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    const bool ok = catch_errors(&r);
    png_free(r.png, r.rows);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return ok;
}
