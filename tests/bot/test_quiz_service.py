"""Quizzes on both databases: begun, left, taken up again, one more like the last, and what is said if there is none."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import MemberError
from bot.features.progress.models import Evidence, EvidenceKind, State
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import Response, RoundKind, Ruling, Verdict
from bot.features.quiz.models import MISSED, Difficulty, NothingFresh, Quiz, Topic, TopicKind, Wish
from bot.features.quiz.service import (
    AT_ONCE,
    NO_QUESTIONS,
    NOTHING_MISSED,
    RESUME_WITHIN,
    QuizService,
)
from bot.storage.database import Database
from tests.bot.databases import rows
from tests.bot.schedulers import question_service
from tests.bot.small_curriculum import concept_of, curriculum_of, question_of, resource_of, step_of, unit_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA, GRACE, SERVER = 11, 22, 5
LETTERS = "abcdefgh"
TRUE, FALSE = ("True", "False")

QUESTIONS = tuple(
    question_of(letter).model_copy(update={"id": f"{letter}-{n}", "difficulty": difficulty})
    for letter in LETTERS
    for n, difficulty in enumerate(("easy", "medium"))
)


def named(title, step=1, **update):
    return concept_of(step, title=title).model_copy(update=update)


CURRICULUM = curriculum_of(
    step_of(1, core=("course",)),
    step_of(2),
    resources={"course": resource_of(*(unit_of(f"u{letter}", (letter,)) for letter in LETTERS))},
    concepts={
        **{letter: named(f"Topic {letter.upper()}") for letter in LETTERS},
        "a": named("Topic A", confused_with=("b",), aliases=("alpha",)),
        "late": named("Topic late", step=2),
    },
    questions=(),
)
CURRICULUM = type(CURRICULUM)(
    **{name: getattr(CURRICULUM, name) for name in CURRICULUM.__slots__} | {"questions": QUESTIONS}
)


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def clock():
    return Clock()


class Quizzes:
    """The services of one process."""

    def __init__(self, database, clock, curriculum=CURRICULUM, seed=1):
        self.clock = clock
        self.database = database
        self.progress = ProgressService(database, clock, curriculum)
        self.questions = question_service(database, clock, curriculum)
        self.quiz = QuizService(database, clock, curriculum, self.progress, self.questions, rng=random.Random(seed))

    async def begin(self, member=ADA, topic=None, count=None, difficulty=None, guild=SERVER):
        return await self.quiz.begin(member, Wish(topic, count, difficulty), guild_id=guild)

    async def answer(self, quiz, *marks, member=ADA):
        """Answer as many questions as there are marks: x right, - wrong."""
        asked = quiz.asked
        for mark in marks:
            option = next(o for o in asked.options if o.text == (TRUE if mark == "x" else FALSE))
            await self.questions.answer(asked.round_id, asked.position, member, Response((option.id,)), asked.stamp)
            asked = await self.questions.show(asked.round_id, member)
        return asked

    async def play(self, *marks, **wish):
        quiz = await self.begin(**wish)
        return await self.answer(quiz, *marks)


@pytest.fixture
def s(database, clock):
    return Quizzes(database, clock)


@pytest.fixture
async def twin(migrated_url, clock):
    """The same in another process, as far as the database can tell."""
    database = Database(migrated_url)
    yield Quizzes(database, clock, seed=2)
    await database.close()


async def rounds(s):
    found = await rows(s.database, "SELECT id, subject, questions, finished_at FROM rounds ORDER BY id")
    return [(id_, subject, questions, finished is not None) for id_, subject, questions, finished in found]


async def open_rounds(s):
    return [id_ for id_, _, _, is_finished in await rounds(s) if not is_finished]


async def asked_of(s, quiz):
    """The ids of the questions of a quiz."""
    async with s.database.transaction() as session:
        return (await questions_store.find_round(session, quiz.asked.round_id)).questions


def on(concept_id):
    return Topic(TopicKind.CONCEPT, concept_id)


STEP_1 = Topic(TopicKind.STEP, "1")


async def refusal(coroutine):
    with pytest.raises(MemberError) as caught:
        await coroutine
    return str(caught.value)


# Beginning


async def test_a_newcomer_gets_five_questions_on_the_first_parts(s):
    quiz = await s.begin()
    assert (quiz.asked.number, quiz.asked.total, quiz.asked.subject) == (1, 5, "Your quiz")
    assert quiz.notes == (
        "You have not begun yet, so these are on what the first parts of your path teach. A guess is fine.",
    )
    assert not quiz.is_resumed
    assert await rows(s.database, "SELECT kind, member_id, guild_id, subject, closes_at FROM rounds") == [
        ("quiz", ADA, SERVER, "any 5 any", None)
    ]
    assert len({id_[0] for id_ in await asked_of(s, quiz)}) == 5


async def test_who_has_begun_reads_no_such_line_and_gets_what_was_met(s):
    await s.progress.settle_items(ADA, [f"course/u{letter}" for letter in LETTERS], State.DONE)
    assert (await s.begin(count=8)).notes == ()


@pytest.mark.parametrize(
    ("wish", "subject", "title"),
    [
        ({"topic": on("a"), "count": 3}, "concept:a 3 any", "Topic A"),
        ({"topic": STEP_1}, "step:1 5 any", "Step 1: Step 1"),
        ({"difficulty": Difficulty.EASY}, "any 5 easy", "Your quiz"),
    ],
)
async def test_a_round_keeps_what_was_wished_for(s, wish, subject, title):
    quiz = await s.begin(**wish)
    assert [it[1] for it in await rounds(s)] == [subject]
    assert quiz.asked.subject == title


async def test_it_works_in_direct_messages(s):
    await s.begin(guild=None)
    assert await rows(s.database, "SELECT guild_id FROM rounds") == [(None,)]


async def test_one_difficulty(s):
    quiz = await s.begin(count=8, difficulty=Difficulty.MEDIUM)
    assert {id_[2:] for id_ in await asked_of(s, quiz)} == {"1"}


async def test_a_concept_is_filled_up_and_that_is_said(s):
    quiz = await s.begin(topic=on("a"), count=4)
    assert sorted(await asked_of(s, quiz)) == ["a-0", "a-1", "b-0", "b-1"]
    assert quiz.notes == ("2 questions are on Topic A, and 2 are on topics close to it.",)


async def test_fewer_than_asked_for_are_said(s):
    quiz = await s.begin(topic=on("c"), count=5)
    assert sorted(await asked_of(s, quiz)) == ["c-0", "c-1"]
    assert quiz.notes == ("I have only 2 questions on this for you now, so the quiz is shorter.",)


async def test_what_was_answered_lately_comes_again_for_a_topic_and_that_is_said(s):
    await s.play("x", "x", topic=on("c"), count=2)
    s.clock.pass_(days=13)
    again = await s.begin(topic=on("c"), count=2)
    assert again.notes == ("You answered these in the last 14 days, as I have nothing else left on this.",)
    s.clock.pass_(days=1)
    assert (await s.begin(topic=on("c"), count=2)).notes == ()


async def test_answers_in_probes_and_elsewhere_count_as_answered(s):
    """Whatever asked: here it is a single question of the questions' own service."""
    for id_ in ("a-0", "a-1"):
        asked = await s.questions.begin(ADA, RoundKind.SIMILAR, [id_], guild_id=SERVER)
        await s.answer(Quiz(asked), "x")
    quiz = await s.begin(topic=STEP_1, count=14)
    assert {"a-0", "a-1"}.isdisjoint(await asked_of(s, quiz))


