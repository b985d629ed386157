"""What members read of check-ins, within the limits of Discord whatever they have written."""

import dataclasses
from datetime import UTC, datetime, timedelta

import discord
import pytest
from discord.utils import format_dt

from bot.features.checkin.models import (
    Checkin,
    CheckinDraft,
    CheckinState,
    Digest,
    DigestLine,
    KnownEvidence,
    Panel,
    Prompt,
    Reply,
    RhythmFigure,
    Shown,
    Week,
    WeekMember,
)
from bot.features.checkin.views import (
    digest_buttons,
    note_buttons,
    post_text,
    render_digest,
    render_nudge,
    render_post,
    render_prompt,
    reply_text,
)
from bot.features.checkin.views.controls import (
    Answer,
    AnswerButton,
    GroupSelect,
    NoteButton,
    NudgeSelect,
    panel_controls,
)
from bot.features.checkin.views.render import nudge_line, render_overview, render_panel, rhythm_text, words
from bot.features.checkin.views.windows import Sent, form_window, if_then_window, read_form
from bot.features.groups.models import Group, GroupMember, GroupState
from bot.features.plan.models import Outcome, Plan, PlanState, PlanText
from bot.scheduling.models import Rhythm

NOW = datetime(2026, 1, 5, 17, tzinfo=UTC)
BIG = 2**63 - 1
ID = 10**18 - 1
"""More rows than there will ever be."""

WORST = ["*", "<@1>", "x", "a b ", "@everyone ", "`", "\\", "https://example.org/a_b ", "a\n", "é"]
"""Each of them fills a text up to its limit."""


def fill(piece, limit):
    return (piece * limit)[:limit]


def group_of(**values):
    standard = dict(
        id=ID,
        guild_id=BIG,
        name="Night owls",
        owner_id=BIG,
        step=1,
        language="English",
        goal=None,
        is_open=False,
        is_private=True,
        parent_id=BIG,
        home_id=BIG,
        rhythm=Rhythm(0, 18 * 60, "Europe/Berlin"),
        window_days=2,
        state=GroupState.ACTIVE,
        paused_until=None,
        note=None,
        made_at=NOW,
        ended_at=None,
    )
    return Group(**(standard | values))


def week_of(**values):
    standard = dict(
        id=ID, group_id=1, slot="2026-W02", planned_at=NOW, closes_at=NOW + timedelta(days=2), channel_id=BIG
    )
    return Week(**(standard | values))


def plan_of(text, **values):
    standard = dict(
        id=BIG,
        member_id=BIG,
        group_id=1,
        week_id=None,
        text=text,
        item=None,
        state=PlanState.SHOWN,
        outcome=None,
        channel_id=None,
        message_id=None,
        made_at=NOW,
    )
    return Plan(**(standard | values))


def longest_plan(piece):
    return PlanText(fill(piece, 200), fill(piece, 100), fill(piece, 100), fill(piece, 200))


def shown_of(**values):
    standard = dict(
        checkin_id=1,
        member_id=7,
        group_name="Night owls",
        plan=None,
        outcome=Outcome.DONE,
        evidence=(),
        learned="",
        blocker="",
        next_plan=None,
        partner_id=8,
        is_repair=False,
    )
    return Shown(**(standard | values))


def panel_of(**values):
    standard = dict(
        group=group_of(),
        membership=GroupMember(1, 7, NOW),
        week=week_of(),
        asked=WeekMember(7),
        checkin=None,
        plan=None,
        next_plan=None,
        known=(),
        added=(),
        shown=None,
        rhythm=RhythmFigure(0, 0),
        can_check_in=True,
        next_prompt_at=None,
    )
    return Panel(**(standard | values))


def check_limits(*embeds):
    """What Discord takes."""
    assert sum(len(embed) for embed in embeds) <= 6000
    for embed in embeds:
        assert len(embed.title or "") <= 256
        assert len(embed.description or "") <= 4096
        assert len(embed.fields) <= 25
        assert all(0 < len(field.value) <= 1024 for field in embed.fields)


def custom_ids(view):
    found = [getattr(item, "custom_id", None) or getattr(item.item, "custom_id", None) for item in view.children]
    assert len(found) == len(set(found))
    assert all(len(id_) <= 100 for id_ in found if id_)
    return found


