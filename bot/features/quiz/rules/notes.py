"""What a member should know about the questions of a quiz before they begin."""

from collections.abc import Sequence

from bot.features.quiz.models import MISSED, Difficulty, Selection, Standing, Topic
from bot.features.quiz.rules.choosing import is_on


def describe_choice(
    chosen: Selection, standing: Standing, *, topic: Topic | None, title: str, wanted: int
) -> tuple[str, ...]:
    """Sentences about what is not as one might expect; none if all is. `title` names the topic."""
    notes = (
        _about_newcomers(standing, topic),
        _about_fillers(chosen, topic, title),
        _about_repeats(chosen, topic),
        _about_size(len(chosen.questions), wanted, topic),
    )
    return tuple(note for note in notes if note)


def describe_difficulties(wanted: Difficulty, others: Sequence[Difficulty], title: str | None) -> str:
    """There is nothing of the difficulty that was asked for, but of these."""
    on = f" on {title}" if title else ""
    return (
        f"I have no {wanted} questions{on} for you now, but {listed(others)} ones. "
        "Leave `difficulty` out, or choose one of these."
    )


def listed(names: Sequence[str]) -> str:
    """As one says them: a; a and b; a, b and c."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _about_newcomers(standing: Standing, topic: Topic | None) -> str:
    if topic is not None or not standing.is_new:
        return ""
    return "You have not begun yet, so these are on what the first parts of your path teach. A guess is fine."


def _about_fillers(chosen: Selection, topic: Topic | None, title: str) -> str:
    on = sum(topic is None or is_on(question, topic) for question in chosen.questions)
    others = len(chosen.questions) - on
    if not others:
        return ""
    if not on:
        return f"I have nothing fresh on {title} for you, so these are on topics close to it."
    own = "1 question is" if on == 1 else f"{on} questions are"
    rest = "1 is" if others == 1 else f"{others} are"
    return f"{own} on {title}, and {rest} on topics close to it."


def _about_repeats(chosen: Selection, topic: Topic | None) -> str:
    count, total = len(chosen.lately), len(chosen.questions)
    if not count:
        return ""
    if topic == MISSED:
        questions = "is a question" if count == 1 else "are questions"
        which = ("This" if count == 1 else "These") if count == total else f"{count} of these"
        return f"{which} {questions} that you missed, asked once more."
    which = ("this one" if count == 1 else "these") if count == total else f"{count} of these"
    return f"You answered {which} in the last 14 days, as I have nothing else left on this."


def _about_size(count: int, wanted: int, topic: Topic | None) -> str:
    if count >= wanted:
        return ""
    questions = "question" if count == 1 else "questions"
    which = f"fresh {questions}" if topic is None else f"{questions} on this"
    return f"I have only {count} {which} for you now, so the quiz is shorter."
