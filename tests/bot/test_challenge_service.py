"""Challenges, decisions and what they change, on both databases."""

import asyncio
import dataclasses
import random
from datetime import timedelta

import pytest
from fsrs import Scheduler

from bot.errors import MemberError
from bot.features.challenge import service as challenge_service
from bot.features.challenge.models import ChallengeState, Decision, Effect, Post
from bot.features.challenge.service import PAGE, ChallengeService
from bot.features.privacy.service import PrivacyService
from bot.features.progress import store as progress_store
from bot.features.progress.models import EvidenceKind
from bot.features.questions import store as questions_store
from bot.features.questions.models import EVERYWHERE, AnswerKey, Response, Verdict
from bot.features.questions.rules.options import option_id
from bot.features.questions.service import QuestionService
from bot.storage.database import Database
from bot.storage.tables import RoundRow
from knowledge.models import Question
from tests.bot.databases import new_url, rows
from tests.bot.learners import NOW
from tests.bot.small_curriculum import concept_of, curriculum_of, resource_of, step_of, unit_of

ADA, GRACE, LINUS = 1, 2**62, 3
HERE, THERE = 2**61, 12
A, B, C = (option_id(text) for text in "abc")
TRUE, FALSE = option_id("True"), option_id("False")
REASON = "Option b is right, too, by the definition in the note."
WHY = "The note says so in its second sentence."
ALSO_B = Decision(Verdict.CORRECTED, AnswerKey((A, B)), WHY)
RETIRE = Decision(Verdict.RETIRED)
KEEP = Decision(Verdict.KEPT)


def question_of(name, concept, kind, **values):
    base = {"id": name, "concept": concept, "kind": kind, "difficulty": "easy", "prompt": f"What is {name}?"}
    base |= {"explanation": "It is so.", "source": {"note": f"concepts/{concept}", "terms": ["so"]}}
    return Question.model_validate(base | values)


def options(*right):
    return [{"text": t, "correct": True} if t in right else {"text": t, "remark": "No."} for t in "abc"]


BANK = (
    question_of("single", "a", "single", options=options("a")),
    question_of("multiple", "a", "multiple", options=options("a", "b")),
    question_of("order", "b", "order", options=[{"text": t} for t in "abc"]),
    question_of("numeric", "b", "numeric", answer=2.0, tolerance=0.1),
    question_of(
        "boolean",
        "b",
        "boolean",
        options=[{"text": "True", "correct": True}, {"text": "False", "remark": "No."}],
    ),
    *(question_of(f"other-{number}", "a", "single", options=options("a")) for number in range(12)),
)
NAMES = [question.id for question in BANK]


class World:
    """The services on one database, with a clock that goes on by a second a look."""

    def __init__(self, database):
        curriculum = curriculum_of(
            step_of(1, core=("course",)),
            resources={"course": resource_of(unit_of("u", ("a", "b")))},
            concepts={"a": concept_of(title="A"), "b": concept_of(title="B")},
        )
        curriculum = dataclasses.replace(curriculum, questions=BANK)
        self.database = database
        self.now = NOW
        scheduler = Scheduler(enable_fuzzing=False)
        self.questions = QuestionService(database, self.clock, curriculum, scheduler, random.Random(1))
        self.challenges = ChallengeService(database, self.clock, curriculum, self.questions)
        self.rounds = 0

    def clock(self):
        self.now += timedelta(seconds=1)
        return self.now

    async def answer(self, member, question, *chosen, guild=HERE, number=None, round_id=None):
        """An answer to the question at position 0 of a round that nobody has to look up; returns the round's id."""
        self.rounds += 1
        round_id = round_id or self.rounds
        now = self.clock()
        async with self.database.transaction() as session:
            await progress_store.add_learner(session, member, now)
            await self.questions.take(
                session,
                member,
                question_id=question,
                guild_id=guild,
                round_id=None,
                position=None,
                key=f"round:{round_id}:0",
                kind=EvidenceKind.QUIZ,
                response=Response(chosen, number),
                now=now,
            )
        return round_id

    async def challenge(self, member, question, *chosen, guild=HERE, reason=REASON):
        return await self.challenges.add(await self.answer(member, question, *chosen, guild=guild), 0, member, reason)

    async def grades(self):
        found = await rows(self.database, "SELECT member_id, key, is_correct FROM attempts ORDER BY id")
        return [None if grade is None else bool(grade) for _, _, grade in found]

    async def states(self):
        return [state for (state,) in await rows(self.database, "SELECT state FROM challenges ORDER BY id")]

    async def news(self, member):
        return await self.questions.read_news(member)


