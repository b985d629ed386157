"""Probes on real databases: what is asked, what is stored, what an answer is evidence of, what may be skipped."""

import asyncio
import dataclasses
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import MemberError
from bot.features.probe import rules
from bot.features.probe.models import ProbeQuestion, ProbeResult, Purpose, Skippable
from bot.features.probe.service import (
    ALL_GONE,
    NO_QUESTIONS,
    NOT_PROVEN,
    NOT_YOURS,
    UNKNOWN,
    ProbeService,
    QuestionGone,
)
from bot.features.progress.models import ItemKind, State
from bot.features.progress.service import ProgressService
from bot.features.questions import store as questions_store
from bot.features.questions.models import Ruling, Verdict
from bot.features.questions.rules.levels import taught_in
from tests.bot.databases import rows
from tests.bot.schedulers import question_service

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, GRACE = 11, 22
ITEM = "fastai-practical-deep-learning/lesson-3"


class World:
    """Probes on one database, at a time that a test sets."""

    def __init__(self, database, curriculum):
        self.database = database
        self.curriculum = curriculum
        self.bank = {q.id: q for q in curriculum.questions}
        self.now = NOON
        self.start(curriculum)

    def start(self, curriculum, seed=0):
        """What a new process would be."""
        clock = lambda: self.now
        self.progress = ProgressService(self.database, clock, curriculum)
        questions = question_service(self.database, clock, curriculum)
        rng = random.Random(seed)
        self.probes = ProbeService(self.database, clock, curriculum, self.progress, questions, rng=rng)

    def lose(self, *gone):
        """A new process with a bank that lacks some questions."""
        left = tuple(q for q in self.curriculum.questions if q.id not in gone)
        self.start(dataclasses.replace(self.curriculum, questions=left))

    async def questions(self, probe_id=1):
        """The questions of a probe, in their order."""
        async with self.database.transaction() as session:
            probe = await self.probes._find(session, probe_id, ADA)
        return [self.bank[id_] for id_ in probe.questions]

    def choice(self, asked, question, *, right):
        """A place in the options as they are shown."""
        correct = {option.text: option.correct for option in question.options}
        return next(place for place, text in enumerate(asked.options) if correct[text] is right)

    async def reply(self, asked, question, *, right=True):
        choice = self.choice(asked, question, right=right)
        return await self.probes.answer(asked.probe_id, asked.position, ADA, choice)

    async def run(self, asked, marks):
        """Answer from `asked` on: x right, - wrong; returns the last thing shown."""
        questions = await self.questions(asked.probe_id)
        for mark in marks:
            feedback = await self.reply(asked, questions[asked.position], right=mark == "x")
            asked = feedback.next
        return asked

    async def rows(self, query):
        return await rows(self.database, query)


@pytest.fixture
def w(database, knowledge):
    return World(database, knowledge.curriculum)


# What is asked


async def test_a_placement_asks_three_questions_on_each_of_the_first_three_steps(w):
    first = await w.probes.begin(ADA, Purpose.PLACEMENT)
    assert (first.number, first.total, first.position, first.subject) == (1, 9, 0, "Where to begin")
    questions = await w.questions()
    taught = [taught_in(w.curriculum.concepts, step) for step in (1, 1, 1, 2, 2, 2, 3, 3, 3)]
    assert all(q.concept in concepts for q, concepts in zip(questions, taught, strict=True))
    assert {q.difficulty for q in questions} == {"medium"}
    assert {q.kind for q in questions} == {"single"}
    assert len({q.concept for q in questions}) == 9


async def test_a_newcomer_is_asked_three_questions_in_all(w):
    await w.probes.begin(ADA, Purpose.PLACEMENT)
    second = (await w.probes.answer(1, 0, ADA, None)).next
    assert (second.position, second.number, second.total) == (3, 2, 7)
    result = await w.run(second, "--")
    assert (result.right, result.asked, result.settles) == (0, 3, ())


