"""What is quoted, from hand-made hits: exact segments for every kind of question."""

import re

import pytest

from bot.features.ask.models import Intent
from bot.features.ask.rules.evidence import MAX_QUOTES, choose_evidence
from indexer.passages import Passage, Segment, SegmentKind
from indexer.retriever import Hit, Result, ScoredPassage

LEAD = ("Dropout switches units off at random.", "The survivors are scaled up.", "Nothing is dropped at test time.")
INTUITION = ("No unit can rely on its neighbours.", "The network learns redundant features.")
FORMULA = ("Each unit is kept with probability q.", "Its output is divided by q.")
EXAMPLE = ("Take q = 0.5 and the output 3.", "It becomes 0 or 6.", "The mean is 3.", "So nothing is lost.")
PRACTICE = ("Use a rate of 0.5 in wide layers.", "Use 0.1 in convolutions.", "Put it after the activation.")
MISTAKE = ("The model is left in train mode.", "Call eval before you measure.")
CONFUSED = ("Weight decay shrinks weights instead.", "Batch norm adds noise too.")


def words(text):
    return re.findall(r"[a-z0-9.]+", text.lower().rstrip("."))


def passage(*texts, heading="", source="concepts/dropout", title="Dropout", kind="concept"):
    segments = tuple(text if isinstance(text, Segment) else Segment(text) for text in texts)
    return Passage(source, kind, title, (heading,) if heading else (), segments, title)


def hit(*passages, scores=None, score=1.0):
    first = passages[0]
    scored = [
        ScoredPassage(number, item, 0.5 if scores is None else scores[number]) for number, item in enumerate(passages)
    ]
    return Hit(first.source, first.title, first.kind, score, 0.8, 1.0, tuple(scored))


def choose(question, intent, *hits, max_sources=5, sides=(), rarity=lambda _token: 1.0):
    result = Result(tuple(hits), 1.0, 0.0, None, tuple(words(question)), has_context=False)
    evidence = choose_evidence(result, intent, rarity=rarity, tokenise=words, max_sources=max_sources, sides=sides)
    return [
        (item.passage.title, *item.passage.heading, [segment.text for segment in item.segments]) for item in evidence
    ]


@pytest.fixture
def dropout():
    sections = {
        "": LEAD,
        "Intuition": INTUITION,
        "Formula": FORMULA,
        "Worked example": EXAMPLE,
        "In practice": PRACTICE,
        "Common mistake": MISTAKE,
        "Not to be confused with": CONFUSED,
    }
    return hit(*(passage(*texts, heading=heading) for heading, texts in sections.items()))


@pytest.mark.parametrize(
    ("intent", "chosen"),
    [
        (
            Intent.DEFINITION,
            [
                ("Dropout", [*LEAD]),
                ("Dropout", "Intuition", [*INTUITION]),
                ("Dropout", "Formula", [*FORMULA]),
            ],
        ),
        (
            Intent.GENERAL,
            [
                ("Dropout", [*LEAD]),
                ("Dropout", "Intuition", [*INTUITION]),
                ("Dropout", "Formula", [*FORMULA]),
            ],
        ),
        (
            Intent.REASON,
            [
                ("Dropout", "Intuition", [*INTUITION]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "In practice", [*PRACTICE[:2]]),
            ],
        ),
        (
            Intent.PRACTICE,
            [
                ("Dropout", "In practice", [*PRACTICE]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "Common mistake", [*MISTAKE]),
            ],
        ),
        (
            Intent.FORMULA,
            [
                ("Dropout", "Formula", [*FORMULA]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "Worked example", [*EXAMPLE]),
            ],
        ),
        (
            Intent.EXAMPLE,
            [
                ("Dropout", "Worked example", [*EXAMPLE]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "Intuition", [*INTUITION]),
            ],
        ),
        (
            Intent.TROUBLE,
            [
                ("Dropout", "Common mistake", [*MISTAKE]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "In practice", [*PRACTICE[:2]]),
            ],
        ),
        (
            Intent.COMPARISON,
            [
                ("Dropout", "Not to be confused with", [*CONFUSED]),
                ("Dropout", [LEAD[0]]),
                ("Dropout", "Intuition", [*INTUITION]),
            ],
        ),
    ],
)
def test_sections_of_each_intent(dropout, intent, chosen):
    assert choose("zebra", intent, dropout) == chosen


def test_the_score_of_a_section_outweighs_a_small_bonus():
    lead, practice = passage(*LEAD), passage(*PRACTICE, heading="In practice")
    assert choose("zebra", Intent.GENERAL, hit(practice, lead, scores=[0.9, 0.3]))[0] == (
        "Dropout",
        "In practice",
        [*PRACTICE],
    )
    assert choose("zebra", Intent.GENERAL, hit(practice, lead, scores=[0.4, 0.3]))[0] == ("Dropout", [*LEAD])


