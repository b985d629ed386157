"""The use cases of challenges: doubt a question, decide about it, take that back, and see how questions behave.

What is decided in a server holds there; what an operator decides holds in direct messages and in every server that
has not decided itself (`EVERYWHERE`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.challenge import rules, store
from bot.features.challenge.models import (
    SHOW_POST,
    Case,
    Challenge,
    ChallengeState,
    Change,
    Decided,
    Decision,
    Effect,
    Outcome,
    Post,
    Proposal,
    Report,
    Waiting,
    WaitingPage,
)
from bot.features.progress import store as progress_store
from bot.features.questions import store as questions_store
from bot.features.questions.models import EVERYWHERE, Attempt, Item, ItemStatistics, News, Regraded, Ruling, Verdict
from bot.features.questions.rules.grading import describe_key
from bot.features.questions.rules.options import item_of
from bot.features.questions.rules.statistics import item_statistics, rate_answers
from bot.features.questions.service import QuestionService, round_key
from bot.features.weekly import store as weekly_store
from bot.scheduling import store as schedule
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Occurrence, WorkState
from bot.storage.database import Database
from knowledge.curriculum import Curriculum
from knowledge.models import Question

PAGE = 8
"""Questions on one page of those that wait."""

NOT_ANSWERED = "You can challenge a question once you have answered it."
GONE = "This question has left my bank since, so there is nothing left to challenge."
WITHDRAWN = "This question has been withdrawn already, so it no longer counts. Thank you for looking closely."
WAITS = "You have challenged this question already, and it waits to be looked at. I tell you what comes of it."
TOO_MANY = f"{rules.MOST_OPEN} of your challenges wait to be looked at. You can add another one once one is decided."
NOT_UNDOABLE = "Something else holds for this question by now. `/challenges undo` shows what can be taken back."
UNKNOWN = "This challenge is no longer there, so there is nothing to decide. `/challenges list` shows what waits."
DECIDED = "This has been decided already, and the first decision counts. `/challenges undo` takes it back."
SAME_KEY = "That is what counts as right already. Choose another answer, or Keep if the question is fine."
NOTHING_TO_UNDO = (
    "There is no decision about this question that could be taken back. "
    "`/challenges undo` suggests those that can, while you type."
)
CHANGED = "This question has been changed since, so that no longer fits it. Please begin again."


@dataclass(frozen=True, slots=True)
class _Done:
    """A decision that was just made, or taken back if `decision` is None, in a server or (0) for everywhere."""

    question: str
    guild_id: int
    verdict: Verdict
    decision: Decision | None
    challenges: tuple[Challenge, ...]
    regraded: tuple[Regraded, ...]

    @property
    def challengers(self) -> frozenset[int]:
        """Who is told the outcome; what was taken back waits again."""
        return frozenset(challenge.member_id for challenge in self.challenges if self.decision is not None)


class ChallengeService:
    """Takes challenges and decides about questions. Every public method opens its own transaction."""

    def __init__(self, database: Database, clock: Clock, curriculum: Curriculum, questions: QuestionService) -> None:
        self._database = database
        self._clock = clock
        self._curriculum = curriculum
        self._questions = questions
        self._bank = {question.id: question for question in curriculum.questions}

    # Challenging

    async def check(self, round_id: int, position: int, member_id: int) -> None:
        """Make sure that a member may challenge the question of an answer, before they write why.

        Raises:
            MemberError: there is no such answer, or they have challenged it or too much already.
        """
        async with self._database.transaction() as session:
            await self._check(session, round_id, position, member_id)

    async def add(self, round_id: int, position: int, member_id: int, reason: str) -> Challenge:
        """Take a challenge. It belongs to the server in which the question was asked.

        Raises:
            MemberError: there is no such answer, they have challenged it or too much already, or the reason says
                nothing.
        """
        now = self._clock()
        reason = _checked(reason, "Please say in a sentence or two what is wrong, so that it can be looked at.")
        async with self._database.transaction() as session:
            await progress_store.add_learner(session, member_id, now)  # the lock: a double click is one challenge
            attempt = await self._check(session, round_id, position, member_id)
            challenge = await store.add_challenge(
                session,
                member_id,
                guild_id=attempt.guild_id,
                question=attempt.question,
                attempt_key=attempt.key,
                reason=reason,
                now=now,
            )
            post = await self._find_post(session, challenge)
            if post is not None:
                await store.update_post(session, challenge, post, replaces=None)
        if post is None:
            return challenge
        return replace(challenge, channel_id=post.channel_id, message_id=post.message_id)

    async def _check(self, session: AsyncSession, round_id: int, position: int, member_id: int) -> Attempt:
        attempt = await questions_store.find_attempt(session, member_id, round_key(round_id, position))
        if attempt is None:
            raise MemberError(NOT_ANSWERED)
        if attempt.question not in self._bank:
            raise MemberError(GONE)
        if attempt.is_correct is None:
            raise MemberError(WITHDRAWN)
        waiting = [one.question for one in await store.list_own(session, member_id) if one.question in self._bank]
        if attempt.question in waiting:
            raise MemberError(WAITS)
        if len(waiting) >= rules.MOST_OPEN:
            raise MemberError(TOO_MANY)
        return attempt

    # What those who decide read

    async def show(self, challenge_id: int, guild_id: int, message_id: int | None = None) -> Case:
        """The case of a challenge. `message_id` finds it by its post if the challenge that named it is gone.

        Raises:
            MemberError: there is none in this server.
        """
        async with self._database.transaction() as session:
            return await self._case(session, await self._find(session, challenge_id, guild_id, message_id))

    async def find_item(self, challenge_id: int, guild_id: int, message_id: int | None = None) -> tuple[int, Item]:
        """The question of an open challenge with the key that holds, and the challenge's id.

        Raises:
            MemberError: there is no such challenge in this server, or it is decided.
        """
        async with self._database.transaction() as session:
            challenge = await self._find_open(session, challenge_id, guild_id, message_id)
            return challenge.id, await self._item(session, challenge.question, guild_id)

    async def list_waiting(self, guild_id: int, page: int = 0) -> WaitingPage:
        """The questions of a server that wait, those that wait longest first."""
        async with self._database.transaction() as session:
            waiting = self._group(await store.list_open(session, guild_id))
        pages = max(1, -(-len(waiting) // PAGE))
        page = min(max(page, 0), pages - 1)
        return WaitingPage(waiting[page * PAGE : (page + 1) * PAGE], page, pages, len(waiting))

    async def list_all_waiting(self) -> tuple[Waiting, ...]:
        """What waits in all servers and in direct messages, for the operator."""
        async with self._database.transaction() as session:
            return self._group(await store.list_open(session, is_everywhere=True))

    async def record_post(self, challenge_id: int, guild_id: int, post: Post, replaces: Post | None) -> Post | None:
        """Remember the message that tells of a challenge; returns the one that counts, which another one may be.

        `replaces` is the one that it replaces, for its message is gone. None: the challenge is gone.
        """
        async with self._database.transaction() as session:
            challenge = await store.find_challenge(session, challenge_id)
            if challenge is None or challenge.guild_id != guild_id:
                return None
            await store.update_post(session, challenge, post, replaces)
            return await self._find_post(session, challenge)

    def _group(self, challenges: Iterable[Challenge]) -> tuple[Waiting, ...]:
        """Challenges of the same question in the same server as one; questions that are gone are left out."""
        groups: dict[tuple[int | None, str], list[Challenge]] = {}
        for challenge in challenges:
            if challenge.question in self._bank:
                groups.setdefault((challenge.guild_id, challenge.question), []).append(challenge)
        return tuple(
            Waiting(
                group[0].id,
                guild_id,
                question,
                self._bank[question].prompt,
                tuple(challenge.reason for challenge in group),
                group[0].made_at,
            )
            for (guild_id, question), group in groups.items()
        )

    async def _case(self, session: AsyncSession, challenge: Challenge) -> Case:
        group = await store.list_group(session, challenge)
        item = await self._item(session, challenge.question, challenge.guild_id)
        ruling = (await questions_store.list_rulings(session, challenge.guild_id, [item.id])).get(item.id)
        is_ruled = challenge.state in {ChallengeState.CORRECTED, ChallengeState.RETIRED}
        return Case(
            group[0].id,
            challenge.guild_id,
            item,
            self._curriculum.concepts[item.question.concept].title,
            describe_key(item),
            self._questions.cite(item),
            tuple(one.reason for one in group),
            item_statistics(item, await store.list_first_answers(session, item.id)),
            challenge.state,
            ruling.note if ruling and is_ruled else None,
            challenge.decided_at,
            _post_of(group),
            is_corrected_here=ruling is not None and ruling.guild_id == challenge.guild_id,
            is_undoable=await self._is_undoable(session, challenge),
        )

    async def _is_undoable(self, session: AsyncSession, challenge: Challenge) -> bool:
        """Whether the server has decided this itself, and has not decided about the question again since."""
        if challenge.guild_id is None or challenge.decided_at is None:
            return False
        newest = await self._find_newest(session, challenge.question, challenge.guild_id)
        return newest is not None and newest.decided_at == challenge.decided_at

    async def _find_post(self, session: AsyncSession, challenge: Challenge) -> Post | None:
        return _post_of(await store.list_group(session, challenge))

    async def _item(self, session: AsyncSession, question: str, guild_id: int | None) -> Item:
        item = await self._questions.item(session, question, guild_id)
        if item is None:
            raise MemberError(GONE)
        return item

    async def _find(
        self, session: AsyncSession, challenge_id: int, guild_id: int, message_id: int | None = None
    ) -> Challenge:
        challenge = await store.find_challenge(session, challenge_id)
        if challenge is None and message_id is not None:  # its member has deleted their data, others may be left
            challenge = await store.find_posted(session, message_id)
        if challenge is None or challenge.guild_id != guild_id:
            raise MemberError(UNKNOWN)
        return challenge

    async def _find_open(
        self, session: AsyncSession, challenge_id: int, guild_id: int, message_id: int | None = None
    ) -> Challenge:
        challenge = await self._find(session, challenge_id, guild_id, message_id)
        if challenge.state is not ChallengeState.OPEN:
            raise MemberError(DECIDED)
        return challenge

    # Deciding in a server

    async def propose(self, challenge_id: int, guild_id: int, decision: Decision) -> Proposal:
        """What a decision would change.

        Raises:
            MemberError: there is no such challenge in this server, it is decided, or the key holds already.
        """
        async with self._database.transaction() as session:
            challenge = await self._find_open(session, challenge_id, guild_id)
            return await self._propose(session, challenge.id, challenge.question, guild_id, decision)

    async def decide(self, challenge_id: int, guild_id: int, decision: Decision) -> Outcome:
        """Decide about the question of a challenge in its server. Everybody whose answer changes is told.

        Raises:
            MemberError: there is no such challenge in this server, somebody has decided it, or the key holds already.
        """
        async with self._database.transaction() as session:
            challenge = await self._find_open(session, challenge_id, guild_id)
            return await self._decide(session, challenge.question, guild_id, decision, needs_challenge=True)

    async def list_decided(self, guild_id: int) -> tuple[Decided, ...]:
        """What can be taken back in a server, the newest decision of each question, the newest first."""
        async with self._database.transaction() as session:
            return await self._list_decided(session, guild_id)

    async def find_undoable(self, challenge_id: int, guild_id: int, message_id: int | None = None) -> str:
        """The question of a challenge whose decision can be taken back.

        Raises:
            MemberError: there is no such challenge in this server, it waits, or something else holds by now.
        """
        async with self._database.transaction() as session:
            challenge = await self._find(session, challenge_id, guild_id, message_id)
            if not await self._is_undoable(session, challenge):
                raise MemberError(NOT_UNDOABLE)
            return challenge.question

    async def propose_undo(self, question: str, guild_id: int) -> Proposal:
        """What taking back the newest decision about a question would change, in a server or (0) for everywhere.

        Raises:
            MemberError: there is none.
        """
        async with self._database.transaction() as session:
            decided = await self._newest(session, question, guild_id)
            item, effect = await self._item(session, question, guild_id or None), Effect()
            if decided.verdict is not Verdict.KEPT:
                below = await questions_store.find_ruling(session, question, EVERYWHERE) if guild_id else None
                item, effect = item_of(item.question, below), await self._foresee(session, question, guild_id, below)
        return Proposal(0, item, Decision(decided.verdict), describe_key(item), effect, decided.stamp)

    async def undo(self, question: str, guild_id: int, stamp: str | None = None) -> Outcome:
        """Take back the newest decision about a question, in a server or (0) for everywhere. Its challenges wait again.

        `stamp` is that of the decision that is meant, so that a second click does not take back one more.

        Raises:
            MemberError: there is none, or another one is the newest by now.
        """
        async with self._database.transaction() as session:
            await self._lock(session, question, guild_id)
            decided = await self._newest(session, question, guild_id)
            if stamp not in {None, decided.stamp}:
                raise MemberError(NOT_UNDOABLE)
            reopened = await store.list_decided(session, guild_id, question, decided.decided_at)
            regraded: tuple[Regraded, ...] = ()
            if decided.verdict is not Verdict.KEPT:
                await questions_store.delete_ruling(session, question, guild_id)
                regraded = await self._questions.regrade(session, question, guild_id)
            await store.update_reopened(session, await self._reopenable(session, reopened))
            return await self._finish(session, _Done(question, guild_id, decided.verdict, None, reopened, regraded))

    # Deciding for everywhere

    def find_in_bank(self, question: str) -> Question:
        """A question by its id.

        Raises:
            MemberError: there is none.
        """
        if question not in self._bank:
            raise MemberError(f"There is no question {question!r} in the bank.")
        return self._bank[question]

    async def propose_everywhere(self, question: str, decision: Decision) -> Proposal:
        """What a decision of the operator would change.

        Raises:
            MemberError: there is no such question, or the key holds already.
        """
        self.find_in_bank(question)
        async with self._database.transaction() as session:
            return await self._propose(session, 0, question, EVERYWHERE, decision)

    async def decide_everywhere(self, question: str, decision: Decision) -> Outcome:
        """Decide for direct messages and for every server that has not decided itself.

        Raises:
            MemberError: there is no such question, or the key holds already.
        """
        self.find_in_bank(question)
        async with self._database.transaction() as session:
            return await self._decide(session, question, EVERYWHERE, decision, needs_challenge=False)

    async def find_server(self, challenge_id: int) -> int | None:
        """The server of a challenge, if it is there and was made in one."""
        async with self._database.transaction() as session:
            challenge = await store.find_challenge(session, challenge_id)
        return challenge.guild_id if challenge else None

    async def record_shown(self, dispatcher: Dispatcher, occurrence: Occurrence) -> None:
        """What was planned to be shown is up to date."""
        async with self._database.transaction() as session:
            await dispatcher.end(session, occurrence, WorkState.DONE)

    # How questions behave

    async def report(self, guild_id: int | None = None, days: int | None = None) -> Report:
        """How the questions behave that were answered in one server or anywhere: misleading ones, then hard ones.

        With `days` first answers of the last days only, so that a change shows.
        """
        since = None if days is None else self._clock() - timedelta(days=days)
        async with self._database.transaction() as session:
            attempts = await questions_store.list_question_attempts(session, guild_id, since)
            rulings = await questions_store.list_rulings(session, guild_id)
        found = [
            item_statistics(item_of(self._bank[question], rulings.get(question)), answers)
            for question, answers in rate_answers(attempts).items()
            if question in self._bank
        ]
        found.sort(key=_hardest_first)
        return Report(
            len({attempt.member_id for attempt in attempts}),
            len(attempts),
            tuple(one for one in found if one.is_misleading),
            tuple(one for one in found if not one.is_misleading),
        )

    def prompt_of(self, question: str) -> str:
        """What a question of the bank asks; empty if it is gone."""
        return self._bank[question].prompt if question in self._bank else ""

    # How it is done

    async def _propose(
        self, session: AsyncSession, challenge_id: int, question: str, guild_id: int, decision: Decision
    ) -> Proposal:
        item = await self._item(session, question, guild_id or None)
        ruling = self._ruling(item, guild_id, decision)
        if ruling is None:
            return Proposal(challenge_id, item, decision, describe_key(item), Effect())
        effect = await self._foresee(session, question, guild_id, ruling)
        after = item if ruling.key is None else replace(item, key=ruling.key)
        return Proposal(challenge_id, item, decision, describe_key(after), effect)

    def _ruling(self, item: Item, guild_id: int, decision: Decision) -> Ruling | None:
        """What is written down; nothing if the question is kept, so that what held before goes on to hold."""
        if decision.verdict is Verdict.KEPT:
            return None
        if decision.verdict is Verdict.CORRECTED:
            if decision.key is None:
                raise MemberError(CHANGED)
            if rules.is_same_key(item.kind, item.key, decision.key):
                raise MemberError(SAME_KEY)
        return Ruling(item.id, guild_id, decision.verdict, decision.key, decision.note)

    async def _foresee(self, session: AsyncSession, question: str, guild_id: int, ruling: Ruling | None) -> Effect:
        """What changes under a ruling, or without any, for this server (0: for everywhere)."""
        attempts = await questions_store.list_attempts_on(session, question, guild_id=guild_id or None)
        own = {server: await questions_store.find_ruling(session, question, server) for server in _servers(attempts)}

        def ruling_in(server: int | None) -> Ruling | None:
            return ruling if guild_id != EVERYWHERE else own.get(server or EVERYWHERE) or ruling

        return rules.foresee(self._bank[question], attempts, ruling_in)

    async def _decide(
        self, session: AsyncSession, question: str, guild_id: int, decision: Decision, *, needs_challenge: bool
    ) -> Outcome:
        now = self._clock()
        await self._lock(session, question, guild_id)
        challenges = await self._concerned(session, question, guild_id)
        if needs_challenge and not challenges:
            raise MemberError(DECIDED)
        decision = replace(decision, note=_checked_note(decision))
        ruling = self._ruling(await self._item(session, question, guild_id or None), guild_id, decision)
        regraded: tuple[Regraded, ...] = ()
        if ruling is not None:
            await questions_store.add_ruling(session, ruling, now)
            regraded = await self._questions.regrade(session, question, guild_id)
        await store.update_decided(session, challenges, ChallengeState(decision.verdict.value), now)
        done = _Done(question, guild_id, decision.verdict, decision, challenges, regraded)
        return await self._finish(session, done)

    async def _lock(self, session: AsyncSession, question: str, guild_id: int) -> None:
        """Let nobody who has answered this question answer, and nobody else decide about it, until all is written.

        Members come first: who takes an answer has locked its member before anything else.
        """
        challengers = [one.member_id for one in await self._concerned(session, question, guild_id)]
        await store.lock_learners(session, question, guild_id, challengers)
        await questions_store.lock_question(session, question)

    async def _concerned(self, session: AsyncSession, question: str, guild_id: int) -> tuple[Challenge, ...]:
        """The open challenges that a decision answers."""
        if guild_id != EVERYWHERE:
            return await store.list_open(session, guild_id, question)
        deciding = await store.list_ruling_servers(session, question)
        waiting = await store.list_open(session, question=question, is_everywhere=True)
        return tuple(challenge for challenge in waiting if challenge.guild_id not in deciding)

    async def _newest(self, session: AsyncSession, question: str, guild_id: int) -> Decided:
        found = await self._find_newest(session, question, guild_id)
        if found is None:
            raise MemberError(NOTHING_TO_UNDO)
        return found

    async def _find_newest(self, session: AsyncSession, question: str, guild_id: int) -> Decided | None:
        """The newest decision about a question in this server (0: for everywhere)."""
        return next((one for one in await self._list_decided(session, guild_id) if one.question == question), None)

    async def _list_decided(self, session: AsyncSession, guild_id: int) -> tuple[Decided, ...]:
        ruled = await store.list_ruling_times(session, guild_id)
        kept = await store.list_kept(session, guild_id or None)
        times = [(one.decided_at, one.question, one.verdict) for one in ruled]
        times += [(one.decided_at, one.question, Verdict.KEPT) for one in kept if one.decided_at]
        newest = {question: (at, verdict) for at, question, verdict in sorted(times)}
        found = [
            Decided(question, self._bank[question].prompt, verdict, at)
            for question, (at, verdict) in newest.items()
            if question in self._bank
        ]
        return tuple(sorted(found, key=lambda decided: decided.decided_at, reverse=True))

    async def _reopenable(self, session: AsyncSession, challenges: Sequence[Challenge]) -> list[Challenge]:
        """Those whose members have not challenged the question again since."""
        waiting = (
            await store.list_open(session, question=challenges[0].question, is_everywhere=True) if challenges else ()
        )
        again = {challenge.member_id for challenge in waiting}
        return [challenge for challenge in challenges if challenge.member_id not in again]

    async def _finish(self, session: AsyncSession, done: _Done) -> Outcome:
        told = await self._tell(session, done)
        effect = rules.count_changes((one.member_id, one.before, one.after) for one in done.regraded)
        posts = {one.message_id: one.id for one in reversed(done.challenges) if one.message_id is not None}
        is_kept = done.verdict is Verdict.KEPT
        rounds = () if is_kept else await store.list_closed_rounds(session, done.question, done.guild_id)
        outcome = Outcome(done.verdict, done.question, effect, tuple(sorted(posts.values())), rounds, told)
        if done.guild_id == EVERYWHERE:
            await self._plan(session, outcome)
        return outcome

    async def _plan(self, session: AsyncSession, outcome: Outcome) -> None:
        """An operator decides without Discord, so that the running program shows it, as soon as there is one."""
        now = self._clock()
        for challenge_id in outcome.challenge_ids:
            await schedule.add_now(session, SHOW_POST, challenge_id, now)
        for round_id in outcome.rounds:
            await weekly_store.plan_refresh(session, round_id, now)

    # Telling members

    async def _tell(self, session: AsyncSession, done: _Done) -> int:
        """Write the news of a decision, or of one that was taken back; returns how many members are told.

        What nobody has read of an earlier decision is replaced: it no longer holds.
        """
        changes = {one.member_id: Change(one.before, one.after) for one in done.regraded}
        for member_id, unread in (await self._take_pending(session, done)).items():
            after = changes[member_id].after if member_id in changes else unread.after
            changes[member_id] = Change(unread.before, after)
        details = await self._details(session, done)
        decided = done.verdict if done.decision else None
        told = 0
        for member_id in sorted(done.challengers | set(changes)):
            change = changes.get(member_id)
            kind = rules.choose_news(change, decided, is_challenger=member_id in done.challengers)
            if kind is not None:
                graded = {"before": change.before, "after": change.after} if change else {}
                news = News(kind.value, done.question, {**details, **graded})
                await questions_store.add_news(session, member_id, news, self._clock())
                told += 1
        return told

    async def _take_pending(self, session: AsyncSession, done: _Done) -> dict[int, Change]:
        """Delete the news of earlier decisions that no longer hold; returns the changes that nobody has read of.

        That a question was kept changes nothing for those who wait to hear of a correction.
        """
        concerned = done.challengers | {one.member_id for one in done.regraded}
        pending = await store.list_pending_news(session, done.question)
        pending = tuple(piece for piece in pending if piece.scope == done.guild_id)
        if done.decision is None:
            pending = tuple(piece for piece in pending if piece.is_kept is (done.verdict is Verdict.KEPT))
        else:
            is_kept = done.verdict is Verdict.KEPT
            pending = tuple(piece for piece in pending if piece.member_id in concerned and not is_kept)
        await store.delete_news(session, pending)
        changes: dict[int, Change] = {}
        for piece in pending:
            if piece.change is not None:
                first = changes.get(piece.member_id, piece.change)
                changes[piece.member_id] = Change(first.before, piece.change.after)
        return changes

    async def _details(self, session: AsyncSession, done: _Done) -> Mapping[str, Any]:
        details: dict[str, Any] = {"scope": done.guild_id}
        if done.decision is not None:
            details |= {"verdict": done.verdict.value, "note": done.decision.note}
        if done.verdict is not Verdict.KEPT and (done.decision is None or done.verdict is Verdict.CORRECTED):
            item = await self._item(session, done.question, done.guild_id or None)
            details["right"] = list(describe_key(item))
        return details


def _checked(text: str, too_short: str) -> str:
    """What somebody wrote, in the length that is wanted.

    Raises:
        MemberError: it is too short or too long.
    """
    least, most = rules.REASON_LIMITS
    text = text.strip()
    if len(" ".join(text.split())) < least:
        raise MemberError(too_short)
    if len(text) > most:
        raise MemberError(_too_long())
    return text


def _checked_note(decision: Decision) -> str | None:
    """What those who decide wrote; a correction needs a reason, for members who learned otherwise read it."""
    if decision.verdict is Verdict.CORRECTED:
        return _checked(decision.note or "", "Please say in a sentence why, so that members can learn from it.")
    note = (decision.note or "").strip()
    if len(note) > rules.REASON_LIMITS[1]:
        raise MemberError(_too_long())
    return note or None


def _too_long() -> str:
    return f"That is longer than {rules.REASON_LIMITS[1]} characters. Please say it in fewer words."


def _post_of(group: Iterable[Challenge]) -> Post | None:
    return next((challenge.post for challenge in group if challenge.post), None)


def _servers(attempts: Iterable[Attempt]) -> set[int]:
    return {attempt.guild_id for attempt in attempts if attempt.guild_id is not None}


def _hardest_first(one: ItemStatistics) -> tuple[float, int, str]:
    return (one.difficulty if one.difficulty is not None else 1.0), -one.answers, one.question