# Words of members


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ [x](http://y)", "\\*bold\\* \\_it\\_ \\[x\\]\\(http://y\\)"),
        ("see https://github.com/ada/_nets_, it works.", "see https://github.com/ada/_nets_, it works."),
        ("(https://a.b/c?d=e#f)", "\\(https://a.b/c?d=e#f\\)"),
        ("https://a.b https://c.d", "https://a.b https://c.d"),
        ("two\nlines  and   blanks ", "two lines and blanks"),
        ("@everyone <@1> <#2> <t:0>", "@\u200beveryone \\<@\u200b1\\> \\<\\#2\\> \\<t\\:0\\>"),
        ("<https://a.b|x>", "\\<https://a.b\\|x\\>"),
        ("javascript:alert(1)", "javascript\\:alert\\(1\\)"),
        ("", ""),
    ],
)
def test_words_are_literal_and_web_addresses_stay_links(text, shown):
    assert words(text) == shown


@pytest.mark.parametrize("piece", WORST)
@pytest.mark.parametrize("limit", [20, 400, 1024])
def test_words_never_outgrow_their_room(piece, limit):
    shown = words(fill(piece, 3000), limit)
    assert len(shown) <= limit
    assert shown.endswith("…") or len(shown) < limit
    assert not shown.removesuffix("…").endswith("\\") or piece == "\\"


# The limits


@pytest.mark.parametrize("piece", WORST)
def test_the_longest_check_in_fits_into_a_post_and_into_the_panel(piece):
    known = tuple(KnownEvidence(f"done:{number}", fill(piece, 100)) for number in range(10))
    text = longest_plan(piece)
    shown = shown_of(
        plan=plan_of(text),
        evidence=(*(one.text for one in known), fill(piece, 500)),
        learned=fill(piece, 500),
        blocker=fill(piece, 500),
        next_plan=text,
        is_repair=True,
    )
    check_limits(render_post(shown))
    assert len(post_text(shown)) <= 2000
    draft = CheckinDraft(Outcome.NOT, blocker=fill(piece, 500), minutes=1200, next_plan=text)
    checkin = Checkin(1, 1, 7, CheckinState.SHARED, draft=draft)
    panel = panel_of(
        group=group_of(name=fill(piece, 60)),
        checkin=checkin,
        known=known,
        added=known,
        shown=dataclasses.replace(shown, blocker=""),
    )
    content, embeds = render_panel(panel)
    check_limits(*embeds)
    assert len(content) <= 2000
    view = panel_controls(panel)
    custom_ids(view)
    assert len({row["components"][0]["custom_id"] for row in view.to_components()}) == len(view.to_components()) <= 5


@pytest.mark.parametrize("piece", WORST)
def test_the_longest_private_check_in_fits_into_the_panel(piece):
    checkin = Checkin(
        1,
        1,
        7,
        CheckinState.PRIVATE,
        Outcome.PARTLY,
        fill(piece, 500),
        fill(piece, 500),
        fill(piece, 500),
        minutes=1200,
    )
    known = tuple(KnownEvidence(f"done:{number}", fill(piece, 100)) for number in range(10))
    panel = panel_of(checkin=checkin, added=known, next_plan=plan_of(longest_plan(piece)))
    _, embeds = render_panel(panel)
    check_limits(*embeds)
    assert [embed.title for embed in embeds] == ["Only you see this"]


@pytest.mark.parametrize("piece", WORST)
def test_a_digest_of_eight_with_the_longest_texts_fits(piece):
    figure = RhythmFigure(8, 7, 6)
    lines = tuple(
        DigestLine(BIG - number, Outcome.NOT, plan_of(longest_plan(piece)), False, True, figure) for number in range(8)
    )
    group = group_of(goal=fill(piece, 200))
    digest = Digest(week_of(), group, lines, 8, 8, 8, 8, 8, 99, NOW)
    embed = render_digest(digest, NOW)
    check_limits(embed)
    text = "\n".join([embed.description, *(field.value for field in embed.fields)])
    assert all(text.count(f"<@{BIG - number}>") == 2 for number in range(8))
    members = tuple(WeekMember(BIG - number, partner_id=BIG - number - 1) for number in range(8))
    check_limits(render_prompt(Prompt(week_of(), group, members, names_partners=True, is_new=True)))
    custom_ids(digest_buttons(digest))


