"""Names of members in embeds, in place of mentions."""

import discord

from tests.bot.server import running_server


async def test_members_are_named_and_others_stay_mentioned(settings, encoder):
    async with running_server(settings, encoder) as s:
        guild = s.client.get_guild(s.guild.id)
        embed = discord.Embed(description=f"<@{s.ada.id}> and <@12345>")
        embed.add_field(name="Who", value=f"<@{s.grace.id}> \\<@{s.grace.id}\\>", inline=False)
        named = await s.client.names.put_into(embed, guild)
        assert named.description == "**ada** and <@12345>"
        assert named.fields[0].value == f"**grace** \\<@{s.grace.id}\\>"
        assert embed.description == f"<@{s.ada.id}> and <@12345>"


async def test_a_name_is_shown_as_text_and_without_a_server_nothing_changes(settings, encoder):
    async with running_server(settings, encoder) as s:
        loud = s.guild.add_member(s.env.create_user("loud", global_name="*Loud* @everyone"))
        await s.env.settle()
        embed = discord.Embed(description=f"<@{loud.id}>")
        named = await s.client.names.put_into(embed, s.client.get_guild(s.guild.id))
        assert named.description == "**\\*Loud\\* @\u200beveryone**"
        assert (await s.client.names.put_into(embed, None)).description == f"<@{loud.id}>"


async def test_whoever_has_clicked_is_known_without_asking_discord(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.slash(s.channel, "help")
        for member in (s.ada, s.grace):
            s.guild.remove_member(member)
        await s.env.settle()
        found = await s.client.names.find(s.client.get_guild(s.guild.id), [s.ada.id, s.grace.id])
        assert found == {s.ada.id: "ada"}
