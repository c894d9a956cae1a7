#!/usr/bin/env python3
"""Writes tests/numerics/data/ops.txt: small results of PyTorch, op by op, in double precision.

The file is stored, so the tests do not need PyTorch; run this only to add a case. Values are drawn from a seeded
generator and printed so that they read back exactly. Format: one item per line,

    case NAME
    op NAME
    batch N                           where no operand has it
    attr NAME NUMBERS...              a list begins with its length
    part I                            of an op with several results, which one is meant
    operand KIND DTYPE RANK DIMS...   KIND: input (batched), value, or state; its values on the next line
    result RANK DIMS...               of the op, values on the next line
    dy RANK DIMS...                   of the result, on the next line; then the op's rule makes the gradients of its operands:
    gradient OPERAND RANK DIMS...     that of one of them, values on the next line
    after OPERAND RANK DIMS...        the state of that operand afterwards, values on the next line
"""
import math
import pathlib
import sys

import torch
import torch.nn.functional as F

SEED = 20
OUT = pathlib.Path(__file__).resolve().parent.parent / "numerics" / "data" / "ops.txt"

torch.manual_seed(SEED)
torch.set_default_dtype(torch.float64)
lines = [f"# made by tests/tools/make_ops_reference.py with torch {torch.__version__.split('+')[0]}, seed {SEED}"]


def rand(*shape, low=-2.0, high=2.0):
    """Few digits, so that the file stays small."""
    return ((low + (high - low) * torch.rand(*shape)) * 64).round() / 64


def values(t):
    lines.append(" ".join(repr(float(v)).removesuffix(".0") for v in t.detach().reshape(-1)))


def dims(t):
    return " ".join(str(d) for d in (t.dim(), *t.shape))


def case(name, op, operands, attrs=None, result=None, after=None, batch=None, part=None):
    """operands: list of (kind, tensor)."""
    lines.append(f"case {name}")
    lines.append(f"op {op}")
    if batch:
        lines.append(f"batch {batch}")
    for key, numbers in (attrs or {}).items():
        numbers = numbers if isinstance(numbers, (list, tuple)) else [numbers]
        lines.append(f"attr {key} " + " ".join(str(v) for v in numbers))
    if part is not None:
        lines.append(f"part {part}")
    for kind, t in operands:
        dtype = "f32" if t.is_floating_point() else "i64" if kind == "state" else "i32"
        lines.append(f"operand {kind} {dtype} {dims(t)}")
        values(t)
    if result is not None:
        lines.append(f"result {dims(result)}")
        values(result)
    for index, t in (after or {}).items():
        lines.append(f"after {index} {dims(t)}")
        values(t)


def convolution(name, x, w, stride, padding, dilation, groups):
    top, left, bottom, right = padding
    x.requires_grad_()
    w.requires_grad_()
    padded = F.pad(x, (left, right, top, bottom))
    y = F.conv2d(padded, w, stride=stride, dilation=dilation, groups=groups)
    dy = rand(*y.shape)
    y.backward(dy)
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    case(name, "conv2d", [("input", x), ("value", w)], attrs, y)
    case(name + "_input", "conv2d_grad_input", [("input", dy), ("value", w)],
         {**attrs, "in_size": tuple(x.shape[2:])}, x.grad)
    case(name + "_weight", "conv2d_grad_weight", [("input", x), ("input", dy)],
         {**attrs, "kernel": tuple(w.shape[2:])}, w.grad)


def convolutions():
    convolution("dense", rand(2, 3, 5, 7), rand(4, 3, 3, 2), (2, 1), (1, 0, 2, 1), (1, 2), 1)
    convolution("depthwise", rand(2, 3, 6, 5), rand(3, 1, 3, 3), (1, 2), (0, 1, 1, 1), (1, 1), 3)
    convolution("grouped", rand(1, 4, 4, 4), rand(6, 2, 2, 3), (1, 1), (1, 2, 0, 1), (2, 1), 2)
    convolution("pointwise", rand(2, 3, 1, 1), rand(5, 3, 1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1)
    x, w = rand(3, 5), rand(4, 5)
    case("linear", "linear", [("input", x), ("value", w)], None, F.linear(x, w))


def pooling():
    # Halves, so that windows have equal elements.
    x = (rand(2, 3, 5, 6) * 2).round() / 2
    x.requires_grad_()
    y = F.max_pool2d(x, (3, 2), stride=(2, 1), padding=(1, 1))
    dy = rand(*y.shape)
    y.backward(dy)
    attrs = {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 1, 1, 1)}
    case("max_pool", "max_pool", [("input", x)], attrs, y)
    case("max_pool_gradient", "max_pool_grad", [("input", dy), ("input", x), ("input", y)], attrs, x.grad)
    z = rand(2, 3, 4, 5).requires_grad_()
    m = z.mean((2, 3), keepdim=True)
    dm = rand(*m.shape)
    m.backward(dm)
    case("average", "global_avg_pool", [("input", z)], None, m)
    case("average_gradient", "global_avg_pool_grad", [("input", dm)], {"in_size": (4, 5)}, z.grad)


def batch_norm():
    x, weight, bias = rand(3, 4, 2, 3).requires_grad_(), rand(4).requires_grad_(), rand(4).requires_grad_()
    mean, var = rand(4), rand(4, low=0.5)
    eps, momentum = 1e-3, 0.1
    y = F.batch_norm(x, mean, var, weight, bias, False, momentum, eps)
    operands = [("input", x), ("value", weight), ("value", bias), ("value", mean), ("value", var)]
    case("batch_norm_stored", "batch_norm", operands, {"eps": eps, "momentum": momentum}, y)
    mean_after, var_after = mean.clone(), var.clone()
    y = F.batch_norm(x, mean_after, var_after, weight, bias, True, momentum, eps)
    case("batch_norm_training", "batch_norm", operands, {"eps": eps, "momentum": momentum, "training": 1}, y)
    dy = rand(*y.shape)
    y.backward(dy)
    stats = torch.stack([x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)]).detach()
    case("batch_statistics", "bn_stats", [("input", x)], None, stats)
    case("batch_norm_apply", "bn_apply", [("input", x), ("value", stats), ("value", weight), ("value", bias)],
         {"eps": eps}, y)
    gstats = torch.stack([bias.grad, weight.grad])
    case("batch_norm_reductions", "bn_grad_stats", [("input", dy), ("input", x), ("value", stats)], {"eps": eps}, gstats)
    case("batch_norm_input", "bn_grad_input",
         [("input", dy), ("input", x), ("value", stats), ("value", gstats), ("value", weight)], {"eps": eps}, x.grad)
    case("running_statistics", "bn_update", [("state", mean), ("state", var), ("value", stats)],
         {"momentum": momentum, "in_size": (2, 3)}, None, {0: mean_after, 1: var_after}, batch=3)
    case("batch_count", "count_update", [("state", torch.tensor(4))], None, None, {0: torch.tensor(5.0)})


