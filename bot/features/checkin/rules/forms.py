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
    PlanFrom,
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

    A plan that the member made for themselves alone is no part of it until they send it with the window, or if they
    have sent it so and the group does not see it any more, or not yet.
    """
    if checkin is not None and checkin.draft is not None:
        return checkin.draft
    draft = CheckinDraft()
    if checkin is not None:
        draft = _take_over(checkin)
        if checkin.state in {CheckinState.PRIVATE, CheckinState.WITHDRAWN} and next_plan is not None:
            draft = replace(draft, next_plan=next_plan.text, plan_from=PlanFrom.OWN)
    return follow_plan(draft, next_plan)


def _take_over(checkin: Checkin) -> CheckinDraft:
    return CheckinDraft(
        checkin.outcome,
        checkin.evidence,
        checkin.learned,
        checkin.blocker,
        checkin.shows_blocker,
        checkin.known,
        checkin.minutes,
        concepts=checkin.concepts,
    )


def follow_plan(draft: CheckinDraft, next_plan: Plan | None) -> CheckinDraft:
    """The draft with the next plan as it is by now: /plan may have changed it since. One written here stays."""
    if draft.plan_from is PlanFrom.WRITTEN:
        return draft
    if next_plan is not None and next_plan.state is PlanState.SHOWN:
        return replace(draft, next_plan=next_plan.text, item=next_plan.item, plan_from=PlanFrom.SEEN)
    is_left = draft.plan_from is PlanFrom.OWN and next_plan is not None and next_plan.text == draft.next_plan
    if next_plan is not None and is_left:
        return replace(draft, item=next_plan.item)
    return replace(draft, next_plan=None, item=None)


def put_plan(draft: CheckinDraft, text: PlanText | None, item: str | None) -> CheckinDraft:
    """The draft with another next plan, or without one. What says the same as before was not written anew."""
    plan_from = draft.plan_from if text == draft.next_plan else PlanFrom.WRITTEN
    return replace(draft, next_plan=text, item=item if text is not None else None, plan_from=plan_from)


def fill_draft(draft: CheckinDraft, form: CheckinForm, next_plan: Plan | None) -> CheckinDraft:
    """The draft with what came from the window, cleaned.

    Of a blocker in other words it is not known yet what it is about, nor whether the group may see it.
    """
    draft = _put_first_line(draft, form.next_plan, next_plan)
    is_same_blocker = form.blocker == draft.blocker
    return replace(
        draft,
        outcome=form.outcome,
        evidence=form.evidence,
        learned=form.learned,
        blocker=form.blocker,
        shows_blocker=draft.shows_blocker and is_same_blocker,
        concepts=draft.concepts if is_same_blocker else (),
    )


def _put_first_line(draft: CheckinDraft, what: str, next_plan: Plan | None) -> CheckinDraft:
    """What else belongs to a plan stays while its first line is changed; what it is about only while it is the same."""
    before = draft.next_plan
    if what == (before.what if before is not None else ""):
        return draft
    if what and before is None and next_plan is not None and next_plan.text.what == what:
        # Made for themselves alone; the preview says that it will be shown.
        return replace(draft, next_plan=next_plan.text, item=next_plan.item, plan_from=PlanFrom.OWN)
    return put_plan(draft, replace(before or PlanText(what), what=what) if what else None, None)


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
