"""What can be wrong with a knowledge folder, said so that its author can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend: where it is, what is wrong there, and what would be right."""

    file: str
    line: int | None
    key: str | None
    wrong: str
    right: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f" [{self.key}]" if self.key else ""
        return f"{place}{key} {self.wrong}; {self.right}"


class KnowledgeError(Exception):
    """A knowledge folder that cannot be used. Lists every problem of every file."""

    def __init__(self, folder: str, problems: Sequence[Problem]) -> None:
        self.folder = folder
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line or 0, p.key or "")))
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__("\n".join([f"{count} {noun} in {folder}", *(f"  {p}" for p in self.problems)]))