@pytest.mark.parametrize("piece", WORST)
def test_the_overview_notes_and_replies_fit(piece):
    group = group_of(name=fill(piece, 60), note=fill("x", 300))
    panel = panel_of(
        group=group,
        membership=GroupMember(1, 7, NOW, away_until=NOW + timedelta(days=1), is_nudged=True, by_dm=True),
        next_plan=plan_of(longest_plan(piece)),
        rhythm=RhythmFigure(8, 7, 6, 3, NOW + timedelta(days=3)),
    )
    check_limits(render_overview(panel, NOW))
    assert len(render_nudge(group, week_of(), plan_of(longest_plan(piece)))) <= 2000
    assert len(reply_text(Reply(1, 1, BIG, fill(piece, 300), None, None), BIG)) <= 2000


@pytest.mark.parametrize("piece", WORST)
def test_the_window_takes_what_was_written_before_and_fits(piece):
    text = longest_plan(piece)
    draft = CheckinDraft(Outcome.NOT, fill(piece, 500), fill(piece, 500), fill(piece, 500), next_plan=text)
    panel = panel_of(checkin=Checkin(1, 1, 7, CheckinState.DRAFT, draft=draft), plan=plan_of(text))
    window = form_window(ID, panel, text.what, is_here=True).to_dict()
    assert len(window["custom_id"]) <= 100
    assert len(window["title"]) <= 45
    assert len(window["components"]) == 5
    for label in window["components"]:
        assert len(label["label"]) <= 45
        assert len(label.get("description", "")) <= 100
        assert len(label["component"].get("value") or "") <= label["component"].get("max_length", 4000)
    chosen = [option["value"] for option in window["components"][0]["component"]["options"] if option.get("default")]
    assert chosen == ["not"]
    assert len(if_then_window(ID, text).custom_id) <= 100


def test_custom_ids_of_the_biggest_numbers_fit():
    custom_ids(note_buttons(ID, BIG))
    view = discord.ui.View()
    view.add_item(NoteButton(ID, BIG))
    view.add_item(AnswerButton(ID, Answer.ANOTHER, 1000))
    view.add_item(NudgeSelect(ID, GroupMember(1, 7, NOW)))
    view.add_item(GroupSelect([panel_of()]))
    custom_ids(view)


# Words of mine


def test_a_rhythm_never_falls_to_nothing():
    assert rhythm_text(RhythmFigure(4, 3)) == "3 of your 4 planned weeks"
    assert rhythm_text(RhythmFigure(4, 3, 1), "") == "3 of 4 planned weeks (1 made up later)"
    assert rhythm_text(RhythmFigure(1, 1)) == "your first planned week"
    assert rhythm_text(RhythmFigure(1, 0)) == "0 of your 1 planned week"
    assert rhythm_text(RhythmFigure(0, 0)) == "It begins with your first check-in"
    assert rhythm_text(RhythmFigure(0, 0), "") == "just begun"


def test_a_digest_counts_the_quiet_and_names_only_who_checked_in():
    lines = (
        DigestLine(7, Outcome.DONE, plan_of(PlanText("Lesson *4*")), False, False, RhythmFigure(4, 3)),
        DigestLine(8, None, None, True, False, RhythmFigure(2, 2)),
        DigestLine(9, None, None, False, True, RhythmFigure(5, 4, 1)),
    )
    until = NOW + timedelta(days=9)
    digest = Digest(week_of(), group_of(goal="Three lessons"), lines, 5, 2, 1, 3, 4, 1, NOW + timedelta(days=7))
    embed = render_digest(digest, until)
    assert embed.title == "How the week of 5 January went"
    assert embed.description == (
        "3 of 5 checked in.\n3 of 4 plans kept.\n1 reply among you.\n"
        f"2 had a quiet week. They can make it up until {format_dt(until, 'f')}.\n1 was away."
    )
    assert {field.name: field.value for field in embed.fields} == {
        "Who checked in": "<@7> · Done · 3 of 4 planned weeks\n<@8> · checked in privately · 2 of 2 planned weeks\n"
        "<@9> · made up later · 4 of 5 planned weeks (1 made up later)",
        "Our goal": "Three lessons",
        "What is next": f"<@7>: Lesson \\*4\\*\nNext check-in: {format_dt(NOW + timedelta(days=7), 'F')}",
    }
    assert custom_ids(digest_buttons(digest)) == [f"checkin:{ID}:open", f"checkin:{ID}:digest"]
    full = dataclasses.replace(digest, quiet=0)
    assert custom_ids(digest_buttons(full)) == [f"checkin:{ID}:digest"]
    assert "quiet" not in render_digest(full, until).description


