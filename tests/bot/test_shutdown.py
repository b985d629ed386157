"""Starting and stopping: what an operator reads when it cannot start, and that no answer is lost when it stops.

Discord itself is played by a small server on this machine where a real connection is needed.
"""

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager

import discord
import pytest
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import run_bot
from bot.config import DiscordSettings, IndexSettings
from bot.errors import ConnectionFailed, IntentsError, TokenError
from bot.features.privacy.cog import PrivacyCog
from tests.bot.server import labels_of, running_server, warnings_of
from tests.paths import ROOT

TOKEN = "not-a-token-of-anyone"
IDENTIFY = 2
USER = {"id": "1", "username": "tutor", "discriminator": "0", "avatar": None, "bot": True}


class Held:
    """The real service, which answers when the test lets it."""

    def __init__(self, service):
        self._service = service
        self.started = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def answer_question(self, asked):
        self.started.set()
        await self.may_answer.wait()
        return await self._service.answer_question(asked)

    def __getattr__(self, name):
        return getattr(self._service, name)


@asynccontextmanager
async def held_server(settings, encoder):
    async with running_server(settings, encoder) as s:
        held = Held(s.client.services.ask)
        s.client.services = dataclasses.replace(s.client.services, ask=held)
        await s.restart()
        yield s, held


@pytest.mark.parametrize("way", ["slash", "mention"])
async def test_a_running_answer_is_finished_first(settings, encoder, way):
    async with held_server(settings, encoder) as (s, held):
        if way == "slash":
            asking = asyncio.create_task(s.ada.slash(s.channel, "ask", question="what is dropout?"))
        else:
            asking = asyncio.create_task(s.ada.send(s.channel, f"{s.client.user.mention} what is dropout?"))
        await held.started.wait()
        closing = asyncio.create_task(s.client.close())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not closing.done()
        assert not s.client.is_closed()
        held.may_answer.set()
        await asyncio.gather(asking, closing)
        assert s.client.is_closed()
        assert labels_of(s.said()[-1]) == ["Helpful", "Not helpful", "Show sources in full"]
        assert s.rows("SELECT message_id FROM answers") == [(s.said()[-1].id,)]


async def test_an_answer_that_never_ends_does_not_stop_the_shutdown(settings, encoder, monkeypatch, caplog):
    monkeypatch.setattr("bot.client.SHUTDOWN_SECONDS", 0.01)
    async with held_server(settings, encoder) as (s, held):
        asking = asyncio.create_task(s.ada.slash(s.channel, "ask", question="what is dropout?"))
        await held.started.wait()
        await s.client.close()
        assert s.client.is_closed()
        assert warnings_of(caplog) == ["1 answers did not finish within 0.01 seconds."]
        held.may_answer.set()
        await asking


class Tidying:
    """Forgets old questions for as long as it is let, and takes some turns of the event loop to clean up."""

    def __init__(self):
        self.started = asyncio.Event()
        self.is_clean = False

    async def forget_old_questions(self):
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(200):
                await asyncio.sleep(0)
            self.is_clean = True


async def test_a_daily_run_has_ended_before_the_database_is_closed():
    """Else it waits for a connection that is no more, and the process never ends."""
    tidying = Tidying()
    cog = PrivacyCog(tidying)
    await cog.cog_load()
    await tidying.started.wait()
    await cog.cog_unload()
    assert tidying.is_clean


async def test_closing_twice_is_closing_once(settings, encoder):
    async with running_server(settings, encoder) as s:
        await s.client.close()
        await s.client.close()
        assert s.client.is_closed()


async def test_without_a_token_nothing_is_opened(settings, monkeypatch, tmp_path):
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    with pytest.raises(TokenError, match=r"^There is no bot token\. Set the environment variable DISCORD_TOKEN"):
        await run_bot(settings)
    assert list(tmp_path.iterdir()) == []