async def test_i_do_not_know_is_no_guess_and_not_right(w):
    asked = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    (question,) = await w.questions()
    feedback = await w.probes.answer(1, 0, ADA, None)
    assert (feedback.choice, feedback.is_correct, feedback.remark) == (None, False, None)
    again = await w.reply(asked, question)
    assert (again.choice, again.is_correct, again.is_repeat) == (None, False, True)
    assert await w.rows("SELECT choice, is_correct FROM probe_answers") == [(-1, False)]
    assert await w.rows("SELECT question, is_correct FROM attempts") == [(question.id, False)]
    assert await w.rows("SELECT concept, is_correct FROM evidence") == [("softmax", False)]


async def test_a_placement_asks_nothing_twice_where_steps_share_a_concept(w):
    """Automatic differentiation is met in step 1 and studied in step 3."""
    left = {"autodiff": 3, "jacobian": 3, "bert": 3}
    kept = set()
    for question in filter(rules.is_askable, w.curriculum.questions):
        if not rules.is_boolean(question) and left.get(question.concept):
            left[question.concept] -= 1
            kept.add(question.id)
    w.lose(*(q.id for q in w.curriculum.questions if q.id not in kept))
    await w.probes.begin(ADA, Purpose.PLACEMENT)
    concepts = [q.concept for q in await w.questions()]
    assert concepts == ["autodiff"] * 3 + ["jacobian"] * 3 + ["bert"] * 3
    assert {q.id for q in await w.questions()} == kept


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
async def test_a_step_is_asked_about_from_easy_to_hard(w, step):
    first = await w.probes.begin(ADA, Purpose.STEP, f"step:{step}")
    assert first.subject == f"Step {step}: {w.curriculum.step(step).title}"
    questions = await w.questions()
    assert len(questions) == len({q.concept for q in questions}) == 6
    assert {q.concept for q in questions} <= set(taught_in(w.curriculum.concepts, step))
    levels = [rules.difficulty_of(q) for q in questions]
    assert levels == sorted(levels)


async def test_a_part_of_the_path_is_asked_about_with_three_questions_on_its_concepts(w):
    first = await w.probes.begin(ADA, Purpose.ITEM, ITEM)
    assert first.subject == "Lesson 3: Neural net foundations"
    questions = await w.questions()
    unit = w.curriculum.resources["fastai-practical-deep-learning"].unit("lesson-3")
    assert len(questions) == len({q.concept for q in questions}) == 3
    assert {q.concept for q in questions} <= set(unit.concepts)


async def test_a_review_asks_one_question_on_each_concept_in_turn(w):
    first = await w.probes.begin(ADA, Purpose.REVIEW, "softmax,relu,no-such-concept,dropout")
    assert (first.total, first.subject) == (3, "A short review")
    assert [q.concept for q in await w.questions()] == ["softmax", "relu", "dropout"]


@pytest.mark.parametrize(
    ("purpose", "target"),
    [
        (Purpose.STEP, "step:9"),
        (Purpose.STEP, None),
        (Purpose.STEP, "nonsense"),
        (Purpose.ITEM, "capstone:choose/4"),
        (Purpose.ITEM, "fastai-practical-deep-learning/lesson-99"),
        (Purpose.ITEM, "no-such-resource"),
        (Purpose.CONCEPT, "no-such-concept"),
        (Purpose.REVIEW, ""),
    ],
)
async def test_without_questions_nothing_begins_and_nobody_becomes_a_learner(w, purpose, target):
    with pytest.raises(MemberError, match=f"^{NO_QUESTIONS}$"):
        await w.probes.begin(ADA, purpose, target)
    assert await w.rows("SELECT * FROM learners") == []
    assert await w.rows("SELECT * FROM probes") == []


async def test_a_placement_needs_questions_on_all_three_steps(w):
    third = taught_in(w.curriculum.concepts, 3)
    w.lose(*(q.id for q in w.curriculum.questions if q.concept in third))
    with pytest.raises(MemberError, match=f"^{NO_QUESTIONS}$"):
        await w.probes.begin(ADA, Purpose.PLACEMENT)


