"""Reading a question: every rule as a table of what members write."""

import time

import pytest

from bot.features.ask.models import Intent
from bot.features.ask.rules.question import (
    MAX_LENGTH,
    clean,
    find_intent,
    has_words,
    is_choice,
    is_follow_up,
    is_not_english,
    is_small_talk,
    without_manner,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("what is relu", "what is relu"),
        ("  what\n\tis   relu \r\n", "what is relu"),
        ("<@123456789> what is relu", "what is relu"),
        ("<@!123> what is relu", "what is relu"),
        ("<@&77> what is <#88> relu", "what is relu"),
        ("@everyone what is relu @here", "what is relu"),
        ("</ask:99> what is relu", "what is relu"),
        ("</privacy delete:99> what is relu", "what is relu"),
        ("<:thinking:123> what is relu <a:wave:456>", "what is relu"),
        ("<t:1618953630:R> what is relu <t:1618953630>", "what is relu"),
        ("what is relu https://example.org/a?b=c#d", "what is relu"),
        ("what is <https://example.org> relu", "what is relu"),
        ("```python\nloss.backward()\n```", "python loss.backward()"),
        ("wh\u200bat i\u200ds re\ufefflu", "what is relu"),
        ("\u202ewhat is\u202c relu\u2066\u2069", "what is relu"),
        ("so\u00adft\u00admax", "softmax"),
        ("what is\x00 relu\x1b", "what is relu"),
        ("what is \ud800relu", "what is relu"),
        ("ｗｈａｔ ｉｓ ｒｅｌｕ？", "what is relu?"),
        ("＠everyone what is relu", "what is relu"),
        ("𝐰𝐡𝐚𝐭 is ℝ", "what is R"),
        ("ﬁnite diﬀerences", "finite differences"),
        ("x² + y²", "x2 + y2"),
        ("user@example.org asks", "user@example.org asks"),
        ("if a < 5 and b > 3", "if a < 5 and b > 3"),
        ("<@123> \u200b <:a:1>", ""),
        ("", ""),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "length"),
    [("a" * MAX_LENGTH, MAX_LENGTH), ("a" * (MAX_LENGTH + 1), MAX_LENGTH), ("ﷺ" * 5000, MAX_LENGTH), (" " * 9000, 0)],
)
def test_clean_keeps_at_most_so_many_characters(text, length):
    assert len(clean(text)) == length


def test_clean_can_be_stored_whatever_is_sent():
    text = clean("".join(map(chr, range(0xD7F0, 0xE010))) + "".join(map(chr, range(256))))
    assert text.encode("utf-8")
    assert "\x00" not in text


@pytest.mark.parametrize("text", ["what", "L2", "2", "à quoi", "什么", "нет", "c'est ça", "a 1", "θμ"])
def test_has_words(text):
    assert has_words(text)


