"""Asking on a real database: what is shown, what is kept of an answer, and what a ruling changes."""

import dataclasses
import random
from datetime import UTC, datetime, timedelta

import pytest
from fsrs import Rating, State
from sqlalchemy import text

from bot.errors import MemberError
from bot.features.progress.models import EvidenceKind
from bot.features.progress.rules.mastery import evidence_weight
from bot.features.progress.service import ProgressService
from bot.features.questions import service as service_module
from bot.features.questions import store
from bot.features.questions.models import (
    AnswerKey,
    AskedQuestion,
    Confidence,
    News,
    Response,
    RoundKind,
    RoundResult,
    Ruling,
    Verdict,
)
from bot.features.questions.rules.grading import grade_under
from bot.features.questions.rules.options import option_id
from bot.features.questions.rules.scheduling import replay, review
from bot.features.questions.service import QuestionChanged
from tests.bot.databases import rows
from tests.bot.question_bank import BANK, BOOLEAN, MULTIPLE, NUMERIC, ORDER, SINGLE, bank_curriculum, question_with
from tests.bot.schedulers import SCHEDULER, question_service

ADA, GRACE, ALAN = 2**63 - 1, 22, 33
HERE, THERE = 700, 800
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUESTIONS = {question.id: question for question in BANK}
RIGHT = {
    SINGLE.id: ("right",),
    BOOLEAN.id: ("True",),
    MULTIPLE.id: ("one", "two"),
    ORDER.id: ("first", "second", "third", "fourth"),
}
WRONG = {
    SINGLE.id: ("wrong 1",),
    BOOLEAN.id: ("False",),
    MULTIPLE.id: ("one",),
    ORDER.id: ("second", "first", "third", "fourth"),
}


def response_to(question, *, right):
    if question == NUMERIC.id:
        return Response(number=2.5 if right else 3.5)
    return Response(tuple(option_id(one) for one in (RIGHT if right else WRONG)[question]))


class World:
    """The service on one database, at a time that a test sets."""

    def __init__(self, database, *questions):
        self.database = database
        self.now = NOON
        self.start(*questions)

    def start(self, *questions, seed=0):
        """What a new process would be, maybe with another bank."""
        self.curriculum = bank_curriculum(*questions)
        self.asking = question_service(self.database, lambda: self.now, self.curriculum, seed)
        self.progress = ProgressService(self.database, lambda: self.now, self.curriculum)

    async def begin(self, *questions, member=ADA, kind=RoundKind.QUIZ, guild=HERE):
        ids = [question.id for question in questions]
        return await self.asking.begin(member, kind, ids, guild_id=guild)

    async def open_weekly(self, *questions, hours=48):
        async with self.database.transaction() as session:
            closes_at = self.now + timedelta(hours=hours)
            ids = [question.id for question in questions]
            return await self.asking.add_round(session, RoundKind.WEEKLY, None, HERE, ids, closes_at=closes_at)

    async def reply(self, asked, *, right=True, member=ADA):
        question = await self.question_at(asked)
        response = response_to(question, right=right)
        return await self.asking.answer(asked.round_id, asked.position, member, response, asked.stamp)

    async def question_at(self, asked):
        async with self.database.transaction() as session:
            return (await store.find_round(session, asked.round_id)).questions[asked.position]

    async def run(self, asked, marks, member=ADA):
        """Answer from `asked` on: + right, - wrong; returns the last thing shown."""
        for mark in marks:
            await self.reply(asked, right=mark == "+", member=member)
            asked = await self.asking.show(asked.round_id, member, guild_id=HERE)
        return asked

    async def rule(self, ruling):
        async with self.database.transaction() as session:
            await store.add_ruling(session, ruling, self.now)
            return await self.asking.regrade(session, ruling.question, ruling.guild_id)

    async def attempts(self, columns="key, is_correct"):
        return await rows(self.database, f"SELECT {columns} FROM attempts ORDER BY id")  # noqa: S608


@pytest.fixture
def world(database):
    return World(database)


# A round from its first question to its result


