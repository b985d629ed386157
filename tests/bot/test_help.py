"""/help shows what there is, as this server is set up."""

import discord

from bot.config import DiscordSettings
from tests.bot.server import running_server

COMMANDS = {
    "Learning": ["ask", "curriculum", "next", "start"],
    "Practising": ["quiz", "review"],
    "Your progress": [
        "progress complete",
        "progress server",
        "progress show",
        "progress skip",
        "progress undo",
        "progress visibility",
    ],
    "Learning together": [
        "calls mine",
        "checkin",
        "group create",
        "group edit",
        "group end",
        "group invite",
        "group join",
        "group leave",
        "group list",
        "group match",
        "group nudges",
        "group pause",
        "group remove",
        "group resume",
        "group show",
        "plan",
    ],
    "Your data": ["privacy delete", "privacy export", "privacy show"],
    "For admins and mentors": ["calls list", "challenges list", "challenges undo"],
    "More": ["help"],
}
ADMIN_COMMANDS = [
    *COMMANDS["For admins and mentors"],
    "settings clear",
    "settings groups",
    "settings mentors",
    "settings milestones",
    "settings notes",
    "settings show",
    "settings step_role",
    "weekly history",
    "weekly off",
    "weekly pause",
    "weekly post",
    "weekly preview",
    "weekly results",
    "weekly resume",
    "weekly set",
    "weekly show",
]


def fields(result):
    """The fields by their names; one without a name goes on with the field before it."""
    found, name = {}, ""
    for field in result.response.embeds[0].fields:
        if field.name == "\u200b":
            found[name] += f"\n{field.value}"
        else:
            name = field.name
            found[name] = field.value
    return found


async def test_help_lists_every_command_as_a_link(settings, encoder):
    async with running_server(settings, encoder) as s:
        result = await s.ada.slash(s.channel, "help")
        assert result.response.ephemeral
        registered = await s.client.tree.fetch_commands()
        ids = {command.name: command.id for command in registered}
        assert set(ids) == {"Ask the tutor", "settings", "weekly"} | {
            name.split(maxsplit=1)[0] for names in COMMANDS.values() for name in names
        }
        shown = fields(result)
        for group, names in COMMANDS.items():
            lines = sorted(shown[group].splitlines())
            assert [line.split("> ")[0] + ">" for line in lines] == [
                f"</{name}:{ids[name.split(maxsplit=1)[0]]}>" for name in names
            ]
        assert shown["More"] == f"</help:{ids['help']}> What I can do here, with examples."


async def test_what_only_admins_may_do_is_shown_to_admins_only(settings, encoder):
    async with running_server(settings, encoder) as s:
        assert "/settings" not in fields(await s.ada.slash(s.channel, "help"))["For admins and mentors"]
        role = s.guild.create_role("admins", permissions=discord.Permissions(manage_guild=True))
        boss = s.guild.add_member(s.env.create_user("boss"), roles=[role])
        lines = sorted(fields(await boss.slash(s.channel, "help"))["For admins and mentors"].splitlines())
        assert [line.split(":")[0].removeprefix("</") for line in lines] == ADMIN_COMMANDS


async def test_every_command_that_help_names_works(settings, encoder):
    async with running_server(settings, encoder) as s:
        options = {
            "ask": {"question": "what is dropout?"},
            "challenges undo": {"question": "softmax-sum"},
            "group create": {"name": "Night owls", "day": 0, "time": "19:30", "zone": "Europe/Berlin"},
            "group invite": {"member": s.grace},
            "group join": {"group": "Night owls"},
            "group nudges": {"wanted": True},
            "group pause": {"weeks": 1},
            "group remove": {"member": s.grace},
            "progress complete": {"item": "fastai-practical-deep-learning/lesson-1"},
            "progress skip": {"item": "fastai-practical-deep-learning/lesson-2"},
        }
        for name in (name for names in COMMANDS.values() for name in names):
            result = await s.ada.slash(s.channel, name, **options.get(name, {}))
            assert result.response is not None
            assert not result.response.flags.loading


async def test_help_begins_with_the_first_step(settings, encoder):
    async with running_server(settings, encoder) as s:
        ids = s.client.command_ids
        embed = (await s.ada.slash(s.channel, "help")).response.embeds[0]
        assert embed.description.startswith(
            f"**New here?** </start:{ids['start']}> takes a minute, then </next:{ids['next']}> says what to do.\n\n"
        )


async def test_help_in_a_direct_message_names_what_works_there(settings, encoder):
    async with running_server(settings, encoder) as s:
        shown = fields(await s.ada.user.slash("help"))
        listed = {
            line.removeprefix("</").partition(":")[0]
            for text in shown.values()
            for line in text.splitlines()
            if line.startswith("</")
        }
        assert listed == {
            *COMMANDS["Learning"],
            *COMMANDS["Practising"],
            *(name for name in COMMANDS["Your progress"] if name not in {"progress server", "progress visibility"}),
            "plan",
            *COMMANDS["Your data"],
            "help",
        }
        assert shown["In your server"] == "Study groups, check-ins and the weekly quiz: use me in your server."
        assert "In your server" not in fields(await s.ada.slash(s.channel, "help"))
        for name in ("server", "visibility"):
            refused = await s.ada.user.slash(f"progress {name}")
            assert refused.response.content == "This works in a server only."


async def test_help_counts_the_notes_and_names_the_steps(settings, encoder, knowledge):
    async with running_server(settings, encoder) as s:
        result = await s.ada.slash(s.channel, "help")
        embed = result.response.embeds[0]
        manifest = s.client.services.index.snapshot.manifest
        assert embed.footer.text == (
            f"{manifest.documents} notes, {manifest.passages} passages. Questions are kept 30 days: /privacy."
        )
        titles = [step.title for step in knowledge.curriculum.steps]
        lines = fields(result)["The curriculum"].splitlines()
        assert len(lines) == len(titles) == 6
        for number, (line, title) in enumerate(zip(lines, titles, strict=True), start=1):
            assert line.startswith(f"{number}. {title} (")
        assert len(embed) <= 6000


async def test_every_example_of_help_has_an_answer(settings, encoder):
    async with running_server(settings, encoder) as s:
        examples = fields(await s.ada.slash(s.channel, "help"))["Try"].splitlines()
        assert len(examples) == 4
        for example in examples:
            question = example.removeprefix("- *").removesuffix("*")
            await s.ada.slash(s.channel, "ask", question=question)
        assert s.rows("SELECT outcome FROM answers") == [("answered",)] * 4


async def test_help_says_how_to_ask_here(settings, encoder):
    reading = "- Just write your question here; I read this channel."
    mention = "- Mention me in a message, reply to one of my answers, or write to me directly."
    menu = "- Press and hold a message (or right-click it), then Apps, Ask the tutor."
    async with running_server(settings, encoder) as s:
        other = s.guild.create_text_channel("chat")
        assert fields(await s.ada.slash(s.channel, "help"))["Asking"].splitlines() == [mention, menu]
        assert fields(await s.ada.user.slash("help"))["Asking"] == (
            "Just write your question here. Reply to one of my answers to ask on."
        )
        own = DiscordSettings(message_content=True, ask_channels=(s.channel.id,))
        s.settings = settings.model_copy(update={"discord": own})
        await s.restart()
        assert fields(await s.ada.slash(s.channel, "help"))["Asking"].splitlines() == [reading, mention, menu]
        assert fields(await s.ada.slash(other, "help"))["Asking"].splitlines() == [mention, menu]