@pytest.fixture
async def world(database):
    return World(database)


async def refusal(awaitable):
    with pytest.raises(MemberError) as error:
        await awaitable
    return str(error.value)


# Challenging


async def test_a_challenge_is_kept_with_the_server_of_the_answer(world):
    challenge = await world.challenge(GRACE, "single", B, reason=f"  {REASON}\n")
    assert (challenge.state, challenge.post) == (ChallengeState.OPEN, None)
    found = await rows(
        world.database, "SELECT member_id, guild_id, question, attempt_key, reason, state, decided_at FROM challenges"
    )
    assert found == [(GRACE, HERE, "single", "round:1:0", REASON, "open", None)]
    await world.challenge(ADA, "single", B, guild=None)
    assert [one.guild_id for one in await world.challenges.list_all_waiting()] == [HERE, None]
    assert (await world.challenges.list_waiting(HERE)).total == 1


async def test_one_open_challenge_of_a_question_and_five_in_all(world):
    for number in range(5):
        await world.challenge(ADA, f"other-{number}", B)
    again = await world.answer(ADA, "other-0", B)
    assert await refusal(world.challenges.check(again, 0, ADA)) == challenge_service.WAITS
    assert await refusal(world.challenges.add(again, 0, ADA, REASON)) == challenge_service.WAITS
    sixth = await world.answer(ADA, "other-5", B)
    assert await refusal(world.challenges.check(sixth, 0, ADA)) == (
        "5 of your challenges wait to be looked at. You can add another one once one is decided."
    )
    await world.challenges.decide(1, HERE, KEEP)
    await world.challenges.check(again, 0, ADA)
    await world.challenges.add(sixth, 0, ADA, REASON)
    assert len(await world.states()) == 6


async def test_only_an_answer_of_ones_own_can_be_challenged(world):
    round_id = await world.answer(ADA, "single", B)
    for attempt in (world.challenges.check(round_id, 0, GRACE), world.challenges.add(round_id, 1, ADA, REASON)):
        assert await refusal(attempt) == challenge_service.NOT_ANSWERED
    await world.challenge(LINUS, "single", B)
    await world.challenges.decide(1, HERE, RETIRE)
    assert await refusal(world.challenges.check(round_id, 0, ADA)) == challenge_service.WITHDRAWN
    assert await rows(world.database, "SELECT member_id FROM learners ORDER BY member_id") == [(ADA,), (LINUS,)]


@pytest.mark.parametrize("reason", ["", " wrong ", "a\n\n\n\n\n\n\n\n\nb", "x" * 501])
async def test_a_reason_says_something(world, reason):
    round_id = await world.answer(ADA, "single", B)
    told = await refusal(world.challenges.add(round_id, 0, ADA, reason))
    assert ("fewer words" in told) is (len(reason) > 500)
    assert await world.states() == []


async def test_a_double_click_is_one_challenge(world):
    round_id = await world.answer(ADA, "single", B)
    calls = [world.challenges.add(round_id, 0, ADA, REASON) for _ in range(4)]
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert sorted(str(one) for one in done if isinstance(one, Exception)) == [challenge_service.WAITS] * 3
    assert await world.states() == ["open"]


# What those who decide read


async def test_a_case_has_what_one_needs_to_decide(world):
    await world.answer(LINUS, "single", A, guild=THERE)
    first = await world.challenge(ADA, "single", B)
    await world.challenge(GRACE, "single", B, reason="I think so, too, and so does the book.")
    case = await world.challenges.show(first.id, HERE)
    assert (case.id, case.guild_id, case.item.id, case.title) == (first.id, HERE, "single", "A")
    assert (case.right, case.state, case.post, case.note) == (("a",), ChallengeState.OPEN, None, None)
    assert case.reasons == (REASON, "I think so, too, and so does the book.")
    assert (case.statistics.answers, case.statistics.right) == (3, 1)
    assert [(one.text, one.chosen, one.is_key) for one in case.statistics.options] == [
        ("a", 1, True),
        ("b", 2, False),
        ("c", 0, False),
    ]
    assert case.citation.title == "A"
    second = await world.challenges.show(2, HERE)
    assert second.id == first.id