@pytest.mark.parametrize("text", ["", " ", "?", "!!!", "🙂", "🙂🙂", "a", "a b c", "_", "__", "...", ":)", "∇ ∂", "-"])
def test_has_no_words(text):
    assert not has_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "hi",
        "Hello!",
        "hey there",
        "hello tutor",
        "good morning everyone",
        "Good bot",
        "thanks",
        "thank you so much!!!",
        "thanks a lot :)",
        "Thanks for the help!",
        "great, thank you",
        "ok thanks",
        "got it, thanks",
        "makes sense",
        "thanks 🙏",
        "👋 hello",
        "ok cool",
        "Yes.",
        "lol",
        "haha nice",
        "bye",
        "test",
        "who are you?",
        "what can you do",
        "how are you doing?",
        "hi, how are you?",
        "are you a bot",
        "what's up",
        "thanks!",
        "ok thanks, that helped",
        "that was really helpful, thank you",
        "good night",
        "goodnight everyone",
        "bye, see you tomorrow",
        "thanks for your time",
    ],
)
def test_is_small_talk(text):
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "hello world program",
        "ok but why relu",
        "hi what is adam",
        "hello, relu",
        "no, why",
        "thanks, and what is dropout",
        "help me with backprop",
        "test set",
        "what is test time augmentation",
        "k means",
        "k-means",
        "k-nearest neighbours",
        "what can you do with an rnn",
        "what are you optimising",
        "who are you to say relu is dead",
        "hinge loss",
        "hi-res images",
        "highway networks",
        "nice initialisation",
        "perfect matching",
        "ping pong",
        "a lot of data",
        "testing set",
        "goodfellow",
        "good night sleep and memory",
        "now what is dropout",
        "that helped, but why",
        "is that useful for images",
        "what are activations",
        "noise",
        "",
        "🙂",
        "?",
    ],
)
def test_is_not_small_talk(text):
    assert not is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "thank you " * 95 + "x",
        "hi " * 330 + "x",
        "!" * 1000,
        "who are you " * 80 + "x",
        "are you a bot " * 70,
        "that is helpful " * 60 + "x",
    ],
)
def test_small_talk_takes_no_exponential_time(text):
    start = time.perf_counter()
    assert is_small_talk(text) is text.startswith("are you a bot")
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        "Was ist der Unterschied zwischen SGD und Adam?",
        "wie funktioniert backpropagation?",
        "Warum ist mein Verlust nan?",
        "was ist dropout",
        "Qu'est-ce que la rétropropagation ?",
        "comment fonctionne le gradient",
        "pourquoi le taux d'apprentissage est trop grand",
        "c'est quoi un transformer",
        "¿Qué es la retropropagación?",
        "cómo funciona una red neuronal",
        "por qué mi modelo no aprende",
        "O que é uma rede neural?",
        "como funciona o gradiente descendente",
        "por que meu modelo não aprende",
        "che cos'è una rete neurale?",
        "come funziona il gradiente",
        "perché il mio modello non impara",
        "что такое градиентный спуск?",
        "как работает обратное распространение",
        "что такое dropout и зачем он нужен",
        "什么是反向传播？",
        "什么是 dropout",
        "ما هو الانحدار التدريجي؟",
        "बैकप्रोपेगेशन क्या है?",
        "損失関数とは何ですか",
        "역전파란 무엇인가요",
        "wat is een neuraal netwerk",
        "sinir ağı nedir ve nasıl çalışır",
    ],
)
def test_is_not_english(text):
    assert is_not_english(clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "what is dropout",
        "relu",
        "sgd vs adam",
        "an LSTM in a GAN",
        "θ ← θ − η∇J(θ)",
        "μ and σ of a gaussian",
        "αβγ",
        "x ∈ ℝ^n",
        "why is σ(x) = 1/(1+e^-x)",
        "softmax(QK^T/sqrt(d_k))V",
        "𝐖𝐱 + 𝐛",
        "for i in range(10): loss.backward()",
        "nn.Linear(in_features=3, out_features=2)",
        "import torch as t; x = t.zeros(3)",
        "def f(x): return x",
        "Schmidhuber lstm",
        "Hochreiter und Schmidhuber",
        "who is van der Pol",
        "Szegedy et al inception",
        "Poincaré embeddings and Fréchet inception distance",
        "Rényi entropy",
        "Kullback-Leibler",
        "Monte Carlo de novo",
        "what does der stand for",
        "what was wrong with vanilla rnns",
        "come up with an example",
        "comment on my loss",
        "when do I use PER",
        "DDPG TD3 SAC",
        "123",
        "?!",
        "",
    ],
)
def test_is_english(text):
    assert not is_not_english(clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "why?",
        "why not?",
        "how so",
        "relu",
        "example?",
        "more",
        "and for images?",
        "what about adam",
        "or tanh?",
        "ok but why",
        "hm why",
        "which one is faster",
        "does it need a gpu",
        "does it need a gpu to train",
        "is it faster than sgd",
        "when would i use it",
        "so it only works on images?",
        "and the second one?",
        "how is that computed",
        "can you explain that again",
        "what are its drawbacks",
        "why does this work",
        "what if the lr is too high",
        "can you give an example of that",
        "why do they vanish",
        "tell me more",
        "explain more simply",
        "in simpler words please",
    ],
)
def test_is_follow_up(text):
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "what is dropout",
        "how does backpropagation compute gradients",
        "why do we need activation functions",
        "which optimiser should i use for a transformer",
        "difference between l1 and l2 regularisation",
        "my loss is nan",
        "sgd or adam for images",
        "example of bayes theorem",
        "even kernels vs odd kernels",
        "order of layers in a cnn",
        "sometimes my loss is nan",
        "android deployment of models",
        "what does it mean to overfit",
        "is it bad to train on the test set",
        "is it a good idea to normalise images",
        "explain the attention mechanism that transformers use",
        "how long is this curriculum",
        "how do i stop training when it overfits so that the test error does not go up any more",
    ],
)
def test_is_not_follow_up(text):
    assert not is_follow_up(text)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("what is dropout", Intent.DEFINITION),
        ("whats backprop", Intent.DEFINITION),
        ("what's a logit?", Intent.DEFINITION),
        ("define entropy", Intent.DEFINITION),
        ("relu", Intent.DEFINITION),
        ("policy gradient theorem", Intent.DEFINITION),
        ("explain attention to me", Intent.DEFINITION),
        ("eli5 convolution", Intent.DEFINITION),
        ("what does ppo stand for", Intent.DEFINITION),
        ("tell me about transformers", Intent.DEFINITION),
        ("can you help me understand attention", Intent.DEFINITION),
        ("what is generalisation error", Intent.DEFINITION),
        ("what is kl divergence", Intent.DEFINITION),
        ("what are adversarial examples", Intent.DEFINITION),
        ("what is numerical stability", Intent.DEFINITION),
        ("what is a training set", Intent.DEFINITION),
        ("adam vs sgd", Intent.COMPARISON),
        ("on-policy versus off-policy", Intent.COMPARISON),
        ("what is the difference between l1 and l2", Intent.COMPARISON),
        ("how does sarsa differ from q-learning", Intent.COMPARISON),
        ("is batch norm the same as layer norm", Intent.COMPARISON),
        ("is adam better than sgd", Intent.COMPARISON),
        ("gru compared to lstm", Intent.COMPARISON),
        ("precision or recall", Intent.COMPARISON),
        ("i always confuse bias and variance", Intent.COMPARISON),
        ("is a neuron just a linear regression", Intent.COMPARISON),
        ("example of bayes theorem", Intent.EXAMPLE),
        ("what is an example of a markov chain", Intent.EXAMPLE),
        ("walk me through backprop by hand", Intent.EXAMPLE),
        ("how do i calculate the f1 score", Intent.EXAMPLE),
        ("what is the formula for softmax", Intent.FORMULA),
        ("equation of the bellman optimality", Intent.FORMULA),
        ("how do you derive the elbo", Intent.FORMULA),
        ("what is the math behind attention", Intent.FORMULA),
        ("how is the advantage calculated", Intent.FORMULA),
        ("my loss is nan", Intent.TROUBLE),
        ("why is my loss not decreasing", Intent.TROUBLE),
        ("loss won't go down", Intent.TROUBLE),
        ("training diverges after 10 epochs", Intent.TROUBLE),
        ("cuda out of memory", Intent.TROUBLE),
        ("gradients explode in rnns", Intent.TROUBLE),
        ("what is wrong with my model", Intent.TROUBLE),
        ("why do we need activation functions", Intent.REASON),
        ("do i really need a bias term", Intent.REASON),
        ("what is the point of a baseline", Intent.REASON),
        ("intuition for the chain rule", Intent.REASON),
        ("how come deep nets generalise", Intent.REASON),
        ("how do i choose the learning rate", Intent.PRACTICE),
        ("when should i use dropout", Intent.PRACTICE),
        ("which optimiser should i use", Intent.PRACTICE),
        ("how many layers do i need", Intent.PRACTICE),
        ("what is a good value for momentum", Intent.PRACTICE),
        ("early stopping in pytorch", Intent.PRACTICE),
        ("overfitting with small data sets in vision", Intent.GENERAL),
    ],
)
def test_find_intent(text, intent):
    assert find_intent(text) is intent


@pytest.mark.parametrize("text", ["SGD or Adam", "sgd vs. adam", "precision and recall", "should i use lstm or gru"])
def test_is_choice(text):
    assert is_choice(text)


@pytest.mark.parametrize(
    "text",
    [
        "what is adam",
        "why do sgd and adam diverge",
        "orthogonal matrix",
        "and how often do i copy the weights",
        "something small to warm up with tree search and self play please",
    ],
)
def test_is_not_choice(text):
    assert not is_choice(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("explain attention like im five", "explain attention"),
        ("explain attention like I'm a 5 year old", "explain attention"),
        ("explain attention to me like I'm five years old", "explain attention"),
        ("Explain attention simply", "Explain attention"),
        ("softmax in simple terms", "softmax"),
        ("eli5 convolution", "convolution"),
        ("wat is dropout", "what is dropout"),
        ("wut does relu do", "what does relu do"),
        ("explain simply", "explain simply"),
        ("simple baseline", "simple baseline"),
        ("100 watt", "100 watt"),
    ],
)
def test_without_manner(text, plain):
    assert without_manner(text) == plain
