"""Which questions a quiz asks, and in which order.

Three findings decide it (Dunlosky and others, 2013, weigh them against each other):

- Retrieval practice: what one has to remember stays longer than what one reads again (Roediger and Karpicke, 2006).
  So a quiz asks what was met, and not what is still to come.
- Spacing: a gap before the next time makes it last (Cepeda and others, 2006). So no question comes back within 14
  days, and what was solid and fades comes before what is solid. The exact day of a question is the matter of reviews.
- Interleaving: topics that are taken for each other are told apart by meeting next to each other (Rohrer, 2012). So a
  third of a quiz is on concepts that are confused with the one just asked, and one concept never comes twice in a row.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import chain, islice, zip_longest

from bot.features.progress.models import Learner, Level, Path, State
from bot.features.progress.rules.mastery import find_level
from bot.features.progress.rules.overview import current_step
from bot.features.questions.rules.levels import difficulty_of, taught_in
from bot.features.quiz.models import MISSED, Difficulty, Selection, Standing, Topic, TopicKind
from knowledge.curriculum import Curriculum
from knowledge.models import Concept, Question

NOT_AGAIN_WITHIN = timedelta(days=14)
MISSED_WITHIN = timedelta(days=30)
LEAST_REACH = 8
"""So many concepts may be asked at least: those of the next parts of the path join the few that a newcomer has met."""

_MISFIT: Mapping[Level, tuple[float, float, float]] = {
    Level.SHAKY: (0.0, 0.25, 2.0),
    Level.UNSEEN: (0.0, 0.25, 2.0),
    Level.LEARNING: (0.5, 0.0, 1.0),
    Level.FADING: (1.0, 0.0, 0.25),
    Level.SOLID: (2.0, 1.0, 0.0),
}
"""How little an easy, a medium and a hard question fit a level. It should need thought, and be answered right mostly.