async def test_a_round_asks_one_after_the_other_and_counts(world):
    asked = await world.begin(*BANK)
    assert (asked.number, asked.total, asked.position, asked.subject) == (1, 5, 0, "Your quiz")
    assert (asked.prompt, asked.kind.value, asked.unit, asked.is_resumed) == (
        "What about a-single?",
        "single",
        None,
        False,
    )
    result = await world.run(asked, "+-+-+")
    assert isinstance(result, RoundResult)
    assert (result.right, result.counted, result.kind) == (3, 5, RoundKind.QUIZ)
    assert [revisit.title for revisit in result.revisit] == ["Concept a", "Concept b"]
    assert await world.attempts() == [
        ("round:1:0", True),
        ("round:1:1", False),
        ("round:1:2", True),
        ("round:1:3", False),
        ("round:1:4", True),
    ]
    finished = await rows(world.database, "SELECT finished_at IS NULL FROM rounds")
    assert [bool(open_) for (open_,) in finished] == [False]


async def test_an_answer_becomes_evidence_and_a_card_once(world):
    asked = await world.begin(SINGLE, NUMERIC)
    first = await world.reply(asked, right=False)
    again = await world.reply(asked, right=True)
    assert (first.is_correct, first.is_repeat) == (False, False)
    assert (again.is_correct, again.is_repeat, again.given) == (False, True, ("wrong 1",))
    assert await rows(world.database, "SELECT concept, kind, is_correct, key FROM evidence") == [
        ("a", "quiz", False, "round:1:0")
    ]
    assert await rows(world.database, "SELECT concept, answers FROM mastery") == [("a", 1)]
    assert await rows(world.database, "SELECT question FROM cards") == [(SINGLE.id,)]
    assert first.due_at == again.due_at
    assert first.due_at > NOON


async def test_feedback_says_what_was_chosen_what_is_right_and_why(world):
    feedback = await world.reply(await world.begin(SINGLE, NUMERIC), right=False)
    assert (feedback.given, feedback.right) == (("wrong 1",), ("right",))
    assert [(remark.option, remark.text) for remark in feedback.remarks] == [("wrong 1", "No 1.")]
    assert (feedback.explanation, feedback.note) == ("Because of a-single.", None)
    assert (feedback.citation.title, feedback.citation.heading) == ("Concept a", "Intuition")
    assert feedback.citation.place == "A course, Unit: A"
    assert (feedback.has_next, feedback.has_similar, feedback.asks_confidence) == (True, True, False)
    assert await world.asking.feedback(1, 0, ADA) == feedback


async def test_i_do_not_know_is_not_right_and_is_remembered_as_that(world):
    asked = await world.begin(SINGLE)
    feedback = await world.asking.answer(asked.round_id, 0, ADA, Response(), asked.stamp)
    assert (feedback.is_correct, feedback.given, feedback.remarks) == (False, (), ())
    ((stored,),) = await world.attempts("response")
    assert '"options": []' in str(stored).replace("'", '"')


async def test_a_round_is_resumed_where_it_was_left_by_another_process(world):
    asked = await world.begin(SINGLE, BOOLEAN, NUMERIC)
    await world.reply(asked)
    world.start(seed=9)
    resumed = await world.asking.show(asked.round_id, ADA)
    assert (resumed.position, resumed.number, resumed.total, resumed.is_resumed) == (1, 2, 3, True)
    assert await world.asking.asked(asked.round_id, 0, ADA) == dataclasses.replace(asked, is_resumed=False)


async def test_options_are_shuffled_for_each_member_and_stay_so(world):
    round_ = await world.open_weekly(SINGLE)
    shown = {}
    for member in range(1, 41):
        asked = await world.asking.show(round_.id, member, guild_id=HERE)
        shown[member] = asked.options
        assert (await world.asking.show(round_.id, member, guild_id=HERE)).options == asked.options
    assert len(set(shown.values())) > 10


async def test_reviews_are_evidence_of_their_own_kind(world):
    await world.run(await world.begin(SINGLE, kind=RoundKind.REVIEW), "+")
    assert await rows(world.database, "SELECT kind FROM evidence") == [("review",)]


# Whose round it is, and whether it is still there


async def test_somebody_elses_round_is_refused(world):
    asked = await world.begin(SINGLE)
    for use in (
        world.asking.show(asked.round_id, GRACE),
        world.asking.asked(asked.round_id, 0, GRACE),
        world.asking.answer(asked.round_id, 0, GRACE, response_to(SINGLE.id, right=True), asked.stamp),
        world.asking.feedback(asked.round_id, 0, GRACE),
        world.asking.set_confidence(asked.round_id, 0, GRACE, Confidence.SURE),
        world.asking.begin_similar(asked.round_id, 0, GRACE),
    ):
        with pytest.raises(MemberError, match=service_module.NOT_YOURS):
            await use
    assert await world.attempts() == []


