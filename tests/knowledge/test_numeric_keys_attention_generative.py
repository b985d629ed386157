"""The numeric keys on attention, recommenders, tables and generative models, computed again."""

import math

import numpy as np

from tests.knowledge.numeric_keys import has_key


def _softmax(scores: list[float]) -> np.ndarray:
    powers = np.exp(np.array(scores))
    return powers / powers.sum()


def test_attention_two_values() -> None:
    has_key("attention-two-values", float(_softmax([1.0, 0.0]) @ np.array([10.0, 20.0])))


def test_masking_softmax() -> None:
    has_key("masking-softmax", float(_softmax([3.0, 1.0, -math.inf])[0]))


def test_scaling_power_law() -> None:
    has_key("scaling-power-law", (100 * 1e6) ** -0.1 / 1e6**-0.1)


def test_lora_parameters() -> None:
    rank = 4
    tall, wide = np.zeros((512, rank)), np.zeros((rank, 2048))
    assert (tall @ wide).shape == (512, 2048)
    has_key("lora-parameters", float(tall.size + wide.size))


def test_collab_filtering_weighted() -> None:
    has_key("collab-filtering-weighted", float(np.average([5.0, 1.0], weights=[0.9, 0.3])))


def test_ranking_metrics_ndcg() -> None:
    def dcg(ranks: list[int]) -> float:
        return sum(1 / math.log2(rank + 1) for rank in ranks)

    has_key("ranking-metrics-ndcg", dcg([1, 3]) / dcg([1, 2]))


def test_vae_kl_shifted() -> None:
    mu, sigma = 2.0, 1.0
    z = np.linspace(mu - 12, mu + 12, 200_001)
    log_code = -0.5 * ((z - mu) / sigma) ** 2 - math.log(sigma * math.sqrt(2 * math.pi))
    log_standard = -0.5 * z**2 - math.log(math.sqrt(2 * math.pi))
    step = z[1] - z[0]
    has_key("vae-kl-shifted", float((np.exp(log_code) * (log_code - log_standard)).sum() * step))


def test_reparam_sigma_gradient() -> None:
    mu, sigma, noise, step = 3.0, 2.0, 0.5, 0.25

    def loss(spread: float) -> float:
        return (mu + spread * noise) ** 2

    has_key("reparam-sigma-gradient", (loss(sigma + step) - loss(sigma - step)) / (2 * step))


def test_mode_collapse_effective() -> None:
    shares = np.array([0.5, 0.25, 0.25])
    has_key("mode-collapse-effective", float(np.exp(-(shares * np.log(shares)).sum())))


def test_diffusion_noisy_pixel() -> None:
    has_key("diffusion-noisy-pixel", math.sqrt(0.36) * 3 + math.sqrt(1 - 0.36) * -0.5)