What is less than a whole apart gives way to the mix of kinds and difficulties."""
_HAS_MET = frozenset({State.STARTED, State.DONE, State.KNOWN})


# Where a learner stands


def find_standing(
    curriculum: Curriculum, path: Path, learner: Learner, missed: Sequence[str], now: datetime
) -> Standing:
    """What of a learner matters for a quiz; `missed` are questions answered wrong, the newest mistake first."""
    step = current_step(path, learner)
    met = _find_met(curriculum, learner)
    few = max(LEAST_REACH - len(met), 0)
    soon = (id_ for id_ in _next_concepts(curriculum, path, learner) if id_ not in met)
    return Standing(
        step.number if step else len(curriculum.steps),
        (*met, *islice(soon, few)),
        {id_: find_level(mastery, now) for id_, mastery in learner.mastery.items()},
        tuple(missed),
        is_new=not met,
    )


def _find_met(curriculum: Curriculum, learner: Learner) -> tuple[str, ...]:
    """The concepts that the learner has answered questions on, or has begun to study."""
    answered = (id_ for id_, mastery in learner.mastery.items() if mastery.answers)
    items = [item for item, progress in learner.progress.items() if progress.state in _HAS_MET]
    met = chain(answered, *(_concepts_of(curriculum, item) for item in items))
    return tuple(dict.fromkeys(id_ for id_ in met if id_ in curriculum.concepts))


def _concepts_of(curriculum: Curriculum, item_id: str) -> Iterable[str]:
    """What a part of the path, or beside it, teaches; of a milestone what its project needs."""
    if item_id.startswith("capstone:"):
        idea = curriculum.capstones.get(item_id.removeprefix("capstone:").partition("/")[0])
        return idea.concepts if idea else ()
    resource_id, _, unit_id = item_id.partition("/")
    resource = curriculum.resources.get(resource_id)
    unit = resource.unit(unit_id) if resource else None
    return unit.concepts if unit else ()


def _next_concepts(curriculum: Curriculum, path: Path, learner: Learner) -> Iterable[str]:
    """What the next parts of the present step teach, then everything else of it."""
    step = current_step(path, learner)
    if step is None:
        return ()
    parts = (item.concepts for item in step.items if not learner.is_settled(item.id))
    soon = (id_ for id_ in chain.from_iterable(parts) if curriculum.concepts[id_].met_in <= step.number)
    return dict.fromkeys(chain(soon, taught_in(curriculum.concepts, step.number)))


def confusable_with(concepts: Mapping[str, Concept], concept_id: str) -> tuple[str, ...]:
    """The concepts that are taken for this one, whichever of the two says so."""
    named = concepts[concept_id].confused_with if concept_id in concepts else ()
    naming = (id_ for id_, concept in concepts.items() if concept_id in concept.confused_with)
    return tuple(id_ for id_ in dict.fromkeys(chain(named, naming)) if id_ in concepts and id_ != concept_id)


# Choosing


def choose_questions(
    bank: Iterable[Question],
    concepts: Mapping[str, Concept],
    standing: Standing,
    answered: Mapping[str, datetime],
    now: datetime,
    *,
    rng: random.Random,
    count: int,
    topic: Topic | None = None,
    difficulty: Difficulty | None = None,
) -> Selection:
    """At most `count` questions, in the order in which they are asked; `answered` tells when each was last answered.

    Without a topic they are on what was met, the weakest first. What was answered in the last 14 days comes for a
    topic only, when nothing else is left of it, the longest ago first.
    """
    candidates = find_candidates(bank, concepts, standing, topic)
    wanted = [q for q in candidates if difficulty is None or q.difficulty == difficulty]
    lately = frozenset(q.id for q in wanted if q.id in answered and now - answered[q.id] < NOT_AGAIN_WITHIN)
    draw = _Draw([q for q in wanted if q.id not in lately], concepts, standing, answered, rng)
    for pool in _pools(candidates, concepts, standing, topic, rng):
        draw.fill(pool, count)
    if topic is not None:
        again = [q for q in wanted if q.id in lately and (topic != MISSED or q.id in standing.missed)]
        draw.fill_again(sorted(again, key=lambda q: (not is_on(q, topic), answered[q.id])), count)
    chosen = draw.chosen
    if topic is not None and topic.kind is TopicKind.CONCEPT:  # the way into one concept leads up
        chosen.sort(key=lambda q: difficulty_of(q) if is_on(q, topic) else len(Difficulty))
    return Selection(interleave(chosen), lately.intersection(q.id for q in chosen))


def find_candidates(
    bank: Iterable[Question],
    concepts: Mapping[str, Concept],
    standing: Standing,
    topic: Topic | None,
) -> tuple[Question, ...]:
    """Every question that such a quiz may ask, of any difficulty and whenever it was last answered."""
    questions = [q for q in bank if q.concept in concepts]
    allowed = set(_concepts_on(questions, concepts, standing, topic))
    return tuple(q for q in questions if q.concept in allowed)


def is_on(question: Question, topic: Topic) -> bool:
    """Whether it is on the topic itself, and does not only fill up."""
    return topic.kind is not TopicKind.CONCEPT or question.concept == topic.id


def _concepts_on(
    bank: Iterable[Question], concepts: Mapping[str, Concept], standing: Standing, topic: Topic | None
) -> Collection[str]:
    if topic is None:
        return standing.reach
    match topic.kind:
        case TopicKind.STEP:
            return taught_in(concepts, int(topic.id))
        case TopicKind.CONCEPT:
            return (topic.id, *_near(concepts, standing, topic.id))
        case TopicKind.MISSED:
            return _missed_concepts(bank, standing)


def _near(concepts: Mapping[str, Concept], standing: Standing, concept_id: str) -> tuple[str, ...]:
    """What fills up a quiz on one concept: what is taken for it, and what it builds on, but nothing still to come."""
    concept = concepts.get(concept_id)
    if concept is None:
        return ()
    last = max(standing.step, concept.met_in)
    near = dict.fromkeys((*confusable_with(concepts, concept_id), *concept.prerequisites))
    return tuple(id_ for id_ in near if id_ in standing.reach or concepts[id_].met_in <= last)


def _missed_concepts(bank: Iterable[Question], standing: Standing) -> tuple[str, ...]:
    """The concepts of what was missed, the newest mistake first."""
    concepts = {question.id: question.concept for question in bank}
    return tuple(dict.fromkeys(concepts[id_] for id_ in standing.missed if id_ in concepts))


def _pools(
    candidates: Sequence[Question],
    concepts: Mapping[str, Concept],
    standing: Standing,
    topic: Topic | None,
    rng: random.Random,
) -> tuple[tuple[str, ...], ...]:
    """The concepts to take questions from, those first that need it most; a later pool fills up."""
    there = tuple(dict.fromkeys(q.concept for q in candidates))
    if topic is None:
        return (_by_need(there, concepts, standing, standing.step, rng),)
    match topic.kind:
        case TopicKind.STEP:
            return (_by_need(there, concepts, standing, int(topic.id), rng),)
        case TopicKind.CONCEPT:
            return (topic.id,), _near(concepts, standing, topic.id)
        case TopicKind.MISSED:
            return (_missed_concepts(candidates, standing),)


def _by_need(
    pool: Iterable[str], concepts: Mapping[str, Concept], standing: Standing, step: int, rng: random.Random
) -> tuple[str, ...]:
    """What is shaky or fades takes turns with what is being learnt and what is new; then comes the rest.

    If all that is weak came first, and then all that is being learnt, somebody with much of it would be asked nothing
    but what went wrong, and what they have just studied only months later.
    """
    shuffled = list(pool)
    rng.shuffle(shuffled)
    groups: dict[_Need, list[str]] = {need: [] for need in _Need}
    for id_ in shuffled:
        groups[_need(id_, concepts[id_], standing, step)].append(id_)
    weak = _take_turns(groups[_Need.SHAKY], groups[_Need.FADING])
    growing = _take_turns(groups[_Need.LEARNING], groups[_Need.NEW])
    return (*_take_turns(weak, growing), *groups[_Need.LATER], *groups[_Need.SOLID])


def _take_turns(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """One of the first, one of the second, and so on; what is left over comes at the end."""
    return [id_ for id_ in chain.from_iterable(zip_longest(first, second)) if id_ is not None]


class _Need(Enum):
    SHAKY = auto()
    FADING = auto()
    LEARNING = auto()
    NEW = auto()
    LATER = auto()
    SOLID = auto()


def _need(concept_id: str, concept: Concept, standing: Standing, step: int) -> _Need:
    level = standing.level(concept_id)
    if level is not Level.UNSEEN:
        return _Need[level.name]
    is_of_the_step = step in {concept.met_in, concept.step}
    return _Need.NEW if is_of_the_step and concept_id in standing.reach else _Need.LATER


class _Draw:
    """Takes one question after the other, so that kinds and difficulties are mixed."""

    def __init__(
        self,
        questions: Iterable[Question],
        concepts: Mapping[str, Concept],
        standing: Standing,
        answered: Collection[str],
        rng: random.Random,
    ) -> None:
        self._concepts = concepts
        self._standing = standing
        self._answered = answered
        self._left: defaultdict[str, list[Question]] = defaultdict(list)
        for question in sorted(questions, key=lambda _: rng.random()):  # min() takes the first of equals
            self._left[question.concept].append(question)
        self._times: Counter[str] = Counter()
        self._traits: Counter[str] = Counter()
        self._usual = Counter(trait for questions in self._left.values() for q in questions for trait in _traits(q))
        self._partners = 0
        self.chosen: list[Question] = []

    def fill(self, pool: Sequence[str], count: int) -> None:
        """Take questions until there are `count`: one of each concept, then a second one of each, and so on."""
        for turn in range(1, count + 1):
            for concept_id in pool:
                if len(self.chosen) >= count:
                    return
                if self._times[concept_id] < turn and self._left[concept_id]:
                    self._take(concept_id)
                    self._add_partner(concept_id, pool, count)

    def fill_again(self, questions: Iterable[Question], count: int) -> None:
        """Take these, in their order, until there are `count`."""
        self.chosen += [*questions][: max(count - len(self.chosen), 0)]

    def _take(self, concept_id: str) -> None:
        question = min(self._left[concept_id], key=self._cost)
        self._left[concept_id].remove(question)
        self._times[concept_id] += 1
        self._traits.update(_traits(question))
        self.chosen.append(question)

    def _cost(self, question: Question) -> float:
        """Least for what fits the level, was missed or never asked, and is rarer so far than in the bank."""
        misfit = _MISFIT[self._standing.level(question.concept)][difficulty_of(question)]
        excess = self._excess(question.kind.value) + self._excess(question.difficulty) / 2
        known = (question.id in self._answered) - 2 * (question.id in self._standing.missed)
        return misfit + excess + known

    def _excess(self, trait: str) -> float:
        """By how much a kind or a difficulty is more frequent in the choice than among all that may be chosen."""
        return self._traits[trait] / max(len(self.chosen), 1) - self._usual[trait] / max(self._usual.total() / 2, 1)

    def _add_partner(self, concept_id: str, pool: Sequence[str], count: int) -> None:
        """Put a concept beside the last one that is taken for it, if it is time for another third."""
        if len(self.chosen) >= count or self._partners >= round((len(self.chosen) + 1) / 3):
            return
        taken_for_it = confusable_with(self._concepts, concept_id)
        partner = next((id_ for id_ in pool if id_ in taken_for_it and self._left[id_] and not self._times[id_]), None)
        if partner is not None:
            self._take(partner)
            self._partners += 1


def _traits(question: Question) -> tuple[str, str]:
    """What should be mixed in a quiz."""
    return question.kind.value, question.difficulty


# Order


def interleave(questions: Iterable[Question]) -> tuple[Question, ...]:
    """The same questions, as near to their order as can be without two of one concept next to each other."""
    left = list(questions)
    ordered: list[Question] = []
    while left:
        last = ordered[-1].concept if ordered else None
        ordered.append(left.pop(_next_place(left, last)))
    return tuple(ordered)


def _next_place(left: Sequence[Question], last: str | None) -> int:
    """The first question that differs from the last one and leaves an order for the others."""
    others = [place for place, question in enumerate(left) if question.concept != last]
    counts = Counter(question.concept for question in left)
    for place in others:
        if _leaves_an_order(counts, left[place].concept):
            return place
    # There is none. Whatever stands most often is spread as far as it goes.
    return max(others, key=lambda place: counts[left[place].concept], default=0)


def _leaves_an_order(counts: Counter[str], concept_id: str) -> bool:
    """Whether the rest can be asked without a repetition once this concept was."""
    rest = counts.total() - 1
    return all(2 * (count - 1) <= rest if id_ == concept_id else 2 * count <= rest + 1 for id_, count in counts.items())
