"""The use cases of /start: each answer is stored at once, so that nothing is lost and any page can be skipped."""

from bot.clock import Clock
from bot.errors import MemberError
from bot.features.progress.models import Enrolment
from bot.features.progress.rules.zones import parse_zone, suggest_zones
from bot.features.progress.service import MOTIVATION_LIMIT, ProgressService
from bot.features.start.models import Misread, Setup, Sight, Subject, Typed
from bot.features.start.rules.hours import parse_hours
from knowledge.models import Style

MOST_EXPERIENCE = 3
UNKNOWN_CHOICE = "I do not know that choice. `/start` opens the form again."


class StartService:
    """Takes a member's answers to /start."""

    def __init__(self, clock: Clock, progress: ProgressService) -> None:
        self._clock = clock
        self._progress = progress

    async def show(self, member_id: int, guild_id: int | None) -> Setup:
        """The answers so far."""
        profile = (await self._progress.find_learner(member_id)).profile
        enrolment = None if guild_id is None else await self._progress.find_enrolment(member_id, guild_id)
        return Setup(profile, enrolment)

    async def save_experience(self, member_id: int, subject: Subject, level: str) -> None:
        """Store how much experience there is, from 0 to 3.

        Raises:
            MemberError: there is no such level.
        """
        if not level.isdecimal() or int(level) > MOST_EXPERIENCE:
            raise MemberError(UNKNOWN_CHOICE)
        await self._progress.save_profile(member_id, **{subject.value: int(level)})

    async def save_style(self, member_id: int, style: str) -> None:
        """Store the favourite format.

        Raises:
            MemberError: there is no such format.
        """
        if style not in set(Style):
            raise MemberError(UNKNOWN_CHOICE)
        await self._progress.save_profile(member_id, style=Style(style).value)

    async def save_about(self, member_id: int, typed: Typed) -> Misread:
        """Store what was typed as far as it can be read; what was emptied is forgotten. Returns what is left."""
        values: dict[str, object] = {"motivation": typed.motivation.strip()[:MOTIVATION_LIMIT] or None}
        problems, hours, zone = [], "", ""
        try:
            values["hours_per_week"] = parse_hours(typed.hours)
        except MemberError as error:
            problems.append(str(error))
            hours = typed.hours
        try:
            values["zone"] = parse_zone(typed.zone, self._clock())
        except MemberError as error:
            problems.append(str(error))
            zone = typed.zone
        await self._progress.save_profile(member_id, **values)
        return Misread(tuple(problems), hours, zone)

    async def save_zone(self, member_id: int, text: str) -> None:
        """Store the time zone.

        Raises:
            MemberError: it is not clear which zone that is.
        """
        if (zone := parse_zone(text, self._clock())) is not None:
            await self._progress.save_profile(member_id, zone=zone)

    async def suggest_zones(self, member_id: int, text: str, guess: str | None) -> list[tuple[str, str]]:
        """Labels and names of zones that fit what was typed so far."""
        stored = None if text.strip() else (await self._progress.find_learner(member_id)).profile.zone
        return suggest_zones(text, self._clock(), (stored, guess))

    async def save_sight(self, member_id: int, guild_id: int, choice: str) -> Enrolment:
        """Store what a server may see; returns it.

        Raises:
            MemberError: there is no such choice.
        """
        if choice not in set(Sight):
            raise MemberError(UNKNOWN_CHOICE)
        sight = Sight(choice)
        return await self._progress.change_enrolment(
            member_id,
            guild_id,
            is_visible=sight is not Sight.PRIVATE,
            is_congratulated=sight is Sight.CONGRATULATED,
        )

    async def finish(self, member_id: int, guild_id: int | None) -> Setup:
        """The form is through; the first time is remembered."""
        setup = await self.show(member_id, guild_id)
        if setup.is_finished:
            return setup
        await self._progress.save_profile(member_id, started_at=self._clock())
        return await self.show(member_id, guild_id)