def activations():
    x = torch.tensor([[-3.0, -0.25, 0, 0.5], [5.75, 6, 6.25, 40]]).requires_grad_()
    for name, f in (("relu", F.relu), ("relu6", F.relu6)):
        x.grad = None
        y = f(x)
        dy = rand(*y.shape)
        y.backward(dy)
        case(name, name, [("input", x)], None, y)
        case(name + "_gradient", name + "_grad", [("input", dy), ("input", y)], None, x.grad)


def loss():
    for name, smoothing in (("plain", 0.0), ("smoothed", 0.1)):
        logits = (rand(3, 5) * 8).requires_grad_()
        logits.data[1, 2] = 900  # exp would overflow
        label = torch.tensor([4, 0, 2])
        y = F.cross_entropy(logits, label, label_smoothing=smoothing)
        y.backward()
        operands, attrs = [("input", logits), ("input", label)], {"label_smoothing": smoothing}
        case("cross_entropy_" + name, "cross_entropy", operands, attrs, y)
        case("cross_entropy_gradient_" + name, "cross_entropy_grad", operands + [("value", torch.tensor(1.0))], attrs, logits.grad)


def optimizer(name, op, lr, momentum, weight_decay, nesterov):
    """The third step, so that the slot holds something."""
    p = rand(2, 3).requires_grad_()
    sgd = torch.optim.SGD([p], lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
    for _ in range(3):
        before = p.detach().clone()
        slot = sgd.state[p].get("momentum_buffer")
        slot = torch.zeros_like(p) if slot is None else slot.clone()
        p.grad = rand(2, 3)
        sgd.step()
    scalars = [("value", torch.tensor(v)) for v in ((lr, momentum, weight_decay) if momentum else (lr, weight_decay))]
    operands = [("value", p.grad), ("state", before)] + ([("state", slot)] if momentum else []) + scalars
    after = {1: p}
    if momentum:
        after[2] = sgd.state[p]["momentum_buffer"]
    case(name, op, operands, {"nesterov": 1} if nesterov else None, None, after)


def with_gradient(name, op, f, x, attrs=None, reads_result=False):
    """An op of one operand and its gradient, which reads x or the result."""
    x.requires_grad_()
    y = f(x)
    dy = rand(*y.shape)
    y.backward(dy)
    case(name, op, [("input", x)], attrs, y)
    case(name + "_gradient", op + "_grad", [("input", dy), ("input", y if reads_result else x)], attrs, x.grad)


def smooth():
    x = torch.tensor([[-30.0, -3.0, -0.25, 0, 0.5, 2.75, 40]])
    with_gradient("sigmoid", "sigmoid", torch.sigmoid, x.clone(), reads_result=True)
    with_gradient("silu", "silu", F.silu, x.clone())
    with_gradient("gelu", "gelu", F.gelu, x.clone())
    with_gradient("gelu_by_tanh", "gelu", lambda v: F.gelu(v, approximate="tanh"), x.clone(), {"approximate": 1})
    a = rand(2, 3, 2, 2)
    for name, b in (("same", rand(2, 3, 2, 2)), ("pixel", rand(2, 3, 1, 1)), ("channel", rand(2, 1, 2, 2)),
                    ("number", torch.tensor(-1.75))):
        case("mul_" + name, "mul", [("input", a), ("value" if name == "number" else "input", b)], None, a * b)
    case("sum_channels", "sum_channels", [("input", a)], None, a.sum(1, keepdim=True))


def average_pooling():
    for include in (True, False):
        attrs = {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 1, 1, 1), "count_include_pad": int(include)}
        x = rand(2, 2, 5, 4).requires_grad_()
        y = F.avg_pool2d(x, (3, 2), stride=(2, 1), padding=(1, 1), count_include_pad=include)
        dy = rand(*y.shape)
        y.backward(dy)
        name = "avg_pool_with_padding" if include else "avg_pool"
        case(name, "avg_pool", [("input", x)], attrs, y)
        case(name + "_gradient", "avg_pool_grad", [("input", dy)], {**attrs, "in_size": (5, 4)}, x.grad)


def adaptive_pooling():
    x = rand(2, 2, 5, 7).requires_grad_()
    y = F.adaptive_avg_pool2d(x, (3, 4))
    dy = rand(*y.shape)
    y.backward(dy)
    case("adaptive_avg_pool", "adaptive_avg_pool", [("input", x)], {"size": (3, 4)}, y)
    case("adaptive_avg_pool_gradient", "adaptive_avg_pool_grad", [("input", dy)], {"in_size": (5, 7)}, x.grad)