# What is missed


async def test_what_was_missed_lately(s):
    await s.play("-", "x", topic=on("c"), count=2)
    s.clock.pass_(days=3)
    quiz = await s.begin(topic=MISSED)
    assert len(await asked_of(s, quiz)) == 1
    assert quiz.asked.subject == "What you missed lately"
    assert quiz.notes == (
        "This is a question that you missed, asked once more.",
        "I have only 1 question on this for you now, so the quiz is shorter.",
    )
    await s.answer(quiz, "x")
    assert await refusal(s.begin(topic=MISSED)) == NOTHING_MISSED, "it was right after that"


async def test_a_miss_is_forgotten_after_30_days(s):
    await s.play("-", topic=on("c"), count=1)
    s.clock.pass_(days=30, seconds=1)
    assert await refusal(s.begin(topic=MISSED)) == NOTHING_MISSED
    assert await refusal(s.begin(member=GRACE, topic=MISSED)) == NOTHING_MISSED


# No question


async def test_a_difficulty_that_is_not_there_names_those_that_are(s):
    assert await refusal(s.begin(topic=on("c"), difficulty=Difficulty.HARD)) == (
        "I have no hard questions on Topic C for you now, but easy and medium ones. "
        "Leave `difficulty` out, or choose one of these."
    )
    assert (await refusal(s.begin(difficulty=Difficulty.HARD))).startswith("I have no hard questions for you now, but")
    assert await rounds(s) == []
    assert await rows(s.database, "SELECT * FROM learners") == [], "nothing is kept of it"


