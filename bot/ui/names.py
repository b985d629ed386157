"""The names of members, for embeds: not every app of Discord shows a mention there as a name."""

import logging
import re
from collections import OrderedDict
from collections.abc import Collection

import discord

from bot.ui.text import escape

_log = logging.getLogger(__name__)

_MENTION = re.compile(r"<@(\d{1,20})>")
_MOST = 10_000
_LOOKED_UP = 100
"""How many members Discord looks up in one request."""


class MemberNames:
    """Remembers what members are called in a server, since they were met last; asks Discord for those it has not met.

    The tutor has no right to hear of changes. Who is met again, with a click or a check-in, is noted again.
    """

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[int, int], str] = OrderedDict()

    def note(self, member: discord.Member) -> None:
        """Somebody was met."""
        self._names[member.guild.id, member.id] = member.display_name
        self._names.move_to_end((member.guild.id, member.id))
        if len(self._names) > _MOST:
            self._names.popitem(last=False)

    async def find(self, guild: discord.Guild, member_ids: Collection[int]) -> dict[int, str]:
        """The names of those who are in the server, not escaped; nobody's whom Discord does not tell."""
        wanted = [id_ for id_ in dict.fromkeys(member_ids) if (guild.id, id_) not in self._names][:_LOOKED_UP]
        if wanted:
            try:
                for member in await guild.query_members(user_ids=wanted, limit=len(wanted), cache=False):
                    self.note(member)
            except TimeoutError:
                _log.warning("Discord does not tell who is in server %d, so some are not named.", guild.id)
        known = ((id_, self._names.get((guild.id, id_))) for id_ in member_ids)
        return {id_: name for id_, name in known if name is not None}

    async def put_into(self, embed: discord.Embed, guild: discord.Guild | None) -> discord.Embed:
        """The embed with names in place of mentions. Whose name is not known stays mentioned."""
        found = {int(id_) for text in _texts(embed) for id_ in _MENTION.findall(text)}
        if guild is None or not found:
            return embed
        names = await self.find(guild, sorted(found))

        def name(match: re.Match[str]) -> str:
            known = names.get(int(match[1]))
            return match[0] if known is None else f"**{escape(known)}**"

        named = embed.copy()
        named.description = _MENTION.sub(name, embed.description) if embed.description else embed.description
        for place, field in enumerate(embed.fields):
            named.set_field_at(place, name=field.name, value=_MENTION.sub(name, field.value or ""), inline=field.inline)
        return named


def _texts(embed: discord.Embed) -> list[str]:
    return [embed.description or "", *(field.value or "" for field in embed.fields)]
