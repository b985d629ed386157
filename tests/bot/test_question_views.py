"""What a member reads of a question, its answer and its round, and that all of it fits into Discord's limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.features.questions.models import (
    AskedQuestion,
    Citation,
    Confidence,
    Feedback,
    Remark,
    Revisit,
    RoundKind,
    RoundResult,
    ShownOption,
)
from bot.features.questions.rules.options import option_id, stamp_of
from bot.features.questions.views import QUESTION_ITEMS, render_asked, render_feedback, render_result
from bot.features.questions.views.controls import feedback_controls, question_controls, result_controls
from knowledge.models import QuestionKind

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
SOON, LATER = NOW + timedelta(hours=2), NOW + timedelta(days=3)
IN_2_HOURS, IN_3_DAYS = (f"<t:{int(at.timestamp())}:R>" for at in (SOON, LATER))
TEXTS = {
    QuestionKind.SINGLE: ("Zero", "One", "Two"),
    QuestionKind.MULTIPLE: ("Zero", "One", "Two"),
    QuestionKind.ORDER: ("Zero", "One", "Two"),
    QuestionKind.BOOLEAN: ("True", "False"),
    QuestionKind.NUMERIC: (),
}


def asked(kind="single", **values):
    kind = QuestionKind(kind)
    options = tuple(ShownOption(option_id(text), text) for text in TEXTS[kind])
    first = AskedQuestion(
        round_id=7,
        position=1,
        number=2,
        total=5,
        round_kind=RoundKind.QUIZ,
        subject="Attention",
        kind=kind,
        difficulty="easy",
        prompt="How many?",
        options=options,
        unit=None,
        stamp="beef",
    )
    return replace(first, **values)


def fed_back(question=None, **values):
    first = Feedback(
        question or asked(),
        given=("One",),
        right=("Two",),
        is_correct=False,
        remarks=(Remark("One", "One is too few."),),
        explanation="Count them.",
        note=None,
        citation=Citation("Attention", "Formula", "A course, Lesson 3", "https://example.org/3"),
        due_at=LATER,
        asks_confidence=False,
        confidence=None,
        has_similar=True,
        has_next=True,
    )
    return replace(first, **values)


def result_of(**values):
    first = RoundResult(
        round_id=7,
        kind=RoundKind.QUIZ,
        subject="Attention",
        right=4,
        counted=5,
        revisit=(),
        due_now=0,
        next_due_at=None,
    )
    return replace(first, **values)


def parts_of(embed):
    return embed.description.split("\n\n")


def fields_of(embed):
    return {field.name: field.value for field in embed.fields}


def buttons_of(view):
    """[[(label, the end of its custom_id)]] row by row; selects stand with their placeholder."""
    rows = [row["components"] for row in view.to_components()]
    return [[(it.get("label") or it["placeholder"], it["custom_id"].split(":", 1)[1]) for it in row] for row in rows]


# The question


def test_a_question_has_its_options_as_a_lettered_list():
    embed = render_asked(asked())
    assert embed.title == "Attention"
    assert embed.colour.value == 0x3B6FB6
    assert parts_of(embed) == ["How many?", "**A** · Zero\n**B** · One\n**C** · Two"]
    assert embed.footer.text == "Question 2 of 5 · You can leave at any time; I keep your place."


def test_a_question_alone_needs_no_number():
    assert render_asked(asked(number=1, total=1)).footer.text is None


def test_true_and_false_need_no_list():
    assert parts_of(render_asked(asked("boolean"))) == ["How many?"]


def test_a_number_is_asked_with_its_unit():
    assert parts_of(render_asked(asked("numeric", unit="percentage points"))) == [
        "How many?",
        "Answer in percentage points.",
    ]


def test_news_come_first_then_that_it_goes_on():
    news = ("A key was corrected: “2 * x * y”", "@everyone [click](https://example.org)")
    first, second, prompt = parts_of(render_asked(asked("boolean", is_resumed=True, news=news)))
    assert first.splitlines() == [
        "**Since you last looked**",
        "- A key was corrected\\: “2 \\* x \\* y”",
        "- @\u200beveryone \\[click\\]\\(https\\://example.org\\)",
    ]
    assert second == "*You began these questions earlier, and they go on where you left.*"
    assert prompt == "How many?"


def test_a_weekly_question_says_until_when_it_can_be_answered():
    closing = render_asked(asked(round_kind=RoundKind.WEEKLY, closes_at=LATER))
    assert parts_of(closing)[-1] == f"Open until <t:{int(LATER.timestamp())}:f>, {IN_3_DAYS}."


def test_formulas_are_no_markdown():
    question = asked(subject="A* and *B*", prompt="2*x*y in `a_b_c`", options=(ShownOption("1", "c_{t-1} + h_t"),))
    embed = render_asked(question)
    assert embed.title == "A\\* and \\*B\\*"
    assert parts_of(embed) == ["2\\*x\\*y in `a_b_c`", "**A** · c\\_{t-1} + h\\_t"]


def test_what_is_ordered_leaves_the_list():
    question = asked("order")
    assert parts_of(render_asked(question)) == ["How many?", "**A** · Zero\n**B** · One\n**C** · Two"]
    assert parts_of(render_asked(question, ordered=[2])) == [
        "How many?",
        "**A** · Zero\n**B** · One",
        "**Your order so far**\n1. Two",
    ]
    assert parts_of(render_asked(question, ordered=[2, 0, 1])) == [
        "How many?",
        "**Your order**\n1. Two\n2. Zero\n3. One",
    ]


@pytest.mark.parametrize(
    ("question", "picked", "rows"),
    [
        (
            asked(),
            {},
            [[("A", "7:1:beef:c0"), ("B", "7:1:beef:c1"), ("C", "7:1:beef:c2"), ("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("boolean"),
            {},
            [[("True", "7:1:beef:c0"), ("False", "7:1:beef:c1"), ("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("multiple"),
            {},
            [[("Choose all that apply", "7:1:beef:m")], [("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("multiple"),
            {"chosen": [0, 2]},
            [[("Choose all that apply", "7:1:beef:m")], [("Check", "7:1:beef:k5"), ("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("order"),
            {},
            [[("What comes first?", "7:1:beef:o")], [("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("order"),
            {"ordered": [2]},
            [
                [("What comes next?", "7:1:beef:o2")],
                [("Start over", "7:1:beef:s"), ("I don't know", "7:1:beef:u")],
            ],
        ),
        (
            asked("order"),
            {"ordered": [2, 0, 1]},
            [[("Check", "7:1:beef:r201"), ("Start over", "7:1:beef:s"), ("I don't know", "7:1:beef:u")]],
        ),
        (
            asked("numeric", unit="MB"),
            {},
            [[("Enter your answer", "7:1:beef:nMB"), ("I don't know", "7:1:beef:u")]],
        ),
    ],
)
def test_controls_of_each_kind(question, picked, rows):
    assert buttons_of(question_controls(question, **picked)) == rows


def test_what_is_chosen_stays_marked():
    (select, _) = question_controls(asked("multiple"), chosen=[0, 2]).to_components()
    select = select["components"][0]
    assert [(it["label"], it["value"], it["default"]) for it in select["options"]] == [
        ("A · Zero", "0", True),
        ("B · One", "1", False),
        ("C · Two", "2", True),
    ]
    assert (select["min_values"], select["max_values"]) == (0, 3)


def test_a_long_option_is_shortened_in_the_list_only():
    long = " ".join(["word"] * 30)
    question = asked("order", options=(ShownOption("1", long), ShownOption("2", "Two")))
    assert f"**A** · {long}" in render_asked(question).description
    option = question_controls(question).to_components()[0]["components"][0]["options"][0]
    assert len(option["label"]) <= 100
    assert option["label"].startswith("A · word")
    assert option["label"].endswith("…")


# The answer


def test_a_wrong_answer_is_explained():
    embed = render_feedback(fed_back())
    assert embed.title == "❌ Not quite"
    assert parts_of(embed) == [
        "How many?",
        "**You chose** **B** · One",
        "One is too few.",
        "**Right is** **C** · Two",
        "Count them.",
    ]
    assert fields_of(embed) == {
        "Source": "Attention › Formula · taught in [A course, Lesson 3](https://example.org/3)",
        "Comes again": IN_3_DAYS,
    }
    assert embed.footer.text == "Question 2 of 5"


def test_a_right_answer_is_not_said_twice():
    embed = render_feedback(fed_back(given=("Two",), is_correct=True, remarks=()))
    assert embed.title == "✅ Right"
    assert parts_of(embed) == ["How many?", "**You chose** **C** · Two", "Count them."]


def test_another_right_answer_is_named():
    feedback = fed_back(given=("Two",), right=("One", "Two"), is_correct=True, remarks=())
    assert "**Also right** **B** · One" in parts_of(render_feedback(feedback))


def test_not_knowing_is_no_shame():
    embed = render_feedback(fed_back(given=(), remarks=()))
    assert embed.title == "Here is how it goes"
    assert parts_of(embed) == [
        "How many?",
        "Not knowing it yet is fine. Now you have seen it once.",
        "**Right is** **C** · Two",
        "Count them.",
    ]


def test_true_and_false_have_no_letters():
    feedback = fed_back(asked("boolean"), given=("True",), right=("False",), remarks=(Remark("True", "It is not so."),))
    assert parts_of(render_feedback(feedback)) == [
        "How many?",
        "**You chose** True",
        "It is not so.",
        "**Right is** False",
        "Count them.",
    ]


def test_several_choices_are_lists_with_a_remark_for_each():
    feedback = fed_back(
        asked("multiple"),
        given=("Zero", "One"),
        right=("Zero", "Two"),
        remarks=(Remark("One", "One is too few."), Remark("Two", "Two was missing.")),
    )
    assert parts_of(render_feedback(feedback)) == [
        "How many?",
        "**You chose**\n- **A** · Zero\n- **B** · One",
        "**B** · One is too few.\n**C** · Two was missing.",
        "**Right is**\n- **A** · Zero\n- **C** · Two",
        "Count them.",
    ]


def test_a_right_multiple_choice_in_another_order_is_not_repeated():
    feedback = fed_back(asked("multiple"), given=("Two", "Zero"), right=("Zero", "Two"), is_correct=True, remarks=())
    assert parts_of(render_feedback(feedback)) == [
        "How many?",
        "**You chose**\n- **C** · Two\n- **A** · Zero",
        "Count them.",
    ]


def test_orders_are_numbered():
    feedback = fed_back(asked("order"), given=("Two", "Zero", "One"), right=("Zero", "One", "Two"), remarks=())
    assert parts_of(render_feedback(feedback))[1:3] == [
        "**Your order**\n1. Two\n2. Zero\n3. One",
        "**The right order**\n1. Zero\n2. One\n3. Two",
    ]


@pytest.mark.parametrize(
    ("given", "is_correct", "parts"),
    [
        ("0.63", True, ["**Your answer** 0.63"]),
        ("0.633", True, ["**Your answer** 0.633", "**Exactly** 0.63"]),
        ("3", False, ["**Your answer** 3", "**Right is** 0.63"]),
    ],
)
def test_numbers(given, is_correct, parts):
    feedback = fed_back(asked("numeric"), given=(given,), right=("0.63",), is_correct=is_correct, remarks=())
    assert parts_of(render_feedback(feedback))[1:-1] == parts


def test_a_withdrawn_question_does_not_count():
    embed = render_feedback(fed_back(is_correct=None, due_at=None, remarks=()))
    assert embed.title == "This one does not count"
    assert parts_of(embed)[1] == "The question has been withdrawn, so it does not count, whatever you answered."
    assert "Comes again" not in fields_of(embed)
    unknown = render_feedback(fed_back(is_correct=None, given=(), due_at=None, remarks=()))
    assert "Not knowing" not in unknown.description


def test_a_note_of_the_mentors_is_plain_text():
    embed = render_feedback(fed_back(note="**Both** are right, @everyone"))
    assert fields_of(embed)["The key was corrected"] == "\\*\\*Both\\*\\* are right, @\u200beveryone"


def test_the_first_answer_counts():
    footer = render_feedback(fed_back(is_repeat=True)).footer.text
    assert footer == "Question 2 of 5 · You have answered this one before, and the first answer counts."


@pytest.mark.parametrize(
    ("confidence", "text"),
    [
        (None, IN_3_DAYS),
        (Confidence.SURE, f"{IN_3_DAYS}. You were sure, so it can wait that long."),
        (Confidence.GUESSED, f"{IN_3_DAYS}. You guessed, so it comes sooner."),
    ],
)
def test_the_feedback_says_what_confidence_changed(confidence, text):
    embed = render_feedback(fed_back(given=("Two",), is_correct=True, confidence=confidence))
    assert fields_of(embed)["Comes again"] == text
    assert "Were you sure?" not in fields_of(embed)


def test_confidence_is_asked_above_how_it_goes_on():
    feedback = fed_back(given=("Two",), is_correct=True, asks_confidence=True)
    assert fields_of(render_feedback(feedback))["Were you sure?"] == "If you guessed, it comes again sooner."
    assert buttons_of(feedback_controls(feedback)) == [
        [("I was sure", "7:1:sure"), ("I guessed", "7:1:guess")],
        [("Next question", "7:next"), ("Try a similar one", "7:1:similar"), ("Challenge this question", "7:1")],
    ]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ({}, ["Next question", "Try a similar one", "Challenge this question"]),
        ({"has_next": False}, ["See your result", "Try a similar one", "Challenge this question"]),
        ({"has_similar": False}, ["Next question", "Challenge this question"]),
        ({"is_correct": None}, ["Next question", "Try a similar one"]),
        (
            {"question": asked(round_kind=RoundKind.SIMILAR, number=1, total=1), "has_next": False},
            ["Try another one", "Challenge this question"],
        ),
        (
            {
                "question": asked(round_kind=RoundKind.SIMILAR, number=1, total=1),
                "has_next": False,
                "has_similar": False,
            },
            ["Challenge this question"],
        ),
    ],
)
def test_how_it_goes_on(values, labels):
    (row,) = buttons_of(feedback_controls(fed_back(**values)))
    assert [label for label, _ in row] == labels


def test_the_last_similar_question_says_so():
    question = asked(round_kind=RoundKind.SIMILAR, number=1, total=1)
    assert render_feedback(fed_back(question, has_similar=False)).footer.text == "That was my last one like it for now."
    assert render_feedback(fed_back(question)).footer.text is None


# The result


def test_a_result_says_what_to_revisit_and_what_comes():
    revisit = (
        Revisit("dropout", "Dropout", "A course, Lesson 3", "https://example.org/3", LATER),
        Revisit("a-star", "A*", "A course", "https://example.org", None),
    )
    embed = render_result(result_of(right=3, revisit=revisit, due_now=2, next_due_at=SOON))
    assert embed.title == "3 of 5 right"
    assert parts_of(embed) == ["**Attention**", "What you missed comes again, so that it sticks."]
    assert fields_of(embed) == {
        "Worth another look": (
            f"- Dropout: [A course, Lesson 3](https://example.org/3), again {IN_3_DAYS}\n"
            "- A\\*: [A course](https://example.org)"
        ),
        "Reviews": f"2 questions are due now. The next one comes {IN_2_HOURS}.",
    }


def test_a_result_without_a_miss_is_praised():
    embed = render_result(result_of(right=5, due_now=1, news=("Something was corrected.",)))
    assert parts_of(embed) == [
        "**Since you last looked**\n- Something was corrected.",
        "**Attention**",
        "Nothing missed. You know this well.",
    ]
    assert fields_of(embed) == {"Reviews": "1 question is due now."}


def test_a_round_of_withdrawn_questions_has_nothing_to_count():
    embed = render_result(result_of(right=0, counted=0))
    assert embed.title == "Nothing to count"
    assert parts_of(embed)[-1] == "All of these questions have been withdrawn, so none of them counts."
    assert fields_of(embed) == {}


@pytest.mark.parametrize(
    ("is_ranked", "sentence", "button"),
    [
        (
            False,
            "Your score stays with you, unless you want to be named.",
            ("Name me in the results", "rank:55:1"),
        ),
        (True, "They will name you.", ("Keep me out of the results", "rank:55:0")),
    ],
)
def test_a_weekly_result_says_when_it_is_compared(is_ranked, sentence, button):
    result = result_of(kind=RoundKind.WEEKLY, guild_id=55, closes_at=LATER, is_ranked=is_ranked)
    when = f"<t:{int(LATER.timestamp())}:f> ({IN_3_DAYS})"
    assert fields_of(render_result(result)) == {"The results": f"They come when the quiz closes, {when}. {sentence}"}
    assert buttons_of(result_controls(result)) == [[button]]


def test_a_weekly_result_after_closing_does_not_promise_what_is_over():
    result = result_of(kind=RoundKind.WEEKLY, guild_id=55, closes_at=None)
    assert fields_of(render_result(result)) == {
        "The results": "The quiz has closed, so what you left out no longer counts. Its results are in the channel."
    }


@pytest.mark.parametrize(
    ("values", "buttons"),
    [
        ({}, [[("Another quiz", "again")]]),
        ({"due_now": 3}, [[("Review what is due (3)", "start"), ("Another quiz", "again")]]),
        ({"kind": RoundKind.REVIEW}, []),
        ({"kind": RoundKind.REVIEW, "due_now": 1}, [[("Review what is due (1)", "start")]]),
    ],
)
def test_what_can_be_done_after_a_round(values, buttons):
    assert buttons_of(result_controls(result_of(**values))) == buttons


async def test_nothing_is_remembered_for_a_message():
    """discord.py keeps views for ever if they have other buttons than dynamic items."""
    assert feedback_controls(fed_back()).is_finished()
    assert question_controls(asked()).is_finished()
    assert result_controls(result_of()).is_finished()


# Discord's limits, for every question of the bank


def asked_from(question):
    """The question as it is asked in the worst case: everything that can stand with it does."""
    options = tuple(ShownOption(option_id(option.text), option.text) for option in reversed(question.options))
    return AskedQuestion(
        round_id=10**18 - 1,
        position=999,
        number=10,
        total=10,
        round_kind=RoundKind.WEEKLY,
        subject="The weekly quiz of a server with a name that is as long as Discord lets it be, " * 4,
        kind=question.kind,
        difficulty=question.difficulty,
        prompt=question.prompt,
        options=options,
        unit=question.unit,
        stamp=stamp_of(question),
        closes_at=LATER,
        is_resumed=True,
        news=tuple(f"A key was corrected: “{question.prompt}” {'*' * 300}" for _ in range(5)),
    )


def feedback_from(question, curriculum):
    """The longest feedback: everything was chosen, and mentors had a lot to say."""
    place = curriculum.concepts[question.concept].study[0]
    texts = tuple(option.text for option in question.options)
    return Feedback(
        asked_from(question),
        given=texts or ("-0.3333333333 percentage points",),
        right=texts or (f"{question.answer} {question.unit}",),
        is_correct=False,
        remarks=tuple(Remark(option.text, option.remark) for option in question.options if option.remark),
        explanation=question.explanation,
        note="*note* " * 300,
        citation=Citation(
            curriculum.concepts[question.concept].title,
            question.source.heading,
            curriculum.place_label(place),
            curriculum.place_url(place),
        ),
        due_at=LATER,
        asks_confidence=True,
        confidence=Confidence.GUESSED,
        has_similar=True,
        has_next=True,
        is_repeat=True,
    )


def check_embed(embed):
    assert len(embed) <= 6000
    assert 0 < len(embed.title) <= 256
    assert 0 < len(embed.description) <= 4096
    assert not embed.description.endswith("…")
    for field in embed.fields:
        assert 0 < len(field.name) <= 256
        assert 0 < len(field.value) <= 1024


def check_view(view):
    templates = [item.__discord_ui_compiled_template__ for item in QUESTION_ITEMS]
    rows = view.to_components()
    assert 1 <= len(rows) <= 5
    ids = [item["custom_id"] for row in rows for item in row["components"]]
    assert len(set(ids)) == len(ids)
    for row in rows:
        assert sum(1 if item["type"] == discord.ComponentType.button.value else 5 for item in row["components"]) <= 5
        for item in row["components"]:
            check_item(item)
            owners = [template for template in templates if template.fullmatch(item["custom_id"])]
            assert len(owners) == (0 if item["custom_id"].startswith("challenge:") else 1), item["custom_id"]


def check_item(item):
    assert len(item["custom_id"]) <= 100
    assert len(item.get("label", "")) <= 80
    for option in item.get("options", ()):
        assert 0 < len(option["label"]) <= 100
    if "options" in item:
        assert 1 <= len(item["options"]) <= 25
        assert len({option["label"] for option in item["options"]}) == len(item["options"])


def test_every_question_of_the_bank_fits(knowledge):
    bank = knowledge.curriculum.questions
    assert {question.kind for question in bank} == set(QuestionKind)
    for question in bank:
        shown = asked_from(question)
        places = range(len(question.options))
        for picked in picks_of(question, places):
            check_view(question_controls(shown, **picked))
            embed = render_asked(shown, picked.get("ordered", ()))
            check_embed(embed)
        feedback = feedback_from(question, knowledge.curriculum)
        embed = render_feedback(feedback)
        check_embed(embed)
        assert embed.fields[1].value.endswith(")"), question.id  # the link to where it is taught is whole
        check_view(feedback_controls(feedback))


def picks_of(question, places):
    """Every number of options that may have been picked so far."""
    match question.kind:
        case QuestionKind.MULTIPLE:
            return [{"chosen": places[:count]} for count in range(len(places) + 1)]
        case QuestionKind.ORDER:
            return [{"ordered": places[:count]} for count in range(len(places) + 1)]
        case _:
            return [{}]


def test_a_result_with_a_miss_in_every_concept_fits(knowledge):
    curriculum = knowledge.curriculum
    concepts = sorted(curriculum.concepts.items(), key=lambda it: -len(curriculum.place_label(it[1].study[0])))
    revisit = tuple(
        Revisit(id_, it.title, curriculum.place_label(it.study[0]), curriculum.place_url(it.study[0]), LATER)
        for id_, it in concepts
    )
    result = result_of(
        kind=RoundKind.WEEKLY,
        guild_id=10**18 - 1,
        closes_at=LATER,
        revisit=revisit,
        due_now=10**6,
        next_due_at=SOON,
        news=("*news* " * 400,),
        subject="x" * 500,
    )
    embed = render_result(result)
    assert len(embed) <= 6000
    assert all(len(field.value) <= 1024 for field in embed.fields)
    assert any(field.value.endswith(f"- and {len(revisit) - 8} more") for field in embed.fields)


def test_no_two_items_claim_the_same_click():
    templates = [item.__discord_ui_compiled_template__.pattern for item in QUESTION_ITEMS]
    assert len(set(templates)) == len(templates) == 6