async def test_a_topic_without_questions(s):
    assert await refusal(s.begin(topic=on("late"))) == NO_QUESTIONS
    assert await refusal(s.begin(topic=on("late"), difficulty=Difficulty.EASY)) == NO_QUESTIONS


async def test_a_bank_without_questions(database, clock):
    empty = type(CURRICULUM)(**{name: getattr(CURRICULUM, name) for name in CURRICULUM.__slots__} | {"questions": ()})
    assert await refusal(Quizzes(database, clock, empty).begin()) == NO_QUESTIONS


async def test_everything_answered_lately_says_when_there_is_more(s):
    await s.play(*"x" * 15, count=15)
    s.clock.pass_(hours=1)
    await s.play("x", count=15)
    s.clock.pass_(minutes=1)
    nothing = await s.begin()
    assert nothing == NothingFresh(0, nothing.next_due_at, fresh_at=NOW + timedelta(days=14))
    assert NOW < nothing.next_due_at <= NOW + timedelta(days=14)
    s.clock.now = nothing.next_due_at
    assert (await s.begin()).due_now > 0
    s.clock.now = nothing.fresh_at
    assert (await s.begin()).asked.total == 5


async def test_everything_of_a_difficulty_answered_lately_offers_the_other(s):
    await s.play(*"x" * 8, count=8, difficulty=Difficulty.EASY)
    s.clock.pass_(minutes=1)
    assert await refusal(s.begin(difficulty=Difficulty.EASY)) == (
        "I have no easy questions for you now, but medium ones. Leave `difficulty` out, or choose one of these."
    )


async def test_a_wish_that_comes_to_nothing_leaves_the_open_quiz_alone(s):
    quiz = await s.begin(count=15)
    await s.answer(quiz, "x")
    await refusal(s.begin(topic=on("c"), difficulty=Difficulty.HARD))
    await refusal(s.begin(topic=MISSED))
    assert await open_rounds(s) == [quiz.asked.round_id]


# Retired and corrected questions


async def test_retired_questions_are_not_asked_where_they_are_retired(s):
    async with s.database.transaction() as session:
        for n in (0, 1):
            await questions_store.add_ruling(session, Ruling(f"c-{n}", SERVER, Verdict.RETIRED), NOW)
    assert await refusal(s.begin(topic=on("c"))) == NO_QUESTIONS
    assert (await s.begin(topic=on("c"), guild=None)).asked.total == 2


async def test_a_quiz_of_which_nothing_is_left_makes_way(s):
    quiz = await s.begin(topic=on("c"), count=2)
    await s.answer(quiz, "x")
    async with s.database.transaction() as session:
        for id_ in await asked_of(s, quiz):
            await questions_store.add_ruling(session, Ruling(id_, SERVER, Verdict.RETIRED), NOW)
    s.clock.pass_(hours=1)
    new = await s.begin()
    assert not new.is_resumed
    assert new.asked.round_id != quiz.asked.round_id
    assert await open_rounds(s) == [new.asked.round_id]