@pytest.mark.parametrize("round_id", [2, 10**18])
async def test_an_unknown_round_is_refused(world, round_id):
    await world.begin(SINGLE)
    with pytest.raises(MemberError, match="no longer have this quiz"):
        await world.asking.show(round_id, ADA)


async def test_positions_that_do_not_exist_are_refused(world):
    asked = await world.begin(SINGLE)
    for use in (
        world.asking.asked(asked.round_id, 1, ADA),
        world.asking.answer(asked.round_id, 7, ADA, Response(), asked.stamp),
        world.asking.begin_similar(asked.round_id, 1, ADA),
    ):
        with pytest.raises(MemberError, match="no longer have this quiz"):
            await use


async def test_feedback_without_an_answer_is_refused(world):
    asked = await world.begin(SINGLE)
    with pytest.raises(MemberError, match=service_module.NOT_ANSWERED):
        await world.asking.feedback(asked.round_id, 0, ADA)
    with pytest.raises(MemberError, match=service_module.NOT_ANSWERED):
        await world.asking.set_confidence(asked.round_id, 0, ADA, Confidence.SURE)


async def test_a_question_that_changed_does_not_take_old_clicks(world):
    asked = await world.begin(SINGLE, NUMERIC)
    world.start(SINGLE.model_copy(update={"prompt": "Something else?"}), NUMERIC)
    with pytest.raises(QuestionChanged):
        await world.reply(asked)
    assert await world.attempts() == []
    fresh = await world.asking.show(asked.round_id, ADA)
    assert (fresh.prompt, fresh.position) == ("Something else?", 0)
    assert (await world.reply(fresh)).is_correct is True


async def test_a_question_that_left_the_bank_is_passed_over(world):
    asked = await world.begin(SINGLE, BOOLEAN, NUMERIC)
    world.start(BOOLEAN, NUMERIC)
    with pytest.raises(QuestionChanged):
        await world.reply(asked)
    following = await world.asking.show(asked.round_id, ADA)
    assert (following.position, following.number, following.total) == (1, 1, 2)
    result = await world.run(following, "++")
    assert (result.right, result.counted) == (2, 2)


async def test_nothing_left_to_ask_is_said(world):
    asked = await world.begin(SINGLE)
    world.start(NUMERIC)
    with pytest.raises(MemberError, match=service_module.ALL_GONE):
        await world.asking.show(asked.round_id, ADA)
    with pytest.raises(MemberError, match=service_module.ALL_GONE):
        await world.begin(SINGLE)
    assert await rows(world.database, "SELECT count(*) FROM rounds") == [(1,)]


# The weekly quiz


async def test_everybody_takes_the_same_weekly_quiz_once(world):
    round_ = await world.open_weekly(SINGLE, NUMERIC)
    for member, marks in ((ADA, "++"), (GRACE, "+-"), (ALAN, "-")):
        await world.run(await world.asking.show(round_.id, member, guild_id=HERE), marks, member)
    result = await world.asking.show(round_.id, GRACE, guild_id=HERE)
    assert (result.right, result.counted, result.guild_id, result.is_ranked) == (1, 2, HERE, False)
    assert result.closes_at == NOON + timedelta(hours=48)
    assert (await world.asking.show(round_.id, ALAN, guild_id=HERE)).position == 1
    assert await rows(world.database, "SELECT finished_at FROM rounds") == [(None,)]


async def test_a_weekly_quiz_stays_in_its_server(world):
    round_ = await world.open_weekly(SINGLE)
    with pytest.raises(MemberError, match=service_module.NOT_HERE):
        await world.asking.show(round_.id, ADA, guild_id=THERE)


async def test_after_closing_nothing_counts_and_what_was_answered_stays(world):
    round_ = await world.open_weekly(SINGLE, NUMERIC)
    first = await world.asking.show(round_.id, ADA, guild_id=HERE)
    await world.reply(first)
    second = await world.asking.show(round_.id, ADA, guild_id=HERE)
    world.now += timedelta(hours=48)
    with pytest.raises(MemberError, match="has closed"):
        await world.reply(second)
    result = await world.asking.show(round_.id, ADA, guild_id=HERE)
    assert (result.right, result.counted) == (1, 1)
    assert (await world.reply(first)).is_repeat
    with pytest.raises(MemberError, match="has closed"):
        await world.asking.show(round_.id, GRACE, guild_id=HERE)
    assert len(await world.attempts()) == 1


async def test_who_listens_is_told_of_new_answers_only(world):
    told = []
    world.asking.on_answered.append(told.append)
    asked = await world.begin(SINGLE, NUMERIC)
    await world.reply(asked)
    await world.reply(asked)
    assert told == [asked.round_id]


