"""What is missing, by the names that Discord shows to admins."""

import discord
import pytest

from bot.ui.permissions import lacking, name_of


@pytest.mark.parametrize(
    ("permission", "name"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("send_messages_in_threads", "Send Messages in Threads"),
        ("create_private_threads", "Create Private Threads"),
        ("create_public_threads", "Create Public Threads"),
        ("embed_links", "Embed Links"),
        ("read_message_history", "Read Message History"),
        ("attach_files", "Attach Files"),
    ],
)
def test_the_names_of_discord(permission, name):
    assert name_of(permission) == name
    assert lacking(discord.Permissions.none(), [permission]) == [name]
    assert lacking(discord.Permissions(**{permission: True}), [permission]) == []
