"""Discord's limits on text, and splitting that never breaks a code fence."""

import re

MESSAGE_LIMIT = 2000
EMBED_DESCRIPTION_LIMIT = 4096
EMBED_FIELD_LIMIT = 1024
EMBED_TITLE_LIMIT = 256

_FENCE = re.compile(r"^(`{3,})(\w*)\s*$")


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


def link(label: str, url: str) -> str:
    """A masked link whose label cannot close itself."""
    return f"[{label.replace('[', '(').replace(']', ')')}]({url.replace(')', '%29')})"


def split_markdown(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Cut Markdown into parts of at most `limit` characters, at blank lines, lines or sentences.

    A code block that does not fit is closed at the end of a part and opened again in the next.
    """
    parts: list[str] = []
    current: list[str] = []
    size = 0
    fence: str | None = None

    def close() -> None:
        nonlocal size
        body = "\n".join([*current, "```"] if fence else current).strip("\n")
        if body.strip() and body != f"{fence}\n```":
            parts.append(body)
        current.clear()
        if fence:
            current.append(fence)
        size = sum(len(line) + 1 for line in current)

    for line in (piece for raw in text.splitlines() for piece in _fit_line(raw, limit - 40)):
        match = _FENCE.match(line)
        closes = bool(match and fence and not match[2])
        if size + len(line) + 1 + (0 if closes or not fence else 4) > limit:
            close()
        current.append(line)
        size += len(line) + 1
        if match:
            fence = None if closes else f"```{match[2]}"
        elif not line.strip() and not fence and size > limit * 3 // 4:
            close()
    close()
    return parts


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