def test_a_weak_section_is_left_out():
    found = hit(passage(*LEAD), passage(*PRACTICE, heading="In practice"), scores=[0.8, 0.39])
    assert choose("zebra", Intent.DEFINITION, found) == [("Dropout", [*LEAD])]


def test_plain_notes_are_ranked_by_score_alone():
    sections = [passage(*EXAMPLE[:2], heading="Worked example", kind="note"), passage(*LEAD, kind="note")]
    assert choose("zebra", Intent.DEFINITION, hit(*sections, scores=[0.5, 0.4])) == [
        ("Dropout", "Worked example", [*EXAMPLE[:2]]),
        ("Dropout", [*LEAD[:2]]),
    ]


def test_a_heading_that_says_what_is_asked_comes_first_in_other_notes():
    sections = [
        passage("Step 6 comes last.", heading="At a glance", kind="step", title="Capstone"),
        passage("Keras is out.", heading="The rules", kind="step", title="Capstone"),
    ]
    found = hit(*sections, scores=[0.5, 0.4])
    assert choose("the rules", Intent.GENERAL, found)[0] == ("Capstone", "The rules", ["Keras is out."])
    assert choose("zebra", Intent.GENERAL, found)[0] == ("Capstone", "At a glance", ["Step 6 comes last."])


LONG = (
    "Adam keeps two averages.",
    "The first averages gradients.",
    "The second averages squares.",
    "Warm-up helps transformers.",
    "Epsilon avoids division by zero.",
)


@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        ("zebra", LONG[0:3]),
        ("squares", LONG[2:5]),
        ("transformers", LONG[3:5]),
        ("epsilon zero", LONG[4:5]),
        ("averages", LONG[0:3]),
    ],
)
def test_the_run_starts_at_the_sentence_that_answers(question, chosen):
    found = hit(passage(*LONG, title="Adam", source="concepts/adam"))
    assert choose(question, Intent.DEFINITION, found) == [("Adam", [*chosen])]


def test_rare_words_decide():
    found = hit(passage(*LONG))
    question = "averages epsilon"
    assert choose(question, Intent.DEFINITION, found) == [("Dropout", [*LONG[:3]])]
    rarity = {"averages": 0.1, "epsilon": 5.0}
    assert choose(question, Intent.DEFINITION, found, rarity=rarity.__getitem__) == [("Dropout", [LONG[4]])]


def test_words_of_the_title_count_little():
    texts = ("Dropout is a regulariser.", "Dropout is simple.", "Rates differ.", "Inputs take a small rate.")
    assert choose("dropout rate", Intent.DEFINITION, hit(passage(*texts))) == [("Dropout", [texts[3]])]


@pytest.mark.parametrize("opening", ["It", "This", "They", "But it", "However, it", "- It", "For example, it", "So it"])
def test_a_dangling_sentence_takes_its_predecessor_along(opening):
    texts = ("Adam adapts.", "Momentum smooths.", f"{opening} needs epsilon.", "Nothing else.", "The end.")
    found = hit(passage(*texts, title="Adam"))
    assert choose("epsilon", Intent.DEFINITION, found) == [("Adam", [*texts[1:4]])]


def test_a_chain_of_dangling_sentences_is_followed_to_its_start():
    texts = ("Adam adapts.", "Momentum smooths.", "It averages.", "This needs epsilon.", "The end.")
    found = hit(passage(*texts, title="Adam"))
    assert choose("epsilon", Intent.DEFINITION, found) == [("Adam", [*texts[1:4]])]


@pytest.mark.parametrize("opening", ["Items", "Theory", "Soft units", "Buttons", "Nowhere it"])
def test_words_that_only_begin_alike_do_not_dangle(opening):
    texts = ("Adam adapts.", "Momentum smooths.", f"{opening} needs epsilon.", "Nothing else.", "The end.")
    assert choose("epsilon", Intent.DEFINITION, hit(passage(*texts, title="Adam"))) == [("Adam", [*texts[2:5]])]


def test_an_example_is_kept_whole():
    texts = tuple(f"Number {n} is added." for n in range(8))
    found = hit(passage(*texts, heading="Worked example"))
    assert choose("7", Intent.EXAMPLE, found) == [("Dropout", "Worked example", [*texts])]


def test_an_example_is_cut_where_it_grows_too_long():
    texts = tuple(f"{n} " + "x" * 297 for n in range(8))  # 299 and a space each; two fit into 700
    found = hit(passage(*texts, heading="Worked example"))
    assert choose("7", Intent.EXAMPLE, found) == [("Dropout", "Worked example", [*texts[:2]])]


def test_one_segment_stands_however_long_it_is():
    assert choose("x", Intent.DEFINITION, hit(passage("x" * 3000, "y"))) == [("Dropout", ["x" * 3000])]


