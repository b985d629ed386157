"""Check-ins of a group in any zone, with outages, crashes and two processes: every week is asked and summed up once."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from bot.features.checkin.models import DIGEST, NUDGE, REFRESH, SHOW, CheckinForm, RhythmFigure
from bot.features.checkin.rules.rhythm import REPAIR_WITHIN, WEEKS
from bot.features.checkin.service import CheckinService
from bot.features.groups import store as groups_store
from bot.features.groups.models import PROMPT, GroupPlan
from bot.features.progress.rules.zones import zone_names
from bot.features.progress.service import ProgressService
from bot.scheduling.dispatcher import Dispatcher
from bot.scheduling.models import Rhythm
from bot.scheduling.rules import next_time, week_slot
from bot.storage.database import Database
from bot.storage.tables import GroupRow, GroupWeekRow, LearnerRow, OccurrenceRow
from tests.bot.checkin_world import CURRICULUM, GUILD, HALL, HOME
from tests.bot.test_scheduling_rules import ODD_ZONES

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
RETRIES = 15 * MINUTE
"""So long after its time something comes at the latest that is tried again, or that waits for a digest."""
BEFORE, AFTER = "before the post", "after the post"
MEMBERS = (1, 2, 3)
NUDGED = (1, 2)

RHYTHMS = st.builds(
    Rhythm, st.integers(0, 6), st.integers(0, 24 * 60 - 1), st.sampled_from(ODD_ZONES) | st.sampled_from(zone_names())
)
BEGINNINGS = st.integers(0, 30 * 365 * 24).map(lambda hours: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
STRETCHES = st.lists(st.tuples(st.booleans(), st.integers(1, 15 * 24 * 60)), min_size=1, max_size=5)
"""Whether the processes are up, and for how many minutes, in turn. After each of them they look."""
ERRORS = st.lists(st.sampled_from((None, None, None, BEFORE, AFTER)), max_size=3)
"""What goes wrong in the first posts; a process that dies after a post has not recorded it."""
COMERS = st.lists(st.sets(st.sampled_from(MEMBERS)), min_size=1, max_size=4)
"""Who checks in, week after week, over and over."""


@dataclass
class Home:
    """The group's thread: what was posted there, of which kind and about what, and when."""

    posts: dict[tuple, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def find(self, *about):
        return hash(about) % 10**9 if self.posts.get(about) else None

    def post(self, now, *about):
        self.posts[about].append(now)
        return self.find(*about)

    def times(self, kind):
        """When posts of a kind came, by what they are about; each of them came once."""
        found = {about: times for (of, *about), times in self.posts.items() if of == kind for about in [tuple(about)]}
        assert all(len(times) == 1 for times in found.values()), found
        return {about: times[0] for about, times in found.items()}


@dataclass
class Life:
    """One group, and two processes that look after it."""

    rhythm: Rhythm
    window_days: int
    now: datetime
    errors: list
    comers: list
    home: Home = field(default_factory=Home)
    outages: list = field(default_factory=list)
    came: dict = field(default_factory=dict)
    """Who has checked in, by week."""
    has_failed: bool = False

    def clock(self):
        return self.now

    def open(self, database):
        """A process: its dispatcher, with handlers that do what the cog does."""
        dispatcher = Dispatcher(database, self.clock, rate=100_000)
        progress = ProgressService(database, self.clock, CURRICULUM)
        service = CheckinService(database, self.clock, CURRICULUM, progress, dispatcher=dispatcher)
        for kind, handler in {PROMPT: self._ask, DIGEST: self._close, NUDGE: self._nudge, SHOW: self._show}.items():
            dispatcher.register(kind, partial(handler, service))
        dispatcher.register(REFRESH, service.record_refreshed)
        self.service, self.database = service, database
        return dispatcher

    async def _ask(self, service, occurrence):
        prompt = await service.prepare(occurrence)
        if prompt is not None and not prompt.is_new:
            found = self.home.find(PROMPT, prompt.week.id)
            if found is not None:
                await service.record_opened(occurrence, prompt.week.id, found)
                return
            prompt = await service.prepare(occurrence, is_lost=True)
        if prompt is not None:
            message_id = await self._post(PROMPT, prompt.week.id)
            await service.record_opened(occurrence, prompt.week.id, message_id)

    async def _close(self, service, occurrence):
        week_id = occurrence.subject_id
        message_id = self.home.find(DIGEST, week_id) if occurrence.tries > 1 else None
        if message_id is None and await service.find_digest(week_id) is not None:
            message_id = await self._post(DIGEST, week_id)
        await service.record_closed(occurrence, week_id, message_id)

    async def _nudge(self, service, occurrence):
        found = await service.prepare_nudge(occurrence)
        if found is not None:
            await self._post(NUDGE, occurrence.subject_id, found.member_id)
            await service.record_nudged(occurrence, found, dm_failed=False)

    async def _show(self, service, occurrence):
        checkin, _, shown = await service.find_shown(occurrence.subject_id)
        if shown is not None and checkin.message_id is None and self.home.find(SHOW, checkin.id) is None:
            await self._post(SHOW, checkin.id)
        await service.record_shown(occurrence, checkin.id, HOME, self.home.find(SHOW, checkin.id))

    async def _post(self, *about):
        error = self.errors.pop() if self.errors else None
        self.has_failed = self.has_failed or error is not None
        if error == BEFORE:
            raise ConnectionError
        await asyncio.sleep(0)  # the other process may be at the same
        message_id = self.home.post(self.now, *about)
        if error == AFTER:
            raise ConnectionError
        return message_id

    async def begin(self, database):
        """A group whose home is open; nothing is left of the example before."""
        async with database.transaction() as session:
            for table in (GroupRow, OccurrenceRow, LearnerRow):
                await session.execute(delete(table))
            plan = GroupPlan(GUILD, "Owls", HALL, self.rhythm, self.window_days)
            group = await groups_store.add_group(session, plan, MEMBERS[0], MEMBERS, self.now)
            await groups_store.update_group(session, group.id, self.now, home_id=HOME, state="active")
            for member_id in NUDGED:
                await groups_store.update_member(session, group.id, member_id, is_nudged=True)
            await groups_store.plan_prompt(session, await groups_store.find_group(session, group.id), self.now)
        self.group_id = group.id

    async def check_in(self):
        """Whoever checks in does so as soon as a week has opened."""
        asked = sorted(about[0] for about in self.home.times(PROMPT))
        for number, week_id in enumerate(asked):
            if week_id not in self.came and await self._is_open(week_id):
                self.came[week_id] = self.comers[number % len(self.comers)]
                for member_id in sorted(self.came[week_id]):
                    await self.service.save(week_id, member_id, CheckinForm(None, "", "It works.", "", ""))
                    await self.service.send(week_id, member_id, is_private=False)

    async def _is_open(self, week_id):
        """Whether it is recorded that the week was asked for."""
        async with self.database.transaction() as session:
            return (await session.get_one(GroupWeekRow, week_id)).opened_at is not None

    async def look(self, pair):
        await asyncio.gather(*(dispatcher.run_due() for dispatcher in pair))

    async def be_up(self, pair, until):
        """Both look whenever something is due."""
        while (look := await pair[0].next_look()) is not None and look <= until:
            self.now = max(self.now, look)
            await self.look(pair)
            await self.check_in()
        self.now = max(self.now, until)

    async def be_down(self, pair, until):
        """Nobody looks; then both are up for long enough to make up for it."""
        self.outages.append((self.now, until))
        self.now = until
        await self.be_up(pair, until + 60 * MINUTE)

    def noticed_at(self, due_at):
        """When the processes look next, from then on."""
        return next((end for begin, end in self.outages if begin < due_at <= end), due_at)


async def live(life, url, stretches):
    """Returns the weeks that have opened, the work that there was, and the rhythm of everybody."""
    databases = Database(url), Database(url)
    try:
        pair = [life.open(database) for database in databases]
        await life.begin(databases[0])
        for is_up, minutes in stretches:
            await (life.be_up if is_up else life.be_down)(pair, life.now + minutes * MINUTE)
        await life.be_up(pair, life.now + 4 * 60 * MINUTE)  # further tries
        async with databases[0].transaction() as session:
            weeks = [row.__dict__ for row in await session.scalars(select(GroupWeekRow).order_by(GroupWeekRow.id))]
            ours = select(OccurrenceRow).where(OccurrenceRow.kind.in_((PROMPT, DIGEST, NUDGE, SHOW, REFRESH)))
            work = [row.__dict__ for row in await session.scalars(ours.order_by(OccurrenceRow.due_at))]
        return weeks, work, await life.service.list_rhythms(life.group_id)
    finally:
        for database in databases:
            await database.close()


async def upgraded(url):
    database = Database(url)
    await database.upgrade()
    await database.close()


@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # making an example smaller would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rhythm=RHYTHMS, window_days=st.integers(2, 5), began=BEGINNINGS, stretches=STRETCHES, errors=ERRORS, comers=COMERS
)
@example(  # the island left out a Friday
    rhythm=Rhythm(4, 18 * 60, "Pacific/Apia"),
    window_days=2,
    began=datetime(2011, 12, 20, tzinfo=UTC),
    stretches=[(True, 60 * 24 * 15)],
    errors=[AFTER],
    comers=[{1}],
)
@example(  # half an hour of summer time in the south, and a digest that is due together with the next prompt
    rhythm=Rhythm(6, 2 * 60 + 10, "Australia/Lord_Howe"),
    window_days=5,
    began=datetime(2026, 3, 27, tzinfo=UTC),
    stretches=[(True, 60 * 24 * 3), (False, 60 * 24 * 6 + 60 * 14), (True, 60 * 24 * 8)],
    errors=[BEFORE, None],
    comers=[set(), {1, 3}],
)
@example(  # summer time begins in the hour of the check-in
    rhythm=Rhythm(6, 150, "Europe/Berlin"),
    window_days=3,
    began=datetime(2026, 3, 20, tzinfo=UTC),
    stretches=[(True, 60 * 24 * 16), (False, 60 * 24 * 20)],
    errors=[],
    comers=[{1, 2, 3}, {2}],
)
def test_every_planned_week_is_asked_once_and_summed_up_once(  # noqa: PLR0917 - what an example consists of
    database_url, rhythm, window_days, began, stretches, errors, comers
):
    asyncio.run(upgraded(database_url))
    life = Life(rhythm, window_days, began, list(errors), comers)
    weeks, work, rhythms = asyncio.run(live(life, database_url, stretches))
    check_prompts(life, began, weeks, [one for one in work if one["kind"] == PROMPT])
    check_digests(life, weeks, [one for one in work if one["kind"] == DIGEST])
    check_nudges(life, weeks, [one for one in work if one["kind"] == NUDGE])
    check_rhythms(life, weeks, rhythms)
    assert len(life.home.times(SHOW)) == sum(map(len, life.came.values()))
    for one in work:
        is_ended = one["state"] in {"done", "skipped"}
        assert is_ended is (one["due_at"] <= life.now)
        assert one["state"] != "skipped" or one["note"]
        assert not is_ended or one["tries"] <= 4