def more_pooling():
    """ceil_mode, where the last window reaches over the end and where one more would begin behind it; dilation; a given divisor; the
    maxima of parts. Halves, so that windows have equal elements; NaN and infinities."""
    torch.manual_seed(40)
    for name, size, kernel, stride, padding, dilation in (
            ("ceil", (6, 5), (3, 2), (2, 2), (1, 0), (1, 1)), ("dilated", (7, 8), (3, 2), (1, 2), (1, 1), (2, 3)),
            ("over_the_end", (2, 5), (3, 1), (2, 3), (0, 0), (1, 1))):
        x = (rand(2, 2, *size) * 2).round() / 2
        x[0, 0, 1, 1:3] = torch.tensor([math.nan, math.inf])
        x[1, 1, :, 2:] = -math.inf
        x.requires_grad_()
        y = F.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode=name != "dilated")
        dy = rand(*y.shape)
        top, left = padding
        attrs = {"kernel": kernel, "stride": stride, "padding": (top, left, top, left), "dilation": dilation,
                 "ceil_mode": int(name != "dilated")}
        case("max_pool_" + name, "max_pool", [("input", x)], attrs, y)
        z = (rand(2, 2, *size) * 2).round() / 2
        z[0, 0, 1, 1:4] = torch.tensor([math.nan, math.inf, math.nan])
        z[1, 1, :, 2:] = -math.inf
        z.requires_grad_()
        y = F.max_pool2d(z, kernel, stride, padding, dilation, ceil_mode=name != "dilated")
        y.backward(dy)
        case(f"max_pool_{name}_gradient", "max_pool_grad", [("input", dy), ("input", z), ("input", y)], attrs, z.grad)
    for name, size, kernel, stride, padding, include, divisor in (
            ("ceil", (6, 5), (3, 2), (2, 2), (1, 0), True, None), ("ceil_inside", (6, 6), (3, 3), (2, 2), (1, 1), False, None),
            ("divisor", (5, 5), (2, 3), (2, 2), (1, 1), True, 5)):
        x = rand(2, 2, *size).requires_grad_()
        y = F.avg_pool2d(x, kernel, stride, padding, name != "divisor", include, divisor)
        dy = rand(*y.shape)
        y.backward(dy)
        top, left = padding
        attrs = {"kernel": kernel, "stride": stride, "padding": (top, left, top, left), "ceil_mode": int(name != "divisor"),
                 "count_include_pad": int(include), "divisor_override": divisor or 0}
        case("avg_pool_" + name, "avg_pool", [("input", x)], attrs, y)
        case(f"avg_pool_{name}_gradient", "avg_pool_grad", [("input", dy)], {**attrs, "in_size": size}, x.grad)
    x = (rand(2, 2, 5, 7) * 2).round() / 2
    x[0, 0, 1, 1:4] = torch.tensor([math.nan, math.inf, math.nan])
    x[1, 1, :, 2:] = -math.inf
    x.requires_grad_()
    y = F.adaptive_max_pool2d(x, (3, 4))
    dy = rand(*y.shape)
    y.backward(dy)
    case("adaptive_max_pool", "adaptive_max_pool", [("input", x)], {"size": (3, 4)}, y)
    case("adaptive_max_pool_gradient", "adaptive_max_pool_grad", [("input", dy), ("input", x), ("input", y)], {"size": (3, 4)}, x.grad)
    for op, f in (("adaptive_max_pool", F.adaptive_max_pool2d), ("adaptive_avg_pool", F.adaptive_avg_pool2d)):
        x = rand(1, 2, 2, 5).requires_grad_()
        y = f(x, (7, 3))
        dy = rand(*y.shape)
        y.backward(dy)
        case(op + "_larger", op, [("input", x)], {"size": (7, 3)}, y)
        read, attrs = ([("input", x), ("input", y)], {"size": (7, 3)}) if "max" in op else ([], {"in_size": (2, 5)})
        case(op + "_larger_gradient", op + "_grad", [("input", dy)] + read, attrs, x.grad)


def interpolation():
    """By whole factors and to sizes, larger and smaller, each mode; without a given size PyTorch's factors are these."""
    torch.manual_seed(24)
    x = rand(2, 2, 3, 2).requires_grad_()
    y = F.interpolate(x, scale_factor=(2, 3), mode="nearest")
    dy = rand(*y.shape)
    y.backward(dy)
    case("interpolate", "interpolate", [("input", x)], {"scale_factor": (2, 3)}, y)
    case("interpolate_gradient", "interpolate_grad", [("input", dy)], {"in_size": (3, 2)}, x.grad)
    for mode, (word, align) in enumerate((("nearest", None), ("nearest-exact", None), ("bilinear", False), ("bilinear", True))):
        for name, size in (("larger", (7, 6)), ("smaller", (2, 5)), ("one", (1, 3))):
            x = rand(1, 2, 3, 5).requires_grad_()
            y = F.interpolate(x, size=size, mode=word, align_corners=align)
            dy = rand(*y.shape)
            y.backward(dy)
            attrs = {"mode": min(mode, 2), "align_corners": int(bool(align))}
            name = f"{word}{'_aligned' if align else ''}_{name}"
            case("interpolate_" + name, "interpolate", [("input", x)], {"size": size, **attrs}, y)
            case(f"interpolate_{name}_gradient", "interpolate_grad", [("input", dy)], {"in_size": (3, 5), **attrs}, x.grad)
    x = rand(1, 1, 2, 3)
    for align in (False, True):
        case(f"interpolate_by_three_{align}", "interpolate", [("input", x)], {"scale_factor": (3, 3), "mode": 2, "align_corners": int(align)},
             F.interpolate(x, scale_factor=3, mode="bilinear", align_corners=align))


def fractional_interpolation():
    """By factors that make no whole sizes: places follow from the factor, or from the sizes."""
    torch.manual_seed(63)
    for mode, (word, align) in enumerate((("nearest", None), ("nearest-exact", None), ("bilinear", False), ("bilinear", True))):
        for factor in ((1.6, 2.5), (0.7, 0.4), (1.2, 1.1)):
            for recompute in (False, True):
                x = rand(1, 2, 3, 5).requires_grad_()
                y = F.interpolate(x, scale_factor=factor, mode=word, align_corners=align, recompute_scale_factor=recompute)
                dy = rand(*y.shape)
                y.backward(dy)
                attrs = {"scale_factor": factor, "recompute_scale_factor": int(recompute), "mode": min(mode, 2),
                         "align_corners": int(bool(align))}
                name = f"{word}{'_aligned' if align else ''}_{factor[0]}{'_recomputed' if recompute else ''}"
                case("interpolate_" + name, "interpolate", [("input", x)], attrs, y)
                case(f"interpolate_{name}_gradient", "interpolate_grad", [("input", dy)], {"in_size": (3, 5), **attrs}, x.grad)


def padding():
    torch.manual_seed(41)
    for mode, word in enumerate(("constant", "reflect", "replicate")):
        x = rand(2, 2, 3, 4).requires_grad_()
        top, left, bottom, right = (2, 0, 1, 3)
        y = F.pad(x, (left, right, top, bottom), mode=word, **({"value": -0.75} if mode == 0 else {}))
        dy = rand(*y.shape)
        y.backward(dy)
        attrs = {"padding": (top, left, bottom, right), "mode": mode}
        case("pad_" + word, "pad", [("input", x)], {**attrs, "value": -0.75 if mode == 0 else 0}, y)
        case(f"pad_{word}_gradient", "pad_grad", [("input", dy)], attrs, x.grad)


