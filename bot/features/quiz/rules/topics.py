"""What a member may mean while typing a topic."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from bot.features.progress.models import Choice
from bot.features.progress.rules.choices import BEGINS_SO, CALLED_SO, rank_names
from bot.features.quiz.models import MISSED, Topic, TopicKind
from bot.ui.text import shorten
from knowledge.curriculum import Curriculum

MOST_FOUND = 25
MISSED_TITLE = "What I missed lately"
_MISSED_NAMES = (MISSED_TITLE, "missed", "what i missed", "my mistakes", "wrong answers")
_LABEL_LIMIT, _VALUE_LIMIT = 100, 100
_ALIKE = 0.75
_CLEAR_FROM = 3
"""Characters that may stand for the one name that begins with them."""


def suggest_topics(curriculum: Curriculum, text: str, first: Sequence[Topic] = ()) -> tuple[Choice, ...]:
    """Topics that have every word of `text` in their names, the nearest first.

    While nothing is typed these are what was missed, then `first`, then the steps and the concepts.
    """
    found = _ranked(curriculum, text, first)
    choices = (Choice(topic.value, _label(curriculum, topic)) for _, topic in found)
    return tuple([choice for choice in choices if len(choice.value) <= _VALUE_LIMIT][:MOST_FOUND])


def find_topics(curriculum: Curriculum, text: str) -> tuple[Topic, ...]:
    """The topic that `text` names, as a value or in words; several or none if that is not clear."""
    value = Topic.from_value(text.strip())
    if value is not None and title_of(curriculum, value) is not None:
        return (value,)
    found = _ranked(curriculum, text)
    called_so = tuple(topic for rank, topic in found if rank == CALLED_SO)
    begins_so = tuple(topic for rank, topic in found if rank == BEGINS_SO)
    if called_so:
        return called_so
    is_clear = len(begins_so) == 1 and len(_plain(text)) >= _CLEAR_FROM
    return begins_so if is_clear else tuple(topic for _, topic in found)


def find_alike(curriculum: Curriculum, text: str) -> str | None:
    """The title of the topic whose name is spelt most like `text`, if any is."""
    titles = {name.casefold(): names[0] for _, names in _topics(curriculum) for name in names}
    alike = get_close_matches(_plain(text), titles, n=1, cutoff=_ALIKE)
    return titles[alike[0]] if alike else None


def title_of(curriculum: Curriculum, topic: Topic) -> str | None:
    """What a member reads of a topic; None if the curriculum has no such step or concept."""
    match topic.kind:
        case TopicKind.STEP:
            titles = (f"Step {step.number}: {step.title}" for step in curriculum.steps if str(step.number) == topic.id)
            return next(titles, None)
        case TopicKind.CONCEPT:
            concept = curriculum.concepts.get(topic.id)
            return concept.title if concept else None
        case TopicKind.MISSED:
            return MISSED_TITLE


def _ranked(curriculum: Curriculum, text: str, first: Sequence[Topic] = ()) -> list[tuple[int, Topic]]:
    """Every topic that matches, the nearest first."""
    text = _plain(text)
    ranks = ((rank_names(text, names), topic) for topic, names in _topics(curriculum, first))
    return sorted(((rank, topic) for rank, topic in ranks if rank is not None), key=lambda pair: pair[0])


def _label(curriculum: Curriculum, topic: Topic) -> str:
    title = title_of(curriculum, topic) or topic.id
    if topic.kind is TopicKind.CONCEPT:
        title += f" · concept of step {curriculum.concepts[topic.id].step}"
    return shorten(title, _LABEL_LIMIT)


def _plain(text: str) -> str:
    """As names are compared; some clients send what a suggestion is called, and not its value."""
    return " ".join(text.casefold().partition(" · ")[0].split()).strip(".,;:!?")


def _topics(curriculum: Curriculum, first: Iterable[Topic] = ()) -> Iterator[tuple[Topic, tuple[str, ...]]]:
    """Every topic once with its names, of which the first is the title."""
    steps = (Topic(TopicKind.STEP, str(step.number)) for step in curriculum.steps)
    concepts = (Topic(TopicKind.CONCEPT, id_) for id_ in curriculum.concepts)
    for topic in dict.fromkeys((MISSED, *first, *steps, *concepts)):
        names = _names(curriculum, topic)
        if names:
            yield topic, names


def _names(curriculum: Curriculum, topic: Topic) -> tuple[str, ...]:
    title = title_of(curriculum, topic)
    if title is None:
        return ()
    match topic.kind:
        case TopicKind.STEP:
            return title, f"step {topic.id}", topic.id, curriculum.step(int(topic.id)).title
        case TopicKind.CONCEPT:
            return title, *curriculum.concepts[topic.id].aliases
        case TopicKind.MISSED:
            return _MISSED_NAMES
