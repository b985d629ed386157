"""What /start asks, page by page."""

from dataclasses import dataclass
from enum import StrEnum

from bot.features.progress.models import Enrolment, Profile


class Page(StrEnum):
    """The pages of the form in their order, and the summary at its end."""

    EXPERIENCE = "experience"
    FORMAT = "format"
    ABOUT = "about"
    SIGHT = "sight"
    PLACEMENT = "placement"
    SUMMARY = "summary"


class Subject(StrEnum):
    """What experience is asked about; the names are those of the profile."""

    CODING = "coding"
    MATHS = "maths"
    DEEP_LEARNING = "deep_learning"


class Sight(StrEnum):
    """What a server may see of a learner."""

    PRIVATE = "private"
    VISIBLE = "visible"
    CONGRATULATED = "congratulated"


@dataclass(frozen=True, slots=True)
class Setup:
    """The answers so far. `enrolment` is that of the server in which the form is open, None in direct messages."""

    profile: Profile
    enrolment: Enrolment | None = None

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that apply; a direct message has no server that could see anything."""
        return tuple(
            page for page in Page if page is not Page.SUMMARY and (page is not Page.SIGHT or self.enrolment is not None)
        )

    @property
    def sight(self) -> Sight | None:
        """The choice that fits the enrolment; None if none does."""
        if self.enrolment is None:
            return None
        seen = (self.enrolment.is_visible, self.enrolment.is_congratulated)
        choices = {
            (False, False): Sight.PRIVATE,
            (True, False): Sight.VISIBLE,
            (True, True): Sight.CONGRATULATED,
        }
        return choices.get(seen)

    @property
    def is_newcomer(self) -> bool:
        """Whether deep learning is new to them, as they say."""
        return self.profile.deep_learning == 0

    @property
    def is_finished(self) -> bool:
        """Whether the form was finished before."""
        return self.profile.started_at is not None


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as it was typed."""

    motivation: str
    hours: str
    zone: str


@dataclass(frozen=True, slots=True)
class Misread:
    """What could not be read: a friendly sentence each, and the text, so that nobody types it twice."""

    problems: tuple[str, ...] = ()
    hours: str = ""
    zone: str = ""
