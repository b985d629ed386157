"""The numbers in the worked examples on attention, embeddings and generative models, computed again."""

import numpy as np
import torch

from tests.knowledge.worked_example import states


def softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax over the last axis; minus infinity gets weight zero."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def entropy(shares: np.ndarray) -> float:
    return float(-(shares * np.log(shares)).sum())


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


# Attention, transformers, natural language


def test_attention() -> None:
    query = np.array([1.0, 0.0])
    keys = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    values = np.array([10.0, 20.0, 30.0])
    scores = keys @ query
    weights = softmax(scores)
    states("attention", *(f"{s:.0f}" for s in scores), *(f"{w:.3f}" for w in weights))
    states("attention", f"{weights @ values:.1f}")


def test_scaled_dot() -> None:
    query = np.ones(4)
    keys = np.stack([np.ones(4), np.zeros(4)])
    raw = keys @ query
    scaled = raw / np.sqrt(len(query))
    states("scaled-dot", *(f"{s:.0f}" for s in (*raw, *scaled)))
    states("scaled-dot", *(f"{w:.3f}" for w in (*softmax(raw), *softmax(scaled))))


def test_scaled_dot_agrees_with_pytorch() -> None:
    query = torch.ones(1, 1, 4)
    keys = torch.stack([torch.ones(4), torch.zeros(4)])[None]
    output = torch.nn.functional.scaled_dot_product_attention(query, keys, torch.eye(2)[None])
    states("scaled-dot", *(f"{w:.3f}" for w in output.flatten().tolist()))


def test_self_attention() -> None:
    x = np.eye(2)
    scores = x @ x.T / np.sqrt(x.shape[1])
    output = softmax(scores) @ x
    states("self-attention", f"{scores[0, 0]:.3f}", f"{scores[0, 1]:.0f}")
    states("self-attention", *(f"{v:.3f}" for v in output.flatten()))
    states("self-attention", *(str(n * n) for n in (1000, 2000)))


def test_multi_head() -> None:
    width, heads = 512, 8
    states("multi-head", f"{width // heads}")
    for count in (1, 4, 16):
        module = torch.nn.MultiheadAttention(width, count, bias=False)
        states("multi-head", str(sum(p.numel() for p in module.parameters())))


def test_positional_encoding() -> None:
    d = 4
    divisors = 10000 ** (np.arange(0, d, 2) / d)
    states("positional-encoding", *(f"{v:.0f}" for v in divisors))
    for position in (1, 2):
        angles = position / divisors
        code = np.stack([np.sin(angles), np.cos(angles)], axis=1).flatten()
        states("positional-encoding", *(f"{v:.3f}" for v in code))


def test_masking() -> None:
    scores = np.array([1.0, 2.0, 3.0])
    masked = softmax(scores + np.array([0.0, 0.0, -np.inf]))
    states("masking", *(f"{w:.3f}" for w in softmax(scores)))
    states("masking", *(f"{w:.3f}" for w in masked[:2]), f"{masked[2]:.0f}")


