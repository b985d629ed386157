"""What the tutor can do here, as it is set up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A command as Discord knows it, by its whole name; `mention` makes it clickable."""

    name: str
    mention: str
    description: str


@dataclass(frozen=True, slots=True)
class Abilities:
    """`documents` counts notes; `reads_channel` says whether a plain message in this channel is answered."""

    commands: tuple[CommandHelp, ...]
    documents: int
    passages: int
    steps: tuple[str, ...]
    reads_channel: bool
    keep_questions_days: int
    is_private: bool