async def test_questions_on_a_concept_come_one_at_a_time_and_each_once_in_two_weeks(w):
    bank = {q.id for q in w.curriculum.questions if q.concept == "softmax" and rules.is_askable(q)}
    asked, more = [], True
    question = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    assert (question.subject, question.total) == ("Softmax", 1)
    while more:
        (known,) = await w.questions(question.probe_id)
        asked.append(known.id)
        w.now += timedelta(minutes=1)
        more = (await w.reply(question, known)).next.has_more
        question = await w.probes.again(question.probe_id, ADA)
    assert len(asked) == len(bank) > 1
    assert set(asked) == bank
    difficulties = [rules.difficulty_of(w.bank[id_]) for id_ in asked]
    assert difficulties == sorted(difficulties)
    assert [q.id for q in await w.questions(question.probe_id)] == asked[:1]


async def test_a_second_probe_on_a_step_asks_other_questions(w):
    await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "xxxxxx")
    again = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    assert again.probe_id == 2
    assert not {q.id for q in await w.questions(1)} & {q.id for q in await w.questions(2)}


async def test_what_another_member_answered_is_still_new_to_this_one(w):
    easy = {q.prompt for q in w.curriculum.questions if q.concept == "attention" and q.difficulty == "easy"}
    theirs = await w.probes.begin(GRACE, Purpose.CONCEPT, "attention")
    while theirs.prompt in easy:
        await w.probes.answer(theirs.probe_id, 0, GRACE, 0)
        theirs = await w.probes.again(theirs.probe_id, GRACE)
    mine = await w.probes.begin(ADA, Purpose.CONCEPT, "attention")
    assert mine.probe_id > theirs.probe_id > 1
    assert mine.prompt in easy


# Answers


async def test_a_right_answer_is_told_and_is_evidence(w):
    shown = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    questions = await w.questions()
    feedback = await w.reply(shown, questions[0])
    assert feedback.is_correct
    assert feedback.choice == feedback.right
    assert feedback.remark is None
    assert feedback.explanation == questions[0].explanation
    assert isinstance(feedback.next, ProbeQuestion)
    assert (feedback.next.number, feedback.next.position, feedback.next.prompt) == (2, 1, questions[1].prompt)
    assert await w.rows("SELECT member_id, concept, kind, is_correct, key FROM evidence") == [
        (ADA, questions[0].concept, "probe", True, "probe:1:0")
    ]
    learner = await w.progress.find_learner(ADA)
    assert learner.mastery[questions[0].concept].right == pytest.approx(1)


async def test_a_wrong_answer_comes_with_the_reason_why_it_fails(w):
    shown = await w.probes.begin(ADA, Purpose.REVIEW, "softmax,relu")
    (question, _) = await w.questions()
    feedback = await w.reply(shown, question, right=False)
    remarks = {option.text: option.remark for option in question.options}
    (right,) = [option.text for option in question.options if option.correct]
    assert not feedback.is_correct
    assert feedback.remark == remarks[shown.options[feedback.choice]]
    assert shown.options[feedback.right] == right
    assert await w.rows("SELECT concept, kind, is_correct FROM evidence") == [("softmax", "review", False)]
    assert await w.rows("SELECT position, choice, is_correct FROM probe_answers") == [(0, feedback.choice, False)]


async def test_the_source_is_the_note_with_its_heading_and_the_first_place_to_study(w):
    shown = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    (question,) = await w.questions()
    source = (await w.reply(shown, question)).source
    place = w.curriculum.concepts["softmax"].study[0]
    assert (source.title, source.heading) == ("Softmax", question.source.heading)
    assert (source.place, source.url) == (w.curriculum.place_label(place), w.curriculum.place_url(place))


async def test_the_first_answer_counts_and_a_second_click_shows_it_again(w):
    shown = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    (question, *_) = await w.questions()
    first = await w.reply(shown, question, right=False)
    w.now += timedelta(minutes=1)
    again = await w.reply(shown, question, right=True)
    assert not first.is_repeat
    assert again == dataclasses.replace(first, is_repeat=True)
    assert await w.rows("SELECT count(*) FROM probe_answers") == [(1,)]
    assert await w.rows("SELECT is_correct FROM evidence") == [(False,)]
    learner = await w.progress.find_learner(ADA)
    assert learner.mastery[question.concept].answers == 1


