import asyncio
from datetime import timedelta
import discord, pytest
from tests.bot.checkin_members import *
from tests.bot.server import labels_of, text_of, warnings_of
from tests.bot.weekly_members import buttons_of, come_back_at, live_until
from tests.bot.test_checkin_flow import begin, close, work, checkins, public_text, forge, week_view, deny, told, try_again_until, overview, WEEK, DAY, HOUR

LONG = "*_~`|>#[]()<" * 100

def size(message):
    return [(len(f.value), f.name) for e in message.embeds for f in e.fields if len(f.value) > 1024], sum(len(e) for e in message.embeds)

async def test_long_names_eight(settings, encoder, caplog):
    async with group_server(settings, encoder, check_errors=False) as s:
        more = [s.guild.add_member(s.env.create_user("maximiliana-josephine-berg" + str(i))) for i in range(8)]
        await s.env.settle()
        members = more
        group, prompt = await begin(s, *members)
        print("PROMPT", size(prompt))
        for m in members:
            p = await check_in(s, m, prompt, evidence=LONG[:500], learned=LONG[:500], blocker="nothing", next=("Lesson four and the notebook " * 9)[:103])
        for post in posts(s, group): print("POST", size(post))
        d = await close(s, group)
        await try_again_until(s, CLOSES + 30*HOUR)
        print("DIGEST", size(d), [len(f.value) for f in d.embeds[0].fields])
        print(work(s, "group_digest"), told(s), warnings_of(caplog))

async def test_long_all_fields(settings, encoder, caplog):
    async with group_server(settings, encoder, check_errors=False) as s:
        group, prompt = await begin(s, s.ada, s.grace)
        opened = await s.ada.click(prompt, label="Check in")
        panel = await submit(s.ada, opened, evidence=LONG[:500], learned=LONG[:500], blocker=LONG[:500], next=LONG[:200])
        op = await s.ada.click(panel, label="Make it an if-then plan")
        await s.ada.submit_modal(op, {"what": LONG[:200], "when": LONG[:100], "where": LONG[:100], "fallback": LONG[:200]})
        print(buttons_of(panel), size(panel))
        await s.ada.click(panel, label="Show what blocks me: no")
        await s.ada.click(panel, label="Show to my group")
        await s.env.advance_time(1)
        print("POST", size(posts(s, group)[-1]), warnings_of(caplog))

async def test_pause_group_open_week(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        r = (await s.ada.slash(s.channel, "group pause", who="group", weeks=3)).response
        print(r.content)
        d = await close(s, group)
        print(text_of(d))
        print(fields_of(await overview(s, s.grace)), text_of(await overview(s, s.grace)))

async def test_pause_dates(settings, encoder, caplog):
    async with group_server(settings, encoder, check_errors=False) as s:
        group = await make_group(s, s.ada, s.grace)
        for until in ("9999-12-31", "0001-01-01", "1999", "2999-01-01", "1999-01-01", "31.2.", "2026-13-01", "29.2."):
            r = (await s.ada.slash(s.channel, "group pause", until=until)).response
            print(until, "->", r.content)
        print(warnings_of(caplog))

async def test_away_then_back_then_missed(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s)
        p = await check_in(s, s.ada, prompt, outcome=["done"], learned="x")
        r = (await s.ada.slash(s.channel, "group pause", weeks=2)).response
        print(r.content)
        await s.ada.click(p, label="Withdraw")
        a = (await s.grace.click(prompt, label="Away this week")).response
        print(a.content)
        await s.grace.click(a, label="I am here after all"); print(a.content)
        q = await write(s.grace, a, learned="grace wrote this")
        d = await close(s, group)
        print(text_of(d))
        await s.grace.click(q, label="Show to my group")
        print("GRACE", q.content)
        print("ADA", text_of(await overview(s, s.ada)))
        print("GRACE", text_of(await overview(s, s.grace)), buttons_of(await overview(s, s.grace)))

async def test_group_ended_while_window_open(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s, s.ada, s.grace)
        opened = await s.grace.click(prompt, label="Check in")
        draft = await write(s.ada, prompt, learned="ada draft")
        await s.client.services.groups.end(group.id, s.ada.id)
        await s.env.settle()
        r = await submit(s.grace, opened, learned="grace long text")
        print("END", r.content)
        x = await s.ada.click(draft, label="Show to my group"); print(draft.content, [f.content for f in x.followups])
        x = await s.ada.click(draft, label="Discard"); print(draft.content, [f.content for f in x.followups])
        print((await overview(s, s.ada)).content)
        print(s.rows("select state, draft from checkins"))
        print(text_of(home_of(s, group).history()[0]) , [m.content for m in home_of(s, group).history()][-1:])

async def test_late_window(settings, encoder):
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s, s.ada, s.grace)
        opened = await s.grace.click(prompt, label="Check in")
        await s.client.services.groups.join(group.id, s.eve.id, is_let_in=True)
        from bot.features.groups.views.homes import add_to_home
        await add_to_home(s.client, s.client.get_channel(group.home_id), s.eve.id); await s.env.settle()
        eo = await s.eve.click(prompt, label="Check in")
        ed = await submit(s.eve, eo, learned="eve draft")
        await close(s, group)
        x = await s.eve.click(ed, label="Show to my group"); print("EVE", ed.content, [f.content for f in x.followups])
        x = await s.eve.click(ed, label="Change"); print("EVE", x.response and x.response.content, buttons_of(ed))

