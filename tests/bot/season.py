"""A season of study groups on a simulated Discord: real commands, clicks and windows, and a recount of its own.

Members make groups in many time zones, join, check in or do not, travel, pause and leave; homes and channels are
deleted, and the program is away three times. What should have happened is worked out here, from what the members did
and with calendar arithmetic of its own, and is compared with what stands on Discord and in the database.
"""

import heapq
import itertools
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from tests.bot.server import Server, text_of
from tests.bot.weekly_members import come_back_at

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Sydney",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Africa/Lagos",
    "America/St_Johns",
    "Pacific/Auckland",
    "Asia/Kathmandu",
    "America/Los_Angeles",
)
START = datetime(2026, 3, 2, 9, 17, tzinfo=UTC)
"""In these weeks clocks change in America (8 March), Europe (29 March), Australia and New Zealand (5 April)."""

LATE = timedelta(hours=24)
REPAIR = timedelta(days=7)
_STEP = 3 * 3600.0
DAY, WEEK, MINUTE = timedelta(days=1), timedelta(weeks=1), timedelta(minutes=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass
class Person:
    """A member of a group, with what they did."""

    actor: MemberActor
    joined: datetime
    left: datetime | None = None
    away: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Said when, and until when."""
    sent: dict[datetime, datetime] = field(default_factory=dict)
    """When a check-in was sent that counts, by the planned time of its week."""

    def is_there(self, at: datetime) -> bool:
        return self.joined <= at and (self.left is None or at < self.left)

    def is_away(self, planned: datetime, known_at: datetime) -> bool:
        return any(said <= known_at and planned < until for said, until in self.away)


@dataclass
class Home:
    """A group as the season sees it."""

    name: str
    zone: str
    weekday: int
    minute: int
    window: int
    parent: ChannelHandle
    created: datetime
    people: list[Person]
    id: int = 0
    paused: list[tuple[datetime, datetime]] = field(default_factory=list)
    homeless: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    ended: datetime | None = None

    def planned(self, until: datetime) -> Iterator[datetime]:
        """Each time at which its check-in is planned, in UTC."""
        zone = ZoneInfo(self.zone)
        day = self.created.astimezone(zone).date() - DAY
        while True:
            day += DAY
            moment = self._moment(day)
            if moment > until:
                return
            if day.weekday() == self.weekday and moment > self.created:
                yield moment

    def closes(self, planned: datetime) -> datetime:
        return self._moment(planned.astimezone(ZoneInfo(self.zone)).date() + self.window * DAY)

    def _moment(self, day: date) -> datetime:
        """That hour of the group's clocks. What a zone leaves out in spring comes as much later as was left out."""
        hour, minute = divmod(self.minute, 60)
        local = datetime.combine(day, time(hour, minute))
        return (local - local.replace(tzinfo=ZoneInfo(self.zone)).utcoffset()).replace(tzinfo=UTC)

    def is_asking(self, planned: datetime, posted: datetime) -> bool:
        return not (
            any(said <= posted and planned < until for said, until in self.paused)
            or any(lost <= posted and (found is None or planned < found) for lost, found in self.homeless)
            or (self.ended is not None and self.ended <= posted)
        )

    def asked(self, planned: datetime, posted: datetime) -> list[Person]:
        return [p for p in self.people if p.is_there(posted) and not p.is_away(planned, posted)]


@dataclass(frozen=True)
class Outage:
    """The program is not there."""

    begins: datetime
    ends: datetime


@dataclass
class Found:
    """What the season compares: what should be, and what is."""

    groups: int = 0
    zones: int = 0
    members: int = 0
    prompts: int = 0
    digests: int = 0
    left_out: int = 0
    check_ins: int = 0
    repairs: int = 0
    rhythms: int = 0
    private_texts: int = 0
    messages: int = 0
    wrong: list[str] = field(default_factory=list)


class Season:
    """Plays the season, and keeps a diary of it."""

    def __init__(self, s: Server, *, groups: int, zones: int, weeks: int, seed: int) -> None:
        self._s = s
        self._rng = random.Random(seed)
        self._zones = ZONES[:zones]
        self._weeks = weeks
        self._group_count = groups
        self._end = START + weeks * WEEK
        self._outages = self._draw_outages()
        self._homes: list[Home] = []
        self._queue: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self._numbers = itertools.count()
        self._secrets: list[str] = []
        self._found = Found()

    def _draw_outages(self) -> tuple[Outage, ...]:
        """A short one, one that is just short enough for prompts to be late, and one that is too long."""
        at = [START + self._weeks * WEEK * share for share in (0.2, 0.5, 0.75)]
        return tuple(Outage(a, a + timedelta(hours=hours)) for a, hours in zip(at, (3, 20, 60), strict=True))

    # The time

    def _plan(self, at: datetime, what: Callable[[], Awaitable[None]]) -> None:
        if at < self._end:
            heapq.heappush(self._queue, (at, next(self._numbers), what))

    async def _live_until(self, moment: datetime) -> None:
        for outage in self._outages:
            if self._s.env.now() < outage.begins <= moment:
                await self._advance(outage.begins)
                await come_back_at(self._s, outage.ends)
        await self._advance(moment)

    async def _advance(self, moment: datetime) -> None:
        while (left := (moment - self._s.env.now()).total_seconds()) > 0:
            await self._s.env.advance_time(min(left, _STEP))  # simcord gives each step a minute of real time

    async def play(self) -> Found:
        """Everything that happens, in the order of time, and then the comparison."""
        await come_back_at(self._s, START)
        self._parents = [self._s.guild.create_text_channel(f"study-{number}") for number in range(4)]
        rights = discord.Permissions(create_private_threads=True, create_public_threads=True)
        self._role = self._s.guild.create_role("members", permissions=rights)
        await self._s.env.settle()
        for number in range(self._group_count):
            await self._make_group(number)
        self._plan_troubles()
        while self._queue:
            at, _, what = heapq.heappop(self._queue)
            await self._live_until(at)
            await what()
        await self._live_until(self._end)
        await self._compare()
        return self._found

    # Groups

    async def _make_group(self, number: int) -> None:
        """An owner makes a group, and others join it in the hours after."""
        s, rng = self._s, self._rng
        parent = self._parents[number % len(self._parents)]
        people = [self._newcomer(number, place) for place in range(rng.choice((2, 3, 4, 4, 5)))]
        home = Home(
            name=f"Group {number}",
            zone=self._zones[number % len(self._zones)],
            weekday=rng.randrange(7),
            # Many check-ins are in the hours that clocks leave out or go through twice.
            minute=rng.choice((0, 120, 150, rng.randrange(96) * 15)),
            window=rng.choice((2, 3, 5)),
            parent=parent,
            created=s.env.now(),
            people=[],
        )
        owner, *others = people
        made = await owner.slash(
            parent,
            "group create",
            name=home.name,
            day=home.weekday,
            time=f"{home.minute // 60:02d}:{home.minute % 60:02d}",
            zone=home.zone,
            window=home.window,
            joining="open",
        )
        if not s.rows("SELECT id FROM study_groups WHERE name = ?", home.name):
            raise AssertionError(text_of(made.response))
        ((home.id,),) = s.rows("SELECT id FROM study_groups WHERE name = ?", home.name)
        home.people.append(Person(owner, s.env.now()))
        self._homes.append(home)
        for actor in others:
            self._plan(s.env.now() + timedelta(hours=rng.uniform(0, 30)), self._joins(home, actor))
        for planned in home.planned(self._end):
            self._plan(self._posted_at(planned) + MINUTE, self._week_opens(home, planned))

    def _newcomer(self, number: int, place: int) -> MemberActor:
        return self._s.guild.add_member(self._s.env.create_user(f"member-{number}-{place}"), roles=[self._role])

    def _joins(self, home: Home, actor: MemberActor) -> Callable[[], Awaitable[None]]:
        async def join() -> None:
            if home.ended is None and sum(p.left is None for p in home.people) < 8:
                await actor.slash(self._where(home), "group join", group=str(home.id))
                home.people.append(Person(actor, self._s.env.now()))

        return join

    def _posted_at(self, planned: datetime) -> datetime:
        """When it is posted if it is: at its time, or when the program is there again."""
        return next((o.ends for o in self._outages if o.begins <= planned < o.ends), planned)

    # Weeks

    def _week_opens(self, home: Home, planned: datetime) -> Callable[[], Awaitable[None]]:
        """What the members of a group do with this week, once its check-in is there."""

        async def opens() -> None:
            posted = self._posted_at(planned)
            if posted - planned > LATE or not home.is_asking(planned, posted):
                return
            closes = home.closes(planned)
            for person in home.asked(planned, posted):
                at = posted + (closes - posted) * self._rng.uniform(0.02, 0.97)
                chance = self._rng.random()
                if chance < 0.66:
                    self._plan(at, self._checks_in(home, person, planned))
                elif chance < 0.74:
                    self._plan(at, self._begins_only(home, person, planned))
                elif chance < 0.78:
                    self._plan(at, self._goes_away(home, person, weeks=self._rng.choice((1, 2))))
                elif chance < 0.92:
                    late = closes + REPAIR * self._rng.uniform(0.05, 0.9)
                    self._plan(late, self._checks_in(home, person, planned))

        return opens

    def _checks_in(self, home: Home, person: Person, planned: datetime) -> Callable[[], Awaitable[None]]:
        async def check_in() -> None:
            message = await self._question(home, planned)
            is_over = self._s.env.now() >= home.closes(planned)
            if message is None or person.left is not None or (is_over and self._went_away(home, person, planned)):
                return  # who was away has nothing to make up
            if self._s.env.now() >= self._posted_at(home.closes(planned)) + REPAIR:
                return  # the program was away when they wanted to
            is_private = self._rng.random() < 0.2
            panel = await self._write(person, message, is_private=is_private)
            if panel is None:
                return
            await person.actor.click(panel, label="Keep it private" if is_private else "Show to my group")
            is_new = planned not in person.sent
            person.sent.setdefault(planned, self._s.env.now())
            self._found.check_ins += is_new
            self._found.repairs += self._s.env.now() > home.closes(planned)
            chance = self._rng.random()
            if chance < 0.07:
                await person.actor.click(panel, label="Withdraw")
                del person.sent[planned]
            elif chance < 0.14:
                edited = await person.actor.click(panel, label="Edit")
                await person.actor.submit_modal(edited, self._form(is_private=is_private))
                if chance < 0.1:  # else the edit is left unsent, and counts for nothing
                    await person.actor.click(panel, label="Show to my group" if not is_private else "Keep it private")

        return check_in

    def _begins_only(self, home: Home, person: Person, planned: datetime) -> Callable[[], Awaitable[None]]:
        """Somebody writes a check-in and never sends it: nobody reads it, and it does not count."""

        async def begin() -> None:
            message = await self._question(home, planned)
            if message is not None and person.left is None:
                await self._write(person, message, is_private=True)

        return begin

    async def _question(self, home: Home, planned: datetime) -> discord.Message | None:
        """The message below which somebody checks in: that of the week while it is open, its digest afterwards."""
        is_open = self._s.env.now() < home.closes(planned)
        (week,) = self._s.rows(
            "SELECT id, channel_id, prompt_message_id, digest_message_id FROM group_weeks WHERE group_id = ? AND "
            "planned_at = ?",
            home.id,
            planned.strftime("%Y-%m-%d %H:%M:%S.%f"),
        ) or (None,)
        if week is None:
            return None
        for message in self._history(week[1]):
            if message.id == (week[2] if is_open else week[3]):
                return message
        return None

    def _history(self, channel_id: int) -> list[discord.Message]:
        channels = self._s.env.backend.channels
        channel = channels.get(channel_id)
        is_gone = channel is None or (channel.is_thread and channel.parent_id not in channels)
        return [] if is_gone else ChannelHandle(self._s.env, self._s.guild, channel).history()

    async def _write(self, person: Person, message: discord.Message, *, is_private: bool) -> object:
        label = (
            "Check in"
            if any(b.label == "Check in" for row in message.components for b in row.children)
            else "Make it up"
        )
        opened = await person.actor.click(message, label=label)
        if opened.response is not None:  # begun before: the panel is there, and its window is behind a button
            rows = opened.response.message.components
            there = {getattr(item, "label", None) for row in rows for item in row.children}
            if not there & {"Change", "Edit"}:
                self._found.wrong.append(f"{person.actor.name} could not check in: {text_of(opened.response)!r}")
                return None
            opened = await person.actor.click(opened.response, label="Change" if "Change" in there else "Edit")
        return (await person.actor.submit_modal(opened, self._form(is_private=is_private))).response

    def _form(self, *, is_private: bool) -> dict[str, object]:
        """A check-in. What blocks somebody is always private here, the rest only if the whole is."""
        public = "private" if is_private else "public"
        return {
            "outcome": [self._rng.choice(("done", "partly", "not"))],
            "evidence": self._text(public),
            "learned": self._text(public),
            "blocker": self._text("private") if self._rng.random() < 0.3 else "",
            "next": self._text(public),
        }

    def _text(self, kind: str) -> str:
        word = f"{kind}{self._rng.randrange(10**12):012d}"
        if kind == "private":
            self._secrets.append(word)
        return f"{word} @everyone **bold** <@1>"

    # Coming, going, and what breaks

    def _goes_away(self, home: Home, person: Person, weeks: int) -> Callable[[], Awaitable[None]]:
        async def go() -> None:
            if person.left is None and home.ended is None:
                now = self._s.env.now()
                told = await person.actor.slash(
                    self._where(home), "group pause", who="me", weeks=weeks, group=str(home.id)
                )
                person.away.append((now, _told_time(told.response)))

        return go

    def _pauses(self, home: Home, weeks: int) -> Callable[[], Awaitable[None]]:
        async def pause() -> None:
            owner = self._owner(home)
            if owner is not None and home.ended is None:
                now = self._s.env.now()
                told = await owner.actor.slash(
                    self._where(home), "group pause", who="group", weeks=weeks, group=str(home.id)
                )
                home.paused.append((now, _told_time(told.response)))

        return pause

    def _owner(self, home: Home) -> Person | None:
        """Whoever is there for longest: owners never hand over here."""
        return min((p for p in home.people if p.left is None), key=lambda p: p.joined, default=None)

    def _leaves(self, home: Home, person: Person) -> Callable[[], Awaitable[None]]:
        async def leave() -> None:
            if person.left is not None or home.ended is not None:
                return
            asked = await person.actor.slash(self._where(home), "group leave", group=str(home.id))
            await person.actor.click(asked.response, label="Leave the group")
            person.left = self._s.env.now()
            if all(p.left is not None for p in home.people):
                home.ended = person.left

        return leave

    def _quits_the_server(self, home: Home, person: Person) -> Callable[[], Awaitable[None]]:
        """Nobody tells the tutor, which has no right to hear of it: it finds out when it next asks the group."""

        async def quit_server() -> None:
            if person.left is None and home.ended is None:
                self._s.guild.remove_member(person.actor)
                person.left = self._s.env.now()

        return quit_server

    def _loses_home(self, home: Home, back_after: timedelta | None) -> Callable[[], Awaitable[None]]:
        """Somebody deletes the thread; after some time the owner has a new one opened, or never."""

        async def delete() -> None:
            thread = self._s.client.get_channel(self._home_id(home))
            if thread is None or home.ended is not None:
                return
            await thread.delete()
            await self._s.env.settle()
            home.homeless.append((self._s.env.now(), None))
            if back_after is not None:
                self._plan(self._s.env.now() + back_after, self._opens_home(home))

        return delete

    def _opens_home(self, home: Home) -> Callable[[], Awaitable[None]]:
        async def opens() -> None:
            owner = self._owner(home)
            button = self._find_button(self._where(home), f"group:{home.id}:home")
            if owner is None or home.ended is not None:
                return
            if button is None:
                self._found.wrong.append(f"{home.name}: nobody was told that its home is gone")
                return
            await owner.actor.click(button, label="Open a new home")
            home.homeless[-1] = (home.homeless[-1][0], self._s.env.now())

        return opens

    def _find_button(self, channel: ChannelHandle, custom_id: str) -> discord.Message | None:
        for message in reversed(channel.history()):
            if custom_id in {child.custom_id for row in message.components for child in row.children}:
                return message
        return None

    def _home_id(self, home: Home) -> int:
        ((home_id,),) = self._s.rows("SELECT home_id FROM study_groups WHERE id = ?", home.id)
        return home_id or 0

    def _plan_troubles(self) -> None:
        """What happens to some of the groups and members, at times drawn for each."""
        for number, home in enumerate(self._homes):
            at = self._any_time
            for actor in [self._newcomer(number, 90 + place) for place in range(self._rng.choice((0, 0, 1, 2)))]:
                self._plan(at(), self._joins(home, actor))
            self._plan(at(), self._somebody(home, self._leaves))
            if number % 3 == 0:
                self._plan(at(), self._somebody(home, self._quits_the_server))
            if number % 4 == 1:
                self._plan(at(), self._pauses(home, self._rng.choice((1, 2))))
            if number % 5 == 2:
                back = self._rng.choice((None, timedelta(days=2), timedelta(days=9)))
                self._plan(at(), self._loses_home(home, back))
            if number % 13 == 6:
                self._plan(at(), self._everybody_leaves(home))
        self._plan(self._end - 2 * WEEK, self._deletes_channel)

    def _where(self, home: Home) -> ChannelHandle:
        """Where members give their commands: near their group, as long as that is there."""
        return home.parent if home.parent.id in self._s.env.backend.channels else self._parents[0]

    def _any_time(self) -> datetime:
        return self._rng.uniform(0.1, 0.95) * (self._end - START) + START

    def _somebody(
        self, home: Home, what: Callable[[Home, Person], Callable[[], Awaitable[None]]]
    ) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            there = [p for p in home.people if p.left is None]
            if len(there) > 1:
                await what(home, self._rng.choice(there))()

        return do

    def _everybody_leaves(self, home: Home) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            for person in home.people:
                await self._leaves(home, person)()

        return do

    async def _deletes_channel(self) -> None:
        """A whole channel goes, with every home in it."""
        parent = self._parents[-1]
        await self._s.client.get_channel(parent.id).delete()
        await self._s.env.settle()
        for home in self._homes:
            lost = home.homeless and home.homeless[-1][1] is None
            if home.parent.id == parent.id and home.ended is None and not lost:
                home.homeless.append((self._s.env.now(), None))

    # What should be, and what is

    async def _compare(self) -> None:
        found = self._found
        found.groups, found.zones = len(self._homes), len({home.zone for home in self._homes})
        found.members = sum(len(home.people) for home in self._homes)
        posts = self._count_posts()
        for home in self._homes:
            self._compare_weeks(home, posts)
        for home in self._homes:
            await self._compare_rhythms(home)
        self._search_private_texts()

    def _count_posts(self) -> Counter[str]:
        """How often each question and each digest was sent to Discord, by the component that marks it."""
        posts: Counter[str] = Counter()
        for request in self._s.env.http_requests:
            if request.method == "POST" and re.fullmatch(r"/channels/\d+/messages", request.path):
                ids = set(re.findall(r"checkin:\d+:(?:open|digest)", str((request.json or {}).get("components"))))
                digest = next((id_ for id_ in ids if id_.endswith("digest")), None)
                posts.update([digest] if digest else ids)
        return posts

    def _compare_weeks(self, home: Home, posts: Counter[str]) -> None:
        weeks = {
            _utc(planned): (week, message, digest)
            for week, planned, message, digest in self._s.rows(
                "SELECT id, planned_at, prompt_message_id, digest_message_id FROM group_weeks WHERE group_id = ? AND "
                "opened_at IS NOT NULL",
                home.id,
            )
        }
        for planned in home.planned(self._s.env.now()):
            posted = self._posted_at(planned)
            should = posted - planned <= LATE and home.is_asking(planned, posted) and bool(home.asked(planned, posted))
            week = weeks.pop(planned, None)
            if should != (week is not None):
                self._found.wrong.append(f"{home.name} {planned:%d %b %H:%M}: {'no prompt' if should else 'a prompt'}")
            if week is None:
                self._found.left_out += 1
                continue
            self._found.prompts += 1
            self._check_post(f"{home.name} prompt", week[1], posted, posts[f"checkin:{week[0]}:open"])
            self._compare_digest(home, planned, week, posts)
        self._found.wrong += [f"{home.name} {planned:%d %b %H:%M}: a prompt nobody planned" for planned in weeks]
        self._check_notes(home)

    def _compare_digest(self, home: Home, planned: datetime, week: tuple, posts: Counter[str]) -> None:
        closes = home.closes(planned)
        closed = self._posted_at(closes)
        if closed >= self._s.env.now():
            return
        has_home = not any(lost <= closed and (back is None or closed < back) for lost, back in home.homeless)
        should = has_home and (home.ended is None or home.ended > closed)
        if should != (week[2] is not None):
            self._found.wrong.append(f"{home.name} {planned:%d %b}: {'no digest' if should else 'a digest'}")
        if week[2] is not None:
            self._found.digests += 1
            self._check_post(f"{home.name} digest", week[2], closed, posts[f"checkin:{week[0]}:digest"])

    def _check_post(self, what: str, message_id: int, at: datetime, times: int) -> None:
        sent = discord.utils.snowflake_time(message_id)
        if times != 1:
            self._found.wrong.append(f"{what} {at:%d %b %H:%M}: posted {times} times")
        if not at <= sent <= at + 2 * MINUTE:
            self._found.wrong.append(f"{what} {at:%d %b %H:%M}: posted {sent:%d %b %H:%M:%S}")

    def _check_notes(self, home: Home) -> None:
        """What was planned and not posted has a note that says why."""
        for (slot,) in self._s.rows(
            "SELECT slot FROM occurrences WHERE kind = 'group_prompt' AND subject_id = ? AND state IN "
            "('skipped', 'failed') AND note IS NULL",
            home.id,
        ):
            self._found.wrong.append(f"{home.name} {slot}: left out without a note")

    async def _compare_rhythms(self, home: Home) -> None:
        now = self._s.env.now()
        for person in home.people:
            if person.left is not None or home.ended is not None:
                continue
            shown = await person.actor.slash(self._parents[0], "checkin", group=str(home.id))
            text = text_of(shown.response).replace("Your first planned week", "1 of your 1 planned week")
            told = re.search(r"(\d+) of your (\d+) planned weeks?", text)
            should = self._recount(home, person, now)
            is_same = (int(told[1]), int(told[2])) == should if told else should[1] == 0
            self._found.rhythms += 1
            if not is_same:
                self._found.wrong.append(f"{home.name} {person.actor.name}: told {told and told[0]}, counted {should}")

    def _recount(self, home: Home, person: Person, now: datetime) -> tuple[int, int]:
        """Weeks kept and planned, from the diary."""
        weeks = []
        for planned in home.planned(now):
            posted, closes = self._posted_at(planned), home.closes(planned)
            was_asked = (
                posted - planned <= LATE and home.is_asking(planned, posted) and person in home.asked(planned, posted)
            )
            went_away = self._went_away(home, person, planned)
            is_kept = planned in person.sent
            if was_asked and (is_kept or (self._posted_at(closes) < now and not went_away)):
                weeks.append(is_kept)
        return sum(weeks[-8:]), len(weeks[-8:])

    def _went_away(self, home: Home, person: Person, planned: datetime) -> bool:
        """Whether they or the whole group went away while the check-in was open."""
        posted, closes = self._posted_at(planned), home.closes(planned)
        pauses = [*person.away, *home.paused]
        return any(posted <= said < closes and planned < until for said, until in pauses)

    def _search_private_texts(self) -> None:
        """In everything that was ever sent or edited where others read it, and in what stands there now."""
        public = []
        for request in self._s.env.http_requests:
            if re.fullmatch(r"/channels/\d+/messages(/\d+)?", request.path) and request.method in {"POST", "PATCH"}:
                channel = self._s.env.backend.channels.get(int(request.path.split("/")[2]))
                if channel is None or channel.guild_id is not None:
                    public.append(str(request.json))
        for channel_id in list(self._s.env.backend.channels):
            public += [text_of(message) for message in self._history(channel_id) if not message.flags.ephemeral]
        self._found.messages = len(public)
        everything = "\n".join(public)
        self._found.private_texts = len(self._secrets)
        self._found.wrong += [f"private text in public: {word}" for word in self._secrets if word in everything]
        if not re.search(r"public\d{12}", everything):
            self._found.wrong.append("nothing public was found either, so the search proves nothing")


def _told_time(message: object) -> datetime:
    """The first time that a member was told."""
    return datetime.fromtimestamp(int(re.search(r"<t:(\d+):", text_of(message))[1]), UTC)


def _utc(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