def check_prompts(life, began, weeks, work):
    """Each planned time has one piece of work, in order, and one post at that time or when an outage has ended."""
    planned = [next_time(life.rhythm, began)]
    while planned[-1] <= life.now:
        planned.append(next_time(life.rhythm, planned[-1]))
    assert [one["due_at"] for one in work] == planned
    assert [one["slot"] for one in work] == [week_slot(life.rhythm.zone, at) for at in planned]
    posts = {about[0]: at for about, at in life.home.times(PROMPT).items()}
    assert {week["id"] for week in weeks} == set(posts)
    opened = {week["slot"]: week for week in weeks}
    for one in work[:-1]:
        late = life.noticed_at(one["due_at"]) - one["due_at"]
        assert is_at_the_hour(one["due_at"], life.rhythm)
        if one["state"] == "skipped":
            assert late > DAY - RETRIES
            assert one["slot"] not in opened
        else:
            week = opened[one["slot"]]
            assert week["planned_at"] == one["due_at"]
            assert timedelta(0) <= posts[week["id"]] - one["due_at"] - late <= RETRIES
            assert late <= DAY
    assert Counter(one["state"] for one in work)["done"] == len(weeks)


def is_at_the_hour(at, rhythm):
    """Whether it is the weekday and the minute there, or the clocks of that day leave this minute out."""
    zone = ZoneInfo(rhythm.zone)
    here = at.astimezone(zone)
    if (here.weekday(), here.hour * 60 + here.minute) == (rhythm.weekday, rhythm.minute):
        return True
    wanted = at.astimezone(zone).replace(hour=rhythm.minute // 60, minute=rhythm.minute % 60)
    wanted += timedelta(days=(rhythm.weekday - here.weekday() + 3) % 7 - 3)
    return wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted.replace(tzinfo=None)


def check_digests(life, weeks, work):
    """Each week that has opened is summed up once, when it closes or when an outage has ended."""
    posts = {about[0]: at for about, at in life.home.times(DIGEST).items()}
    assert Counter(one["subject_id"] for one in work) == Counter(week["id"] for week in weeks)
    for week in weeks:
        due_at = week["closes_at"]
        if due_at > life.now:
            assert week["closed_at"] is None
            assert week["id"] not in posts
            continue
        assert timedelta(0) <= posts[week["id"]] - life.noticed_at(due_at) <= RETRIES
        assert week["closed_at"] is not None
        assert week["digest_message_id"] == life.home.find(DIGEST, week["id"])
        days = (
            due_at.astimezone(ZoneInfo(life.rhythm.zone)).date()
            - week["planned_at"].astimezone(ZoneInfo(life.rhythm.zone)).date()
        ).days
        assert days in {life.window_days, life.window_days + 1}  # one more if the day is left out
    closings = {week["id"]: week["closed_at"] for week in weeks}
    for before, after in pairwise(weeks):
        assert closings[before["id"]] <= after["opened_at"]


def check_nudges(life, weeks, work):
    """Nobody is nudged twice, nor anybody who has checked in or never agreed; nor after the week has closed."""
    posts = life.home.times(NUDGE)
    assert len(work) == len(weeks) * len(MEMBERS)
    for week in weeks:
        due_at = week["closes_at"] - 12 * 60 * MINUTE
        quiet = set(NUDGED) - life.came.get(week["id"], set())
        nudged = {member for of, member in posts if of == week["id"]}
        assert nudged <= quiet
        for member_id in nudged:
            assert due_at <= posts[week["id"], member_id] < week["closes_at"]
        if due_at <= life.now and life.noticed_at(due_at) == due_at:
            assert nudged == quiet or life.has_failed  # one that may have been sent is not sent again


def check_rhythms(life, weeks, rhythms):
    """What is told of everybody's rhythm agrees with who came."""
    for member_id in MEMBERS:
        counted = [
            (week, member_id in life.came.get(week["id"], ()))
            for week in weeks
            if week["closed_at"] is not None or member_id in life.came.get(week["id"], ())
        ][-WEEKS:]
        missed = next((week for week, has_come in reversed(counted) if not has_come), None)
        until = missed["closed_at"] + REPAIR_WITHIN if missed else None
        kept = sum(has_come for _, has_come in counted)
        repair = (missed["id"], until) if until is not None and life.now < until else (None, None)
        assert rhythms[member_id] == RhythmFigure(len(counted), kept, 0, *repair)
