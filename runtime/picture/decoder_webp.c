/* WebP by libwebp, lossy and lossless. */
#include <string.h>

#include <webp/decode.h>

#include "decoder.h"

/* The orientation in a file's EXIF chunk: behind a header of 12 bytes come chunks of a name, a length and so many bytes,
 * padded to an even number (WebP Container Specification, "RIFF File Format"). */
static int find_orientation(const unsigned char *bytes, size_t size)
{
    for (size_t at = 12; at + 8 <= size;) {
        const unsigned char *c = bytes + at;
        const size_t length = c[4] | (size_t)c[5] << 8 | (size_t)c[6] << 16 | (size_t)c[7] << 24;
        if (length > size - at - 8)
            return 1;
        if (!memcmp(c, "EXIF", 4))
            return exif_orientation(c + 8, length);
        at += 8 + length + length % 2;
    }
    return 1;
}

static const char *status_text(VP8StatusCode status)
{
    static const char *const texts[] = {
        [VP8_STATUS_OUT_OF_MEMORY] = "no memory",
        [VP8_STATUS_UNSUPPORTED_FEATURE] = "it uses what is not supported",
        [VP8_STATUS_NOT_ENOUGH_DATA] = "the file ends too early",
    };
    const size_t i = (size_t)status;
    return i < sizeof texts / sizeof *texts && texts[i] ? texts[i] : "it is damaged";
}

static bool read_pixels(struct decoding *d, const WebPBitstreamFeatures *features)
{
    const int channels = features->has_alpha ? 4 : 3;
    unsigned char *at = decoding_pixels(d, features->height, features->width, channels);
    WebPDecoderConfig config;
    if (!at || !WebPInitDecoderConfig(&config))
        return false;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = at;
    config.output.u.RGBA.stride = features->width * channels;
    config.output.u.RGBA.size =
        (size_t)features->width * (size_t)features->height * (size_t)channels;
    const VP8StatusCode status = WebPDecode(d->bytes, d->size, &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK)
        return decoding_fail(d, "cannot be read as WebP: %s", status_text(status));
    if (channels == 4) {
        alpha_flatten(at, (int64_t)features->width * features->height, 4, d->options->alpha);
        d->out->channels = 3;
    }
    return true;
}

bool decode_webp(struct decoding *d)
{
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(d->bytes, d->size, &features);
    if (status != VP8_STATUS_OK)
        return decoding_fail(d, "cannot be read as WebP: %s", status_text(status));
    if (features.has_animation)
        return decoding_fail(d, "an animated WebP picture; take one frame of it: "
                                "webpmux -get frame 1 FILE.webp -o PICTURE.webp");
    d->report->orientation = find_orientation(d->bytes, d->size);
    return read_pixels(d, &features);
}
