"""Where the topic of an answer stands on the asker's own path."""

from bot.features.ask.models import Unmet
from bot.features.progress.models import Learner, Level, Path
from bot.features.progress.rules.overview import current_step
from knowledge.curriculum import Curriculum

MOST_UNMET = 2


def describe_standing(curriculum: Curriculum, concept_id: str, path: Path, learner: Learner, level: Level) -> str:
    """One or two sentences on where a concept stands for this learner, who is known to have begun."""
    concept = curriculum.concepts[concept_id]
    step = current_step(path, learner)
    title = curriculum.step(concept.step).title
    deep = f"in depth in step {concept.step} ({title})"
    if step is None:
        place = f"You have done all six steps; this is studied {deep}."
    elif concept.met_in > step.number:
        place = f"You are in step {step.number}, and this is first met in step {concept.met_in}: a look ahead."
    elif concept.step > step.number:
        place = f"You are in step {step.number}, where a first contact is enough; it comes {deep}."
    elif concept.step == step.number:
        place = f"This belongs to step {step.number}, where you are now."
    else:
        place = f"This was studied {deep}, before your present step {step.number}."
    words = {
        Level.SOLID: " Your answers on it are solid.",
        Level.FADING: " Your answers on it were solid and are fading.",
        Level.SHAKY: " Your answers on it have been shaky.",
    }.get(level, "")
    return place + words


def find_unmet(curriculum: Curriculum, concept_id: str, path: Path, learner: Learner) -> tuple[Unmet, ...]:
    """Prerequisites that the learner has not met: in no part or step that is settled, and in no answer of theirs."""
    step = current_step(path, learner)
    if step is None:
        return ()
    met = {c for item in path.items if learner.is_settled(item.id) for c in item.concepts}
    met.update(learner.mastery)
    concepts = curriculum.concepts
    needed = [id_ for id_ in concepts[concept_id].prerequisites if concepts[id_].met_in >= step.number]
    unmet = [id_ for id_ in needed if id_ not in met]
    found = []
    for id_ in unmet[:MOST_UNMET]:
        place = curriculum.concepts[id_].study[0]
        found.append(Unmet(curriculum.concepts[id_].title, curriculum.place_label(place), curriculum.place_url(place)))
    return tuple(found)
