"""The numbers in the worked examples on vision and sequences, computed again."""

import itertools
import math
from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.knowledge.worked_example import states


def parameters(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int]:
    """Areas of the intersection and of the union of two boxes (x1, y1, x2, y2)."""
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = width * height
    return shared, (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores as probabilities."""
    return np.exp(scores) / np.exp(scores).sum()


def test_convolution() -> None:
    image = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3)[None, None]
    kernel = torch.tensor([[-1.0, 1.0]] * 2)[None, None]
    row = functional.conv2d(image, kernel)[0, 0, 0].tolist()
    flipped = functional.conv2d(image, kernel.flip(2, 3))[0, 0, 0].tolist()
    assert row[0] == row[2] == 0
    states("convolution", f"{row[0]:.0f}", f"{row[1]:.0f}", f"{flipped[1]:.0f}")


def test_weight_sharing() -> None:
    pixels, window = 8 * 8, 3 * 3
    dense = nn.Linear(pixels, pixels, bias=False)
    shared = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    unshared = pixels * window
    assert round(parameters(dense) / unshared) == 7
    assert unshared // parameters(shared) == pixels
    states("weight-sharing", str(parameters(dense)), str(unshared), str(parameters(shared)), str(pixels))


def test_padding_stride() -> None:
    def width(n: int, k: int, p: int, s: int) -> str:
        return str(functional.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), padding=p, stride=s).shape[-1])

    assert [width(7, 3, 0, 1), width(7, 3, 1, 1), width(7, 3, 1, 2)] == ["5", "7", "4"]
    states("padding-stride", width(7, 3, 0, 1), width(7, 3, 1, 1), width(7, 3, 1, 2), width(224, 7, 3, 2))
    states("padding-stride", str(224 + 2 * 3 - 7), f"{(224 + 2 * 3 - 7) / 2}", str((224 + 2 * 3 - 7) // 2))


def test_channels() -> None:
    layer = nn.Conv2d(3, 16, kernel_size=3)
    assert layer.bias is not None
    states("channels", str(layer.weight.numel()), str(layer.bias.numel()), str(parameters(layer)))
    states("channels", f"{sum([4, -1, 2]) + 0.5}")


def test_pooling() -> None:
    grid = torch.tensor([[1.0, 3, 2, 0], [5, 1, 0, 2], [4, 4, 1, 1], [0, 0, 1, 9]])[None, None]
    largest = nn.MaxPool2d(2)(grid).flatten().tolist()
    mean = nn.AvgPool2d(2)(grid).flatten().tolist()
    states("pooling", *(f"{v:.0f}" for v in largest), *(f"{v:.1f}" for v in mean))


def test_receptive_field() -> None:
    def seen(*strides: int) -> str:
        signal = torch.ones(1, 1, 65, requires_grad=True)
        out = signal
        for stride in strides:
            out = functional.conv1d(out, torch.ones(1, 1, 3), stride=stride)
        out[0, 0, out.shape[-1] // 2].backward()
        assert signal.grad is not None
        return str(int((signal.grad != 0).sum()))

    states("receptive-field", seen(1), seen(1, 2), seen(1, 2, 1), seen(1, 1, 1))


def test_conv_1x1() -> None:
    layer = nn.Conv2d(3, 2, kernel_size=1)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 0, -1], [0.5, 2, 1]])[:, :, None, None])
        layer.bias.copy_(torch.tensor([0.0, 1.0]))
        outputs = layer(torch.tensor([2.0, 1.0, 3.0])[None, :, None, None]).flatten().tolist()
    wide = nn.Conv2d(256, 256, 3, bias=False)
    narrow = nn.Sequential(
        nn.Conv2d(256, 64, 1, bias=False), nn.Conv2d(64, 64, 3, bias=False), nn.Conv2d(64, 256, 1, bias=False)
    )
    states("conv-1x1", *(f"{v:.0f}" for v in outputs), str(parameters(wide)), str(parameters(narrow)))


def test_cnn_classics() -> None:
    one = parameters(nn.Conv2d(64, 64, 7, bias=False))
    three = 3 * parameters(nn.Conv2d(64, 64, 3, bias=False))
    states("cnn-classics", str(one), str(three), f"{100 * (1 - three / one):.0f}")


def test_resnet() -> None:
    def slope(*, residual: bool) -> float:
        x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        y = x
        for _ in range(10):
            y = y + 0.1 * y if residual else 0.1 * y
        y.backward()
        assert x.grad is not None
        return float(x.grad)

    states("resnet", f"{slope(residual=False):.10f}", f"{slope(residual=True):.3f}")


def test_transfer_learning() -> None:
    def unit(c_in: int, c_out: int, k: int) -> int:
        return parameters(nn.Conv2d(c_in, c_out, k, bias=False)) + parameters(nn.BatchNorm2d(c_out))

    body, c_in = unit(3, 64, 7), 64
    for c_out in (64, 128, 256, 512):
        body += unit(c_in, c_out, 3) + 3 * unit(c_out, c_out, 3)
        body += unit(c_in, c_out, 1) if c_in != c_out else 0
        c_in = c_out
    head = parameters(nn.Linear(c_in, 37))
    states("transfer-learning", str(head), str(body), f"{100 * head / (head + body):.2f}")


def test_iou() -> None:
    shared, union = overlap((0, 0, 4, 4), (2, 2, 6, 6))
    iou, dice = shared / union, 2 * shared / (16 + 16)
    assert math.isclose(dice, 2 * iou / (1 + iou))
    states("iou", str(shared), str(union), f"{iou:.3f}", f"{dice:.2f}")


def test_object_detection() -> None:
    a, b, c = (0, 0, 10, 10), (1, 1, 11, 11), (20, 20, 30, 30)
    shared, union = overlap(a, b)
    assert shared / union > 0.5
    states("object-detection", str(shared), str(union), f"{shared / union:.3f}", str(overlap(a, c)[0]))


def test_segmentation() -> None:
    truth, guess, nothing = (np.isin(np.arange(1, 11), marked) for marked in ([4, 5, 6], [5, 6, 7], []))

    def iou(a: np.ndarray, b: np.ndarray) -> float:
        return float((a & b).sum() / (a | b).sum())

    thing, ground = iou(truth, guess), iou(~truth, ~guess)
    states("segmentation", f"{(truth == guess).mean():.1f}", f"{thing:.1f}", f"{ground:.2f}")
    states("segmentation", f"{(thing + ground) / 2:.3f}", f"{(truth == nothing).mean():.1f}")
    states("segmentation", f"{iou(truth, nothing):.0f}")


def test_unet() -> None:
    signal = torch.tensor([[[1.0, 2.0]]])
    for k in (3, 2):
        grown = functional.conv_transpose1d(signal, torch.ones(1, 1, k), stride=2).flatten().tolist()
        states("unet", str(len(grown)), " ".join(f"{v:.0f}" for v in grown))


def test_metric_learning() -> None:
    anchor, positive = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    loss = nn.TripletMarginLoss(margin=0.5)
    near = float(loss(anchor, positive, torch.tensor([[0.0, 1.2]])))
    far = float(loss(anchor, positive, torch.tensor([[3.0, 4.0]])))
    distance = float(torch.linalg.vector_norm(torch.tensor([3.0, 4.0])))
    states("metric-learning", f"{near:.1f}", f"{far:.0f}", f"{distance:.1f}")


def test_style_transfer() -> None:
    maps = np.array([[1, 0, 1, 0], [1, 1, 1, 0]])
    gram = maps @ maps.T
    shuffled = maps[:, [2, 0, 3, 1]]
    assert (shuffled @ shuffled.T == gram).all()
    states("style-transfer", *(f"{v}" for v in gram.flatten()), *(f"{v:g}" for v in (gram / 4).flatten()))


def test_grad_cam() -> None:
    maps = np.array([[[1, 0], [0, 2]], [[0, 3], [1, 0]]])
    total = np.tensordot(np.array([0.5, -1.0]), maps, axes=1)
    states("grad-cam", *(f"{v:g}" for v in total.flatten()))
    states("grad-cam", *(f"{v:g}" for v in np.maximum(total, 0).flatten()))


def test_sequence_data() -> None:
    series = [10.0, 12.0]
    for _ in range(2):
        series.append(0.5 * series[-1] + 0.5 * series[-2])
    pairs = len(np.lib.stride_tricks.sliding_window_view(np.arange(1, 6), 4))
    states("sequence-data", f"{series[2]:g}", f"{series[3]:g}", str(pairs))


def test_tokenisation() -> None:
    words = [list(word) for word in ["hug", "hug", "pug"]]
    for _ in range(2):
        states("tokenisation", str(sum(map(len, words))))
        pairs = Counter(pair for word in words for pair in itertools.pairwise(word))
        states("tokenisation", *(str(count) for count in pairs.values()))
        left, right = max(pairs, key=lambda pair: pairs[pair])
        for word in words:
            for i in reversed(range(len(word) - 1)):
                if word[i : i + 2] == [left, right]:
                    word[i : i + 2] = [left + right]
    assert words == [["hug"], ["hug"], ["p", "ug"]]
    states("tokenisation", str(sum(map(len, words))))


def test_language_model() -> None:
    words = ["the", "cat", "sat", "the", "cat", "ran", "the", "dog", "ran"]
    pairs = Counter(itertools.pairwise(words))

    def chance(word: str, before: str) -> float:
        return pairs[before, word] / sum(count for (first, _), count in pairs.items() if first == before)

    cat, dog, ran = chance("cat", "the"), chance("dog", "the"), chance("ran", "cat")
    states("language-model", f"{cat:.3f}", f"{dog:.3f}", f"{ran:.1f}", f"{cat * ran:.3f}")
    states("language-model", f"{-math.log(cat):.3f}", f"{-math.log(dog):.3f}")


def test_perplexity() -> None:
    losses = -np.log([0.5, 0.25, 0.125])
    mean = losses.mean()
    states("perplexity", *(f"{v:.3f}" for v in losses), f"{mean:.3f}", f"{np.exp(mean):.1f}")
    states("perplexity", f"{-math.log(1 / 50):.3f}", f"{math.exp(-math.log(1 / 50)):.0f}")


def test_rnn() -> None:
    cell = nn.RNN(1, 1, bias=False, batch_first=True)
    with torch.no_grad():
        cell.weight_ih_l0.fill_(1.0)
        cell.weight_hh_l0.fill_(0.5)
        out, _ = cell(torch.tensor([[[1.0], [0.0], [0.0]]]))
    states("rnn", *(f"{v:.3f}" for v in out.flatten().tolist()))


def test_bptt() -> None:
    def run(*, truncate: bool) -> tuple[list[float], float]:
        w, h, kept = torch.tensor(0.5, requires_grad=True), torch.tensor(0.0), []
        for _ in range(3):
            h = w * (h.detach() if truncate else h) + 1.0
            kept.append(float(h.detach()))
        h.backward()
        assert w.grad is not None
        return kept, float(w.grad)

    kept, full = run(truncate=False)
    _, last = run(truncate=True)
    states("bptt", *(f"{v:g}" for v in kept), f"{full:.1f}", f"{last:.1f}", f"{full - last:.1f}")


def test_lstm() -> None:
    memory = 0.9 * 2 + 0.2 * 0.5
    states("lstm", f"{memory:.1f}", f"{0.8 * math.tanh(memory):.3f}", f"{0.9**10:.3f}")
    states("lstm", str(parameters(nn.LSTM(10, 20))))


def test_gru() -> None:
    z, old, candidate = 0.75, 0.4, -0.8
    new, kept = (1 - z) * candidate, z * old
    states("gru", f"{new:.1f}", f"{kept:.1f}", f"{new + kept:.1f}")
    states("gru", str(parameters(nn.GRU(10, 20))), str(parameters(nn.LSTM(10, 20))))


def test_bi_deep_rnn() -> None:
    net = nn.LSTM(10, 20, num_layers=2, bidirectional=True)
    with torch.no_grad():
        out, (h, _) = net(torch.zeros(7, 3, 10))
    states("bi-deep-rnn", str(tuple(out.shape)), str(tuple(h.shape)))
    first, second = parameters(nn.LSTM(10, 20)), parameters(nn.LSTM(40, 20))
    assert 2 * first + 2 * second == parameters(net)
    states("bi-deep-rnn", str(first), str(second), str(2 * first), str(2 * second), str(parameters(net)))


def test_encoder_decoder() -> None:
    for source in ((2, 4), (4, 2)):
        state = 0.0
        for x in source:
            state = 0.5 * state + x
            states("encoder-decoder", f"{state:g}")
    chances = np.array([0.8, 0.7, 0.9])
    loss = -np.log(chances)
    states("encoder-decoder", f"{chances.prod():.3f}", f"{loss.sum():.3f}", f"{loss.mean():.3f}")


def test_teacher_forcing() -> None:
    states("teacher-forcing", f"{0.9**10:.3f}", f"{0.9**20:.3f}")


def test_beam_search() -> None:
    via_a, via_b = 0.5 * 0.4, 0.4 * 0.9
    assert via_b > via_a
    states("beam-search", f"{via_a:.2f}", f"{via_b:.2f}")
    scores = np.array([2.0, 1.0, 0.0])
    for temperature in (0.5, 1.0, 2.0):
        states("beam-search", *(f"{p:.3f}" for p in softmax(scores / temperature)))
    plain = softmax(scores)
    assert plain[0] < 0.9 <= plain[:2].sum()
    states("beam-search", f"{plain[:2].sum():.3f}")


def test_bleu() -> None:
    candidate, reference = ["the", "the", "the", "cat"], ["the", "cat", "sat", "down"]

    def precision(n: int) -> float:
        got, wanted = (
            Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) for words in (candidate, reference)
        )
        return sum((got & wanted).values()) / sum(got.values())

    p1, p2 = precision(1), precision(2)
    states("bleu", f"{p1:.3f}", f"{p2:.3f}", f"{math.sqrt(p1 * p2):.3f}", f"{math.exp(1 - 4 / 3):.3f}")
