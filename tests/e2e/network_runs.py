"""Networks, weights and images for comparing whole runs with PyTorch, from formulas alone: for tests/e2e/networks.py and the scripts
of tests/tools that make references."""
import zlib
from typing import NamedTuple

import numpy as np

SIZE, CLASSES, STEPS, BATCH = 64, 10, 20, 8


class Run(NamedTuple):
    """20 steps with a model of models/FILE.ftm, without its random parts. Rates are such that PyTorch's losses in single precision
    are near its own in double precision: at larger ones rounding grows from step to step."""
    file: str
    model: str
    optimizer: str


RUNS = {
    "mobilenet_v3_small": Run("mobilenet_v3", "mobilenet_v3_small(classes = 10, dropout = 0)",
                              "sgd(lr = 0.0001, momentum = 0.9, weight_decay = 0.0005)"),
    "convnext": Run("convnext", "convnext([24, 48, 96, 192], [1, 1, 2, 1], classes = 10, stochastic_depth_prob = 0)",
                    "adamw(lr = 0.001, weight_decay = 0.05)"),
}

RECIPE = """
import "{file}.ftm"
finetune network {{
    model   = {model}
    weights = {weights}
    data {{ train = npy(images = "images.npy", labels = "labels.npy") }}
    transform eval = resize({size}, {size}), to_rgb(), normalize({normalize})
    optimizer = {optimizer}
    schedule  = constant()
    epochs  = 1
    batch   = {batch}
    shuffle = false
}}
"""


def recipe(run, weights, normalize="imagenet"):
    return RECIPE.format(**run._asdict(), weights=weights, size=SIZE, batch=BATCH, normalize=normalize)


def images_and_labels(count, number=0):
    """uint8 [count, 64, 64, 3] and int32 [count]; others for each number."""
    draw = np.random.RandomState(4 + number)  # numpy keeps the numbers of this generator
    return draw.randint(0, 256, (count, SIZE, SIZE, 3)).astype(np.uint8), draw.randint(0, CLASSES, count).astype(np.int32)


def generated_tensor(name, shape):
    """f32 of a shape. Convolutions and linear layers keep the size of what goes through (He et al., ICCV 2015); norms have scales
    around 1, shifts and statistics around theirs; what scales channels (layer_scale, gamma) is far from 0, unlike its start."""
    draw = np.random.RandomState(zlib.crc32(name.encode()))
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        values = draw.uniform(0.5, 2, shape)
    elif last in ("running_mean", "bias"):
        values = 0.1 * draw.standard_normal(shape)
    elif last in ("layer_scale", "gamma"):
        values = draw.uniform(0.1, 0.3, shape)
    elif len(shape) == 1:
        values = draw.uniform(0.7, 1.3, shape)
    else:
        values = np.sqrt(2 / np.prod(shape[1:])) * draw.standard_normal(shape)
    return values.astype(np.float32)


def generated_weights(shapes):
    """{name: f32 array} for {name: shape}; counters of batches, which have no dimension, are int64 0."""
    return {name: generated_tensor(name, shape) if shape else np.zeros((), np.int64) for name, shape in shapes.items()}
