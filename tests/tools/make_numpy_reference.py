#!/usr/bin/env python3
"""Writes tests/numerics/data/ops_numpy.txt: results of the formulas in PyTorch's documentation, by NumPy, in double precision.

For what PyTorch has no single function of, or what was added where PyTorch was not at hand. The format is that of
make_ops_reference.py.
"""
import pathlib
import sys

import numpy as np

SEED = 21
OUT = pathlib.Path(__file__).resolve().parent.parent / "numerics" / "data" / "ops_numpy.txt"

random = np.random.Generator(np.random.PCG64(SEED))
lines = [f"# made by tests/tools/make_numpy_reference.py, seed {SEED}"]


def rand(*shape, low=-2.0, high=2.0):
    """Few digits, so that the file stays small."""
    return np.round(random.uniform(low, high, shape) * 64) / 64


def dims(t):
    return " ".join(str(d) for d in (t.ndim, *t.shape))


def values(t):
    lines.append(" ".join(repr(float(v)).removesuffix(".0") for v in np.asarray(t).reshape(-1)))


def case(name, op, operands, attrs=None, result=None, after=None, batch=None):
    """operands: list of (kind, array); arrays of integers are labels."""
    lines.append(f"case {name}")
    lines.append(f"op {op}")
    if batch:
        lines.append(f"batch {batch}")
    for key, value in (attrs or {}).items():
        lines.append(f"attr {key} {value}")
    for kind, t in operands:
        t = np.asarray(t)
        lines.append(f"operand {kind} {'i32' if t.dtype.kind == 'i' else 'f32'} {dims(t)}")
        values(t)
    if result is not None:
        lines.append(f"result {dims(np.asarray(result))}")
        values(result)
    for index, t in (after or {}).items():
        lines.append(f"after {index} {dims(t)}")
        values(t)


def adam(name, op, step, lr, beta1, beta2, eps, weight_decay):
    """One step of torch.optim.Adam or AdamW, as their documentation writes them."""
    grad, param, m, v = rand(2, 3), rand(2, 3), rand(2, 3), rand(2, 3, low=0)
    if step == 1:
        m, v = 0 * m, 0 * v
    g, theta = grad, param
    if op == "adamw":
        theta = theta - lr * weight_decay * theta
    else:
        g = g + weight_decay * theta
    m1 = beta1 * m + (1 - beta1) * g
    v1 = beta2 * v + (1 - beta2) * g ** 2
    m_hat, v_hat = m1 / (1 - beta1 ** step), v1 / (1 - beta2 ** step)
    theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
    scalars = [("value", np.array(float(s))) for s in (lr, beta1, beta2, eps, weight_decay, step)]
    case(name, op, [("value", grad), ("state", param), ("state", m), ("state", v)] + scalars, None, None,
         {1: theta, 2: m1, 3: v1})


def losses():
    """torch.nn.functional's mse_loss, binary_cross_entropy_with_logits and cross_entropy with class probabilities."""
    x, index, share = rand(3, 4, low=-6, high=6), np.array([2, 0, 3]), rand(3, 4, low=0, high=1)
    one_hot, dy = np.eye(4)[index], 0.75
    sigmoid = 1 / (1 + np.exp(-x))
    for name, label, t in (("index", index, one_hot), ("distribution", share, share)):
        operands = [("input", x), ("input", label)]
        gradient = operands + [("value", np.array(dy))]
        case(f"mse_{name}", "mse", operands, None, np.mean((x - t) ** 2))
        case(f"mse_gradient_{name}", "mse_grad", gradient, None, dy * 2 * (x - t) / x.size)
        bce = -(t * np.log(sigmoid) + (1 - t) * np.log(1 - sigmoid))
        op = "binary_cross_entropy_with_logits"
        case(f"{op}_{name}", op, operands, None, np.mean(bce))
        case(f"{op}_gradient_{name}", op + "_grad", gradient, None, dy * (sigmoid - t) / x.size)
        q = 0.9 * t + 0.1 / 4
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        attrs = {"label_smoothing": 0.1}
        case(f"cross_entropy_{name}", "cross_entropy", operands, attrs, -np.sum(q * np.log(p)) / 3)
        case(f"cross_entropy_gradient_{name}", "cross_entropy_grad", gradient, attrs,
             dy * (p * q.sum(axis=1, keepdims=True) - q) / 3)


def main():
    losses()
    for op in ("adam", "adamw"):
        adam(f"{op}_first", op, 1, 0.001, 0.9, 0.999, 1e-8, 0.0)
        adam(f"{op}_later", op, 137, 0.01, 0.8, 0.95, 1e-3, 0.02)
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{OUT}: {sum(line.startswith('case') for line in lines)} cases, {OUT.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
