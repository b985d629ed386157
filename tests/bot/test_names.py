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


async def test_long_names_never_make_an_embed_that_discord_refuses(settings, encoder):
    async with running_server(settings, encoder) as s:
        people = [s.guild.add_member(s.env.create_user(f"p{n}", global_name=f"{n}" * 32)) for n in range(8)]
        await s.env.settle()
        guild = s.client.get_guild(s.guild.id)
        lines = [f"<@{person.id}>: {'x' * 100}" for person in people]
        embed = discord.Embed().add_field(name="What is next", value="\n".join(lines), inline=False)
        assert len(embed.fields[0].value) <= 1024
        named = await s.client.names.put_into(embed, guild)
        assert [field.name for field in named.fields] == ["What is next", "\u200b"]
        assert "\n".join(field.value for field in named.fields) == "\n".join(
            f"**{str(number) * 32}**: {'x' * 100}" for number in range(8)
        )
        assert all(len(field.value) <= 1024 for field in named.fields)
        full = discord.Embed(description=f"<@{people[0].id}>{'y' * 4073}")
        assert len(full.description) <= 4096
        assert (await s.client.names.put_into(full, guild)).description == full.description


async def test_whoever_has_clicked_is_known_without_asking_discord(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.ada.slash(s.channel, "help")
        for member in (s.ada, s.grace):
            s.guild.remove_member(member)
        await s.env.settle()
        found = await s.client.names.find(s.client.get_guild(s.guild.id), [s.ada.id, s.grace.id])
        assert found == {s.ada.id: "ada"}
