"""The use cases of asking: answer a question, show its sources in full, take an opinion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.ask import store
from bot.features.ask.models import (
    Answer,
    Asked,
    Citation,
    FullSource,
    Intent,
    Outcome,
    Quote,
    Saying,
    Standing,
    StoredAnswer,
    StudyLink,
    Topic,
)
from bot.features.ask.rules import question as question_rules
from bot.features.ask.rules.confidence import is_answerable
from bot.features.ask.rules.evidence import Evidence, choose_evidence
from bot.features.ask.rules.facts import find_facts
from bot.features.ask.rules.names import build_names, find_named
from bot.features.ask.rules.own_words import commands_in, find_own_words, find_talk
from bot.features.ask.rules.standing import describe_standing, find_unmet
from bot.features.progress.models import Evidence as Observation
from bot.features.progress.models import EvidenceKind, Learner
from bot.features.progress.rules.mastery import find_level
from bot.features.progress.service import ProgressService
from bot.storage.database import Database
from indexer.corpus import FACTS_HEADING
from indexer.lexical_index import tokenise
from indexer.live import LiveIndex
from indexer.passages import Passage, SegmentKind, join_segments
from indexer.retriever import Query, Result
from indexer.snapshot import Snapshot
from knowledge.curriculum import Curriculum
from knowledge.facts import Fact, curriculum_facts
from knowledge.models import Concept

_FOLLOW_UP_WINDOW = timedelta(minutes=20)
_TOP_K = 8
_NEAREST_SIMILARITY = 0.4
_ALWAYS_THERE = frozenset({"ask", "help", "privacy"})
"""The commands that there are without a curriculum, by their first word."""
_NO_TOPIC = "That topic is no longer in my notes. Ask again with `/ask`."
_NO_CONCEPT = "I no longer know which topic that answer was about. Ask again with `/ask`, and try it there."


@dataclass(frozen=True, slots=True)
class AnswerPolicy:
    """What an admin sets about answers."""

    max_sources: int = 5
    confidence: float = 0.5
    notes_url: str = ""


class AskService:
    """Answers questions from the index. Every method opens its own transaction."""

    def __init__(
        self,
        index: LiveIndex,
        database: Database,
        clock: Clock,
        policy: AnswerPolicy,
        curriculum: Curriculum | None,
        *,
        progress: ProgressService | None = None,
    ) -> None:
        self._index = index
        self._database = database
        self._clock = clock
        self._policy = policy
        self._curriculum = curriculum
        self._progress = progress
        self._facts: Sequence[Fact] = curriculum_facts(curriculum) if curriculum else ()
        self._names: Mapping[str, str] = build_names(curriculum) if curriculum else {}

    async def answer_question(self, asked: Asked) -> Answer:
        """Answer a question and remember the answer, whose id is set. Never raises for what a member wrote."""
        text = question_rules.clean(asked.text)
        told = self._own_words(text)
        if told is not None:
            return await self._remember(await self._tell(text, *told), asked, text)
        earlier = await self._earlier_answer(asked, text)
        answer = await self._find_answer(text, earlier)
        # What somebody else asked is theirs: it must not outlive their deletion in this member's row.
        own = earlier.question if earlier and earlier.member_id == asked.member_id else None
        remembered = text if own is None else f"{own} {text}"[-question_rules.MAX_LENGTH :]
        return await self._remember(answer, asked, remembered)

    async def answer_topic(self, asked: Asked, source: str) -> Answer:
        """Quote a note that was offered as near to a question, and remember the answer, whose id is set.

        Raises:
            MemberError: the notes do not have it any more.
        """
        snapshot = self._index.snapshot
        if source not in snapshot.passages_of_source:
            raise MemberError(_NO_TOPIC)
        title = snapshot.passages[snapshot.passages_of_source[source][0]].title
        result, snapshot = await self._index.search(Query(title, include=(source,)), _TOP_K)
        hits = tuple(sorted(result.hits, key=lambda hit: hit.source != source))
        return await self._remember(self._quoted_answer(title, (), replace(result, hits=hits), snapshot), asked, title)

    async def _remember(self, answer: Answer, asked: Asked, text: str) -> Answer:
        """Store an answer to `text`; returns it with its id, as this member reads it."""
        async with self._database.transaction() as session:
            answer_id = await store.add_answer(
                session,
                replace(asked, text=text),
                now=self._clock(),
                outcome=answer.outcome,
                passages=[citation.passage_key for citation in answer.citations],
            )
        return await self._for_the_learner(replace(answer, id=answer_id), asked)

    async def _for_the_learner(self, answer: Answer, asked: Asked) -> Answer:
        """Remember that a learner asked about a concept; where nobody else reads it, say where it stands for them."""
        if self._progress is None or answer.concept is None:
            return answer
        learner = await self._progress.find_learner(asked.member_id)
        if not _has_begun(learner):
            return answer
        question = Observation(answer.concept, EvidenceKind.ASK, None, f"ask:{answer.id}")
        await self._progress.add_evidence(asked.member_id, [question])
        if not asked.is_private:
            return answer
        standing = self._standing_of(answer.concept, learner)
        return replace(answer, standing=standing.text, unmet=standing.unmet)

    async def show_standing(self, answer_id: int, member_id: int) -> Standing:
        """Where the concept of an answer stands on the path of whoever asks, who need not have asked the question.

        Raises:
            MemberError: the answer is not known any more, or it is about no concept.
        """
        concept_id = await self.find_concept(answer_id)
        if self._progress is None or self._curriculum is None:
            raise MemberError(_NO_CONCEPT)
        learner = await self._progress.find_learner(member_id)
        return self._standing_of(concept_id, learner)

    async def find_concept(self, answer_id: int) -> str:
        """The concept that an answer is about.

        Raises:
            MemberError: the answer is not known any more, or it is about no concept.
        """
        async with self._database.transaction() as session:
            stored = await store.find_answer(session, answer_id)
        passages = self._index.snapshot.passage_by_key
        for key in stored.passages[:1] if stored else ():
            if key in passages and self._concept(passages[key]) is not None:
                return passages[key].source.removeprefix("concepts/")
        raise MemberError(_NO_CONCEPT)

    def _standing_of(self, concept_id: str, learner: Learner) -> Standing:
        assert self._progress is not None  # noqa: S101 - the callers have looked
        assert self._curriculum is not None  # noqa: S101
        concept = self._curriculum.concepts[concept_id]
        if not _has_begun(learner):
            return Standing(concept_id, concept.title, self._general_standing(concept))
        path = self._progress.path_of(learner)
        mastery = learner.mastery.get(concept_id)
        # What is known from a check-in alone is told nowhere but there and in /next.
        level = find_level(mastery if mastery and mastery.answers else None, self._clock())
        text = describe_standing(self._curriculum, concept_id, path, learner, level)
        return Standing(concept_id, concept.title, text, find_unmet(self._curriculum, concept_id, path, learner))

    async def remember_message(self, answer_id: int, message_id: int) -> None:
        """Tie an answer to the message that shows it, so that a reply to it is understood as a follow-up."""
        async with self._database.transaction() as session:
            await store.update_message(session, answer_id, message_id)

    async def rate_answer(self, answer_id: int, member_id: int, *, helpful: bool) -> bool:
        """Take a member's opinion; returns whether it changed an earlier one.

        Raises:
            MemberError: the answer is not known any more.
        """
        async with self._database.transaction() as session:
            if await store.find_answer(session, answer_id) is None:
                raise MemberError("I no longer have that answer on record. Ask again with /ask and rate the new one.")
            before = await store.find_feedback(session, answer_id, member_id)
            await store.update_feedback(session, answer_id, member_id, helpful=helpful, now=self._clock())
        return before is not None and before != helpful

    async def show_sources(self, answer_id: int) -> tuple[FullSource, ...]:
        """The passages that an answer cites, in full and as they stand today.

        Raises:
            MemberError: the answer is not known any more, or it cites nothing.
        """
        async with self._database.transaction() as session:
            stored = await store.find_answer(session, answer_id)
        if stored is None:
            raise MemberError("I no longer have that answer on record. Ask again with /ask to see its sources.")
        passages = self._index.snapshot.passage_by_key
        found = [(number, passages[key]) for number, key in enumerate(stored.passages, start=1) if key in passages]
        if not found:
            raise MemberError(
                "The notes behind this answer have changed since. Ask again with /ask to see today's text."
            )
        return tuple(self._full_source(number, passage) for number, passage in found)

    async def _earlier_answer(self, asked: Asked, text: str) -> StoredAnswer | None:
        """The answer that this question follows up: the one replied to, or the member's last one if it leans on it."""
        if question_rules.is_small_talk(text):
            return None
        async with self._database.transaction() as session:
            if asked.replied_to is not None:
                return await store.find_answer_by_message(session, asked.replied_to)
            if question_rules.is_follow_up(text):
                since = self._clock() - _FOLLOW_UP_WINDOW
                return await store.find_last_answer(session, asked.member_id, asked.channel_id, since)
        return None

    def _own_words(self, text: str) -> tuple[Saying, str] | None:
        """What is answered without a search, if its commands are there, and what else the message says."""
        found = find_own_words(text)
        return found if found is not None and self._has_commands_of(found[0]) else None

    def _has_commands_of(self, saying: Saying) -> bool:
        return self._curriculum is not None or _ALWAYS_THERE.issuperset(
            name.split(maxsplit=1)[0] for name in commands_in(saying)
        )

    async def _tell(self, text: str, saying: Saying, rest: str) -> Answer:
        """The tutor's own words, with an answer to the rest of the message or a quote that goes with them."""
        if saying.takes_topic and tokenise(rest):
            for words in (rest, text):
                answer = await self._find_answer(words, None)
                if answer.outcome is Outcome.ANSWERED:
                    return replace(answer, saying=saying)
        passages = [passage for passage in self._index.snapshot.passages if passage.source == saying.note]
        found = [(passage, piece) for passage in passages for piece in passage.segments if saying.quote in piece.text]
        if saying.note is None or not found:
            return Answer(Outcome.OWN_WORDS, saying=saying)
        passage, piece = found[0]
        quoted = self._assemble([Evidence(passage, (piece,))])
        return Answer(Outcome.OWN_WORDS, quoted.quotes, quoted.citations, saying=saying)

    async def _find_answer(self, text: str, earlier: StoredAnswer | None) -> Answer:
        if not question_rules.has_words(text):
            return Answer(Outcome.EMPTY)
        if question_rules.is_small_talk(text):
            saying = find_talk(text)
            return Answer(Outcome.SMALL_TALK, saying=saying if saying and self._has_commands_of(saying) else None)
        if question_rules.is_order_to_the_bot(text):
            return Answer(Outcome.DECLINED)
        if evidence := self._fact_evidence(text):
            return self._assemble(evidence)
        previous = earlier.question if earlier else None
        plain = question_rules.without_manner(text)
        named = find_named(self._index.snapshot.spelling.repair(plain), self._names)
        if previous and len(named) < 2:  # "how is that different from SARSA?"
            named = tuple(dict.fromkeys((*named, *find_named(previous, self._names))))
        result, snapshot = await self._index.search(Query(plain, previous, named), _TOP_K)
        if not (
            self._names_nothing_else(result, named)
            or _asks_on(result, earlier)
            or is_answerable(result, self._policy.confidence)
        ):
            outcome = Outcome.NOT_ENGLISH if question_rules.is_not_english(text) else Outcome.DECLINED
            return Answer(outcome, nearest=_nearest(result))
        return self._quoted_answer(text, named, result, snapshot)

    def _quoted_answer(self, text: str, named: Sequence[str], result: Result, snapshot: Snapshot) -> Answer:
        intent = question_rules.find_intent(text)
        sides = named if len(named) >= 2 else ()
        if len(sides) >= 2 and question_rules.is_choice(text):
            intent = Intent.COMPARISON
        evidence = choose_evidence(
            result,
            intent,
            rarity=snapshot.lexical_sources.rarity,
            tokenise=tokenise,
            max_sources=self._policy.max_sources,
            sides=sides,
        )
        return self._assemble(evidence)

    def _names_nothing_else(self, result: Result, named: Sequence[str]) -> bool:
        """Whether the question has no word beside the name of a concept: "what is momentum?"."""
        words = {stem for name, source in self._names.items() if source in named for stem in tokenise(name)}
        return bool(result.tokens) and words.issuperset(result.tokens)

    def _fact_evidence(self, text: str) -> Sequence[Evidence]:
        """Structured facts that answer the question. Their sentences stand in the index as passages of their
        notes; an index that is older than the curriculum may lack them.
        """
        facts = find_facts(text, self._facts)
        if not facts:
            return ()
        passages = {(passage.source, passage.text): passage for passage in self._fact_passages()}
        found = [passages.get((fact.source, " ".join(fact.sentences))) for fact in facts]
        evidence = [Evidence(passage, passage.segments) for passage in found if passage is not None]
        return evidence[: self._policy.max_sources]

    def _fact_passages(self) -> Sequence[Passage]:
        return [passage for passage in self._index.snapshot.passages if passage.heading == (FACTS_HEADING,)]

    def _assemble(self, evidence: Sequence[Evidence]) -> Answer:
        citations: dict[str, Citation] = {}
        quotes: list[Quote] = []
        for item in evidence:
            key = item.passage.key
            if key not in citations:
                citations[key] = self._citation(len(citations) + 1, item.passage)
            is_block = any(segment.kind is not SegmentKind.SENTENCE for segment in item.segments)
            quotes.append(Quote(join_segments(item.segments), citations[key].number, is_block))
        main = evidence[0].passage
        return Answer(
            Outcome.ANSWERED,
            tuple(quotes),
            tuple(citations.values()),
            self._study_links(main),
            self._standing(main),
            concept=self._concept_to_try(main),
        )

    def _citation(self, number: int, passage: Passage) -> Citation:
        place = passage.place or " › ".join(passage.heading) or None
        url, label = self._link(passage)
        return Citation(number, passage.source, passage.title, place, url, passage.key, label)

    def _link(self, passage: Passage) -> tuple[str | None, str | None]:
        """The most exact link: the unit's own, the note on the web, else where the curriculum teaches the topic."""
        if passage.url:
            return passage.url, None
        if self._policy.notes_url:
            return f"{self._policy.notes_url.rstrip('/')}/{passage.source}.md", None
        if self._curriculum is None:
            return None, None
        folder, _, name = passage.source.partition("/")
        if folder == "concepts" and name in self._curriculum.concepts:
            place = self._curriculum.concepts[name].study[0]
            return self._curriculum.place_url(place), self._curriculum.place_label(place)
        if folder == "steps":
            return self._step_link(name)
        note = self._curriculum.resources.get(name) if folder == "resources" else self._curriculum.capstones.get(name)
        return (str(note.url) if note is not None and note.url else None), None

    def _step_link(self, step_id: str) -> tuple[str | None, str | None]:
        """The first resource of a step: where a learner begins it."""
        if self._curriculum is None:
            return None, None
        resources = [id_ for step in self._curriculum.steps if step.id == step_id for id_ in step.resource_ids]
        if not resources:
            return None, None
        first = self._curriculum.resources[resources[0]]
        return str(first.url), first.title

    def _study_links(self, passage: Passage) -> tuple[StudyLink, ...]:
        """Where to study a concept next: its first two places."""
        concept = self._concept(passage)
        if concept is None or self._curriculum is None:
            return ()
        curriculum = self._curriculum
        return tuple(
            StudyLink(
                curriculum.place_label(place),
                curriculum.place_url(place),
                curriculum.resources[place.resource].steps[0],
            )
            for place in concept.study[:2]
        )

    def _standing(self, passage: Passage) -> str | None:
        concept = self._concept(passage)
        return None if concept is None else self._general_standing(concept)

    def _general_standing(self, concept: Concept) -> str:
        """One sentence on where a concept stands in the curriculum and what it builds on."""
        assert self._curriculum is not None  # noqa: S101 - concepts come from it
        step = self._curriculum.step(concept.step)
        first = f"First met in step {concept.met_in}, studied" if concept.met_in < concept.step else "Studied"
        titles = [self._curriculum.concepts[id_].title for id_ in concept.prerequisites]
        builds_on = f" Builds on: {' · '.join(titles)}." if titles else ""
        return f"{first} in depth in step {step.number} ({step.title}).{builds_on}"

    def _concept_to_try(self, passage: Passage) -> str | None:
        """The concept of a passage, if this server has questions on it."""
        if self._progress is None or self._concept(passage) is None:
            return None
        return passage.source.removeprefix("concepts/")

    def _concept(self, passage: Passage) -> Concept | None:
        if self._curriculum is None or not passage.source.startswith("concepts/"):
            return None
        return self._curriculum.concepts.get(passage.source.removeprefix("concepts/"))

    def _full_source(self, number: int, passage: Passage) -> FullSource:
        url, _ = self._link(passage)
        place = passage.place or " › ".join(passage.heading) or None
        return FullSource(number, passage.title, place, passage.text, url)


def _has_begun(learner: Learner) -> bool:
    return learner.profile.started_at is not None or bool(learner.progress or learner.mastery)


def _asks_on(result: Result, earlier: StoredAnswer | None) -> bool:
    """Whether a question has no words of its own, as "why?", and follows up one that was answered."""
    return earlier is not None and earlier.outcome is Outcome.ANSWERED and not result.tokens and bool(result.hits)


def _nearest(result: Result) -> tuple[Topic, ...]:
    """What comes closest to a declined question, if anything comes close."""
    topics: dict[str, Topic] = {}
    for hit in result.hits:
        if hit.similarity >= _NEAREST_SIMILARITY:
            topics.setdefault(hit.title, Topic(hit.title, hit.source))
    return tuple(topics.values())[:3]
