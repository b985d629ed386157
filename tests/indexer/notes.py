"""A small folder of plain notes, and an index of it."""

from datetime import UTC, datetime

from indexer.build import build_index
from indexer.manifest import current_version
from indexer.snapshot import Snapshot

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

NOTES = {
    "backpropagation.md": """---
title: Backpropagation
aliases: [backprop, reverse-mode differentiation]
questions: ["How does a network know which weight to blame?"]
---
# Backpropagation

Backpropagation computes the gradient of the loss with respect to every weight by the chain rule.

## Cost

One backward pass costs about as much as two forward passes.
""",
    "dropout.md": """---
title: Dropout
aliases: [nn.Dropout]
---
Dropout sets activations to zero at random during training. At test time it does nothing.
""",
    "deep/q-learning.md": """# Q-learning

Q-learning estimates the value of every action from rewards. It is an off-policy method.

- The learning rate weighs new rewards.
- The discount factor weighs later rewards.
""",
    "convolution.md": """# Convolution

A convolution slides a small kernel over an image and shares its weights between all places.

```python
layer = nn.Conv2d(3, 16, kernel_size=3)
```
""",
    "learning-rate.md": """# Learning rate

The learning rate is the size of a step of gradient descent. Too large a rate makes the loss diverge.
""",
}


def write_notes(folder, notes=None):
    for name, text in (NOTES if notes is None else notes).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def build(folder, index, encoder, now=NOW):
    return build_index(folder, index, encoder, now=now)


def read(index, encoder):
    return Snapshot.read(current_version(index), model=encoder.name, dimension=encoder.dimension)


def folders(index):
    """The names of all folders in an index, hidden ones too."""
    return {path.name for path in index.iterdir() if path.is_dir()}
