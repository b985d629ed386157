"""Settings from defaults, file and environment, and the token."""

import itertools
import os
import re
import tomllib
from pathlib import Path

import pytest

from bot.config import DiscordSettings, Settings, load_settings, read_token
from bot.errors import ConfigError, TokenError
from tests.paths import ROOT

HOW_TO_WRITE_A_URL = (
    "[database] url: write it like sqlite+aiosqlite:///data/tutor.db or "
    "postgresql+asyncpg://user:password@host/database, and special characters of a password as %-codes, "
    "for example %40 for @"
)


@pytest.fixture(autouse=True)
def _clean_start(tmp_path, monkeypatch):
    """A folder without configuration and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("TUTOR_", "DISCORD_")):
            monkeypatch.delenv(name)


def write(text, name="config.toml"):
    path = Path(name)
    path.write_text(text, "utf-8")
    return path


def message(path=None):
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def example():
    """`config.example.toml` with the settings that stand in comments switched on."""
    text = (ROOT / "config.example.toml").read_text("utf-8")
    return tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))


def test_the_example_names_every_setting():
    named = {section: set(keys) for section, keys in example().items()}
    assert named == {section: set(type(getattr(Settings(), section)).model_fields) for section in Settings.model_fields}


def test_the_example_shows_the_defaults():
    """A path has no default to show; its example stands in a comment."""
    shown = example()
    assert shown["discord"].pop("token_file") == "/run/secrets/discord_token"
    defaults = Settings().model_dump(mode="json")
    assert defaults["discord"].pop("token_file") is None
    assert shown == defaults


def test_the_example_can_be_used_as_it_is():
    assert load_settings(ROOT / "config.example.toml") == Settings()


def test_the_example_explains_every_setting():
    lines = (ROOT / "config.example.toml").read_text("utf-8").splitlines()
    unexplained = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"(?:# )?\w+ = ", line) and not re.match(r"# [A-Z].*\S", before)
    ]
    assert unexplained == []


def test_without_a_file_the_defaults_count():
    assert load_settings(None) == Settings()


def test_config_toml_is_read_if_it_exists():
    write('[log]\nlevel = "ERROR"\n[answers]\nmax_sources = 2\n')
    settings = load_settings(None)
    assert (settings.log.level, settings.answers.max_sources, settings.answers.confidence) == ("ERROR", 2, 0.5)


def test_a_named_file_is_read():
    assert load_settings(write("[index]\nthreads = 4\n", "mine.toml")).index.threads == 4


def test_a_missing_named_file():
    assert message(Path("mine.toml")) == (
        "There is no configuration file mine.toml. Copy config.example.toml to mine.toml and edit it."
    )


def test_broken_toml():
    text = message(write("[log\nlevel = 1\n"))
    assert text.startswith("config.toml is not TOML: ")
    assert "line 1" in text
    assert text.endswith("Compare it with config.example.toml.")


def test_a_file_that_is_no_text():
    Path("config.toml").write_bytes(b"\xff\xfe\x00")
    assert message().startswith("config.toml is not TOML: ")


@pytest.mark.parametrize(
    ("toml", "lines"),
    [
        ("[log]\nlevl = 'INFO'", ["[log] levl is an unknown key; did you mean level?"]),
        ("[lgo]\nlevel = 'INFO'", ["lgo is an unknown key; did you mean log?"]),
        ("zebra = 1", ["zebra is an unknown key; known keys are discord, index, database, answers, review, log"]),
        (
            "[index]\nzebra = 1",
            ["[index] zebra is an unknown key; known keys are knowledge, folder, model, threads"],
        ),
        ("log = 'INFO'", ["log: write it as a section [log] with its keys below"]),
        ("[log]\nlevel = 'loud'", ["[log] level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"]),
        ("[answers]\nmax_sources = 6", ["[answers] max_sources: Input should be less than or equal to 5"]),
        ("[answers]\nmax_sources = 0", ["[answers] max_sources: Input should be greater than or equal to 1"]),
        ("[answers]\nconfidence = 1.5", ["[answers] confidence: Input should be less than or equal to 1"]),
        (
            "[answers]\nquestions_per_minute = 'many'",
            ["[answers] questions_per_minute: Input should be a valid integer, unable to parse string as an integer"],
        ),
        (
            "[discord]\nask_channels = [1, -2]",
            ["[discord] ask_channels.1: Input should be greater than 0"],
        ),
        ("[database]\nurl = 'tutor'", [HOW_TO_WRITE_A_URL]),
        ("[database]\nurl = 'postgresql+asyncpg://me:secret@home:word@host/tutor'", [HOW_TO_WRITE_A_URL]),
        (
            "[database]\nurl = 'postgres://me:secret@host/tutor'",
            ["[database] url: begin it with sqlite+aiosqlite: or postgresql+asyncpg:, not with postgres:"],
        ),
        (
            "[database]\nurl = 'sqlite:///data/tutor.db'",
            ["[database] url: begin it with sqlite+aiosqlite: or postgresql+asyncpg:, not with sqlite:"],
        ),
        (
            "[answers]\nconfidense = 1\n[discord]\nmessage_contents = true\n[logs]\n",
            [
                "[discord] message_contents is an unknown key; did you mean message_content?",
                "[answers] confidense is an unknown key; did you mean confidence?",
                "logs is an unknown key; did you mean log?",
            ],
        ),
    ],
)
def test_every_wrong_key_is_named(toml, lines):
    assert message(write(toml)).splitlines() == ["config.toml cannot be used:", *(f"  {line}" for line in lines)]


@pytest.mark.parametrize(
    "toml", ["[answers]\nnotes_url = 'example.org'", "[index]\nmodel = ''", "[answers]\nkeep_questions_days = 0"]
)
def test_values_that_cannot_work(toml):
    section, key = re.match(r"\[(\w+)\]\n(\w+)", toml).groups()
    assert f"  [{section}] {key}: " in message(write(toml))


def test_the_environment_wins_over_the_file(monkeypatch):
    path = write('[log]\nlevel = "ERROR"\n[answers]\nmax_sources = 2\n')
    monkeypatch.setenv("TUTOR_LOG__LEVEL", "DEBUG")
    monkeypatch.setenv("TUTOR_ANSWERS__CONFIDENCE", "0.75")
    settings = load_settings(path)
    assert (settings.log.level, settings.answers.max_sources, settings.answers.confidence) == ("DEBUG", 2, 0.75)


def test_lists_in_the_environment(monkeypatch):
    monkeypatch.setenv("TUTOR_DISCORD__ASK_CHANNELS", "[12, 34]")
    assert load_settings(None).discord.ask_channels == (12, 34)


def test_a_wrong_value_in_the_environment(monkeypatch):
    monkeypatch.setenv("TUTOR_LOG__LEVEL", "loud")
    problem = "  [log] level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"
    assert message() == f"the environment cannot be used:\n{problem}"
    path = write("[answers]\nmax_sources = 2\n")
    assert message(path) == f"config.toml with the TUTOR_ variables of the environment cannot be used:\n{problem}"


def test_an_unknown_key_in_the_environment(monkeypatch):
    monkeypatch.setenv("TUTOR_LOG__LEVL", "INFO")
    assert "[log] levl is an unknown key; did you mean level?" in message()


@pytest.mark.parametrize(("name", "value"), [("TUTOR_DISCORD__ASK_CHANNELS", "12,34"), ("TUTOR_LOG", "INFO")])
def test_a_variable_that_cannot_be_parsed(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    text = message()
    assert text.startswith("The environment cannot be used: ")
    assert text.endswith("Write TUTOR_<SECTION>__<KEY>=value, and lists like [1, 2].")


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().log.level = "DEBUG"


def token_error(settings):
    with pytest.raises(TokenError) as caught:
        read_token(settings)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_token_from_the_environment(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", " from-env \n")
    assert read_token(DiscordSettings()) == "from-env"


def test_token_from_a_file():
    assert read_token(DiscordSettings(token_file=write("from-file\n", "token"))) == "from-file"


def test_the_environment_wins_over_the_token_file(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "from-env")
    assert read_token(DiscordSettings(token_file=Path("missing"))) == "from-env"


def test_an_empty_variable_counts_as_none(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "  ")
    assert read_token(DiscordSettings(token_file=write("from-file", "token"))) == "from-file"


def test_no_token_at_all():
    text = token_error(DiscordSettings())
    assert text.startswith("There is no bot token. Set the environment variable DISCORD_TOKEN, ")
    assert "token_file under [discord]" in text


def test_an_empty_token_file():
    assert token_error(DiscordSettings(token_file=write(" \n", "token"))) == (
        "The token file token is empty. Put the bot token into it."
    )


def test_a_missing_token_file():
    text = token_error(DiscordSettings(token_file=Path("missing")))
    assert text.startswith("The token file missing cannot be read: ")
    assert text.endswith("Check the path and its permissions.")


def test_a_token_file_that_cannot_be_read():
    Path("folder").mkdir()
    assert token_error(DiscordSettings(token_file=Path("folder"))).startswith("The token file folder cannot be read: ")
    Path("binary").write_bytes(b"\xff\xfe")
    assert token_error(DiscordSettings(token_file=Path("binary"))).startswith("The token file binary cannot be read: ")
