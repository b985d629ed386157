"""Discord's limits on text, and splitting that never breaks a code fence."""

import re
from collections.abc import Mapping

MESSAGE_LIMIT = 2000
EMBED_DESCRIPTION_LIMIT = 4096
EMBED_FIELD_LIMIT = 1024
EMBED_TITLE_LIMIT = 256

_FENCE = "```"
_OPENING = re.compile(r"\s*```([\w+#.-]{0,20}).*")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rsplit(None, 1)[0] if " " in cut[limit // 2 :] else cut
    return f"{at_word.rstrip(' ,;:.')}…"


def escape(text: str) -> str:
    """Text from outside as literal text: no Markdown, no mentions, on one line."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"([\\*_~`|>#\[\]()<:-])", r"\\\1", text)
    return text.replace("@", "@\u200b")


def literal(text: str) -> str:
    """Text of the question bank: `code` stays code, and the * and _ of formulas are no Markdown."""
    plain_and_code = enumerate(re.split(r"(`[^`]+`)", text))
    return "".join(piece if at % 2 else re.sub(r"([\\*_~|`])", r"\\\1", piece) for at, piece in plain_and_code)


def command(name: str, ids: Mapping[str, int]) -> str:
    """A command to click on, or in plain letters if its id is not among `ids`, which are by the first word."""
    id_ = ids.get(name.split(maxsplit=1)[0])
    return f"</{name}:{id_}>" if id_ else f"`/{name}`"


def link(label: str, url: str) -> str:
    """A masked link whose label cannot close itself."""
    return f"[{label.replace('[', '(').replace(']', ')')}]({url.replace(')', '%29')})"


def split_markdown(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Cut Markdown into parts of at most `limit` characters, at blank lines, lines or sentences.

    A code block that does not fit is closed at the end of a part and opened again in the next. As in Discord,
    every ``` opens or closes one, wherever it stands.
    """
    parts: list[str] = []
    current: list[str] = []
    size = 0
    fence: str | None = None
    """The line that opens the block again, inside of one."""

    def close() -> None:
        nonlocal size
        if fence and current and _is_bare_opening(current[-1]):
            current.pop()  # the block starts in the next part
        elif fence:
            current.append(_FENCE)
        body = "\n".join(current).strip("\n")
        if body.strip():
            parts.append(body)
        current[:] = [fence] if fence else []
        size = sum(len(line) + 1 for line in current)

    for line in (piece for raw in text.splitlines() for piece in _fit_line(raw, limit - 40)):
        switches = line.count(_FENCE) % 2 == 1
        stays_open = switches is (fence is None)
        if size + len(line) + 1 + (len(_FENCE) + 1 if stays_open else 0) > limit:
            close()
        current.append(line)
        size += len(line) + 1
        if switches:
            opening = _OPENING.fullmatch(line)
            fence = None if fence else _FENCE + (opening[1] if opening else "")
        elif not line.strip() and not fence and size > limit * 3 // 4:
            close()
    close()
    return parts


def _is_bare_opening(line: str) -> bool:
    return line.count(_FENCE) == 1 and _OPENING.fullmatch(line) is not None


def _fit_line(line: str, limit: int) -> list[str]:
    """A line as pieces of at most `limit` characters, cut after a sentence, else at a space, else anywhere."""
    pieces: list[str] = []
    while len(line) > limit:
        window = line[:limit]
        at = max(window.rfind(". ") + 1, window.rfind("! ") + 1, window.rfind("? ") + 1)
        if at < limit // 2:
            at = window.rfind(" ")
        if at < limit // 2:
            at = limit
        pieces.append(line[:at].rstrip())
        line = line[at:].lstrip()
    return [*pieces, line]