async def test_erase_gives_up(settings, encoder, caplog):
    async with group_server(settings, encoder, check_errors=False) as s:
        group, prompt = await begin(s, s.ada, s.grace, s.eve)
        p = await check_in(s, s.ada, prompt, learned="zebra secret")
        await check_in(s, s.grace, prompt, learned="giraffe secret")
        mids = [m.id for m in posts(s, group)[1:]]
        for m in mids:
            s.env.inject_error("DELETE", f"/channels/{group.home_id}/messages/{m}", status=503, times=None)
        await s.ada.click(p, label="Withdraw")
        await s.client.services.privacy.delete_member(s.grace.id)
        await s.env.advance_time(1)
        await try_again_until(s, MONDAY + 30*HOUR)
        print(work(s, "checkin_show"), work(s, "group_erase"))
        s.env.backend.faults.clear()
        await s.restart()
        await close(s, group)
        print("STILL", "zebra" in public_text(s), "giraffe" in public_text(s))
        print("TOLD", told(s)); print(warnings_of(caplog)); print(p.content)


async def test_known_changes_public(settings, encoder):
    """Reviews answered after sending change the posted figure."""
    from sqlalchemy import text
    async with group_server(settings, encoder) as s:
        group, prompt = await begin(s, s.ada, s.grace)
        svc = s.client.services
        p = await write(s.ada, prompt, outcome=["done"], next="Lesson 4")
        import sqlite3
        from sqlalchemy.engine import make_url
        path = make_url(s.settings.database.url).database
        def cols(t):
            return [(r[1], r[2], r[3]) for r in s.rows(f"pragma table_info({t})")]
        print(cols("rounds")); print(cols("attempts"))

async def test_dm_fallback_and_note(settings, encoder):
    async with group_server(settings, encoder) as s:
        group = await make_group(s, s.ada, s.grace)
        await s.client.services.groups.set_nudges(group.id, s.grace.id, is_nudged=True, by_dm=True)
        s.env.inject_error("POST", "/users/@me/channels", status=403, times=None)
        await live_until(s, MONDAY + SECOND)
        await live_until(s, CLOSES - 11*HOUR)
        print("HOME", [(m.content, pings(s, m)) for m in posts(s, group)])
        await close(s, group)
        print("HOME", [(m.content, labels_of(m)) for m in posts(s, group)])

async def test_plan_dm_and_checkin_dm(settings, encoder):
    async with group_server(settings, encoder, check_errors=False) as s:
        group = await make_group(s, s.ada, s.grace)
        print(hasattr(s.ada, "dm_channel"), [a for a in dir(s.ada) if not a.startswith("_")])
        r = (await s.eve.slash(s.channel, "plan")).response; print(r.content)
        r = (await s.eve.slash(s.channel, "checkin")).response; print(r.content)
        r = (await s.eve.slash(s.channel, "group leave")).response; print(r.content)
        r = (await s.eve.slash(s.channel, "group show", group="zzz")).response; print(r.content)
        r = (await s.eve.slash(s.channel, "group join", group="Night owls")).response; print(r.content)
        r = (await s.eve.slash(s.channel, "group join", group="Night owls")).response; print(r.content)
        r = (await s.ada.slash(s.channel, "group remove", member=s.eve)).response; print(r.content)
        r = (await s.ada.slash(s.channel, "group edit", time="25:61")).response; print(r.content)
        r = (await s.ada.slash(s.channel, "group edit", zone="   ")).response; print(r.content)
        r = (await s.ada.slash(s.channel, "group edit", name="   ")).response; print(r.content)
        for name in ("@everyone", "\u200b\u200b\u200b", "<@&123> ** ](x)", "discord.gg/abc", "100"):
            r = (await s.grace.slash(s.channel, "group create", name=name, day=1, time="7 pm", zone="Mars")).response; print(name, r.content)
            r = (await s.grace.slash(s.channel, "group create", name=name, day=1, time="7 pm", zone="UTC")).response; print(name, r.content)
            m = s.channel.history()[-3:]
            print([x.content for x in m])
