"""The tables, as the newest migration leaves them. A test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no zones, stores it without."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, int: BigInteger, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


def _serial() -> Mapped[int]:
    """A primary key that the database counts up; SQLite does so for INTEGER only."""
    return mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


_NO_ID_TWICE = {"sqlite_autoincrement": True}
"""SQLite would give the id of a deleted newest row to the next one, and old buttons would point to that."""


def _learner() -> ForeignKey:
    """To the learner that a row is about; both are deleted together."""
    return ForeignKey("learners.member_id", ondelete="CASCADE")


def _learner_key() -> Mapped[int]:
    return mapped_column(BigInteger, _learner(), primary_key=True, autoincrement=False)


class AnswerRow(Base):
    """One question and what was quoted for it. `question` is emptied after the days that an admin set."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_member", "member_id", "channel_id", "asked_at"),
        Index("ix_answers_message", "message_id"),
        Index("ix_answers_asked_at", "asked_at"),
    )

    id: Mapped[int] = _serial()
    asked_at: Mapped[datetime]
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    member_id: Mapped[int]
    message_id: Mapped[int | None]
    question: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(20))
    passages: Mapped[list[str]]


class FeedbackRow(Base):
    """One member's opinion of one answer."""

    __tablename__ = "answer_feedback"

    answer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
    changed_at: Mapped[datetime]


class LearnerRow(Base):
    """What a member has told /start. Everything about a learner hangs on this row and goes with it."""

    __tablename__ = "learners"

    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    joined_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    """When /start was finished for the first time."""
    motivation: Mapped[str | None] = mapped_column(Text)
    coding: Mapped[int | None] = mapped_column(SmallInteger)
    maths: Mapped[int | None] = mapped_column(SmallInteger)
    deep_learning: Mapped[int | None] = mapped_column(SmallInteger)
    style: Mapped[str | None] = mapped_column(String(20))
    hours_per_week: Mapped[float | None]
    zone: Mapped[str | None] = mapped_column(String(64))
    first_capstone: Mapped[str | None] = mapped_column(String(80))
    second_capstone: Mapped[str | None] = mapped_column(String(80))


class EnrolmentRow(Base):
    """A learner in one server: what that server may see of them."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("ix_enrolments_guild", "guild_id", "is_visible"),)

    member_id: Mapped[int] = _learner_key()
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_visible: Mapped[bool]
    is_congratulated: Mapped[bool]
    is_ranked: Mapped[bool] = mapped_column(server_default=false())
    """Whether the results of the weekly quiz may name them."""
    changed_at: Mapped[datetime]


class ProgressRow(Base):
    """Where a learner stands with one item of the path."""

    __tablename__ = "progress"

    member_id: Mapped[int] = _learner_key()
    item: Mapped[str] = mapped_column(String(130), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int] = mapped_column(Integer)
    """Time spent on it so far."""
    changed_at: Mapped[datetime]


class ProgressChangeRow(Base):
    """One change of `progress`, so that it can be undone and the weeks can be counted."""

    __tablename__ = "progress_changes"
    __table_args__ = (
        Index("ix_progress_changes_member", "member_id", "changed_at"),
        UniqueConstraint("member_id", "key", name="uq_progress_changes_key"),
    )

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    item: Mapped[str] = mapped_column(String(130))
    before: Mapped[str | None] = mapped_column(String(10))
    after: Mapped[str | None] = mapped_column(String(10))
    minutes: Mapped[int] = mapped_column(Integer)
    """Time added by this change."""
    key: Mapped[str | None] = mapped_column(String(80))
    """Names the click that made it, so that a second click of the same button changes nothing."""
    is_undone: Mapped[bool]
    changed_at: Mapped[datetime]


class EvidenceRow(Base):
    """One thing that says how well a learner knows a concept. `key` names what made it, so that it counts once."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_member", "member_id", "observed_at"),
        UniqueConstraint("member_id", "key", name="uq_evidence_key"),
    )

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    concept: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    is_correct: Mapped[bool | None]
    key: Mapped[str] = mapped_column(String(80))
    observed_at: Mapped[datetime]


