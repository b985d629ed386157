"""Names for groups that are made by matching. Their members can change them."""

from collections.abc import Collection, Iterable

_NAMES = (
    "Perceptrons",
    "Gradients",
    "Tensors",
    "Kernels",
    "Embeddings",
    "Neurons",
    "Epochs",
    "Logits",
    "Eigenvectors",
    "Bandits",
    "Encoders",
    "Decoders",
    "Convolutions",
    "Residuals",
    "Attention Heads",
    "Random Seeds",
    "Learning Rates",
    "Activations",
    "Backpropagators",
    "Optimisers",
    "Regularisers",
    "Feature Maps",
    "Latent Spaces",
    "Hidden Layers",
    "Skip Connections",
    "Mini-batches",
    "Hyperparameters",
    "Explorers",
    "Policies",
    "Rewards",
)


def choose_name(member_ids: Iterable[int], taken: Collection[str]) -> str:
    """A name that no other group of the server has. Who the members are decides, so that it is not always the first."""
    known = {name.casefold() for name in taken}
    first = sum(member_ids) % len(_NAMES)
    names = [f"The {name}" for name in (*_NAMES[first:], *_NAMES[:first])]
    rounds = range(1, len(known) + 2)
    candidates = (name if number == 1 else f"{name} {number}" for number in rounds for name in names)
    return next(name for name in candidates if name.casefold() not in known)