def transposed_convolution():
    """As the op that it is; its gradients are the ops of a convolution."""
    torch.manual_seed(43)
    for name, x, w, stride, padding, output_padding, dilation, groups in (
            ("", rand(2, 3, 3, 2), rand(3, 2, 3, 2), (2, 1), (1, 0), (1, 0), (1, 2), 1),
            ("_grouped", rand(1, 4, 2, 3), rand(4, 3, 2, 2), (2, 3), (0, 1), (0, 2), (1, 1), 2)):
        x.requires_grad_()
        w.requires_grad_()
        y = F.conv_transpose2d(x, w, None, stride, padding, output_padding, groups, dilation)
        dy = rand(*y.shape)
        y.backward(dy)
        top, left = padding
        attrs = {"stride": stride, "padding": (top, left, top, left), "dilation": dilation, "groups": groups}
        case("conv_transpose2d" + name, "conv2d_grad_input", [("input", x), ("value", w)], {**attrs, "in_size": tuple(y.shape[2:])}, y)
        case(f"conv_transpose2d{name}_input", "conv2d", [("input", dy), ("value", w)], attrs, x.grad)
        case(f"conv_transpose2d{name}_weight", "conv2d_grad_weight", [("input", dy), ("input", x)],
             {**attrs, "kernel": tuple(w.shape[2:])}, w.grad)


def shuffling():
    torch.manual_seed(42)
    for r in (2, 3):
        x, z = rand(2, 2 * r * r, 2, 1), rand(1, 2, 2 * r, r)
        case(f"pixel_shuffle_{r}", "pixel_shuffle", [("input", x)], {"upscale_factor": r}, F.pixel_shuffle(x, r))
        case(f"pixel_unshuffle_{r}", "pixel_unshuffle", [("input", z)], {"downscale_factor": r}, F.pixel_unshuffle(z, r))


def concatenation():
    parts = [rand(2, channels, 2, 3) for channels in (3, 1, 2)]
    y = torch.cat(parts, 1)
    case("concat", "concat", [("input", x) for x in parts], {"dim": 1}, y)
    case("narrow", "narrow", [("input", y)], {"dim": 1, "start": 3, "length": 3}, y.narrow(1, 3, 3))
    case("narrow_rows", "narrow", [("input", y)], {"dim": 2, "start": 1, "length": 1}, y.narrow(2, 1, 1))
    case("narrow_columns", "narrow", [("input", y)], {"dim": 3, "start": 0, "length": 2}, y.narrow(3, 0, 2))
    case("concat_rows", "concat", [("input", y), ("input", y[:, :, :1])], {"dim": 2}, torch.cat([y, y[:, :, :1]], 2))
    case("concat_columns", "concat", [("input", y[..., 1:]), ("input", y)], {"dim": 3}, torch.cat([y[..., 1:], y], 3))


def prelu():
    torch.manual_seed(32)
    special = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -3.0, 2.0])
    for name, count in (("channels", 3), ("one", 1)):
        x = torch.stack([special, rand(6), rand(6)], 1).reshape(2, 3, 3, 1).requires_grad_()
        w = rand(count).requires_grad_()
        y = F.prelu(x, w)
        dy = rand(*x.shape)
        y.backward(dy)
        operand = w if count > 1 else w.reshape(())
        case(f"prelu_{name}", "prelu", [("input", x), ("value", operand)], None, y)
        case(f"prelu_gradient_{name}", "prelu_grad", [("input", dy), ("input", x), ("value", operand)], None, x.grad)
        case(f"prelu_gradient_weight_{name}", "prelu_grad_weight", [("input", dy), ("input", x)], None,
             torch.where(x > 0, 0, x * dy))


def permute():
    torch.manual_seed(33)
    for name, shape, dims in (("map", (2, 3, 2, 4), (0, 2, 3, 1)), ("five", (2, 2, 1, 3, 2), (0, 3, 1, 4, 2))):
        x = rand(*shape)
        case(f"permute_{name}", "permute", [("input", x)], {"dims": (len(dims), *dims)}, x.permute(dims))
    x, w = rand(2, 3, 2, 4), rand(5, 3)
    case("linear_of_places", "linear", [("input", x), ("value", w)], None, F.linear(x.movedim(1, -1), w).movedim(-1, 1))


def powers():
    torch.manual_seed(36)
    for name, exponent in (("cube", 3.0), ("one", 1.0), ("zero", 0.0), ("inverse", -1.0), ("root", 0.5), ("root_under", -0.5),
                           ("any", 1.7), ("any_under", -2.3)):
        x = torch.cat([torch.tensor(SPECIAL), rand(4)]).reshape(2, -1)
        y = torch.pow(x, exponent)
        case(f"pow_{name}", "pow", [("input", x)], {"exponent": exponent}, y)


def special_gradients():
    """Of numbers whose value or slope is none: powers of 0 and below, roots and logarithms of 0 and below, 0 / 0, infinity and NaN."""
    torch.manual_seed(62)
    some = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -2.0, 0.25])
    for name, op, f, attrs in (
            *((f"pow_{e}", "pow", lambda v, e=e: torch.pow(v, e), {"exponent": e}) for e in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5, -1.5)),
            ("log", "log", torch.log, None), ("sqrt", "sqrt", torch.sqrt, None), ("exp", "exp", torch.exp, None)):
        x = some.reshape(2, 4).clone().requires_grad_()
        gradients(f"{name}_of_special", op, f, [x], attrs)
    a, b = (t.reshape(8, 8).clone().requires_grad_() for t in torch.cartesian_prod(some, some).unbind(1))
    gradients("div_of_special", "div", torch.div, [a, b])


def gradients(name, op, f, operands, attrs=None):
    """An op's result and the gradients of its operands, which the rule of the op makes."""
    y = f(*operands)
    dy = rand(*y.shape, low=0.5)
    y.backward(dy)
    case(name, op, [("input", x) for x in operands], attrs, y)
    lines.append(f"dy {dims(dy)}")
    values(dy)
    for i, x in enumerate(operands):
        lines.append(f"gradient {i} {dims(x)}")
        values(x.grad)