class MasteryRow(Base):
    """The sum of a learner's evidence on one concept, in forward-decayed weights (see `rules.mastery`)."""

    __tablename__ = "mastery"

    member_id: Mapped[int] = _learner_key()
    concept: Mapped[str] = mapped_column(String(80), primary_key=True)
    right_weight: Mapped[float] = mapped_column(Double)
    wrong_weight: Mapped[float] = mapped_column(Double)
    answers: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


class RecommendationRow(Base):
    """What /next named, and what became of it."""

    __tablename__ = "recommendations"
    __table_args__ = (Index("ix_recommendations_member", "member_id", "made_at"),)

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    kind: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(130))
    minutes: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ProbeRow(Base):
    """A few questions that decide something: where a learner starts, or whether something is known."""

    __tablename__ = "probes"
    __table_args__ = (Index("ix_probes_member", "member_id", "made_at"),)

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    purpose: Mapped[str] = mapped_column(String(12))
    target: Mapped[str | None] = mapped_column(String(130))
    questions: Mapped[list[str]]
    made_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ProbeAnswerRow(Base):
    """The answer to the question at `position` of a probe; the first one counts."""

    __tablename__ = "probe_answers"

    probe_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("probes.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    choice: Mapped[int] = mapped_column(SmallInteger)
    """The place of the chosen option as it was shown; -1 for "I don't know"."""
    is_correct: Mapped[bool]
    answered_at: Mapped[datetime]


class MilestoneRow(Base):
    """What a learner has reached on the path: a step, a capstone."""

    __tablename__ = "milestones"

    member_id: Mapped[int] = _learner_key()
    milestone: Mapped[str] = mapped_column(String(40), primary_key=True)
    reached_at: Mapped[datetime]


class CongratulationRow(Base):
    """Claims the one congratulation of a milestone in a server before it is posted."""

    __tablename__ = "congratulations"

    member_id: Mapped[int] = _learner_key()
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    milestone: Mapped[str] = mapped_column(String(40), primary_key=True)
    claimed_at: Mapped[datetime]


class GuildRow(Base):
    """What the admins of a server have set."""

    __tablename__ = "guilds"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    milestones_channel_id: Mapped[int | None]
    notes_channel_id: Mapped[int | None]
    """Where the tutor tells those who look after it what they have to decide or to mend."""
    mentor_role_id: Mapped[int | None]
    """Who may decide about challenged questions, besides the admins."""
    groups_channel_id: Mapped[int | None]
    """Where study groups get their homes and hear of proposals, unless they choose another channel."""
    changed_at: Mapped[datetime]


class StepRoleRow(Base):
    """The role that members of a server get while they are on a step."""

    __tablename__ = "step_roles"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    role_id: Mapped[int]


class RoundRow(Base):
    """A set of questions, asked of one member (`member_id`), or of a whole server in its weekly quiz."""

    __tablename__ = "rounds"
    __table_args__ = (Index("ix_rounds_member", "member_id", "made_at"), _NO_ID_TWICE)

    id: Mapped[int] = _serial()
    kind: Mapped[str] = mapped_column(String(10))
    member_id: Mapped[int | None] = mapped_column(BigInteger, _learner())
    guild_id: Mapped[int | None]
    subject: Mapped[str | None] = mapped_column(String(130))
    questions: Mapped[list[str]]
    made_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    """When the last question was answered or the rest was given up; of a weekly quiz, when it closed."""


class AttemptRow(Base):
    """One answer of a member to a question of the bank, wherever it was asked. Never two with the same `key`."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_member", "member_id", "question", "answered_at"),
        Index("ix_attempts_question", "question", "guild_id"),
        Index("ix_attempts_round", "round_id", "member_id"),
        UniqueConstraint("member_id", "key", name="uq_attempts_key"),
    )

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    key: Mapped[str] = mapped_column(String(80))
    """Names what was answered ("round:7:2", "probe:3:0"); the evidence that came of it has the same key."""
    question: Mapped[str] = mapped_column(String(80))
    guild_id: Mapped[int | None]
    round_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("rounds.id", ondelete="CASCADE"))
    position: Mapped[int | None] = mapped_column(SmallInteger)
    response: Mapped[dict[str, Any]]
    is_correct: Mapped[bool | None]
    """None for a question that was retired since: it counts for nothing."""
    confidence: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime]


class CardRow(Base):
    """Where the spaced repetition of one question stands for one member: a card of FSRS."""

    __tablename__ = "cards"
    __table_args__ = (Index("ix_cards_due", "member_id", "due_at"),)

    member_id: Mapped[int] = _learner_key()
    question: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[int | None] = mapped_column(SmallInteger)
    stability: Mapped[float] = mapped_column(Double)
    difficulty: Mapped[float] = mapped_column(Double)
    due_at: Mapped[datetime]
    reviewed_at: Mapped[datetime]


class RulingRow(Base):
    """What was decided about a question that was challenged, for one server or (guild_id 0) for everybody."""

    __tablename__ = "rulings"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[str] = mapped_column(String(80), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(10))
    answer_key: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime]


class ChallengeRow(Base):
    """A member's doubt about a question; `channel_id` and `message_id` are where those who decide were told."""

    __tablename__ = "challenges"
    __table_args__ = (
        Index("ix_challenges_guild", "guild_id", "state"),
        Index("ix_challenges_member", "member_id", "made_at"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    guild_id: Mapped[int | None]
    question: Mapped[str] = mapped_column(String(80))
    attempt_key: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class NewsRow(Base):
    """Something that a member is told, alone, with their next quiz or review."""

    __tablename__ = "news"
    __table_args__ = (Index("ix_news_member", "member_id", "told_at"),)

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    kind: Mapped[str] = mapped_column(String(20))
    question: Mapped[str] = mapped_column(String(80))
    details: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class OccurrenceRow(Base):
    """One piece of scheduled work. Its kind, subject and slot name it, so that it can be there once only."""

    __tablename__ = "occurrences"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "slot", name="uq_occurrences_slot"),
        Index("ix_occurrences_due", "state", "due_at"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    """Whom or what it is for: a server, a round, a member."""
    member_id: Mapped[int | None] = mapped_column(BigInteger, _learner())
    """The member whom it is about, if it is about one: it goes with them."""
    slot: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    claimed_by: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]


class WeeklyQuizRow(Base):
    """How a server's weekly quiz is set up. Weekday 0 is Monday; `minute` counts from midnight in `zone`."""

    __tablename__ = "weekly_quizzes"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    minute: Mapped[int] = mapped_column(SmallInteger)
    zone: Mapped[str] = mapped_column(String(64))
    questions: Mapped[int] = mapped_column(SmallInteger)
    open_hours: Mapped[int] = mapped_column(SmallInteger)
    role_id: Mapped[int | None]
    goal: Mapped[int | None] = mapped_column(SmallInteger)
    """How many members the server wants to finish it."""
    is_paused: Mapped[bool]
    changed_at: Mapped[datetime]


class WeeklyRoundRow(Base):
    """One week's quiz of a server: its round, and where it was posted. `slot` is its week.

    Nothing refers to the round by a foreign key, for rounds of members go with them and those of servers stay.
    """

    __tablename__ = "weekly_rounds"
    __table_args__ = (UniqueConstraint("guild_id", "slot", name="uq_weekly_rounds_slot"),)

    round_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    guild_id: Mapped[int]
    slot: Mapped[str] = mapped_column(String(40))
    planned_at: Mapped[datetime]
    channel_id: Mapped[int]
    message_id: Mapped[int | None]
    posted_at: Mapped[datetime | None]
    summary_message_id: Mapped[int | None]


class ReminderRow(Base):
    """A member wants to be reminded of due reviews, between two hours of their own day."""

    __tablename__ = "reminders"

    member_id: Mapped[int] = _learner_key()
    from_hour: Mapped[int] = mapped_column(SmallInteger)
    to_hour: Mapped[int] = mapped_column(SmallInteger)
    changed_at: Mapped[datetime]
    failed_at: Mapped[datetime | None]
    """When a direct message was refused; the reminder is off since, and the member is told at the next /review."""


class GroupRow(Base):
    """A study group: where it meets, and when it checks in. Weekday 0 is Monday; `minute` counts from midnight."""

    __tablename__ = "study_groups"
    __table_args__ = (
        Index("ix_study_groups_guild", "guild_id", "state"),
        Index("ix_study_groups_home", "home_id"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    guild_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    owner_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("learners.member_id", ondelete="SET NULL"))
    step: Mapped[int | None] = mapped_column(SmallInteger)
    language: Mapped[str | None] = mapped_column(String(20))
    goal: Mapped[str | None] = mapped_column(Text)
    is_open: Mapped[bool]
    """Whether anybody may join; else the owner lets them in."""
    is_private: Mapped[bool]
    """Whether its home is a private thread."""
    parent_id: Mapped[int]
    """The channel in which its home is a thread."""
    home_id: Mapped[int | None]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    minute: Mapped[int] = mapped_column(SmallInteger)
    zone: Mapped[str] = mapped_column(String(64))
    window_days: Mapped[int] = mapped_column(SmallInteger)
    """How many days a check-in is open."""
    state: Mapped[str] = mapped_column(String(10))
    paused_until: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)
    """What is wrong with it and what mends that, for whoever can act."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class GroupMemberRow(Base):
    """A member of a group, or a former one (`left_at`)."""

    __tablename__ = "group_members"
    __table_args__ = (Index("ix_group_members_member", "member_id", "left_at"),)

    group_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("study_groups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = _learner_key()
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    away_until: Mapped[datetime | None]
    """Check-ins that are asked for before this moment are not asked of them."""
    is_nudged: Mapped[bool]
    """Whether they agreed to one private note when a check-in is about to close without theirs."""
    by_dm: Mapped[bool]
    """Whether they asked for direct messages; else such a note waits in the home of the group."""
    dm_failed_at: Mapped[datetime | None]
    """When a direct message was refused last."""


class GroupEventRow(Base):
    """Something that happened to a group: its history."""

    __tablename__ = "group_events"
    __table_args__ = (Index("ix_group_events_group", "group_id", "at"),)

    id: Mapped[int] = _serial()
    group_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("study_groups.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(BigInteger, _learner())
    kind: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class GroupSeekerRow(Base):
    """A member who looks for a group in a server, and what it should be like."""

    __tablename__ = "group_seekers"
    __table_args__ = (Index("ix_group_seekers_guild", "guild_id", "made_at"),)

    member_id: Mapped[int] = _learner_key()
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str] = mapped_column(String(64))
    windows: Mapped[list[str]]
    """When they have time, in their own zone (see `matching.models.Window`)."""
    languages: Mapped[list[str]]
    step: Mapped[int] = mapped_column(SmallInteger)
    hours_per_week: Mapped[float | None]
    channel_id: Mapped[int]
    """Where they are told of a proposal."""
    by_dm: Mapped[bool]
    made_at: Mapped[datetime]


class GroupProposalRow(Base):
    """A group that could be made, or groups that could be merged or split; it holds when its members accept."""

    __tablename__ = "group_proposals"
    __table_args__ = (Index("ix_group_proposals_guild", "guild_id", "state"), _NO_ID_TWICE)

    id: Mapped[int] = _serial()
    guild_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    groups: Mapped[list[int]] = mapped_column(JSON)
    """The groups that it would change, by id."""
    details: Mapped[dict[str, Any]]
    channel_id: Mapped[int]
    message_id: Mapped[int | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class ProposalMemberRow(Base):
    """Whom a proposal concerns, in which of the groups that come of it they would be, and what they say."""

    __tablename__ = "proposal_members"
    __table_args__ = (Index("ix_proposal_members_member", "member_id"),)

    proposal_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("group_proposals.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = _learner_key()
    part: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime | None]


class GroupWeekRow(Base):
    """One week's check-in of a group. `slot` is its week."""

    __tablename__ = "group_weeks"
    __table_args__ = (UniqueConstraint("group_id", "slot", name="uq_group_weeks_slot"), _NO_ID_TWICE)

    id: Mapped[int] = _serial()
    group_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("study_groups.id", ondelete="CASCADE"))
    slot: Mapped[str] = mapped_column(String(40))
    planned_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    channel_id: Mapped[int]
    prompt_message_id: Mapped[int | None]
    digest_message_id: Mapped[int | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class WeekMemberRow(Base):
    """A member of whom a week's check-in is asked, or who is away in it."""

    __tablename__ = "week_members"
    __table_args__ = (Index("ix_week_members_member", "member_id"),)

    week_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("group_weeks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = _learner_key()
    is_away: Mapped[bool]
    partner_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("learners.member_id", ondelete="SET NULL"))
    """Who is asked to reply to their check-in."""
    nudged_at: Mapped[datetime | None]


class CheckinRow(Base):
    """What a member answered in one week's check-in. What blocks them is theirs alone unless they show it."""

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("week_id", "member_id", name="uq_checkins_member"),
        Index("ix_checkins_member", "member_id", "made_at"),
        Index("ix_checkins_message", "message_id"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    week_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("group_weeks.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    state: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str | None] = mapped_column(String(10))
    evidence: Mapped[str] = mapped_column(Text)
    learned: Mapped[str] = mapped_column(Text)
    blocker: Mapped[str] = mapped_column(Text)
    shows_blocker: Mapped[bool]
    known: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What the tutor knew and the member added by a click: its key, and the text that they read and the group sees."""
    minutes: Mapped[int | None] = mapped_column(Integer)
    """What the member says the week took."""
    extra_minutes: Mapped[int] = mapped_column(Integer)
    """What of that the tutor had not counted before: it counts in the learner model."""
    concepts: Mapped[list[str]]
    """What the blocker is about."""
    is_repair: Mapped[bool]
    """Made after the week had closed."""
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What is being written and was not sent yet. The other columns are what was sent."""
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When it was sent for the first time, to the group or to the tutor alone."""
    posted_at: Mapped[datetime | None]
    """When the group saw it first, and its partner was asked."""


class CheckinReplyRow(Base):
    """What a member of the group replied to a check-in. Without text it is a message of their own."""

    __tablename__ = "checkin_replies"
    __table_args__ = (Index("ix_checkin_replies_checkin", "checkin_id"), _NO_ID_TWICE)

    id: Mapped[int] = _serial()
    checkin_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("checkins.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    text: Mapped[str | None] = mapped_column(Text)
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    made_at: Mapped[datetime]


class PlanRow(Base):
    """What a member means to do until the next check-in, and what they will do if it does not work."""

    __tablename__ = "plans"
    __table_args__ = (
        Index("ix_plans_member", "member_id", "made_at"),
        Index("ix_plans_group", "group_id", "made_at"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    group_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("study_groups.id", ondelete="CASCADE"))
    week_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("group_weeks.id", ondelete="CASCADE"))
    """The newest week of the group when it was made; the check-in of the next one asks how it went."""
    what: Mapped[str] = mapped_column(Text)
    by_when: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    fallback: Mapped[str] = mapped_column(Text)
    item: Mapped[str | None] = mapped_column(String(130))
    """The part of the path that it is about."""
    state: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str | None] = mapped_column(String(10))
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    """Its own message; a plan that was made in a check-in is shown with that."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class HelpRequestRow(Base):
    """What blocks a member, shown to the mentors because the member asked for it."""

    __tablename__ = "help_requests"
    __table_args__ = (
        Index("ix_help_requests_guild", "guild_id", "state"),
        Index("ix_help_requests_member", "member_id", "made_at"),
        _NO_ID_TWICE,
    )

    id: Mapped[int] = _serial()
    guild_id: Mapped[int]
    group_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("study_groups.id", ondelete="SET NULL"))
    member_id: Mapped[int] = mapped_column(BigInteger, _learner())
    text: Mapped[str] = mapped_column(Text)
    concepts: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(10))
    helper_id: Mapped[int | None]
    """The mentor who offered help."""
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
