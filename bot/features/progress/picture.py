"""The picture of a learner's progress: one card that reads well on a phone, on a dark and on a light background.

Drawn with matplotlib's objects, never with pyplot, which keeps global state. Every length is in pixels, counted
from the upper left corner. Nothing is said by colour alone: each part has its word, number or sign.
"""

import asyncio
import io
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle

from bot.features.progress.models import Level, Overview, StepOverview, StepState, WeekOverview
from bot.features.progress.rules.rhythm import format_hours, format_minutes

WIDTH, HEIGHT = 1000, 1250
FILE_NAME = "progress.png"

_DPI = 100
_LEFT, _RIGHT = 64, 936
_PATH = 474
"""How high the path is; its steps share it."""
_CARD, _TILE, _TRACK = "#1e2530", "#2b3544", "#46546a"
_INK, _MUTED = "#f4f7fb", "#bcc8d6"
_DONE, _NOW, _PAST = "#5fd08a", "#79b0ff", "#8fa3bd"
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_PLAIN = FontProperties(fname=_FONTS / "DejaVuSans.ttf")
_BOLD = FontProperties(fname=_FONTS / "DejaVuSans-Bold.ttf")
_MOST_OF_A_NAME = 40

_LEVELS = (
    (Level.SOLID, "solid", "●", _DONE),
    (Level.LEARNING, "learning", "◐", _NOW),
    (Level.FADING, "fading", "◌", "#f0c063"),
    (Level.SHAKY, "shaky", "≈", "#f59e8c"),
)


class ProgressPainter:
    """Draws one picture at a time, in a worker thread, so that the bot goes on answering meanwhile."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def paint(self, overview: Overview, name: str | None = None) -> bytes:
        """The picture as a PNG. `name` is whose progress it is; None: the reader's own."""
        async with self._lock:
            return await asyncio.to_thread(draw_progress, overview, name)


def draw_progress(overview: Overview, name: str | None = None) -> bytes:
    """Draw the card; takes a fraction of a second, so call it off the event loop."""
    card = _Card()
    _draw_heading(card, overview, name)
    pitch = _PATH / len(overview.steps)
    for row, step in enumerate(overview.steps):
        is_last = row == len(overview.steps) - 1
        _draw_step(card, step, 216 + pitch * row, 0 if is_last else pitch)
    _draw_concepts(card, overview, 694)
    _draw_week(card, overview, 880)
    _draw_rhythm(card, overview.weeks, overview.planned_minutes, 986)
    return card.png()


def drawable_name(name: str) -> str | None:
    """A name in letters that the font has; None if letters of it are missing, so that it is better left out."""
    known = get_font(str(_BOLD.get_file())).get_charmap()
    kept = []
    for char in unicodedata.normalize("NFKC", name):
        kind = unicodedata.category(char)
        if ord(char) in known and kind[0] not in "MC":
            kept.append(char)
        elif kind[0] in "LN":
            return None
    text = " ".join("".join(kept).split())
    return text[:_MOST_OF_A_NAME] if any(char.isalnum() for char in text) else None


@dataclass(slots=True)
class _Card:
    """The drawing surface."""

    figure: Figure
    axes: Axes

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        FigureCanvasAgg(self.figure)
        self.figure.patch.set_alpha(0.0)  # the corners outside of the card let Discord's own colour through
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(HEIGHT, 0)
        self.box(6, 6, WIDTH - 12, HEIGHT - 12, _CARD, rounding=44, layer=0)

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", pil_kwargs={"optimize": True})
        return buffer.getvalue()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: str = _INK,
        bold: bool = False,
        align: Literal["left", "center", "right"] = "left",
        within: float | None = None,
        ending: str = "",
        covers: bool = False,
    ) -> None:
        """Text with its middle at height `y`, cut with an ellipsis where it would be wider than `within`.

        `ending` comes after the text and is never cut. `covers` hides what lies behind the text.
        """
        drawn = self.axes.text(
            x,
            y,
            text + ending,
            color=colour,
            fontproperties=_BOLD if bold else _PLAIN,
            fontsize=size * 72 / _DPI,
            ha=align,
            va="center_baseline",
            parse_math=False,
            bbox={"facecolor": _CARD, "edgecolor": "none", "pad": 2.0} if covers else None,
        )
        while within is not None and len(text) > 1 and drawn.get_window_extent().width > within:
            text = text[:-2].rstrip(" ,;:.…") + "…"
            drawn.set_text(text + ending)

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, *, rounding: float = 0, layer: float = 1
    ) -> None:
        style = f"round,pad=0,rounding_size={min(rounding, width / 2, height / 2)}"
        box = FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=colour, edgecolor="none", zorder=layer)
        self.axes.add_patch(box)

    def bar(self, x: float, y: float, width: float, height: float, *, share: float, colour: str) -> None:
        """A track, filled from the left."""
        self.box(x, y, width, height, _TRACK, rounding=height / 2)
        if share > 0:
            self.box(x, y, max(width * min(share, 1.0), height), height, colour, rounding=height / 2)


def _draw_heading(card: _Card, overview: Overview, name: str | None) -> None:
    shown = drawable_name(name) if name is not None else None
    title = "Your progress" if name is None else shown or "Progress"
    ending = "'s progress" if shown else ""
    card.text(_LEFT, 84, title, 50, bold=True, within=_RIGHT - _LEFT, ending=ending)
    current = overview.current
    where = f"Step {current.number} of {len(overview.steps)}: {current.title}" if current else "All steps are done"
    card.text(_LEFT, 140, where, 30, colour=_MUTED, within=_RIGHT - _LEFT)


