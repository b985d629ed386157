"""What a member writes into a check-in: cleaned, limited, kept as a draft, and judged whether there is anything."""

from dataclasses import replace
from datetime import datetime

from bot.features.checkin.models import (
    BLOCKER_LIMIT,
    EVIDENCE_LIMIT,
    LEARNED_LIMIT,
    Checkin,
    CheckinDraft,
    CheckinForm,
    CheckinState,
)
from bot.features.plan.models import FALLBACK_LIMIT, PLACE_LIMIT, WHAT_LIMIT, WHEN_LIMIT, Plan, PlanState, PlanText

MOST_MINUTES = 100 * 60
"""More than a hundred hours in one week are a slip of the finger."""


def clean(text: str, limit: int) -> str:
    """What was written, without blanks around it and not longer than there is room for."""
    return text.replace("\x00", "").strip()[:limit].rstrip()


def clean_form(form: CheckinForm) -> CheckinForm:
    """What came from a window, which may have been anything."""
    return CheckinForm(
        form.outcome,
        clean(form.evidence, EVIDENCE_LIMIT),
        clean(form.learned, LEARNED_LIMIT),
        clean(form.blocker, BLOCKER_LIMIT),
        clean(form.next_plan, WHAT_LIMIT),
    )


def clean_plan(text: PlanText) -> PlanText | None:
    """The plan as it was written; None without a word on what is to be done."""
    what = clean(text.what, WHAT_LIMIT)
    if not what:
        return None
    return PlanText(
        what, clean(text.by_when, WHEN_LIMIT), clean(text.place, PLACE_LIMIT), clean(text.fallback, FALLBACK_LIMIT)
    )


def begin_draft(checkin: Checkin | None, next_plan: Plan | None) -> CheckinDraft:
    """What a change begins with: the draft that is there, or what was sent, or nothing.

    A plan that the member made for themselves alone is no part of a new check-in until they send it with the window.
    """
    if checkin is not None and checkin.draft is not None:
        return checkin.draft
    was_sent = checkin is not None and checkin.state is not CheckinState.DRAFT
    is_part = next_plan is not None and (was_sent or next_plan.state is PlanState.SHOWN)
    text, item = (next_plan.text, next_plan.item) if next_plan is not None and is_part else (None, None)
    if checkin is None:
        return CheckinDraft(next_plan=text, item=item)
    return CheckinDraft(
        checkin.outcome,
        checkin.evidence,
        checkin.learned,
        checkin.blocker,
        checkin.shows_blocker,
        checkin.known,
        checkin.minutes,
        text,
        item,
        checkin.concepts,
    )


def fill_draft(draft: CheckinDraft, form: CheckinForm, next_plan: Plan | None) -> CheckinDraft:
    """The draft with what came from the window, cleaned.

    Of a blocker in other words it is not known yet what it is about, nor whether the group may see it.
    """
    text, item = _next_plan(draft, form.next_plan, next_plan)
    is_same_blocker = form.blocker == draft.blocker
    return replace(
        draft,
        outcome=form.outcome,
        evidence=form.evidence,
        learned=form.learned,
        blocker=form.blocker,
        shows_blocker=draft.shows_blocker and is_same_blocker,
        next_plan=text,
        item=item,
        concepts=draft.concepts if is_same_blocker else (),
    )


def _next_plan(draft: CheckinDraft, what: str, next_plan: Plan | None) -> tuple[PlanText | None, str | None]:
    """What else belongs to a plan stays while its first line is changed; what it is about only while it is the same."""
    if not what:
        return None, None
    if draft.next_plan is not None:
        item = draft.item if what == draft.next_plan.what else None
        return replace(draft.next_plan, what=what), item
    if next_plan is not None and next_plan.text.what == what:
        return next_plan.text, next_plan.item  # made for themselves alone; the preview says that it will be shown
    return PlanText(what), None


def send_draft(
    checkin: Checkin, draft: CheckinDraft, state: CheckinState, now: datetime, *, extra_minutes: int, is_over: bool
) -> Checkin:
    """The check-in once the draft is sent. When it was sent first stays, and whether its week was over then."""
    return replace(
        checkin,
        state=state,
        outcome=draft.outcome,
        evidence=draft.evidence,
        learned=draft.learned,
        blocker=draft.blocker,
        shows_blocker=draft.shows_blocker and bool(draft.blocker),
        known=draft.known,
        minutes=draft.minutes,
        extra_minutes=extra_minutes,
        concepts=draft.concepts if draft.blocker else (),
        is_repair=is_over if checkin.sent_at is None else checkin.is_repair,
        draft=None,
        sent_at=checkin.sent_at or now,
    )


def is_empty(draft: CheckinDraft) -> bool:
    """Whether there is nothing in it that anybody could read."""
    written = (draft.evidence, draft.learned, draft.blocker, draft.known, draft.next_plan)
    return draft.outcome is None and not any(written)


def count_extra(minutes: int | None, counted: int) -> int:
    """What of the time that a member says the week took was not counted before."""
    return max((minutes or 0) - counted, 0)
