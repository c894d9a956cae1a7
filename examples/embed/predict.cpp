// The same as predict.c with objects that clean up after themselves. No exception crosses the border: the library calls nothing of ours.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "numerals.h"

class Numerals {
public:
    Numerals()
    {
        check(numerals_model_open(&model, NUMERALS_ABI_VERSION, nullptr, 0));
        std::size_t bytes = numerals_workspace_size(&model, nullptr), space = bytes + NUMERALS_ALIGNMENT;
        memory.resize(space);
        void *workspace = memory.data();
        std::align(NUMERALS_ALIGNMENT, bytes, workspace, space);
        check(numerals_init(&model, nullptr, workspace, bytes, &context));
    }
    ~Numerals() { numerals_model_close(&model); }
    Numerals(const Numerals &) = delete;
    Numerals &operator=(const Numerals &) = delete;

    const char *name(std::ptrdiff_t i) const { return numerals_class_name(&model, i); }

    std::vector<float> predict(const std::vector<std::uint8_t> &pixels, int width, int height)
    {
        std::vector<float> probabilities(NUMERALS_OUTPUTS);
        check(numerals_predict_u8(context, pixels.data(), width, height, width, NUMERALS_GREY, probabilities.data()));
        return probabilities;
    }

private:
    void check(numerals_status status) const
    {
        if (status != NUMERALS_OK)
            throw std::runtime_error(context ? numerals_error(context) : numerals_status_text(status));
    }

    numerals_model model{};
    numerals_context *context = nullptr;
    std::vector<unsigned char> memory;
};

int main()
try {
    Numerals numerals;
    std::vector<std::uint8_t> pixels(28 * 28);
    while (std::fread(pixels.data(), pixels.size(), 1, stdin) == 1) {
        const std::vector<float> p = numerals.predict(pixels, 28, 28);
        const auto best = std::max_element(p.begin(), p.end());
        std::printf("%s %.6f\n", numerals.name(best - p.begin()), static_cast<double>(*best));
    }
} catch (const std::exception &error) {
    std::fprintf(stderr, "predict: %s\n", error.what());
    return 1;
}