def _draw_step(card: _Card, step: StepOverview, y: float, to_next: float) -> None:
    """One row of the path: a node, the line to the next one, the step, and how much of it is done."""
    x = _LEFT + 26
    if to_next:
        card.axes.add_patch(Rectangle((x - 3, y + 26), 6, to_next - 52, facecolor=_TRACK))
    is_current = step.state is StepState.CURRENT
    _draw_node(card, step, x, y)
    share = step.settled / step.required if step.required else 1.0
    words = "done" if step.state is StepState.DONE else f"{step.settled} of {step.required}"
    card.text(_LEFT + 76, y - 14, step.title, 30, bold=is_current, within=_RIGHT - _LEFT - 260)
    card.text(_RIGHT, y - 14, words, 28, colour=_INK if is_current else _MUTED, align="right")
    colour = _DONE if step.state is StepState.DONE else _NOW
    card.bar(_LEFT + 76, y + 12, _RIGHT - _LEFT - 76, 14, share=share, colour=colour)


def _draw_node(card: _Card, step: StepOverview, x: float, y: float) -> None:
    """A tick for what is done, a full disc with the number for the present step, a ring for what is ahead."""
    match step.state:
        case StepState.DONE:
            card.axes.add_patch(Circle((x, y), 26, facecolor=_DONE))
            tick = [(x - 13, y + 1), (x - 4, y + 10), (x + 13, y - 9)]
            card.axes.plot(*zip(*tick, strict=True), color=_CARD, linewidth=4.5, solid_capstyle="round")
        case StepState.CURRENT:
            card.axes.add_patch(Circle((x, y), 26, facecolor=_NOW))
            card.text(x, y, str(step.number), 28, bold=True, colour=_CARD, align="center")
            card.axes.add_patch(Polygon([(x - 54, y - 10), (x - 54, y + 10), (x - 38, y)], facecolor=_NOW))
        case _:
            card.axes.add_patch(Circle((x, y), 24.5, facecolor=_CARD, edgecolor=_TRACK, linewidth=2.6))
            card.text(x, y, str(step.number), 28, colour=_MUTED, align="center")


def _draw_concepts(card: _Card, overview: Overview, y: float) -> None:
    """Four tiles: how many concepts are at which level."""
    card.text(_LEFT, y, "Concepts", 30, bold=True)
    card.text(_RIGHT, y, "by answers so far", 26, colour=_MUTED, align="right")
    gap = 16
    width = (_RIGHT - _LEFT - 3 * gap) / 4
    for place, (level, word, sign, colour) in enumerate(_LEVELS):
        x = _LEFT + place * (width + gap)
        card.box(x, y + 28, width, 112, _TILE, rounding=20)
        card.text(x + 20, y + 68, str(overview.count(level)), 44, bold=True)
        card.text(x + width - 20, y + 68, sign, 40, colour=colour, align="right")
        card.text(x + 20, y + 114, word, 27, colour=_MUTED)


def _draw_week(card: _Card, overview: Overview, y: float) -> None:
    """The present week against the plan."""
    done, planned = overview.weeks[-1].minutes, overview.planned_minutes
    card.text(_LEFT, y, "This week", 30, bold=True)
    words = format_minutes(done) + (f" of {format_minutes(planned)} planned" if planned else "")
    card.text(_RIGHT, y, words, 28, colour=_MUTED, align="right", within=620)
    share = done / planned if planned else 0.0
    card.bar(_LEFT, y + 28, _RIGHT - _LEFT, 22, share=share, colour=_DONE if share >= 1.0 else _NOW)


def _draw_rhythm(card: _Card, weeks: tuple[WeekOverview, ...], planned: int | None, y: float) -> None:
    """One bar a week with its hours above; a dashed line marks the plan."""
    card.text(_LEFT, y, f"Hours in the last {len(weeks)} weeks", 30, bold=True)
    top, floor = y + 76, 1172
    most = max([week.minutes for week in weeks] + [planned or 0, 60])
    pitch = (_RIGHT - _LEFT) / len(weeks)
    if planned:
        line = floor - (floor - top) * planned / most
        card.axes.plot([_LEFT, _RIGHT], [line, line], color=_MUTED, linewidth=1.8, linestyle=(0, (4, 4)), zorder=0.5)
        card.text(_RIGHT, y, f"- - plan: {format_hours(planned)}", 26, colour=_MUTED, align="right")
    if not any(week.minutes for week in weeks):
        card.text(WIDTH / 2, floor - 34, "Your first sitting appears here.", 27, colour=_MUTED, align="center")
    for place, week in enumerate(weeks):
        x, width = _LEFT + pitch * (place + 0.14), pitch * 0.72
        height = (floor - top) * week.minutes / most
        card.box(x, floor, width, 4, _TRACK)
        if height:
            colour = _NOW if place == len(weeks) - 1 else _PAST
            card.box(x, floor - height, width, height + 4, colour, rounding=8)
            card.text(x + width / 2, floor - height - 18, format_hours(week.minutes), 24, align="center", covers=True)
    first = weeks[0].monday_on
    card.text(_LEFT, 1206, f"{first.day} {first:%b}", 26, colour=_MUTED)
    card.text(_RIGHT, 1206, "this week", 26, align="right")
