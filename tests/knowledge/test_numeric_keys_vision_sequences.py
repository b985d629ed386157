"""The numeric keys on vision and sequences, computed again."""

import math
from collections import Counter

import numpy as np

from tests.knowledge.numeric_keys import has_key


def test_convolution_window_value() -> None:
    kernel = np.array([[1, 2], [0, -1]])
    window = np.array([[3, 1], [4, 2]])
    has_key("convolution-window-value", float((kernel * window).sum() + 0.5))


def test_padding_stride_size() -> None:
    n, k, p, s = 32, 5, 2, 2
    starts = range(0, n + 2 * p - k + 1, s)
    has_key("padding-stride-size", float(len(starts)))


def test_channels_parameters() -> None:
    weights = np.zeros((12, 8, 5, 5))
    biases = np.zeros(12)
    has_key("channels-parameters", float(weights.size + biases.size))


def test_receptive_field_stride_first() -> None:
    reached = {0}
    for stride in (1, 1, 2):
        reached = {stride * unit + offset for unit in reached for offset in range(3)}
    has_key("receptive-field-stride-first", float(max(reached) - min(reached) + 1))


def test_resnet_gradient_product() -> None:
    def stack(x: float) -> float:
        for _ in range(5):
            x = x + 0.2 * x
        return x

    has_key("resnet-gradient-product", stack(1.0) - stack(0.0))


def test_iou_two_boxes() -> None:
    cells_a = {(x, y) for x in range(4) for y in range(2)}
    cells_b = {(x, y) for x in range(1, 5) for y in range(2)}
    has_key("iou-two-boxes", len(cells_a & cells_b) / len(cells_a | cells_b))


def test_unet_transposed_size() -> None:
    n, k, s, p = 8, 4, 2, 1
    stamped = {s * place + offset for place in range(n) for offset in range(k)}
    has_key("unet-transposed-size", float(len(stamped) - 2 * p))


def test_perplexity_three_tokens() -> None:
    has_key("perplexity-three-tokens", float(np.exp(-np.log([0.5, 0.2, 0.1]).mean())))


def test_bptt_small_gradient() -> None:
    w, h, gradient = 2.0, 0.0, 0.0
    for x in (1.0, 0.0, 1.0):
        gradient = h + w * gradient
        h = w * h + x
    has_key("bptt-small-gradient", gradient)


def test_gru_blend() -> None:
    old, candidate, z = 0.6, -0.2, 0.3
    has_key("gru-blend", (1 - z) * candidate + z * old)


def test_teacher_forcing_free_running() -> None:
    has_key("teacher-forcing-free-running", math.prod([0.95] * 20))


def test_bleu_clipped_precision() -> None:
    candidate = Counter(["a", "dog", "a", "dog", "ran"])
    reference = Counter(["a", "dog", "ran", "home"])
    has_key("bleu-clipped-precision", (candidate & reference).total() / candidate.total())