# Confidence


async def test_a_guess_comes_again_earlier_than_a_sure_answer(world):
    asked = await world.begin(BOOLEAN, SINGLE)
    feedback = await world.reply(asked)
    assert (feedback.asks_confidence, feedback.confidence) == (True, None)
    sure = await world.asking.set_confidence(asked.round_id, 0, ADA, Confidence.SURE)
    assert (sure.asks_confidence, sure.confidence, sure.due_at) == (False, Confidence.SURE, feedback.due_at)
    guessed = await world.asking.set_confidence(asked.round_id, 0, ADA, Confidence.GUESSED)
    assert guessed.confidence is Confidence.GUESSED
    expected = review(SCHEDULER, None, Rating.Hard, NOON)
    assert guessed.due_at == expected.due
    assert guessed.due_at < sure.due_at


async def test_confidence_is_asked_after_an_earlier_mistake(world):
    await world.run(await world.begin(SINGLE), "-")
    world.now += timedelta(days=2)
    feedback = await world.reply(await world.begin(SINGLE))
    assert feedback.asks_confidence
    await world.asking.set_confidence(feedback.question.round_id, 0, ADA, Confidence.SURE)
    world.now += timedelta(days=2)
    assert not (await world.reply(await world.begin(SINGLE))).asks_confidence


# One more like it


async def test_a_similar_question_is_on_the_same_concept_first(world):
    asked = await world.begin(SINGLE, NUMERIC)
    similar = await world.asking.begin_similar(asked.round_id, 0, ADA)
    assert (similar.prompt, similar.round_kind, similar.total) == ("What about a-boolean?", RoundKind.SIMILAR, 1)
    assert similar.subject == "Concept a"
    await world.run(similar, "+")
    assert (await world.asking.begin_similar(asked.round_id, 0, ADA)).prompt == "What about b-multiple?"


async def test_without_another_one_that_is_said(world):
    asked = await world.begin(ORDER)
    assert not (await world.reply(asked)).has_similar
    with pytest.raises(MemberError, match=service_module.NOTHING_SIMILAR):
        await world.asking.begin_similar(asked.round_id, 0, ADA)


async def test_of_questions_answered_lately_the_longest_ago_is_similar(world):
    more = question_with("a-third")
    world.start(SINGLE, BOOLEAN, more)
    for question, right in ((more, "right"), (BOOLEAN, "True")):
        asked = await world.begin(question)
        await world.asking.answer(asked.round_id, 0, ADA, Response((option_id(right),)), asked.stamp)
        world.now += timedelta(hours=1)
    asked = await world.begin(SINGLE)
    assert (await world.asking.begin_similar(asked.round_id, 0, ADA)).prompt == "What about a-third?"


# The queue


async def test_the_queue_holds_every_answered_question_by_its_due_time(world):
    await world.run(await world.begin(SINGLE, NUMERIC), "-+")
    queue = await world.asking.list_due(ADA)
    assert queue.now == ()
    assert [card.question for card in queue.later] == [SINGLE.id, NUMERIC.id]
    world.now = queue.next_at
    due = await world.asking.list_due(ADA)
    assert [card.question for card in due.now] == [SINGLE.id]
    assert (await world.asking.list_due(GRACE)).later == ()
    world.start(NUMERIC)
    assert [card.question for card in (await world.asking.list_due(ADA)).later] == [NUMERIC.id]


async def test_cards_come_back_from_the_database_as_they_were(world):
    """Every state of FSRS, with every digit."""
    card, dice = None, random.Random(5)
    seen = set()
    for number in range(60):
        rating = dice.choice([Rating.Again, Rating.Hard, Rating.Good]) if card else Rating.Again
        card = review(SCHEDULER, card, rating, NOON + timedelta(days=3 * number, microseconds=number))
        async with world.database.transaction() as session:
            if number == 0:
                await service_module.progress_store.add_learner(session, ADA, NOON)
            await store.update_card(session, ADA, SINGLE.id, card)
        async with world.database.transaction() as session:
            kept = await store.find_card(session, ADA, SINGLE.id)
        assert dataclasses.astuple(kept) == dataclasses.astuple(card)
        seen.add(card.state)
    assert seen == {State.Learning, State.Review, State.Relearning}


# Rulings


def correction(question, *texts, guild=HERE, **values):
    key = AnswerKey(tuple(option_id(one) for one in texts), **values)
    return Ruling(question.id, guild, Verdict.CORRECTED, key, "The other one.")