def sums():
    torch.manual_seed(37)
    x = rand(2, 3, 2, 3)
    case("sum_channels", "sum_channels", [("input", x)], None, x.sum(1, keepdim=True))
    x[0, 0, 0, 1], x[1, 2, 1, 1], x[1, 0, 0, 0] = math.nan, math.inf, -math.inf
    case("amax", "amax", [("input", x)], {"kernel": (2, 1), "stride": (2, 1)}, torch.amax(x, 2, keepdim=True))
    ties = torch.tensor([[1.0, 2, 2], [math.nan, 0, -1]])
    case("amax_ties", "amax_grad_ties", [("input", ties), ("input", ties[:, [1, 1, 1]])], None,
         (ties == ties[:, [1, 1, 1]]).double())


def softmaxes():
    torch.manual_seed(35)
    inf = math.inf
    places = torch.tensor([[math.nan, 0.0, 1.0], [inf, 1.0, 0.0], [-inf, 2.0, 1.0], [-inf, -inf, -inf], [90.0, -90.0, 0.0]])
    for op, f in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
        for name, x in (("map", rand(2, 5, 3, 2)), ("row", rand(3, 6)), ("special", places)):
            x = x.clone().requires_grad_()
            y = f(x, 1)
            case(f"{op}_{name}", op, [("input", x)], None, y)
            if name == "special":
                continue
            dy = rand(*x.shape)
            y.backward(dy)
            case(f"{op}_gradient_{name}", f"{op}_grad", [("input", dy), ("input", y.detach().float().double())], None,
                 grad_of(f, x, y, dy))


def grad_of(f, x, y, dy):
    """The gradient as it follows from the stored result, which is single precision."""
    y = y.detach().float().double()
    return y * (dy - (dy * y).sum(1, keepdim=True)) if f is torch.softmax else dy - y.exp() * dy.sum(1, keepdim=True)


def layer_norm():
    torch.manual_seed(31)
    for name, shape in (("map", (2, 5, 3, 2)), ("row", (3, 6))):
        x, w, b = (rand(*s).requires_grad_() for s in (shape, shape[1:2], shape[1:2]))
        last = x.movedim(1, -1)
        y = F.layer_norm(last, last.shape[-1:], w, b, eps=1e-3).movedim(-1, 1)
        dy = rand(*shape)
        y.backward(dy)
        attrs = {"eps": 1e-3}
        case(f"layer_norm_{name}", "layer_norm", [("input", x), ("value", w), ("value", b)], attrs, y)
        case(f"layer_norm_gradient_{name}", "layer_norm_grad", [("input", dy), ("input", x), ("value", w)], attrs, x.grad)
        case(f"layer_norm_parameters_{name}", "layer_norm_grad_stats", [("input", dy), ("input", x)], attrs,
             torch.stack([b.grad, w.grad]))


def group_norm():
    torch.manual_seed(21)
    for name, channels, groups in (("crossing", 6, 2), ("single", 3, 3), ("whole", 4, 1)):
        x = rand(2, channels, 3, 2).requires_grad_()
        y = F.group_norm(x, groups, eps=1e-3)
        dy = rand(*y.shape)
        y.backward(dy)
        attrs = {"groups": groups, "eps": 1e-3}
        case("group_norm_" + name, "group_norm", [("input", x)], attrs, y)
        case("group_norm_gradient_" + name, "group_norm_grad", [("input", dy), ("input", x)], attrs, x.grad)


def losses():
    """Of indices and of distributions, which need not sum to 1, times a gradient."""
    torch.manual_seed(22)
    index, share, dy = torch.tensor([2, 0, 3]), rand(3, 4, low=0, high=1), torch.tensor(0.75)
    one_hot = F.one_hot(index, 4).double()
    functions = {
        "mse": (lambda x, t: F.mse_loss(x, t), {}),
        "binary_cross_entropy_with_logits": (lambda x, t: F.binary_cross_entropy_with_logits(x, t), {}),
        "cross_entropy": (lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), {"label_smoothing": 0.1}),
    }
    for op, (f, attrs) in functions.items():
        for name, label, t in (("index", index, one_hot), ("distribution", share, share)):
            x = rand(3, 4, low=-6, high=6).requires_grad_()
            y = f(x, t)
            y.backward(dy)
            operands = [("input", x), ("input", label)]
            case(f"{op}_{name}", op, operands, attrs, y)
            case(f"{op}_gradient_{name}", op + "_grad", operands + [("value", dy)], attrs, x.grad)


def huber():
    """Differences on both sides of delta."""
    torch.manual_seed(25)
    index, share, dy = torch.tensor([2, 0, 3]), rand(3, 4, low=0, high=1), torch.tensor(0.75)
    for name, label, t in (("index", index, F.one_hot(index, 4).double()), ("distribution", share, share)):
        x = rand(3, 4, low=-2, high=2).requires_grad_()
        y = F.huber_loss(x, t, delta=0.75)
        y.backward(dy)
        operands = [("input", x), ("input", label)]
        case(f"huber_{name}", "huber", operands, {"delta": 0.75}, y)
        case(f"huber_gradient_{name}", "huber_grad", operands + [("value", dy)], {"delta": 0.75}, x.grad)


def distances():
    """One difference is 0."""
    torch.manual_seed(61)
    index, share, dy = torch.tensor([2, 0, 3]), rand(3, 4, low=0, high=1), torch.tensor(0.75)
    for name, label, t in (("index", index, F.one_hot(index, 4).double()), ("distribution", share, share)):
        x = rand(3, 4, low=-2, high=2)
        x[1, 2] = t[1, 2]
        x.requires_grad_()
        y = F.l1_loss(x, t)
        y.backward(dy)
        operands = [("input", x), ("input", label)]
        case(f"l1_{name}", "l1", operands, {}, y)
        case(f"l1_gradient_{name}", "l1_grad", operands + [("value", dy)], {}, x.grad)