async def test_clicks_at_the_same_time_are_one_answer(w):
    shown = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    (question, *_) = await w.questions()
    choices = range(len(shown.options))
    feedbacks = await asyncio.gather(
        *(w.probes.answer(1, 0, ADA, choice) for choice in choices for _ in range(2)),
    )
    assert len([f for f in feedbacks if not f.is_repeat]) == 1
    assert len({f.choice for f in feedbacks}) == 1
    assert await w.rows("SELECT concept FROM evidence") == [(question.concept,)]
    learner = await w.progress.find_learner(ADA)
    assert learner.mastery[question.concept].answers == 1


async def test_the_last_answer_ends_the_probe_once(w):
    asked = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    await w.run(asked, "xxxxx")
    assert await w.rows("SELECT finished_at FROM probes") == [(None,)]
    w.now += timedelta(hours=1)
    last = await w.probes.show(1, ADA)
    result = (await w.reply(last, (await w.questions())[5], right=False)).next
    assert isinstance(result, ProbeResult)
    ended = await w.rows("SELECT finished_at FROM probes")
    w.now += timedelta(hours=1)
    assert await w.probes.show(1, ADA) == result
    assert await w.rows("SELECT finished_at FROM probes") == ended != [(None,)]


# Leaving and coming back


async def test_a_double_click_begins_one_probe(w):
    begun = await asyncio.gather(*(w.probes.begin(ADA, Purpose.STEP, "step:2") for _ in range(4)))
    assert {q.probe_id for q in begun} == {1}
    assert len(set(begun)) == 1
    assert await w.rows("SELECT count(*) FROM probes") == [(1,)]


async def test_after_a_restart_a_probe_goes_on_where_it_was_left(w):
    shown = await w.run(await w.probes.begin(ADA, Purpose.PLACEMENT), "xx")
    w.start(w.curriculum, seed=99)
    assert await w.probes.show(1, ADA) == shown
    w.now += timedelta(days=6)
    resumed = await w.probes.begin(ADA, Purpose.PLACEMENT)
    assert resumed == dataclasses.replace(shown, is_resumed=True)
    assert resumed.number == 3


async def test_another_target_and_an_old_or_finished_probe_are_not_resumed(w):
    await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "x")
    assert (await w.probes.begin(ADA, Purpose.STEP, "step:3")).probe_id == 2
    assert (await w.probes.begin(GRACE, Purpose.STEP, "step:2")).probe_id == 3
    w.now += timedelta(days=8)
    new = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    assert (new.probe_id, new.number, new.is_resumed) == (4, 1, False)
    await w.run(new, "xxxxxx")
    assert (await w.probes.begin(ADA, Purpose.STEP, "step:2")).probe_id == 5


# Results


def open_items(w, learner, step):
    (found,) = [s for s in w.progress.path_of(learner).steps if s.number == step]
    return [item.id for item in found.required if not learner.is_settled(item.id)]


async def test_five_of_six_let_a_step_be_skipped_and_each_part_can_be_taken_back(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "xxxxx-")
    assert (result.right, result.asked, result.passed, result.settles) == (5, 6, True, (2,))
    title = f"Step 2: {w.curriculum.step(2).title}"
    assert (result.subject, result.skippable) == (title, (Skippable(2, title),))
    missed = (await w.questions())[5].concept
    assert result.missed == (w.curriculum.concepts[missed].title,)

    required = open_items(w, await w.progress.find_learner(ADA), 2)
    (first, *_) = required
    await w.progress.settle_item(ADA, first, State.DONE)
    assert await w.probes.skip(1, ADA) == len(required) - 1 > 1
    learner = await w.progress.find_learner(ADA)
    assert open_items(w, learner, 2) == []
    assert Counter(learner.state(item) for item in required) == {State.DONE: 1, State.KNOWN: len(required) - 1}
    assert await w.probes.skip(1, ADA) == 0
    shown = await w.probes.show(1, ADA)
    assert (shown.settles, shown.skippable) == ((2,), ())

    await w.progress.undo(ADA)
    assert open_items(w, await w.progress.find_learner(ADA), 2) == required[-1:]
    assert await w.probes.skip(1, ADA) == 1