async def test_a_corrected_key_changes_answers_evidence_mastery_and_cards(world):
    await world.run(await world.begin(SINGLE, NUMERIC), "-+")
    await world.run(await world.begin(SINGLE, member=GRACE), "+", GRACE)
    changed = await world.rule(correction(SINGLE, "wrong 1"))
    assert [(one.member_id, one.key, one.before, one.after) for one in changed] == [
        (ADA, "round:1:0", False, True),
        (GRACE, "round:2:0", True, False),
    ]
    assert await rows(world.database, "SELECT member_id, concept, is_correct FROM evidence ORDER BY id") == [
        (ADA, "a", True),
        (ADA, "b", True),
        (GRACE, "a", False),
    ]
    weight = pytest.approx(evidence_weight(EvidenceKind.QUIZ, NOON))
    mastery = "SELECT right_weight, wrong_weight, answers FROM mastery WHERE concept = 'a' ORDER BY member_id DESC"
    assert await rows(world.database, mastery) == [(weight, 0.0, 1), (0.0, weight, 1)]
    good, again = (review(SCHEDULER, None, rating, NOON) for rating in (Rating.Good, Rating.Again))
    async with world.database.transaction() as session:
        assert dataclasses.astuple(await store.find_card(session, ADA, SINGLE.id)) == dataclasses.astuple(good)
        assert dataclasses.astuple(await store.find_card(session, GRACE, SINGLE.id)) == dataclasses.astuple(again)
    feedback = await world.asking.feedback(1, 0, ADA)
    assert (feedback.is_correct, feedback.right, feedback.note) == (True, ("wrong 1",), "The other one.")
    assert (await world.asking.show(1, ADA)).right == 2


async def test_a_ruling_holds_in_its_server_only(world):
    await world.run(await world.begin(SINGLE), "-")
    await world.run(await world.begin(SINGLE, guild=THERE, member=GRACE), "-", GRACE)
    await world.run(await world.begin(SINGLE, guild=None, member=ALAN), "-", ALAN)
    assert len(await world.rule(correction(SINGLE, "wrong 1"))) == 1
    assert [
        (await world.asking.feedback(number, 0, who)).is_correct for number, who in ((1, ADA), (2, GRACE), (3, ALAN))
    ] == [
        True,
        False,
        False,
    ]
    everywhere = await world.rule(correction(SINGLE, "wrong 1", "right", guild=store.EVERYWHERE))
    assert sorted(one.member_id for one in everywhere) == [GRACE, ALAN]


async def test_the_own_ruling_of_a_server_goes_before_one_for_everywhere(world):
    await world.rule(Ruling(SINGLE.id, HERE, Verdict.KEPT))
    await world.rule(Ruling(SINGLE.id, store.EVERYWHERE, Verdict.RETIRED))
    async with world.database.transaction() as session:
        assert SINGLE.id in await world.asking.bank(session, HERE)
        assert SINGLE.id not in await world.asking.bank(session, THERE)
        assert SINGLE.id not in await world.asking.bank(session, None)
        assert len(await world.asking.bank(session, THERE)) == len(BANK) - 1


async def test_a_retired_question_counts_for_nothing_and_is_asked_no_more(world):
    asked = await world.begin(SINGLE, NUMERIC, BOOLEAN)
    await world.reply(asked)
    await world.rule(Ruling(SINGLE.id, HERE, Verdict.RETIRED))
    await world.rule(Ruling(NUMERIC.id, HERE, Verdict.RETIRED))
    following = await world.asking.show(asked.round_id, ADA)
    assert (following.position, following.number, following.total) == (2, 1, 1)
    result = await world.run(following, "+")
    assert (result.right, result.counted) == (1, 1)
    assert await rows(world.database, "SELECT question FROM cards") == [(BOOLEAN.id,)]
    assert await rows(world.database, "SELECT concept, answers FROM mastery") == [("a", 1)]
    assert (await world.asking.feedback(asked.round_id, 0, ADA)).is_correct is None
    with pytest.raises(MemberError):
        await world.begin(SINGLE)