def test_transformer() -> None:
    d, inner = 512, 2048
    layer = torch.nn.TransformerEncoderLayer(d, 8, inner, bias=False)
    attention = layer.self_attn.in_proj_weight.numel() + layer.self_attn.out_proj.weight.numel()
    feed_forward = layer.linear1.weight.numel() + layer.linear2.weight.numel()
    total = attention + feed_forward
    states("transformer", str(attention), str(feed_forward), str(total), str(total // d**2))
    assert 3 * feed_forward == 2 * total


def test_word2vec() -> None:
    sentence = ["the", "cat", "sat", "down"]
    n = len(sentence)
    pairs = [(i, j) for i in range(n) for j in range(n) if abs(i - j) == 1]
    cat, sat, tax = np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.array([-1.0, 0.0])
    true, false = sigmoid(sat @ cat), sigmoid(-tax @ cat)
    states("word2vec", str(len(pairs)), f"{sat @ cat:.0f}", f"{tax @ cat:.0f}")
    states("word2vec", f"{true:.3f}", f"{false:.3f}", f"{-np.log(true) - np.log(false):.3f}")


def test_bert() -> None:
    chosen = round(0.15 * 1000)
    masked, replaced = round(0.8 * chosen), round(0.1 * chosen)
    states("bert", str(chosen), str(masked), str(replaced))
    assert chosen - masked - replaced == replaced


def test_gpt() -> None:
    losses = -np.log(np.array([0.5, 0.25, 0.125]))
    states("gpt", *(f"{v:.3f}" for v in losses), f"{losses.mean():.3f}", f"{np.exp(losses.mean()):.0f}")


def test_scaling() -> None:
    factor = 10**-0.08
    parameters = 1e9
    tokens = 20 * parameters
    compute = 6 * parameters * tokens
    states("scaling", f"{factor:.3f}", f"{100 * (1 - factor):.0f}")
    states("scaling", f"{tokens:.0e}".replace("e+", "e"), f"{compute:.1e}".replace("e+", "e"))


def test_nlp_finetune() -> None:
    head = torch.nn.Linear(768, 2)
    count = sum(p.numel() for p in head.parameters())
    states("nlp-finetune", str(count), f"{100 * count / 110e6:.4f}")


def test_lora() -> None:
    side = 1024
    trained = [rank * (side + side) for rank in (8, 16)]
    states("lora", str(side * side), *(str(t) for t in trained), f"{100 * trained[0] / side**2:.1f}")


def test_vit() -> None:
    patches = (224 // 16) ** 2
    fine = (224 // 8) ** 2
    states("vit", str(224 // 16), str(patches), str(patches + 1), str(16 * 16 * 3), str(fine))
    states("vit", f"{fine**2 / patches**2:.0f}")


def test_rlhf() -> None:
    difference = 2.0 - 1.0
    penalty = 0.1 * (-5.0 - -8.0)
    states("rlhf", f"{sigmoid(difference):.3f}", f"{-np.log(sigmoid(difference)):.3f}")
    states("rlhf", f"{penalty:.1f}", f"{2.0 - penalty:.1f}")


# Embeddings, recommendation, tables


def test_one_hot() -> None:
    red, green, blue = np.eye(3)
    states("one-hot", f"{red @ green:.0f}")
    states("one-hot", *(f"{np.linalg.norm(red - other):.3f}" for other in (green, blue)))


def test_embedding() -> None:
    table = np.array([[0.2, 0.9], [0.8, 0.1], [0.5, 0.5]])
    product = np.eye(3)[1] @ table
    assert np.array_equal(product, table[1])
    states("embedding", *(f"{v:.1f}" for v in product))
    states("embedding", str(torch.nn.Embedding(10000, 50).weight.numel()))


def test_collab_filtering() -> None:
    ana, ben, cleo = np.array([5, 1, 4]), np.array([4, 1, 5]), np.array([1, 5, 2])
    similarity = np.array([cosine(ana, ben), cosine(ana, cleo)])
    prediction = similarity @ np.array([5, 2]) / similarity.sum()
    states("collab-filtering", *(f"{s:.3f}" for s in similarity), f"{prediction:.2f}")
    states("collab-filtering", str(ana @ ben), str(ana @ ana), str(ana @ cleo), str(cleo @ cleo))


def test_matrix_factorisation() -> None:
    p = torch.tensor([1.0, 0.5], requires_grad=True)
    q = torch.tensor([0.8, -0.4])
    prediction = 3.5 + 0.2 + 0.3 + p @ q
    error = prediction - 4.0
    (error**2 / 2).backward()
    assert p.grad is not None
    updated = (p - 0.1 * p.grad).tolist()
    states("matrix-factorisation", f"{(p @ q).item():.1f}", f"{prediction.item():.1f}", f"{error.item():.1f}")
    states("matrix-factorisation", *(f"{v:.3f}" for v in updated))
    states("matrix-factorisation", str((1000 + 500) * (10 + 1)), str(1000 * 500))


def test_latent_factors() -> None:
    film, fan = np.array([0.9, -0.5]), np.array([0.8, -0.6])
    flip = np.array([1, -1])
    newcomer = np.zeros(2)
    states("latent-factors", f"{film @ fan:.2f}", f"{(film * flip) @ (fan * flip):.2f}")
    states("latent-factors", f"{film @ newcomer:.0f}", f"{3.5 + 0.3 + film @ newcomer:.1f}")


def test_ranking_metrics() -> None:
    hits, relevant, k = np.array([1, 4]), 3, 5
    gains = 1 / np.log2(hits + 1)
    ideal = (1 / np.log2(np.arange(1, relevant + 1) + 1)).sum()
    states("ranking-metrics", f"{len(hits) / relevant:.3f}", f"{len(hits) / k:.1f}", f"{gains[1]:.3f}")
    states("ranking-metrics", f"{gains.sum():.3f}", f"{ideal:.3f}", f"{gains.sum() / ideal:.3f}")


def test_random_forest() -> None:
    def gini(*counts: int) -> float:
        shares = np.array(counts) / sum(counts)
        return float(1 - (shares**2).sum())

    parent, left, right = gini(4, 4), gini(4, 1), gini(0, 3)
    weighted = 5 / 8 * left + 3 / 8 * right
    states("random-forest", f"{parent:.1f}", f"{left:.2f}", f"{right:.0f}", f"{weighted:.1f}")
    states("random-forest", f"{parent - weighted:.1f}", f"{(1 - 1 / 1_000_000) ** 1_000_000:.3f}")


def test_gradient_boosting() -> None:
    targets = np.array([10.0, 20.0, 24.0])
    start = np.full(3, targets.mean())
    residuals = targets - start
    tree = np.array([residuals[0], residuals[1:].mean(), residuals[1:].mean()])
    predictions = start + 0.5 * tree
    remaining = targets - predictions
    whole = (start[0], *residuals, *tree, *predictions, *remaining)
    states("gradient-boosting", *(f"{v:.0f}" for v in whole))
    states("gradient-boosting", f"{(residuals**2).mean():.2f}", f"{(remaining**2).mean():.2f}")


def test_tabular_nn() -> None:
    sizes = [1.6 * n**0.56 for n in (7, 1000)]
    rounded = [min(600, round(s)) for s in sizes]
    states("tabular-nn", f"{sizes[0]:.2f}", f"{sizes[1]:.1f}")
    states("tabular-nn", *(str(r) for r in rounded), str(sum(rounded) + 3))


# Generative models


def test_autoencoder() -> None:
    def rebuild(x: np.ndarray) -> np.ndarray:
        return np.full(2, x.mean())

    uneven, even = np.array([3.0, 1.0]), np.array([2.0, 2.0])
    states("autoencoder", f"{uneven.mean():.0f}", *(f"{v:.0f}" for v in rebuild(uneven)))
    errors = [((x - rebuild(x)) ** 2).mean() for x in (uneven, even)]
    states("autoencoder", *(f"{e:.0f}" for e in errors), f"{784 / 32:.1f}")


def test_latent_space() -> None:
    first, second = np.array([0.0, 2.0]), np.array([4.0, 0.0])
    middle, quarter = ((1 - t) * first + t * second for t in (0.5, 0.25))
    states("latent-space", *(f"{v:g}" for v in (*middle, *quarter)))


def test_vae() -> None:
    def code_distance(mean: float, deviation: float) -> float:
        code = torch.distributions.Normal(mean, deviation)
        return float(torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)))

    divergence = code_distance(1.0, 0.5)
    states("vae", f"{divergence:.3f}", f"{10 + divergence:.3f}", f"{code_distance(0.0, 1.0):.0f}")


def test_reparam() -> None:
    mean = torch.tensor(2.0, requires_grad=True)
    deviation = torch.tensor(0.5, requires_grad=True)
    z = mean + deviation * 1.2
    gradients = torch.autograd.grad(z**2, (mean, deviation))
    states("reparam", f"{z.item():.1f}", f"{z.item() ** 2:.2f}", f"{gradients[0]:.1f}", f"{gradients[1]:.2f}")

    exact = torch.autograd.grad(mean**2 + deviation**2, (mean, deviation))
    states("reparam", *(f"{g:.0f}" for g in exact))
    noise = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    sampled = torch.autograd.grad(((mean + deviation * noise) ** 2).mean(), (mean, deviation))
    assert all(abs(s - e) < 0.05 for s, e in zip(sampled, exact, strict=True))


def test_gan() -> None:
    real, fake = 0.9, 0.2
    states("gan", f"{-np.log(real) - np.log(1 - fake):.3f}", f"{-np.log(fake):.3f}")
    states("gan", f"{-2 * np.log(0.5):.3f}")
    logit = torch.tensor(fake, dtype=torch.float64).logit().requires_grad_()
    (saturating,) = torch.autograd.grad(torch.log(1 - torch.sigmoid(logit)), logit)
    (non_saturating,) = torch.autograd.grad(-torch.log(torch.sigmoid(logit)), logit)
    states("gan", f"{saturating:.1f}", f"{non_saturating:.1f}")


def test_mode_collapse() -> None:
    for shares in (np.full(10, 1 / 10), np.full(2, 1 / 2)):
        states("mode-collapse", f"{entropy(shares):.3f}", f"{np.exp(entropy(shares)):.0f}")
    states("mode-collapse", f"{100 * 2 / 10:.0f}")


def test_diffusion() -> None:
    clean, kept, noise, guess = 2.0, 0.64, 0.5, 0.3
    signal_scale, noise_scale = np.sqrt(kept), np.sqrt(1 - kept)
    noisy = signal_scale * clean + noise_scale * noise
    estimates = [(noisy - noise_scale * e) / signal_scale for e in (noise, guess)]
    states("diffusion", f"{signal_scale:.1f}", f"{noise_scale:.1f}", f"{noisy:.1f}")
    states("diffusion", f"{(noise - guess) ** 2:.2f}", f"{estimates[0]:.0f}", f"{estimates[1]:.2f}")


def test_latent_diffusion() -> None:
    pixels, latents = 512 * 512 * 3, 64 * 64 * 4
    states("latent-diffusion", str(pixels), str(latents), f"{pixels / latents:.0f}")
    states("latent-diffusion", f"{0.5 - 0.2:.1f}", f"{0.2 + 7.5 * (0.5 - 0.2):.2f}")


def test_fid() -> None:
    mean_part = (0 - 1) ** 2
    variances = np.array([1.0, 2.0]) ** 2
    spread_part = variances.sum() - 2 * np.sqrt(variances.prod())
    assert np.isclose(spread_part, (1 - 2) ** 2)
    states("fid", str(mean_part), f"{spread_part:.0f}", f"{mean_part + spread_part:.0f}")
    collapsed = 0 + variances[0] + 0 - 2 * np.sqrt(variances[0] * 0)
    states("fid", f"{collapsed:.0f}")