# Leaving and going on


async def test_a_quiz_that_was_left_goes_on(s, twin):
    quiz = await s.begin()
    await s.answer(quiz, "x", "-")
    s.clock.pass_(days=6)
    again = await twin.begin()
    assert again.is_resumed
    assert (again.asked.round_id, again.asked.number, again.asked.total) == (quiz.asked.round_id, 3, 5)
    assert again.notes == ()
    assert len(await rounds(s)) == 1


async def test_it_counts_from_the_last_answer(s):
    quiz = await s.begin()
    s.clock.pass_(days=6)
    await s.answer(quiz, "x")
    s.clock.pass_(days=6)
    assert (await s.begin()).is_resumed
    s.clock.pass_(days=1)
    assert (await s.begin()).is_resumed, "just seven days"
    s.clock.pass_(seconds=1)
    new = await s.begin()
    assert not new.is_resumed
    assert await open_rounds(s) == [new.asked.round_id]
    assert timedelta(days=7) == RESUME_WITHIN


@pytest.mark.parametrize("wish", [{"topic": on("c")}, {"count": 5}, {"difficulty": Difficulty.EASY}])
async def test_with_options_a_new_one_begins_and_the_old_one_ends_with_its_answers(s, wish):
    quiz = await s.begin()
    await s.answer(quiz, "x", "-")
    new = await s.begin(**wish)
    assert (new.is_resumed, new.asked.number) == (False, 1)
    assert await open_rounds(s) == [new.asked.round_id]
    assert await rows(s.database, "SELECT count(*) FROM attempts") == [(2,)]


async def test_a_new_one_can_be_begun_in_its_place(s):
    quiz = await s.begin(topic=on("a"), count=4)
    await s.answer(quiz, "x")
    new = await s.quiz.begin_new(ADA, guild_id=SERVER)
    assert (new.is_resumed, new.asked.subject, new.asked.total) == (False, "Your quiz", 5)
    assert await open_rounds(s) == [new.asked.round_id]


async def test_a_finished_quiz_is_not_gone_on_with(s):
    result = await s.play(*"xxxxx")
    assert (result.right, result.counted) == (5, 5)
    assert not (await s.begin()).is_resumed


async def test_every_member_has_their_own(s):
    quiz = await s.begin()
    other = await s.begin(member=GRACE)
    assert other.asked.round_id != quiz.asked.round_id
    assert len(await open_rounds(s)) == 2


# The same click twice


@pytest.mark.parametrize("wish", [{}, {"topic": on("a")}, {"count": 3}])
async def test_entered_twice_it_begins_one_quiz(s, twin, wish):
    first, second = await asyncio.gather(s.begin(**wish), twin.begin(**wish))
    assert first.asked == second.asked
    assert (first.is_resumed, second.is_resumed) == (False, False)
    assert len(await rounds(s)) == 1


async def test_the_button_clicked_twice_begins_one_quiz(s, twin):
    quiz = await s.begin()
    await s.answer(quiz, "x")
    first, second = await asyncio.gather(
        s.quiz.begin_new(ADA, guild_id=SERVER), twin.quiz.begin_new(ADA, guild_id=SERVER)
    )
    assert first.asked == second.asked
    assert len(await rounds(s)) == 2


async def test_asked_for_later_it_is_another_one(s):
    first = await s.begin(topic=on("a"))
    s.clock.now += AT_ONCE
    second = await s.begin(topic=on("a"))
    assert first.asked.round_id != second.asked.round_id
    assert await open_rounds(s) == [second.asked.round_id]


async def test_another_wish_at_once_is_another_quiz(s):
    await s.begin(topic=on("a"), count=3)
    second = await s.begin(topic=on("a"), count=4)
    assert second.asked.total == 4
    assert await open_rounds(s) == [second.asked.round_id]


# Another one