async def test_the_statistics_rate_members_by_their_other_first_answers(world):
    for number in range(6):
        await world.answer(ADA, f"other-{number}", A if number < 4 else B)
        await world.answer(ADA, f"other-{number}", C)
    await world.challenge(ADA, "single", A)
    await world.answer(GRACE, "single", B)
    for member in range(100, 118):
        await world.answer(member, "single", B)
        for number in range(5):
            await world.answer(member, f"other-{number}", A if number < member % 3 else B)
    found = (await world.challenges.show(1, HERE)).statistics
    assert (found.answers, found.right, found.discrimination) == (20, 1, None)  # 19 members have five others
    for number in range(5):
        await world.answer(GRACE, f"other-{number}", B)
    found = (await world.challenges.show(1, HERE)).statistics
    assert found.discrimination == pytest.approx(0.5428, abs=1e-4)
    report = await world.challenges.report()
    reported = next(one for one in report.others if one.question == "single")
    assert reported.discrimination == pytest.approx(found.discrimination)
    assert dataclasses.replace(reported, discrimination=found.discrimination) == found


async def test_a_case_belongs_to_its_server(world):
    challenge = await world.challenge(ADA, "single", B)
    direct = await world.challenge(GRACE, "single", B, guild=None)
    for call in (
        world.challenges.show(challenge.id, THERE),
        world.challenges.decide(challenge.id, THERE, RETIRE),
        world.challenges.propose(challenge.id, THERE, RETIRE),
        world.challenges.find_item(challenge.id, THERE),
        world.challenges.show(direct.id, HERE),
        world.challenges.show(99, HERE),
    ):
        assert await refusal(call) == challenge_service.UNKNOWN
    assert await world.states() == ["open", "open"]


async def test_pages_of_what_waits(world):
    assert await world.challenges.list_waiting(HERE) == dataclasses.replace(
        await world.challenges.list_waiting(HERE, 5), page=0
    )
    assert (await world.challenges.list_waiting(HERE)).waiting == ()
    for number in range(PAGE + 2):
        await world.challenge(100 + number, f"other-{number}", B)
    await world.challenge(ADA, "other-0", B)
    first, last = await world.challenges.list_waiting(HERE), await world.challenges.list_waiting(HERE, 99)
    assert (first.page, first.pages, first.total, len(first.waiting)) == (0, 2, PAGE + 2, PAGE)
    assert first.waiting[0].reasons == (REASON, REASON)
    assert (last.page, [one.question for one in last.waiting]) == (1, [f"other-{PAGE}", f"other-{PAGE + 1}"])


async def test_challenges_of_one_question_share_a_post(world):
    first = await world.challenge(ADA, "single", B)
    second = await world.challenge(GRACE, "single", B)
    mine, theirs = Post(5, 55), Post(5, 56)
    assert await world.challenges.record_post(first.id, HERE, mine, None) == mine
    assert await world.challenges.record_post(second.id, HERE, theirs, None) == mine
    third = await world.challenge(LINUS, "single", B)
    assert third.post == mine
    assert await world.challenges.record_post(third.id, HERE, theirs, mine) == theirs
    assert await rows(world.database, "SELECT DISTINCT channel_id, message_id FROM challenges") == [(5, 56)]
    assert await world.challenges.record_post(99, HERE, mine, None) is None
    assert await world.challenges.record_post(first.id, THERE, mine, theirs) is None


async def test_a_post_finds_its_case_after_the_first_challenger_has_left(world):
    first = await world.challenge(ADA, "single", B)
    await world.challenge(GRACE, "single", B)
    await world.challenges.record_post(first.id, HERE, Post(5, 55), None)
    async with world.database.transaction() as session:
        await session.execute(
            progress_store.delete(progress_store.LearnerRow).where(progress_store.LearnerRow.member_id == ADA)
        )
    assert await refusal(world.challenges.show(first.id, HERE)) == challenge_service.UNKNOWN
    case = await world.challenges.show(first.id, HERE, 55)
    assert (case.id, case.reasons, case.post) == (2, (REASON,), Post(5, 55))


# Deciding