def test_the_week_is_named_by_the_calendar_of_the_group():
    auckland = group_of(rhythm=Rhythm(1, 6 * 60, "Pacific/Auckland"))
    prompt = Prompt(week_of(planned_at=NOW), auckland, (), names_partners=False, is_new=True)
    embed = render_prompt(prompt)
    assert embed.title == "Check-in, week of 6 January"
    assert embed.fields == []


def test_without_a_partner_nobody_is_asked_to_reply():
    assert post_text(shown_of(partner_id=None)) is None


def test_a_reply_says_whether_it_asks():
    assert reply_text(Reply(1, 1, 8, "How so?", None, None), 7) == "<@8> asks <@7>: How so?"
    assert reply_text(Reply(1, 1, 8, "Well done!", None, None), 7) == "<@8> to <@7>: Well done!"


def test_how_notes_come_is_told():
    member = GroupMember(1, 7, NOW)
    assert nudge_line(member) == "Off."
    refused = dataclasses.replace(member, is_nudged=True, by_dm=True, dm_failed_at=NOW)
    assert nudge_line(refused) == (
        "On, as a direct message. The last one was refused, so it waited in the home of your group."
    )


def test_a_sent_check_in_leads_to_its_message():
    sent = Checkin(1, ID, 7, CheckinState.SHARED, channel_id=BIG, message_id=42)
    panel = panel_of(checkin=sent, shown=shown_of(), rhythm=RhythmFigure(4, 3))
    content, _ = render_panel(panel, "Noted.")
    assert content == (
        f"Noted.\nYou have checked in, thank you. Your group sees this in <#{BIG}>:\n"
        "Your rhythm: 3 of your 4 planned weeks."
    )
    view = panel_controls(panel, "Lesson " + "3" * 100)
    assert view.children[0].url == f"https://discord.com/channels/{BIG}/{BIG}/42"
    assert all(len(item.item.label) <= 80 for item in view.children[1:])
    late = panel_controls(dataclasses.replace(panel, can_check_in=False))
    assert [item.item.label for item in late.children[1:]] == ["Withdraw"]
    homeless = dataclasses.replace(panel, group=group_of(home_id=None))
    content, _ = render_panel(homeless)
    assert "Your group has no home now: send it again once it has one." in content
    assert [item.item.label for item in panel_controls(homeless).children] == ["Edit", "Withdraw"]


def test_the_overview_of_a_paused_group_says_until_when():
    until = NOW + timedelta(days=14)
    panel = panel_of(group=group_of(state=GroupState.PAUSED, paused_until=until), week=None)
    embed = render_overview(panel, NOW)
    fields = {field.name: field.value for field in embed.fields}
    assert fields["Next check-in"] == f"Your group pauses until {format_dt(until, 'f')}."
    homeless = panel_of(group=group_of(state=GroupState.HOMELESS, home_id=None, note="Its thread has been deleted."))
    embed = render_overview(homeless, NOW)
    assert embed.description.startswith("Its thread has been deleted.\n")
    assert {field.name: field.value for field in embed.fields}["Next check-in"] == "None is planned."


def test_a_form_that_is_none_is_read_as_nothing():
    form = read_form(Sent("form", 1, False, {"outcome": "forged", "evidence": f" {fill('x', 900)} ", "next": " a "}))
    assert form.outcome is None
    assert form.evidence == fill("x", 500)
    assert (form.learned, form.blocker, form.next_plan) == ("", "", "a")