async def test_another_has_the_same_topic_count_and_difficulty(s):
    await s.play("x", "x", "x", topic=STEP_1, count=3, difficulty=Difficulty.MEDIUM)
    another = await s.quiz.begin_another(ADA, guild_id=SERVER)
    assert (another.asked.subject, another.asked.total, another.asked.difficulty) == ("Step 1: Step 1", 3, "medium")
    first, second = [set(questions) for _, _, questions, _ in await stored(s)]
    assert first.isdisjoint(second)
    twice = await s.quiz.begin_another(ADA, guild_id=SERVER)
    assert (twice.asked.round_id, twice.is_resumed) == (another.asked.round_id, False)


async def stored(s):
    found = []
    for id_, subject, _, is_finished in await rounds(s):
        async with s.database.transaction() as session:
            round_ = await questions_store.find_round(session, id_)
        found.append((id_, subject, round_.questions, is_finished))
    return found


async def test_another_goes_on_with_one_that_was_left_meanwhile(s):
    await s.play("x", topic=on("c"), count=1)
    left = await s.begin(topic=on("d"), count=2)
    s.clock.pass_(hours=1)
    another = await s.quiz.begin_another(ADA, guild_id=SERVER)
    assert another.is_resumed
    assert another.asked.round_id == left.asked.round_id


async def test_another_without_a_first_is_any(s):
    assert (await s.quiz.begin_another(ADA, guild_id=None)).asked.total == 5


@pytest.mark.parametrize(
    "subject", [None, "", "concept:gone 5 any", "step:9 5 any", "nonsense", "any 99 any", "any 0 very", "concept:a"]
)
async def test_a_subject_that_means_nothing_any_more_is_any(s, subject):
    quiz = await s.begin(count=1)
    await s.answer(quiz, "x")
    async with s.database.transaction() as session:
        await s.questions.add_round(session, RoundKind.QUIZ, ADA, SERVER, ["c-0"], subject=subject)
        left = await questions_store.find_open_round(session, ADA, RoundKind.QUIZ, NOW)
        await questions_store.update_finished(session, left.id, NOW)
    another = await s.quiz.begin_another(ADA, guild_id=SERVER)
    assert another.asked.subject == ("Topic A" if subject == "concept:a" else "Your quiz")
    assert another.asked.total == (4 if subject == "concept:a" else 5)


# Topics


async def test_what_is_of_use_comes_first_while_nothing_is_typed(s):
    evidence = [Evidence("c", EvidenceKind.QUIZ, False, f"c{n}") for n in range(2)]
    await s.progress.add_evidence(ADA, evidence)
    found = await s.quiz.suggest(ADA, " ")
    assert [choice.value for choice in found[:4]] == ["missed", "step:1", "concept:c", "step:2"]
    assert [choice.value for choice in await s.quiz.suggest(ADA, "late")] == ["missed", "concept:late"]


async def test_suggestions_for_who_never_came_and_who_is_through(s):
    assert [choice.value for choice in await s.quiz.suggest(GRACE, "")][:3] == ["missed", "step:1", "step:2"]
    await s.progress.settle_items(ADA, [f"course/u{letter}" for letter in LETTERS], State.DONE)
    assert [choice.value for choice in await s.quiz.suggest(ADA, "")][:3] == ["missed", "step:1", "step:2"]


def test_topics_are_resolved_or_explained(s):
    assert s.quiz.resolve_topic("alpha") == on("a")
    assert s.quiz.resolve_topic("step:2") == Topic(TopicKind.STEP, "2")
    for text, told in {
        "topic": (
            "Several topics match that: Topic A, Topic B, Topic C and more. "
            "Choose one from the list that I suggest while you type."
        ),
        "alphe": (
            "I know no topic of that name, but there is “Topic A”. "
            "Choose one from the list that I suggest while you type."
        ),
        "xyz": "I know no topic of that name. Choose one from the list that I suggest while you type.",
    }.items():
        with pytest.raises(MemberError) as caught:
            s.quiz.resolve_topic(text)
        assert str(caught.value) == told