async def test_taking_a_ruling_back_restores_everything(world):
    await world.run(await world.begin(SINGLE, NUMERIC, BOOLEAN), "-++")
    tables = ("attempts", "evidence", "mastery", "cards")
    before = {table: await rows(world.database, f"SELECT * FROM {table}") for table in tables}  # noqa: S608
    await world.rule(Ruling(SINGLE.id, HERE, Verdict.RETIRED))
    await world.rule(correction(SINGLE, "wrong 1"))
    async with world.database.transaction() as session:
        await store.delete_ruling(session, SINGLE.id, HERE)
        assert len(await world.asking.regrade(session, SINGLE.id, HERE)) == 1
    after = {table: await rows(world.database, f"SELECT * FROM {table}") for table in tables}  # noqa: S608
    assert {table: sorted(found, key=repr) for table, found in after.items()} == {
        table: sorted(found, key=repr) for table, found in before.items()
    }


async def test_an_answer_whose_option_has_left_the_bank_keeps_its_grade(world):
    await world.run(await world.begin(SINGLE), "-")
    left = tuple(option for option in SINGLE.options if option.text != "wrong 1")
    world.start(SINGLE.model_copy(update={"options": left}), NUMERIC)
    assert await world.rule(Ruling(SINGLE.id, HERE, Verdict.KEPT)) == ()
    assert await world.attempts() == [("round:1:0", False)]


async def test_regrading_equals_grading_from_scratch(world):
    """Random answers, then random rulings: whatever is kept is what a replay of the log gives."""
    dice = random.Random(11)
    for _ in range(25):
        question, member = dice.choice([SINGLE, BOOLEAN, MULTIPLE]), dice.choice([ADA, GRACE])
        asked = await world.begin(question, member=member, guild=dice.choice([HERE, THERE, None]))
        options = [option for option in asked.options if dice.random() < 0.5] or [asked.options[0]]
        if question is not MULTIPLE:
            options = options[:1]
        response = Response(tuple(option.id for option in options))
        await world.asking.answer(asked.round_id, 0, member, response, asked.stamp)
        world.now += timedelta(hours=dice.randint(1, 60))
    for _ in range(12):
        question, guild = dice.choice([SINGLE, BOOLEAN, MULTIPLE]), dice.choice([HERE, THERE, store.EVERYWHERE])
        verdict = dice.choice(list(Verdict))
        right = dice.sample([option.text for option in question.options], 1)
        await world.rule(
            correction(question, *right, guild=guild)
            if verdict is Verdict.CORRECTED
            else Ruling(question.id, guild, verdict)
        )
        await check_equals_a_replay(world)


async def check_equals_a_replay(world):
    async with world.database.transaction() as session:
        attempts = await store._attempts(session, store.select(store.AttemptRow))
        rulings = {server: await store.list_rulings(session, server) for server in (HERE, THERE, None)}
        grades = {
            (one.member_id, one.key): grade_under(QUESTIONS[one.question], rulings[one.guild_id].get(one.question), one)
            for one in attempts
        }
        assert {(one.member_id, one.key): one.is_correct for one in attempts} == grades
        for member in (ADA, GRACE):
            for question in (SINGLE, BOOLEAN, MULTIPLE):
                mine = [one for one in attempts if (one.member_id, one.question) == (member, question.id)]
                kept, expected = await store.find_card(session, member, question.id), replay(SCHEDULER, mine)
                assert (kept and dataclasses.astuple(kept)) == (expected and dataclasses.astuple(expected))
        evidence = (await session.execute(text("SELECT member_id, key, is_correct FROM evidence"))).all()
        assert {(member, key): None if mark is None else bool(mark) for member, key, mark in evidence} == grades
        mastery = (
            await session.execute(text("SELECT member_id, concept, right_weight, wrong_weight FROM mastery"))
        ).all()
    concepts = {question.id: question.concept for question in BANK}
    for member, concept, right, wrong in mastery:
        mine = [one for one in attempts if one.member_id == member and concepts[one.question] == concept]
        weights = {
            mark: sum(evidence_weight(EvidenceKind.QUIZ, one.answered_at) for one in mine if one.is_correct is mark)
            for mark in (True, False)
        }
        assert (right, wrong) == (pytest.approx(weights[True]), pytest.approx(weights[False]))


# News


async def test_news_are_told_once_with_the_next_question(world):
    await world.begin(SINGLE)
    async with world.database.transaction() as session:
        await store.add_news(session, ADA, News("retired", SINGLE.id, {}), NOON)
        await store.add_news(session, ADA, News("retired", "gone-from-the-bank", {}), NOON)
    asked = await world.begin(NUMERIC)
    assert isinstance(asked, AskedQuestion)
    assert len(asked.news) == 1
    assert "What about a-single?" in asked.news[0]
    assert (await world.begin(NUMERIC)).news == ()
    assert await world.asking.read_news(ADA) == ()