def test_a_code_fence_is_kept_with_the_words_before_it():
    code = Segment("```python\nx = drop(x)\n```", SegmentKind.CODE)
    texts = ("Call it in forward.", code, "It reads the mode.", "Eval mode is safe.", "Rates are floats.")
    found = hit(passage(*texts, heading="In practice"))
    assert choose("floats", Intent.PRACTICE, found) == [
        ("Dropout", "In practice", [texts[0], code.text, texts[2], texts[3]])
    ]


def test_a_near_second_source_supports():
    other = hit(passage("L2 shrinks.", "It is simple.", title="L2", source="concepts/l2"), score=0.93)
    far = hit(passage("Far away.", title="Far", source="concepts/far"), score=0.91)
    main = hit(passage(*LEAD), score=1.0)
    assert choose("zebra", Intent.DEFINITION, main, other, far) == [("Dropout", [*LEAD]), ("L2", ["L2 shrinks."])]


def test_a_source_of_another_kind_does_not_support():
    course = hit(passage("The course is free.", title="Course", source="resources/course", kind="resource"))
    assert choose("zebra", Intent.DEFINITION, hit(passage(*LEAD)), course) == [("Dropout", [*LEAD])]


@pytest.mark.parametrize("max_sources", [1, 2, 3, 4, 5])
def test_at_most_so_many_places(dropout, max_sources):
    others = [hit(passage(f"Note {n} says so.", title=f"N{n}", source=f"concepts/{n}")) for n in range(4)]
    chosen = choose("zebra", Intent.DEFINITION, dropout, *others, max_sources=max_sources)
    assert [item[:-1] for item in chosen] == [
        ("Dropout",),
        ("Dropout", "Intuition"),
        ("Dropout", "Formula"),
        ("N0",),
        ("N1",),
    ][:max_sources]


def _concept(name, **sections):
    title = name.title()
    headings = {"intuition": "Intuition", "practice": "In practice", "confused": "Not to be confused with", "lead": ""}
    return hit(
        *(
            passage(*texts, heading=headings[key], title=title, source=f"concepts/{name}")
            for key, texts in sections.items()
        )
    )


@pytest.fixture
def adam():
    return _concept(
        "adam",
        intuition=("Adam adapts its steps.", "It likes defaults."),
        lead=("Adam keeps two averages.", "It was published in 2014."),
        confused=("RMSprop has no momentum.", "Sgd has one rate for all."),
    )


@pytest.fixture
def sgd():
    return _concept("sgd", practice=("Sgd wants a schedule.",), lead=("Sgd steps downhill.", "One batch a step."))


def test_a_comparison_draws_on_both_sides(adam, sgd):
    other = _concept("other", lead=("Other things.",))
    assert choose("a", Intent.COMPARISON, other, sgd, adam, sides=("concepts/adam", "concepts/sgd")) == [
        ("Adam", "Not to be confused with", ["Sgd has one rate for all."]),
        ("Adam", ["Adam keeps two averages."]),
        ("Sgd", ["Sgd steps downhill."]),
        ("Adam", "Intuition", ["Adam adapts its steps.", "It likes defaults."][:1]),
        ("Sgd", "In practice", ["Sgd wants a schedule."]),
    ]


def test_a_comparison_keeps_the_order_of_the_question(adam, sgd):
    chosen = choose("a", Intent.COMPARISON, adam, sgd, sides=("concepts/sgd", "concepts/adam"), max_sources=3)
    assert [item[0] for item in chosen] == ["Adam", "Sgd", "Adam"]
    assert chosen[1] == ("Sgd", ["Sgd steps downhill."])


def test_a_comparison_never_loses_a_side_to_the_limit(adam, sgd):
    chosen = choose("a", Intent.COMPARISON, adam, sgd, sides=("concepts/adam", "concepts/sgd"), max_sources=2)
    assert {item[0] for item in chosen} == {"Adam", "Sgd"}


def test_a_comparison_with_a_missing_side_uses_what_there_is(adam):
    chosen = choose("a", Intent.COMPARISON, adam, sides=("concepts/adam", "concepts/zebra"))
    assert [item[:-1] for item in chosen] == [("Adam", "Not to be confused with"), ("Adam",), ("Adam", "Intuition")]


def test_sides_matter_in_a_comparison_only(adam, sgd):
    chosen = choose("a", Intent.DEFINITION, adam, sgd, sides=("concepts/adam", "concepts/sgd"))
    assert chosen[0] == ("Adam", ["Adam keeps two averages.", "It was published in 2014."])


def test_never_more_than_five_pieces(adam, sgd):
    chosen = choose("a", Intent.COMPARISON, adam, sgd, sides=("concepts/adam", "concepts/sgd"), max_sources=99)
    assert len(chosen) == MAX_QUOTES == 5