def start(settings, *, token=None):
    """`tutor run` in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DISCORD_", "TUTOR_"))}
    environment["TUTOR_INDEX__FOLDER"] = str(settings.index.folder)
    environment["TUTOR_DATABASE__URL"] = settings.database.url
    if token:
        environment["DISCORD_TOKEN"] = token
    return subprocess.run(
        [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_without_a_token_ends_with_3_and_one_message(settings):
    done = start(settings)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "There is no bot token. Set the environment variable DISCORD_TOKEN, or put the token into a file and name it "
        "as token_file under [discord] in config.toml. The README shows where Discord gives you the token.\n"
    )


def test_the_command_without_an_index_ends_with_5_and_one_message(settings, tmp_path):
    nowhere = settings.model_copy(update={"index": IndexSettings(folder=tmp_path / "nowhere")})
    done = start(nowhere, token=TOKEN)
    assert done.returncode == 5
    assert done.stdout == ""
    assert done.stderr == (f"There is no search index in {tmp_path / 'nowhere'}. Build it with: tutor index build\n")


def _json(data, status=200):
    """Discord names no charset, and discord.py insists on that."""
    return web.Response(body=json.dumps(data).encode(), status=status, content_type="application/json")


@asynccontextmanager
async def local_discord(monkeypatch, *, token_is_good=True, gateway=None):
    """As much of Discord as a bot needs to log in."""

    async def me(_request):
        return _json(USER) if token_is_good else _json({"message": "401"}, status=401)

    async def application(_request):
        return _json(
            {
                "id": "1",
                "name": "tutor",
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "",
                "flags": 0,
                "owner": USER,
                "summary": "",
                "icon": None,
                "team": None,
            }
        )

    async def commands(request):
        return _json(
            [
                {
                    "id": str(number),
                    "application_id": "1",
                    "version": "1",
                    "default_member_permissions": None,
                    "description": "",
                    **command,
                }
                for number, command in enumerate(await request.json(), start=2)
            ]
        )

    async def where(request):
        return _json(
            {
                "url": f"ws://{request.host}/gateway",
                "shards": 1,
                "session_start_limit": {"total": 1, "remaining": 1, "reset_after": 0, "max_concurrency": 1},
            }
        )

    app = web.Application()
    app.router.add_get("/users/@me", me)
    app.router.add_get("/oauth2/applications/@me", application)
    app.router.add_put("/applications/1/commands", commands)
    app.router.add_get("/gateway/bot", where)
    if gateway:
        app.router.add_get("/gateway/", gateway)
        app.router.add_get("/gateway", gateway)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.yarl.URL(f"ws://127.0.0.1:{port}/gateway"))
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
def with_encoder(monkeypatch, encoder):
    """`run_bot` with the model that is loaded already."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setattr("bot.app.load_encoder", lambda _settings: encoder)


@pytest.mark.usefixtures("with_encoder")
async def test_a_token_that_discord_refuses_is_explained(settings, monkeypatch, caplog):
    async with local_discord(monkeypatch, token_is_good=False):
        with pytest.raises(TokenError, match=r"^Discord refuses the bot token\. Reset it under Bot") as caught:
            await run_bot(settings)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text


@pytest.mark.usefixtures("with_encoder")
async def test_a_missing_intent_is_explained(settings, monkeypatch):
    async def gateway(request):
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        await socket_.send_json({"op": 10, "d": {"heartbeat_interval": 40000}, "s": None, "t": None})
        await socket_.receive()
        await socket_.close(code=4014, message=b"Disallowed intent(s).")
        return socket_

    reading = settings.model_copy(update={"discord": DiscordSettings(message_content=True)})
    async with local_discord(monkeypatch, gateway=gateway):
        with pytest.raises(IntentsError, match="message_content is on, but the application lacks that intent"):
            await run_bot(reading)


@pytest.mark.usefixtures("with_encoder")
async def test_an_unreachable_discord_is_explained(settings, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(ConnectionFailed, match=r"Discord cannot be reached \(\w+\). Check the network"):
            await run_bot(settings)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no handlers for these signals")
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("with_encoder")
async def test_a_signal_ends_the_bot_in_order(settings, monkeypatch, caplog, name):
    caplog.set_level("INFO", "bot")
    identified = []

    async def gateway(request):
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        await socket_.send_json({"op": 10, "d": {"heartbeat_interval": 40000}, "s": None, "t": None})
        while (payload := await socket_.receive_json())["op"] != IDENTIFY:
            pass
        identified.append(payload["d"]["token"])
        ready = {
            "v": 10,
            "user": USER,
            "guilds": [],
            "session_id": "x",
            "application": {"id": "1", "flags": 0},
            "resume_gateway_url": f"ws://{request.host}/gateway",
        }
        await socket_.send_json({"op": 0, "d": ready, "s": 1, "t": "READY"})
        os.kill(os.getpid(), name)
        async for _ in socket_:
            pass
        return socket_

    async with local_discord(monkeypatch, gateway=gateway):
        await run_bot(settings)
    assert identified == [TOKEN]
    assert "Shutting down." in caplog.messages
