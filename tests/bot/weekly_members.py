"""Members who take a weekly quiz on a simulated Discord by clicking, and time that passes."""

from datetime import datetime, timedelta

import discord

from bot.client import TutorClient
from bot.ui.text import shorten

_MINUTE = timedelta(minutes=1)


class _LaterClient(TutorClient):
    """A client that comes up only after some time, in which nothing ran."""

    def __init__(self, s, seconds):
        super().__init__(s.settings, s.client.services, s.env.now)
        self._backend = s.env.backend
        self._seconds = seconds

    async def setup_hook(self):
        self._backend.advance_clock(self._seconds)
        await super().setup_hook()


async def come_back_at(s, moment: datetime):
    """The program stops now and starts at that time."""
    s.client = _LaterClient(s, (moment - s.env.now()).total_seconds())
    await s.env.restart_bot(s.client)


async def live_until(s, moment: datetime):
    """The program runs until then. It sleeps through most of it, which is left out."""
    if moment - s.env.now() > 2 * _MINUTE:
        await come_back_at(s, moment - _MINUTE)
    await s.env.advance_time((moment - s.env.now()).total_seconds())


def admin_of(s, name="linus", guild=None):
    """A member who may manage the server."""
    guild = guild or s.guild
    role = guild.create_role(f"{name}'s role", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(s.env.create_user(name), roles=[role])


def buttons_of(message):
    """The labels of the buttons of a message of one's own, without the selects."""
    rows = message.message.components
    return [it.label for row in rows for it in row.children if isinstance(it, discord.Button)]


async def take(member, post):
    """Begin the quiz, or go on with it; the private message."""
    return (await member.click(post, label="Take the quiz")).response


async def answer(s, member, message, *, right):
    """Answer the question that the message asks, with clicks or in the window for numbers."""
    question = _shown(s, message)
    texts = [option.text for option in question.options]
    correct = [option.text for option in question.options if option.correct]
    wrong = [option.text for option in question.options if not option.correct]
    match question.kind:
        case "single":
            await member.click(message, label=_letter_of(message, (correct if right else wrong)[0]))
        case "boolean":
            await member.click(message, label=(correct if right else wrong)[0])
        case "multiple":
            await member.select(message, [_value_of(message, text) for text in (correct if right else wrong)])
            await member.click(message, label="Check")
        case "order":
            for text in (texts if right else texts[::-1])[:-1]:
                await member.select(message, [_value_of(message, text)])
            await member.click(message, label="Check")
        case "numeric":
            opened = await member.click(message, label="Enter your answer")
            await member.submit_modal(opened, {"number": str(question.answer + (0 if right else 1000))})


async def answer_all(s, member, message, marks):
    """Answer in turn, x right and - wrong, and go on after each; the message shows the result in the end."""
    for mark in marks:
        await answer(s, member, message, right=mark == "x")
        going_on = [label for label in buttons_of(message) if label in {"Next question", "See your result"}]
        await member.click(message, label=going_on[0])
    return message.message


def _shown(s, message):
    text = message.message.embeds[0].description.replace("\\", "")
    (post,) = s.rows("SELECT questions FROM rounds WHERE kind = 'weekly' ORDER BY id DESC LIMIT 1")
    bank = {question.id: question for question in s.client.services.curriculum.questions}
    found = [q for id_, q in bank.items() if f'"{id_}"' in post[0] and q.prompt.replace("\\", "") in text]
    return max(found, key=lambda question: len(question.prompt))


def _letter_of(message, text):
    lines = [line.replace("\\", "") for line in message.message.embeds[0].description.splitlines()]
    wanted = text.replace("\\", "")
    return next(line[2] for line in lines if line.startswith("**") and line[5:] in {f" · {wanted}", f"* · {wanted}"})


def _value_of(message, text):
    (menu,) = [it for row in message.message.components for it in row.children if isinstance(it, discord.SelectMenu)]
    return next(option.value for option in menu.options if option.label == shorten(f"{option.label[:4]}{text}", 100))