async def test_four_of_six_skip_nothing(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "x-x-xx")
    assert (result.right, result.passed, result.settles, result.skippable) == (4, False, (), ())
    with pytest.raises(MemberError, match=f"^{NOT_PROVEN}$"):
        await w.probes.skip(1, ADA)
    assert await w.rows("SELECT * FROM progress") == []


async def test_nothing_is_skipped_before_the_last_answer(w):
    await w.run(await w.probes.begin(ADA, Purpose.PLACEMENT), "xxxxxxxx")
    with pytest.raises(MemberError, match=f"^{NOT_PROVEN}$"):
        await w.probes.skip(1, ADA)


async def test_a_part_of_the_path_is_skipped_alone(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.ITEM, ITEM), "xxx")
    assert result.settles == (ITEM,)
    assert result.skippable == (Skippable(None, "Lesson 3: Neural net foundations"),)
    assert await w.probes.skip(1, ADA) == 1
    assert await w.rows("SELECT item, state, minutes FROM progress") == [(ITEM, "known", 0)]


async def test_of_a_placement_one_step_may_be_skipped_and_the_other_kept(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.PLACEMENT), "xxxx-xxx")
    assert (result.right, result.asked, result.passed, result.settles) == (7, 8, True, (1, 3))
    assert [it.step for it in result.skippable] == [1, 3]
    with pytest.raises(MemberError, match=f"^{NOT_PROVEN}$"):
        await w.probes.skip(1, ADA, 2)
    assert await w.probes.skip(1, ADA, 3) > 1
    assert [it.step for it in (await w.probes.show(1, ADA)).skippable] == [1]
    learner = await w.progress.find_learner(ADA)
    assert open_items(w, learner, 3) == []
    untouched = open_items(w, learner, 1)
    assert await w.probes.skip(1, ADA) == len(untouched) > 0


async def test_two_of_three_on_every_step_place_nowhere(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.PLACEMENT), "xx-xx-xx-")
    assert (result.right, result.passed, result.settles) == (6, False, ())


async def test_questions_never_skip_a_project(w):
    result = await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:4"), "xxxxxx")
    assert (result.passed, result.settles, result.skippable) == (True, (4,), ())
    assert await w.probes.skip(1, ADA) == 0
    learner = await w.progress.find_learner(ADA)
    assert {item.kind for item in w.progress.path_of(learner).steps[3].required} == {ItemKind.MILESTONE}
    assert await w.rows("SELECT * FROM progress") == []


@pytest.mark.parametrize(
    ("purpose", "target", "marks"), [(Purpose.CONCEPT, "softmax", "x"), (Purpose.REVIEW, "relu,softmax", "xx")]
)
async def test_questions_to_try_and_reviews_skip_nothing(w, purpose, target, marks):
    result = await w.run(await w.probes.begin(ADA, purpose, target), marks)
    assert (result.passed, result.settles, result.skippable) == (True, (), ())
    with pytest.raises(MemberError, match=f"^{NOT_PROVEN}$"):
        await w.probes.skip(1, ADA)


# What cannot be


async def test_nobody_answers_sees_or_skips_for_somebody_else(w):
    await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "xxxxxx")
    before = await w.rows("SELECT * FROM probe_answers")
    for call in (
        w.probes.answer(1, 0, GRACE, 0),
        w.probes.show(1, GRACE),
        w.probes.skip(1, GRACE),
        w.probes.again(1, GRACE),
    ):
        with pytest.raises(MemberError, match=f"^{NOT_YOURS}$"):
            await call
    assert await w.rows("SELECT * FROM probe_answers") == before
    assert await w.rows("SELECT member_id FROM learners") == [(ADA,)]
    assert await w.rows("SELECT * FROM progress") == []


@pytest.mark.parametrize("probe_id", [2, 10**18 - 1])
async def test_an_unknown_probe_is_explained(w, probe_id):
    await w.probes.begin(ADA, Purpose.STEP, "step:2")
    for call in (
        w.probes.answer(probe_id, 0, ADA, 0),
        w.probes.show(probe_id, ADA),
        w.probes.skip(probe_id, ADA),
        w.probes.again(probe_id, ADA),
    ):
        with pytest.raises(MemberError, match=f"^{UNKNOWN}$"):
            await call