def focal():
    """Against torchvision's, with and without weights, and with powers that are whole and not."""
    from torchvision.ops import sigmoid_focal_loss

    torch.manual_seed(62)
    index, share, dy = torch.tensor([2, 0, 3]), rand(3, 4, low=0, high=1), torch.tensor(0.75)
    for name, label, t, alpha, gamma in (("index", index, F.one_hot(index, 4).double(), 0.25, 2), ("distribution", share, share, -1, 1.5),
                                         ("plain", index, F.one_hot(index, 4).double(), 0.75, 0)):
        x = rand(3, 4, low=-4, high=4).requires_grad_()
        y = sigmoid_focal_loss(x, t, alpha, gamma, "mean")
        y.backward(dy)
        operands, attrs = [("input", x), ("input", label)], {"alpha": alpha, "gamma": gamma}
        case(f"sigmoid_focal_{name}", "sigmoid_focal", operands, attrs, y)
        case(f"sigmoid_focal_gradient_{name}", "sigmoid_focal_grad", operands + [("value", dy)], attrs, x.grad)


def kl_div():
    """Of logarithms of probabilities; one share is 0."""
    torch.manual_seed(63)
    index, share, dy = torch.tensor([2, 0, 3]), rand(3, 4, low=0, high=1), torch.tensor(0.75)
    share[1, 2] = 0
    for name, label, t in (("index", index, F.one_hot(index, 4).double()), ("distribution", share, share)):
        x = rand(3, 4, low=-4, high=0).requires_grad_()
        y = F.kl_div(x, t, reduction="mean")
        y.backward(dy)
        operands = [("input", x), ("input", label)]
        case(f"kl_div_{name}", "kl_div", operands, {}, y)
        case(f"kl_div_gradient_{name}", "kl_div_grad", operands + [("value", dy)], {}, x.grad)


def later_step(name, op, optimizer, slots, scalars, step=1):
    """Step number `step` of an optimizer of torch.optim, whose state before it is made up; slots: name -> lowest value, the highest is 2, or both."""
    p = rand(2, 3).requires_grad_()
    before, p.grad = p.detach().clone(), rand(2, 3)
    o = optimizer([p])
    state = {slot: torch.zeros(2, 3) if step == 1 else rand(2, 3, **dict(zip(("low", "high"), of if isinstance(of, tuple) else (of,)))) for slot, of in slots.items()}
    if step > 1:
        o.state[p] = {"step": torch.tensor(step - 1.0), **{slot: t.clone() for slot, t in state.items()}}
    o.step()
    values_of = [("value", torch.tensor(float(v))) for v in scalars]
    case(name, op, [("value", p.grad), ("state", before)] + [("state", t) for t in state.values()] + values_of, None, None,
         {1: p, **{2 + i: o.state[p][slot] for i, slot in enumerate(slots)}})


def adam():
    torch.manual_seed(23)
    for op, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        for name, step, lr, beta1, beta2, eps, decay in (("first", 1, 0.001, 0.9, 0.999, 1e-8, 0), ("later", 137, 0.01, 0.8, 0.95, 1e-3, 0.02)):
            later_step(f"{op}_{name}", op, lambda p: kind(p, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=decay),
                       {"exp_avg": -2, "exp_avg_sq": 0}, (lr, beta1, beta2, eps, decay, step), step)


def rmsprop():
    torch.manual_seed(26)
    for name, step, lr, alpha, eps, decay in (("first", 1, 0.01, 0.99, 1e-8, 0), ("later", 9, 0.02, 0.9, 1e-3, 0.02)):
        later_step(f"rmsprop_{name}", "rmsprop_plain", lambda p: torch.optim.RMSprop(p, lr=lr, alpha=alpha, eps=eps, weight_decay=decay),
                   {"square_avg": 0}, (lr, alpha, eps, decay), step)


def rmsprop_momentum():
    torch.manual_seed(40)
    for name, step, lr, alpha, eps, decay, momentum in (("first", 1, 0.01, 0.99, 1e-8, 0, 0.9), ("later", 9, 0.02, 0.9, 1e-3, 0.02, 0.8)):
        later_step(f"rmsprop_momentum_{name}", "rmsprop",
                   lambda p: torch.optim.RMSprop(p, lr=lr, alpha=alpha, eps=eps, weight_decay=decay, momentum=momentum),
                   {"square_avg": 0, "momentum_buffer": -2}, (lr, alpha, eps, decay, momentum), step)


def dampened():
    torch.manual_seed(71)
    for name, step, lr, momentum, decay, dampening in (("first", 1, 0.01, 0.9, 0.1, 0.5), ("later", 9, 0.02, 0.8, 0.02, 0.3)):
        p = rand(2, 3).requires_grad_()
        before, p.grad = p.detach().clone(), rand(2, 3)
        buffer = torch.zeros(2, 3) if step == 1 else rand(2, 3)
        o = torch.optim.SGD([p], lr=lr, momentum=momentum, weight_decay=decay, dampening=dampening)
        if step > 1:
            o.state[p] = {"momentum_buffer": buffer.clone()}
        o.step()
        scalars = [("value", torch.tensor(float(v))) for v in (lr, momentum, decay, dampening, step)]
        case(f"sgd_dampened_{name}", "sgd_dampened", [("value", p.grad), ("state", before), ("state", buffer)] + scalars, None, None,
             {1: p, 2: o.state[p]["momentum_buffer"]})


def amsgrad():
    torch.manual_seed(72)
    for op, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        for name, step, lr, beta1, beta2, eps, decay in (("first", 1, 0.001, 0.9, 0.999, 1e-8, 0), ("later", 137, 0.01, 0.8, 0.95, 1e-3, 0.02)):
            later_step(f"{op}_amsgrad_{name}", f"{op}_amsgrad",
                       lambda p: kind(p, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=decay, amsgrad=True),
                       {"exp_avg": -2, "exp_avg_sq": 0, "max_exp_avg_sq": 0}, (lr, beta1, beta2, eps, decay, step), step)


