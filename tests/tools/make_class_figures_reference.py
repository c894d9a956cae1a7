"""Figures of classifiers as scikit-learn computes them: tests/unit/data/class_figures.txt, which tests/unit/app_metrics.c reads.

Recorded run: scikit-learn 1.9.1, numpy 2.4.6, seed 0. Run: python make_class_figures_reference.py > class_figures.txt
A case is `NAME classes samples`, a line `label logit ...` for each sample, and a line `figure value` for each figure up to an empty one: balanced
accuracy and macro F1; areas under the ROC curve and average precision of each class against the rest, and their means over the classes that
have samples; the temperature whose negative log-likelihood is least, where that is significant (likelihood ratio, 95 %), else 1, by ternary
search, as scikit-learn has none; expected calibration error, which scikit-learn has not: 15 bins of equal width, open at the left end (Guo et al. 2017).
"""
import sys

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score

BINS = 15


def ece(p, labels):
    top, right = p.max(1), p.argmax(1) == labels
    which = np.clip(np.ceil(top * BINS).astype(int) - 1, 0, BINS - 1)
    return sum(abs(right[which == b].sum() - top[which == b].sum()) for b in range(BINS)) / len(labels)


def nll(logits, labels, temperature):
    z = logits / temperature
    z = z - z.max(1, keepdims=True)
    return (np.log(np.exp(z).sum(1)) - z[np.arange(len(labels)), labels]).sum()


def temperature(logits, labels):
    low, high = np.log(1 / 20), np.log(20)
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if nll(logits, labels, np.exp(a)) < nll(logits, labels, np.exp(b)) else (a, high)
    t = np.exp(low)
    return t if 2 * (nll(logits, labels, 1) - nll(logits, labels, t)) > 3.841458820694124 else 1


def figures(logits, labels):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    there = [k for k in range(p.shape[1]) if 0 < (labels == k).sum() < len(labels)]
    roc = {k: roc_auc_score(labels == k, p[:, k]) for k in there}
    pr = {k: average_precision_score(labels == k, p[:, k]) for k in there}
    yield "balanced_accuracy", balanced_accuracy_score(labels, p.argmax(1))
    yield "macro_f1", f1_score(labels, p.argmax(1), average="macro", zero_division=0)
    yield "roc_auc", np.mean(list(roc.values()))
    yield "mean_average_precision", np.mean(list(pr.values()))
    yield "ece", ece(p, labels)
    yield "fitted_temperature", temperature(logits, labels)
    for k in there:
        yield f"roc_auc_{k}", roc[k]
        yield f"average_precision_{k}", pr[k]


def case(name, logits, labels):
    logits = logits.astype(np.float32)
    print(name, logits.shape[1], len(labels))
    for label, row in zip(labels, logits):
        print(label, *(repr(float(v)) for v in row))
    for figure, value in figures(logits.astype(np.float64), labels):
        print(figure, repr(float(value)))
    print()


def draw(rng, classes, count, signal, absent=None):
    labels = rng.choice([k for k in range(classes) if k != absent], count)
    logits = rng.normal(size=(count, classes))
    logits[np.arange(count), labels] += signal
    return logits, labels


print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}", file=sys.stderr)
rng = np.random.default_rng(0)
case("two", *draw(rng, 2, 40, 1.0))
case("five", *draw(rng, 5, 60, 1.5))
case("absent", *draw(rng, 4, 30, 1.0, absent=2))
logits, labels = draw(rng, 3, 40, 1.5)
case("ties", np.round(logits), labels)
logits, labels = draw(rng, 3, 40, 1.0)
case("sure", 12 * logits, labels)
case("unsure", 0.1 * logits, labels)
