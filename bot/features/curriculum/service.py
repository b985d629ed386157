"""The use cases of browsing the curriculum."""

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.curriculum.models import Line, Page
from bot.features.curriculum.rules.pages import HOME, Pages
from bot.features.curriculum.rules.search import find_page, find_pages
from bot.features.curriculum.rules.standing import Reader
from bot.features.progress.models import Choice
from bot.features.progress.service import ProgressService
from knowledge.curriculum import Curriculum

NO_SUCH_PAGE = "That page is no longer part of the curriculum. `/curriculum` opens the first one."
NOTHING_FOUND = "Nothing in the curriculum is called that. Try another word, or `/ask` me about it."


class CurriculumService:
    """Opens pages for a member, with their own progress on them. It changes nothing."""

    def __init__(self, curriculum: Curriculum, progress: ProgressService, clock: Clock) -> None:
        self._curriculum = curriculum
        self._progress = progress
        self._clock = clock

    async def open_page(self, address: str, member_id: int | None) -> Page:
        """The page at an address; for everybody, without a member's progress, if `member_id` is None.

        Raises:
            MemberError: there is no such page.
        """
        page = Pages(self._curriculum, await self._reader(member_id)).build(address)
        if page is None:
            raise MemberError(NO_SUCH_PAGE)
        return page

    async def search(self, text: str, member_id: int | None) -> Page:
        """The page that a member means: an address, or words; several that match are listed.

        Raises:
            MemberError: nothing matches.
        """
        pages = Pages(self._curriculum, await self._reader(member_id))
        page = pages.build(text)
        if page is not None:
            return page
        if not find_pages(self._curriculum, text):
            text = self._progress.spelling.repair(text)
        only = find_page(self._curriculum, text)
        page = pages.build(only.value) if only else None
        if page is not None:
            return page
        found = find_pages(self._curriculum, text)
        if not found:
            raise MemberError(NOTHING_FOUND)
        lines = tuple(Line(choice.label, address=choice.value) for choice in found)
        return Page(HOME, "What matches", ("Choose one below.",), lines=lines, up=HOME)

    def suggest(self, text: str) -> tuple[Choice, ...]:
        """Pages that a member may mean while typing."""
        return find_pages(self._curriculum, text) or find_pages(self._curriculum, self._progress.spelling.repair(text))

    async def _reader(self, member_id: int | None) -> Reader | None:
        if member_id is None:
            return None
        learner = await self._progress.find_learner(member_id)
        return Reader(self._curriculum, self._progress.path_of(learner), learner, self._clock())
