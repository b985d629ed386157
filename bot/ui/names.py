"""The names of members, for embeds: not every app of Discord shows a mention there as a name."""

import logging
import re
from collections import OrderedDict
from collections.abc import Collection
from copy import deepcopy

import discord

from bot.ui.embeds import add_lines
from bot.ui.text import EMBED_DESCRIPTION_LIMIT, EMBED_FIELD_LIMIT, escape

_log = logging.getLogger(__name__)

_MENTION = re.compile(r"<@(\d{1,20})>")
_MOST = 10_000
_EMBED_LIMIT = 6000
_MOST_FIELDS = 25
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

        fields = list(embed.fields)
        named = discord.Embed.from_dict(deepcopy(embed.to_dict())).clear_fields()
        named.description = _MENTION.sub(name, embed.description) if embed.description else embed.description
        for field in fields:
            _add_field(named, field.name or "", _MENTION.sub(name, field.value or ""), inline=bool(field.inline))
        fits = len(named) <= _EMBED_LIMIT and len(named.fields) <= _MOST_FIELDS
        return named if fits and len(named.description or "") <= EMBED_DESCRIPTION_LIMIT else embed


def _add_field(embed: discord.Embed, name: str, value: str, *, inline: bool) -> None:
    """Names may be longer than mentions: what no longer fits into a field goes on in the next one."""
    if len(value) <= EMBED_FIELD_LIMIT:
        embed.add_field(name=name, value=value, inline=inline)
    else:
        add_lines(embed, name, value.split("\n"))


def _texts(embed: discord.Embed) -> list[str]:
    return [embed.description or "", *(field.value or "" for field in embed.fields)]