def centered():
    """Squares far enough above the means that PyTorch's variances are positive."""
    torch.manual_seed(73)
    for op, momentum in (("rmsprop_centered", 0.8), ("rmsprop_centered_plain", 0)):
        for name, step, lr, alpha, eps, decay in (("first", 1, 0.01, 0.99, 1e-8, 0), ("later", 9, 0.02, 0.9, 1e-3, 0.02)):
            later_step(f"{op}_{name}", op,
                       lambda p: torch.optim.RMSprop(p, lr=lr, alpha=alpha, eps=eps, weight_decay=decay, momentum=momentum, centered=True),
                       {"square_avg": (4, 6), "grad_avg": (-1, 1)} | ({"momentum_buffer": -2} if momentum else {}),
                       (lr, alpha, eps, decay) + ((momentum,) if momentum else ()), step)


def lion():
    """PyTorch has none; that of timm."""
    import timm.optim
    torch.manual_seed(41)
    for name, step, lr, beta1, beta2, decay in (("first", 1, 0.0001, 0.9, 0.99, 0), ("later", 9, 0.02, 0.8, 0.95, 0.3)):
        later_step(f"lion_{name}", "lion", lambda p: timm.optim.Lion(p, lr=lr, betas=(beta1, beta2), weight_decay=decay),
                   {"exp_avg": -2}, (lr, beta1, beta2, decay), step)


def clipping():
    torch.manual_seed(42)
    x = rand(3, 4, 2, 2)
    case("square_sum", "square_sum", [("value", x)], None, (x * x).sum())
    for name, most in (("within", 100.0), ("beyond", 1.5)):
        p = torch.zeros_like(x).requires_grad_()
        p.grad = x.clone()
        torch.nn.utils.clip_grad_norm_([p], most)
        scale = (p.grad / x)[0, 0, 0, 0]
        case(f"clip_scale_{name}", "clip_scale", [("value", (x * x).sum())], {"max_norm": most}, scale)


def weighted_loss():
    """The three nodes that a weighted loss is, against PyTorch's one: shares, their cross entropy, over the weight."""
    torch.manual_seed(27)
    for name, shape, smoothing, ignored in (("plain", (4, 5), 0.0, -100), ("smoothed", (4, 5), 0.1, -100),
                                            ("ignored", (6, 4), 0.1, 2), ("map", (2, 3, 2, 4), 0.1, 255)):
        k = shape[1]
        logits = (rand(*shape) * 4).requires_grad_()
        weight = rand(k, low=0.25, high=3)
        label = torch.randint(0, k, (shape[0], *shape[2:]))
        if ignored != -100:
            label.reshape(-1)[1] = ignored
        kept = label != ignored
        one_hot = F.one_hot(torch.where(kept, label, 0), k).movedim(-1, 1).double()
        wide = weight.reshape(1, k, *[1] * (len(shape) - 2))
        shares = wide * ((1 - smoothing) * one_hot + smoothing / k) * kept.unsqueeze(1)
        mean_weight = torch.where(kept, weight[torch.where(kept, label, 0)], 0).mean()
        want = F.cross_entropy(logits, label, weight, ignore_index=ignored, label_smoothing=smoothing)
        want.backward()
        plain = -(shares * logits.detach().log_softmax(1)).sum() / label.numel()
        assert torch.isclose(plain / mean_weight, want, rtol=1e-14)  # what is stored is what PyTorch computes
        operands = [("input", logits), ("input", label), ("value", weight)]
        case("label_shares_" + name, "label_shares", operands, {"label_smoothing": smoothing, "ignore_index": ignored}, shares)
        case("label_weight_" + name, "label_weight", operands, {"ignore_index": ignored}, mean_weight)
        operands, attrs = [("input", logits), ("input", shares)], {"label_smoothing": 0.0}
        case("cross_entropy_weighted_" + name, "cross_entropy", operands, attrs, want.detach() * mean_weight)
        case("cross_entropy_weighted_gradient_" + name, "cross_entropy_grad",
             operands + [("value", 1 / mean_weight)], attrs, logits.grad)


def maps():
    """Losses of predictions [N,K,H,W]."""
    torch.manual_seed(28)
    logits, label = rand(2, 3, 2, 3).requires_grad_(), torch.randint(0, 3, (2, 2, 3))
    one_hot = F.one_hot(label, 3).movedim(-1, 1).double()
    for op, y in (("cross_entropy", F.cross_entropy(logits, label)), ("mse", F.mse_loss(logits, one_hot)),
                  ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits(logits, one_hot))):
        logits.grad = None
        y.backward()
        operands = [("input", logits), ("input", label)]
        case(op + "_map", op, operands, None, y)
        case(op + "_map_gradient", op + "_grad", operands + [("value", torch.tensor(1.0))], None, logits.grad)


SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -3.0, 3.0, 1.0, -1.0, 20.5, -20.0)


def pointwise(seed, op, f, attrs=None, special=SPECIAL, low=-8.0, reads_result=False, name=None):
    """An element-wise op and its gradient, at special values and at some between."""
    torch.manual_seed(seed)
    x = torch.cat([torch.tensor(special), rand(6, low=low, high=8.0)]).reshape(2, -1)
    with_gradient(name or op, op, f, x, attrs, reads_result)


def hardswish():
    pointwise(30, "hardswish", F.hardswish)


def hardsigmoid():
    # Made of relu6: the gradient of F.hardsigmoid takes 1/6 in single precision.
    pointwise(31, "hardsigmoid", lambda v: F.relu6(v + 3) / 6)


def tanh():
    pointwise(32, "tanh", torch.tanh, reads_result=True)


def leaky_relu():
    pointwise(33, "leaky_relu", lambda v: F.leaky_relu(v, 0.125), {"negative_slope": 0.125})


def splitting():
    torch.manual_seed(22)
    for shape, name in (((2, 6, 2, 2), "map"), ((3, 6), "row")):
        x = rand(*shape)
        for i, y in enumerate(torch.split(x, [2, 1, 3], 1)):
            case(f"split_{name}_{i}", "split", [("input", x)], {"sizes": (3, 2, 1, 3)}, y, part=i)


def matrices():
    torch.manual_seed(23)
    a, b = rand(3, 4), rand(4, 2)
    case("matmul", "matmul", [("value", a), ("value", b)], None, a @ b)
    case("transpose", "transpose", [("value", a)], None, a.T)