async def test_keeping_tells_the_challengers_and_changes_nothing(world):
    await world.challenge(ADA, "single", B)
    await world.challenge(GRACE, "single", A)
    outcome = await world.challenges.decide(1, HERE, Decision(Verdict.KEPT, note="Read the definition once more."))
    assert (outcome.effect, outcome.told) == (Effect(), 2)
    assert await world.grades() == [False, True]
    assert await world.states() == ["kept", "kept"]
    assert await rows(world.database, "SELECT * FROM rulings") == []
    (told,) = await world.news(ADA)
    assert told == (
        "Your challenge was looked at, and the question stays as it is: “What is single?” "
        "Those who decided wrote: “Read the definition once more.”"
    )
    assert await world.news(ADA) == ()


async def test_a_correction_grades_again_and_tells_everybody_concerned(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", A)
    await world.answer(LINUS, "single", B)
    await world.answer(4, "single", C)
    only_b = Decision(Verdict.CORRECTED, AnswerKey((B,)), WHY)
    proposal = await world.challenges.propose(1, HERE, only_b)
    assert (proposal.right, proposal.effect) == (("b",), Effect(3, 3, right=2, wrong=1))
    assert await world.grades() == [False, True, False, False]
    outcome = await world.challenges.decide(1, HERE, only_b)
    assert (outcome.effect, outcome.told) == (proposal.effect, 3)
    assert await world.grades() == [True, False, True, False]
    (told,) = await world.news(ADA)
    assert told == (
        "Your challenge was right, and the question was corrected: “What is single?” Thank you. "
        f"Your answer counts as right now. Right is: b. Those who decided wrote: “{WHY}”"
    )
    changed = "The key of a question that you answered was corrected: “What is single?” Your answer counts as"
    assert await world.news(GRACE) == (f"{changed} wrong now. Right is: b. Those who decided wrote: “{WHY}”",)
    assert await world.news(LINUS) == (f"{changed} right now. Right is: b. Those who decided wrote: “{WHY}”",)
    assert await world.news(4) == ()
    case = await world.challenges.show(1, HERE)
    assert (case.state, case.right, case.note, case.is_undoable) == (ChallengeState.CORRECTED, ("b",), WHY, True)


async def test_a_retired_question_counts_for_nothing(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", A)
    await world.answer(GRACE, "single", B)
    proposal = await world.challenges.propose(1, HERE, RETIRE)
    assert proposal.effect == Effect(3, 2, dropped=3)
    assert (await world.challenges.decide(1, HERE, RETIRE)).effect == proposal.effect
    assert await world.grades() == [None, None, None]
    (told,) = await world.news(ADA)
    assert told == (
        "Your challenge was right, and the question was retired: “What is single?” Thank you. "
        "Your answer no longer counts."
    )
    assert await world.news(GRACE) == (
        "A question that you answered was retired, so your answer to it no longer counts: “What is single?”",
    )
    assert await rows(world.database, "SELECT count(*) FROM cards") == [(0,)]
    assert await rows(world.database, "SELECT count(*) FROM mastery") == [(0,)]
    async with world.database.transaction() as session:
        assert "single" not in await world.questions.bank(session, HERE)
        assert "single" in await world.questions.bank(session, THERE)


async def test_a_decision_holds_in_its_server_only(world):
    await world.challenge(ADA, "single", B, guild=HERE)
    await world.challenge(ADA, "multiple", B, guild=THERE)
    await world.challenge(GRACE, "single", B, guild=THERE)
    await world.challenge(LINUS, "single", B, guild=None)
    assert (await world.challenges.decide(1, HERE, ALSO_B)).effect == Effect(1, 1, right=1)
    assert await world.grades() == [True, False, False, False]
    assert await world.states() == ["corrected", "open", "open", "open"]
    assert await world.news(GRACE) == ()


async def test_who_decides_second_is_told_and_changes_nothing(world):
    await world.challenge(ADA, "single", B)
    calls = [world.challenges.decide(1, HERE, one) for one in (ALSO_B, RETIRE, KEEP)]
    done = await asyncio.gather(*calls, return_exceptions=True)
    failed = [str(one) for one in done if isinstance(one, Exception)]
    assert failed == [challenge_service.DECIDED] * 2
    assert len(await rows(world.database, "SELECT * FROM news")) == 1
    assert await refusal(world.challenges.propose(1, HERE, RETIRE)) == challenge_service.DECIDED
    assert await refusal(world.challenges.find_item(1, HERE)) == challenge_service.DECIDED


@pytest.mark.parametrize("seed", range(3))
async def test_answers_that_come_while_a_key_is_corrected_are_graded_by_it(world, seed):
    await world.challenge(ADA, "single", B)
    calls = [world.answer(100 + number, "single", B) for number in range(12)]
    calls.append(world.challenges.decide(1, HERE, ALSO_B))
    random.Random(seed).shuffle(calls)
    await asyncio.gather(*calls)
    assert await world.grades() == [True] * 13


async def test_members_who_leave_while_it_is_decided_do_not_stop_it(world):
    members = range(100, 110)
    for member in members:
        await world.challenge(member, "single", B)
    privacy = PrivacyService(world.database, world.clock, keep_questions_days=30)
    await asyncio.gather(
        *(privacy.delete_member(member) for member in members[::2]),
        world.challenges.decide(2, HERE, ALSO_B),
        *(privacy.delete_member(member) for member in members[3:8:2]),
    )
    assert await rows(world.database, "SELECT member_id, state FROM challenges ORDER BY id") == [
        (101, "corrected"),
        (109, "corrected"),
    ]
    assert await world.grades() == [True, True]


async def test_what_cannot_be_decided(world):
    await world.challenge(ADA, "single", B)
    await world.challenge(ADA, "multiple", B)
    same = Decision(Verdict.CORRECTED, AnswerKey((A,)), WHY)
    turned = Decision(Verdict.CORRECTED, AnswerKey((B, A)), WHY)
    for challenge_id, decision in ((1, same), (2, turned)):
        for call in (world.challenges.propose, world.challenges.decide):
            assert await refusal(call(challenge_id, HERE, decision)) == challenge_service.SAME_KEY
    for note in (None, "no", "x" * 501):
        told = await refusal(world.challenges.decide(1, HERE, dataclasses.replace(ALSO_B, note=note)))
        assert told.startswith("That is longer" if note and len(note) > 500 else "Please say in a sentence why")
    assert await rows(world.database, "SELECT * FROM rulings") == []
    assert await world.states() == ["open", "open"]


async def test_closed_weekly_quizzes_with_the_question_are_named(world):
    async with world.database.transaction() as session:
        for number, (kind, guild, closed, questions) in enumerate(
            [
                ("weekly", HERE, NOW, ["single", "order"]),
                ("weekly", HERE, None, ["single"]),
                ("weekly", THERE, NOW, ["single"]),
                ("weekly", HERE, NOW, ["order"]),
                ("quiz", HERE, NOW, ["single"]),
            ],
            start=1,
        ):
            session.add(
                RoundRow(id=number, kind=kind, guild_id=guild, questions=questions, made_at=NOW, finished_at=closed)
            )
    world.rounds = 10
    await world.challenge(ADA, "single", B)
    assert (await world.challenges.decide(1, HERE, ALSO_B)).rounds == (1,)
    assert (await world.challenges.undo("single", HERE)).rounds == (1,)
    assert (await world.challenges.decide_everywhere("single", RETIRE)).rounds == (1, 3)


# Taking back


async def test_undo_makes_everything_as_it_was_and_the_challenge_waits_again(world):
    first = await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    await world.challenges.record_post(first.id, HERE, Post(5, 55), None)
    before = await rows(world.database, "SELECT * FROM cards ORDER BY member_id")
    await world.challenges.decide(1, HERE, ALSO_B)
    assert await world.news(GRACE) != ()
    assert await world.challenges.find_undoable(1, HERE) == "single"
    proposal = await world.challenges.propose_undo("single", HERE)
    assert (proposal.decision.verdict, proposal.right, proposal.effect) == (
        Verdict.CORRECTED,
        ("a",),
        Effect(2, 2, wrong=2),
    )
    outcome = await world.challenges.undo("single", HERE)
    assert (outcome.effect, outcome.challenge_ids) == (proposal.effect, (1,))
    assert await rows(world.database, "SELECT * FROM rulings") == []
    assert await rows(world.database, "SELECT * FROM cards ORDER BY member_id") == before
    assert await world.grades() == [False, False]
    assert await world.states() == ["open"]
    assert await world.news(GRACE) == (
        "A decision about a question was taken back: “What is single?” Your answer counts as wrong again. Right is: a.",
    )
    assert await world.news(ADA) == ()  # she had not read that her challenge was right
    assert await refusal(world.challenges.undo("single", HERE)) == challenge_service.NOTHING_TO_UNDO
    assert await refusal(world.challenges.propose_undo("single", HERE)) == challenge_service.NOTHING_TO_UNDO
    assert await refusal(world.challenges.find_undoable(1, HERE)) == challenge_service.NOT_UNDOABLE


async def test_what_nobody_has_read_is_replaced_by_what_holds(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    await world.challenges.decide(1, HERE, RETIRE)
    await world.challenges.undo("single", HERE)
    await world.challenges.decide(1, HERE, ALSO_B)
    assert len(await world.news(ADA)) == 1
    (told,) = await world.news(GRACE)
    assert told.startswith("The key of a question that you answered was corrected")
    await world.challenges.undo("single", HERE)
    await world.challenges.decide(1, HERE, ALSO_B)
    assert await world.news(GRACE) == ()  # right before and after, and nobody told her otherwise


async def test_a_question_that_was_kept_can_be_looked_at_again(world):
    await world.challenge(ADA, "single", B)
    await world.challenges.decide(1, HERE, KEEP)
    (decided,) = await world.challenges.list_decided(HERE)
    assert (decided.question, decided.verdict) == ("single", Verdict.KEPT)
    assert (await world.challenges.propose_undo("single", HERE)).effect == Effect()
    await world.challenges.undo("single", HERE)
    assert await world.states() == ["open"]
    assert await world.news(ADA) == ()
    assert await world.challenges.list_decided(HERE) == ()


async def test_keeping_a_corrected_key_keeps_the_correction_and_its_news(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(GRACE, "single", C)
    await world.challenges.decide(2, HERE, KEEP)
    assert await world.grades() == [True, True, False]
    assert [(one.verdict, one.question) for one in await world.challenges.list_decided(HERE)] == [
        (Verdict.KEPT, "single")
    ]
    assert not (await world.challenges.show(1, HERE)).is_undoable
    corrected, kept = await world.news(GRACE)
    assert corrected == (
        "The key of a question that you answered was corrected: “What is single?” Your answer counts as right now. "
        f"Right is: a; b. Those who decided wrote: “{WHY}”"
    )
    assert kept.startswith("Your challenge was looked at, and the question stays as it is")
    await world.challenges.undo("single", HERE)
    assert await world.grades() == [True, True, False]
    assert await world.states() == ["corrected", "open"]


async def test_looking_again_at_a_kept_question_leaves_other_news_alone(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(LINUS, "single", C)
    await world.challenges.decide(2, HERE, KEEP)
    await world.challenges.undo("single", HERE)
    assert await world.news(LINUS) == ()
    (told,) = await world.news(GRACE)
    assert told.startswith("The key of a question that you answered was corrected")
    (told,) = await world.news(ADA)
    assert told.startswith("Your challenge was right")


async def test_news_of_another_server_are_left_alone(world):
    await world.challenge(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(GRACE, "single", A, guild=THERE)
    await world.challenges.decide(2, THERE, RETIRE)
    corrected, retired = await world.news(GRACE)
    assert corrected.startswith("The key of a question that you answered was corrected")
    assert retired.startswith("Your challenge was right, and the question was retired")


async def test_a_second_click_takes_back_nothing_more(world):
    await world.challenge(ADA, "single", B)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(LINUS, "single", C)
    await world.challenges.decide(2, HERE, KEEP)
    stamp = (await world.challenges.propose_undo("single", HERE)).stamp
    await world.challenges.undo("single", HERE, stamp)
    assert await refusal(world.challenges.undo("single", HERE, stamp)) == challenge_service.NOT_UNDOABLE
    assert await world.states() == ["corrected", "open"]


async def test_a_challenge_made_since_is_not_joined_by_its_older_self(world):
    await world.challenge(ADA, "single", B)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(ADA, "single", C)
    await world.challenges.undo("single", HERE)
    assert await world.states() == ["corrected", "open"]


# Everywhere


async def test_the_operator_decides_for_all_servers_that_have_not(world):
    await world.challenge(ADA, "single", B, guild=HERE)
    await world.challenges.decide(1, HERE, RETIRE)
    await world.challenge(GRACE, "single", B, guild=THERE)
    await world.challenge(LINUS, "single", B, guild=None)
    proposal = await world.challenges.propose_everywhere("single", ALSO_B)
    assert proposal.effect == Effect(2, 2, right=2)
    outcome = await world.challenges.decide_everywhere("single", ALSO_B)
    assert (outcome.effect, outcome.told) == (proposal.effect, 2)
    assert await world.grades() == [None, True, True]
    assert await world.states() == ["retired", "corrected", "corrected"]
    undone = await world.challenges.propose_undo("single", HERE)
    assert (undone.right, undone.effect) == (("a", "b"), Effect(1, 1, right=1))
    await world.challenges.undo("single", HERE)
    assert await world.grades() == [True, True, True]
    assert (await world.challenges.propose_undo("single", EVERYWHERE)).effect == Effect(3, 3, wrong=3)
    assert (await world.challenges.undo("single", EVERYWHERE)).effect == Effect(3, 3, wrong=3)
    assert await world.grades() == [False, False, False]
    assert await world.states() == ["open", "open", "open"]
    assert await refusal(world.challenges.undo("single", EVERYWHERE)) == challenge_service.NOTHING_TO_UNDO


async def test_a_server_that_has_decided_answers_its_own_challenges(world):
    await world.challenge(ADA, "single", B, guild=HERE)
    await world.challenges.decide(1, HERE, ALSO_B)
    await world.challenge(LINUS, "single", C, guild=HERE)
    await world.challenge(GRACE, "single", B, guild=THERE)
    assert (await world.challenges.decide_everywhere("single", RETIRE)).told == 1
    assert await world.states() == ["corrected", "open", "retired"]


async def test_what_the_operator_decided_is_no_decision_of_the_server(world):
    await world.challenge(ADA, "single", B)
    await world.challenges.decide_everywhere("single", ALSO_B)
    case = await world.challenges.show(1, HERE)
    assert (case.state, case.note, case.is_undoable) == (ChallengeState.CORRECTED, WHY, False)
    assert await refusal(world.challenges.find_undoable(1, HERE)) == challenge_service.NOT_UNDOABLE
    assert await refusal(world.challenges.undo("single", HERE)) == challenge_service.NOTHING_TO_UNDO
    assert await world.challenges.list_decided(HERE) == ()


async def test_questions_of_the_bank_only(world):
    assert await refusal(world.challenges.decide_everywhere("nonsense", RETIRE)) == (
        "There is no question 'nonsense' in the bank."
    )
    assert await refusal(world.challenges.undo("nonsense", HERE)) == challenge_service.NOTHING_TO_UNDO


async def test_a_report_of_one_server_and_of_all(world):
    assert await world.challenges.report() == challenge_service.Report(0, 0, (), ())
    await world.answer(ADA, "single", A)
    await world.answer(ADA, "order", B, A, C)
    await world.answer(GRACE, "single", B, guild=THERE)
    found = await world.challenges.report()
    assert (found.members, found.answers) == (2, 3)
    assert [(one.question, one.difficulty) for one in found.others] == [("order", 0.0), ("single", 0.5)]
    there = await world.challenges.report(THERE)
    assert [(one.question, one.answers, one.right) for one in there.others] == [("single", 1, 0)]


async def test_a_report_of_the_last_days(world):
    await world.answer(ADA, "single", A)
    world.now += timedelta(days=30)
    await world.answer(ADA, "single", B)
    await world.answer(GRACE, "single", B)
    assert [(one.answers, one.right) for one in (await world.challenges.report()).others] == [(2, 1)]
    assert [(one.answers, one.right) for one in (await world.challenges.report(days=31)).others] == [(2, 1)]
    assert [(one.answers, one.right) for one in (await world.challenges.report(days=29)).others] == [(1, 0)]


# Whatever is decided and taken back

RESPONSES = {
    "single": [(A,), (B,), (C,), ()],
    "multiple": [(A, B), (A,), (A, B, C), (C,)],
    "order": [(A, B, C), (B, A, C), (C, B, A)],
    "numeric": [2.0, 2.05, 3.0],
    "boolean": [(TRUE,), (FALSE,)],
}
KEYS = {
    "single": [AnswerKey((A, B)), AnswerKey((C,)), AnswerKey((A,))],
    "multiple": [AnswerKey((A, B, C)), AnswerKey((C,)), AnswerKey((A, B))],
    "order": [AnswerKey((B, A, C)), AnswerKey((C, B, A))],
    "numeric": [AnswerKey(number=3.0, tolerance=0.0), AnswerKey(number=2.0, tolerance=2.0)],
    "boolean": [AnswerKey((FALSE,)), AnswerKey((TRUE, FALSE))],
}
SERVERS = [HERE, THERE, None]


@dataclasses.dataclass
class Given:
    member: int
    question: str
    response: object
    guild: int | None
    at: object


async def live(world, dice, given):
    """One thing that a member, a mentor or the operator does. What is foreseen has to come true."""
    question, guild = dice.choice(list(RESPONSES)), dice.choice(SERVERS)
    match dice.choice(["answer"] * 4 + ["rule"] * 3 + ["undo"] * 2):
        case "answer":
            async with world.database.transaction() as session:
                if question not in await world.questions.bank(session, guild):
                    return  # nobody is asked what was retired
            response = dice.choice(RESPONSES[question])
            member = dice.choice([ADA, GRACE, LINUS])
            options, number = ((), response) if isinstance(response, float) else (response, None)
            world.now += timedelta(hours=dice.randrange(200))
            round_id = await world.answer(member, question, *options, guild=guild, number=number)
            given.append((round_id, Given(member, question, response, guild, world.now)))
            if dice.random() < 0.3:
                await attempt(world.challenges.add(round_id, 0, member, REASON))
        case "rule":
            decision = dice.choice([RETIRE, KEEP, *(Decision(Verdict.CORRECTED, key, WHY) for key in KEYS[question])])
            if guild is None:
                await both(world.challenges.propose_everywhere, world.challenges.decide_everywhere, question, decision)
                return
            waiting = [one for one in (await world.challenges.list_waiting(guild)).waiting if one.question == question]
            if waiting:
                await both(world.challenges.propose, world.challenges.decide, waiting[0].id, guild, decision)
        case "undo":
            await both(world.challenges.propose_undo, world.challenges.undo, question, guild or EVERYWHERE)


async def attempt(awaitable):
    try:
        return await awaitable
    except MemberError:
        return None


async def both(propose, do, *arguments):
    """What is proposed and what is done have the same effect, or both are refused."""
    proposal, outcome = await attempt(propose(*arguments)), await attempt(do(*arguments))
    assert (proposal is None) is (outcome is None)
    if proposal is not None:
        assert proposal.effect == outcome.effect


async def learned(world, keys):
    """Everything that answers have left behind, for these answers."""
    attempts = await rows(world.database, "SELECT member_id, key, question, is_correct FROM attempts ORDER BY id")
    evidence = await rows(world.database, "SELECT member_id, key, concept, is_correct FROM evidence ORDER BY id")
    mastery = await rows(
        world.database,
        "SELECT member_id, concept, right_weight, wrong_weight, answers, last_at FROM mastery ORDER BY 1, 2",
    )
    cards = await rows(world.database, "SELECT * FROM cards ORDER BY member_id, question")
    kept = [[row for row in found if row[1] in keys and row[3] is not None] for found in (attempts, evidence)]
    for found in (attempts, evidence):
        assert all(row[3] is None for row in found if row[1] not in keys)
    sums = [(*row[:2], pytest.approx(row[2]), pytest.approx(row[3]), *row[4:]) for row in mastery]
    return kept, sums, cards


@pytest.mark.parametrize("seed", range(8))
async def test_after_any_decisions_all_is_as_if_answers_had_been_graded_like_that_at_once(
    world, seed, kind, request, tmp_path
):
    dice = random.Random(seed)
    given = []
    for _ in range(60):
        await live(world, dice, given)
    rulings = await rows(world.database, "SELECT question, guild_id, verdict FROM rulings")
    verdicts = {(question, guild): verdict for question, guild, verdict in rulings}

    def counts(one):
        own = verdicts.get((one.question, one.guild))
        return (own or verdicts.get((one.question, EVERYWHERE))) != "retired"

    fresh = Database(new_url(kind, request, tmp_path / "fresh.db"))
    await fresh.upgrade()
    other = World(fresh)
    await copy_rulings(world.database, fresh)
    counted = {f"round:{round_id}:0" for round_id, one in given if counts(one)}
    for round_id, one in given:
        if counts(one):
            other.now = one.at - timedelta(seconds=1)
            options, number = ((), one.response) if isinstance(one.response, float) else (one.response, None)
            await other.answer(one.member, one.question, *options, guild=one.guild, number=number, round_id=round_id)
    assert await learned(world, counted) == await learned(other, counted)
    assert verdicts
    assert counted
    await fresh.close()


async def copy_rulings(source, target):
    async with source.transaction() as session:
        found = [
            ruling
            for guild in (EVERYWHERE, HERE, THERE)
            for question in RESPONSES
            if (ruling := await questions_store.find_ruling(session, question, guild))
        ]
    async with target.transaction() as session:
        for ruling in found:
            await questions_store.add_ruling(session, ruling, NOW)