async def test_a_position_or_an_option_that_is_not_there_changes_nothing(w):
    shown = await w.probes.begin(ADA, Purpose.STEP, "step:2")
    with pytest.raises(MemberError, match=f"^{UNKNOWN}$"):
        await w.probes.answer(1, 6, ADA, 0)
    with pytest.raises(QuestionGone):
        await w.probes.answer(1, 0, ADA, len(shown.options))
    assert await w.rows("SELECT * FROM probe_answers") == []


async def test_a_probe_goes_with_its_learner(w):
    await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "x")
    assert await w.rows("DELETE FROM learners RETURNING member_id") == [(ADA,)]
    assert await w.rows("SELECT * FROM probe_answers") == await w.rows("SELECT * FROM probes") == []
    with pytest.raises(MemberError, match=f"^{UNKNOWN}$"):
        await w.probes.answer(1, 1, ADA, 0)
    assert await w.rows("SELECT * FROM learners") == []


async def test_a_question_that_has_left_the_bank_is_passed_over(w):
    asked = await w.run(await w.probes.begin(ADA, Purpose.STEP, "step:2"), "x")
    questions = await w.questions()
    w.lose(questions[1].id)
    with pytest.raises(QuestionGone):
        await w.probes.answer(1, asked.position, ADA, 0)
    shown = await w.probes.show(1, ADA)
    assert (shown.position, shown.number, shown.total, shown.prompt) == (2, 2, 5, questions[2].prompt)
    result = await w.run(shown, "xxx-")
    assert (result.right, result.asked, result.passed) == (4, 5, True)
    assert await w.rows("SELECT position FROM probe_answers ORDER BY position") == [(0,), (2,), (3,), (4,), (5,)]


async def test_an_answer_outlives_its_question(w):
    await w.run(await w.probes.begin(ADA, Purpose.ITEM, ITEM), "-xx")
    questions = await w.questions()
    w.lose(questions[0].id)
    result = await w.probes.show(1, ADA)
    assert (result.right, result.asked, result.missed) == (2, 3, ())


async def test_a_probe_that_has_lost_its_last_questions_ends_with_those_answered(w):
    await w.run(await w.probes.begin(ADA, Purpose.ITEM, ITEM), "xx")
    w.lose((await w.questions())[2].id)
    result = await w.probes.show(1, ADA)
    assert (result.right, result.asked, result.passed) == (2, 2, True)


async def test_a_probe_without_any_question_left_is_explained_and_begun_anew(w):
    await w.probes.begin(ADA, Purpose.ITEM, ITEM)
    gone = {q.id for q in await w.questions()}
    w.lose(*gone)
    with pytest.raises(MemberError, match=f"^{ALL_GONE}$"):
        await w.probes.show(1, ADA)
    new = await w.probes.begin(ADA, Purpose.ITEM, ITEM)
    assert new.probe_id == 2
    assert not {q.id for q in await w.questions(2)} & gone


async def test_a_question_that_was_retired_for_everybody_takes_no_answer(w):
    asked = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    (question,) = await w.questions()
    async with w.database.transaction() as session:
        await questions_store.add_ruling(
            session, Ruling(question.id, questions_store.EVERYWHERE, Verdict.RETIRED), NOON
        )
    with pytest.raises(QuestionGone):
        await w.reply(asked, question)
    assert await rows(w.database, "SELECT count(*) FROM probe_answers") == [(0,)]
    fresh = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    assert (fresh.probe_id, fresh.prompt == asked.prompt) == (2, False)


async def test_an_answer_to_a_probe_becomes_an_attempt_and_a_card(w):
    asked = await w.probes.begin(ADA, Purpose.CONCEPT, "softmax")
    (question,) = await w.questions()
    await w.reply(asked, question, right=False)
    await w.reply(asked, question, right=True)
    attempts = await rows(w.database, "SELECT member_id, key, question, guild_id, is_correct FROM attempts")
    assert attempts == [(ADA, "probe:1:0", question.id, None, False)]
    assert await rows(w.database, "SELECT member_id, question FROM cards") == [(ADA, question.id)]