def products():
    """Two groups of matrices one below the other, each stored as it is or turned over."""
    torch.manual_seed(61)
    for turned_a in (0, 1):
        for turned_b in (0, 1):
            a, b = rand(2, 2, 3, 4), rand(2, 2, 4, 5)
            y = torch.matmul(a, b)
            a, b = a.mT if turned_a else a, b.mT if turned_b else b
            operands = [("input", v.reshape(2, -1, v.shape[-1])) for v in (a, b)]
            attrs = {"groups": 2, "transpose_a": turned_a, "transpose_b": turned_b}
            case(f"bmm_{turned_a}{turned_b}", "bmm", operands, attrs, y.reshape(2, -1, 5))


def elu():
    pointwise(34, "elu", lambda v: F.elu(v, 0.5), {"alpha": 0.5})


def softplus():
    pointwise(35, "softplus", lambda v: F.softplus(v, 2, 5), {"beta": 2, "threshold": 5})


def hardtanh():
    pointwise(36, "hardtanh", lambda v: F.hardtanh(v, -1, 3), {"min_val": -1, "max_val": 3})


def mish():
    pointwise(37, "mish", F.mish)


def broadcast(seed, op, f):
    torch.manual_seed(seed)
    a = rand(2, 3, 2, 2)
    for name, shape in (("same", (2, 3, 2, 2)), ("pixel", (2, 3, 1, 1)), ("channel", (2, 1, 2, 2))):
        b = rand(*shape, low=0.5)
        case(f"{op}_{name}", op, [("input", a), ("input", b)], None, f(a, b))




def maximum():
    """All pairs of some values, ties among them."""
    torch.manual_seed(40)
    some = torch.tensor([math.nan, math.inf, -math.inf, 0.0, 1.0, -2.0])
    a, b = (t.reshape(6, 6).clone().requires_grad_() for t in torch.cartesian_prod(some, some).unbind(1))
    y = torch.maximum(a, b)
    dy = rand(6, 6)
    y.backward(dy)
    case("maximum", "maximum", [("input", a), ("input", b)], None, y)
    case("maximum_gradient", "maximum_grad", [("input", dy), ("input", a), ("input", b)], None, a.grad)
    case("maximum_gradient_second", "maximum_grad", [("input", dy), ("input", b), ("input", a)], None, b.grad)


def absolute():
    pointwise(41, "abs", torch.abs)


def exp():
    torch.manual_seed(42)
    x = torch.cat([torch.tensor(SPECIAL), rand(6, low=0.1)]).reshape(2, 8)
    case("exp", "exp", [("input", x)], None, torch.exp(x))


def log():
    torch.manual_seed(43)
    x = torch.cat([torch.tensor(SPECIAL), rand(6, low=0.1)]).reshape(2, 8)
    case("log", "log", [("input", x)], None, torch.log(x))


def sqrt():
    torch.manual_seed(44)
    x = torch.cat([torch.tensor(SPECIAL), rand(6, low=0.1)]).reshape(2, 8)
    case("sqrt", "sqrt", [("input", x)], None, torch.sqrt(x))


def mixed(x):
    """The finaliser of splitmix64."""
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & 2**64 - 1
    x = (x ^ x >> 27) * 0x94d049bb133111eb & 2**64 - 1
    return x ^ x >> 31


def drawn(layer, sample, place):
    """What a layer draws with seed 0 in step 0, a number in [0, 1): Philox 4x32-10."""
    lane = mixed((6 + 256 * layer) * 0x9e3779b97f4a7c15 & 2**64 - 1)
    c, k = [place, sample, lane & 2**32 - 1, lane >> 32], [0, 0]
    for _ in range(10):
        p, q = c[0] * 0xd2511f53, c[2] * 0xcd9e8d57
        c = [q >> 32 ^ c[1] ^ k[0], q & 2**32 - 1, p >> 32 ^ c[3] ^ k[1], p & 2**32 - 1]
        k = [(k[0] + 0x9e3779b9) & 2**32 - 1, (k[1] + 0xbb67ae85) & 2**32 - 1]
    return (c[0] >> 8) / 2**24


def dropping():
    """PyTorch's own formula for a mask that it is given, which is drawn here once more."""
    torch.manual_seed(40)
    x, p = rand(3, 5, 2, 3), 0.375
    n, c, h, w = x.shape
    places = {"dropout": torch.arange(c * h * w).reshape(c, h, w), "dropout2d": torch.arange(c).reshape(c, 1, 1).expand(c, h, w),
              "drop_path": torch.zeros(c, h, w)}
    for layer, (op, place) in enumerate(places.items()):
        kept = torch.tensor([[drawn(layer, i, int(v)) >= p for v in place.reshape(-1)] for i in range(n)]).reshape(x.shape)
        y = torch.ops.aten.native_dropout_backward(x, kept, 1 / (1 - p))
        case(op, op, [("input", x)], {"p": p, "layer": layer}, y)
    case("dropout_all", "dropout", [("input", x)], {"p": 1}, F.dropout(x, 1.0))


def main():
    convolutions()
    pooling()
    batch_norm()
    activations()
    loss()
    optimizer("sgd_momentum", "sgd", 0.1, 0.9, 0.01, False)
    optimizer("sgd_nesterov", "sgd", 0.1, 0.9, 0.01, True)
    optimizer("sgd_plain", "sgd_plain", 0.1, 0.0, 0.01, False)
    smooth()
    average_pooling()
    adaptive_pooling()
    concatenation()
    group_norm()  # from here on each function seeds the generator itself: a new one leaves the others as they are
    losses()
    adam()
    interpolation()
    more_pooling()
    padding()
    shuffling()
    transposed_convolution()
    huber()
    rmsprop()
    weighted_loss()
    maps()
    hardswish()
    hardsigmoid()
    tanh()
    leaky_relu()
    splitting()
    matrices()
    elu()
    softplus()
    hardtanh()
    mish()
    broadcast(38, "sub", torch.sub)
    broadcast(39, "div", torch.div)
    maximum()
    absolute()
    exp()
    log()
    sqrt()
    dropping()
    layer_norm()
    prelu()
    permute()
    softmaxes()
    powers()
    sums()
    products()
    special_gradients()
    fractional_interpolation()
    rmsprop_momentum()
    lion()
    distances()
    focal()
    clipping()
    kl_div()
    dampened()
    amsgrad()
    centered()
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{OUT}: {sum(line.startswith('case') for line in lines)} cases, {OUT.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
