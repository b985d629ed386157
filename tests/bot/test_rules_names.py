"""Which concepts a question names, on the real curriculum."""

import pytest

from bot.features.ask.rules.names import build_names, find_named


@pytest.fixture(scope="module")
def names(knowledge):
    return build_names(knowledge.curriculum)


@pytest.mark.parametrize(
    ("question", "concepts"),
    [
        ("sgd vs adam", ["sgd", "adam"]),
        ("SGD vs. Adam?", ["sgd", "adam"]),
        ("adam or sgd", ["adam", "sgd"]),
        ("momentum and adam", ["momentum", "adam"]),
        ("relu, sigmoid and softmax", ["relu", "sigmoid", "softmax"]),
        ("I know adam. what about sgd", ["adam", "sgd"]),
        ("layer norm vs batch norm", ["layer-norm", "batch-norm"]),
        ("batch norm or layer norm", ["batch-norm", "layer-norm"]),
        ("Q-learning", ["q-learning"]),
        ("what is q learning", ["q-learning"]),
        ("difference between q-learning and SARSA", ["q-learning", "sarsa"]),
        ("what are convolutions", ["convolution"]),
        ("LSTMs vs GRUs", ["lstm", "gru"]),
        ("GANs and VAEs", ["gan", "vae"]),
        ("dropout's effect", ["dropout"]),
        ("adam’s learning rate", ["adam", "learning-rate"]),
        ("policy gradient vs policy", ["policy-gradient", "policy"]),
        ("what is the policy gradient theorem", ["pg-theorem"]),
        ("dqn vs double dqn", ["dqn", "double-dqn"]),
        ("vanishing gradients in RNNs", ["vanishing-gradient", "rnn"]),
        ("multi-head attention vs self-attention", ["multi-head", "self-attention"]),
        ("alpha zero vs alphago zero", ["alphazero-muzero", "alphago-zero"]),
        ("actor-critic", ["actor-critic"]),
        ("TD(λ)", ["td-lambda"]),
        ("adam, Adam and ADAM", ["adam"]),
        ("is it a the or and vs", []),
        ("k", []),
        ("banana bread", []),
        ("", []),
    ],
)
def test_find_named(names, question, concepts):
    assert find_named(question, names) == tuple(f"concepts/{concept}" for concept in concepts)


def test_every_title_is_found(names, knowledge):
    concepts = knowledge.curriculum.concepts
    missed = [id_ for id_, concept in concepts.items() if not find_named(f"what is {concept.title}?", names)]
    assert missed == []


def test_names_are_read_only(names):
    with pytest.raises(TypeError):
        names["adam"] = "concepts/sgd"
