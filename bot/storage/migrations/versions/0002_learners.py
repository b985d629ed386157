"""The learner model: profiles, progress, evidence, recommendations, probes, milestones; settings of servers."""

import sqlalchemy as sa
from alembic import op

from bot.storage.tables import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "guilds",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("milestones_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guilds"),
    )
    op.create_table(
        "learners",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("motivation", sa.Text(), nullable=True),
        sa.Column("coding", sa.SmallInteger(), nullable=True),
        sa.Column("maths", sa.SmallInteger(), nullable=True),
        sa.Column("deep_learning", sa.SmallInteger(), nullable=True),
        sa.Column("style", sa.String(length=20), nullable=True),
        sa.Column("hours_per_week", sa.Double(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("first_capstone", sa.String(length=80), nullable=True),
        sa.Column("second_capstone", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("member_id", name="pk_learners"),
    )
    op.create_table(
        "step_roles",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "step", name="pk_step_roles"),
    )
    op.create_table(
        "congratulations",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("milestone", sa.String(length=40), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_congratulations_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "guild_id", "milestone", name="pk_congratulations"),
    )
    op.create_table(
        "enrolments",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_visible", sa.Boolean(), nullable=False),
        sa.Column("is_congratulated", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_enrolments_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "guild_id", name="pk_enrolments"),
    )
    op.create_index("ix_enrolments_guild", "enrolments", ["guild_id", "is_visible"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("concept", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_evidence_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint("member_id", "key", name="uq_evidence_key"),
    )
    op.create_index("ix_evidence_member", "evidence", ["member_id", "observed_at"])
    op.create_table(
        "mastery",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("concept", sa.String(length=80), nullable=False),
        sa.Column("right_weight", sa.Double(), nullable=False),
        sa.Column("wrong_weight", sa.Double(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_mastery_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "concept", name="pk_mastery"),
    )
    op.create_table(
        "milestones",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("milestone", sa.String(length=40), nullable=False),
        sa.Column("reached_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_milestones_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "milestone", name="pk_milestones"),
    )
    op.create_table(
        "probes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=130), nullable=True),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_probes_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_probes"),
    )
    op.create_index("ix_probes_member", "probes", ["member_id", "made_at"])
    op.create_table(
        "progress",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=130), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_progress_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "item", name="pk_progress"),
    )
    op.create_table(
        "progress_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=130), nullable=False),
        sa.Column("before", sa.String(length=10), nullable=True),
        sa.Column("after", sa.String(length=10), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_progress_changes_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_progress_changes"),
        sa.UniqueConstraint("member_id", "key", name="uq_progress_changes_key"),
    )
    op.create_index("ix_progress_changes_member", "progress_changes", ["member_id", "changed_at"])
    op.create_table(
        "recommendations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=130), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["learners.member_id"], name="fk_recommendations_member_id_learners", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recommendations"),
    )
    op.create_index("ix_recommendations_member", "recommendations", ["member_id", "made_at"])
    op.create_table(
        "probe_answers",
        sa.Column("probe_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("choice", sa.SmallInteger(), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["probe_id"], ["probes.id"], name="fk_probe_answers_probe_id_probes", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("probe_id", "position", name="pk_probe_answers"),
    )
