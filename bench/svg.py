"""A chart of a few lines on logarithmic axes, as SVG, with each point's value beside it."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 470, 70, 230, 50, 50
COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#a16207")
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
    'font-family="sans-serif" font-size="13" fill="#333">'
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
)

Line = Mapping[int, float]
"""Values above 0, by what they were measured at."""


class Axis:
    """Where a value stands, in whole decades around all that it has to show."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self.low = floor(log10(min(values)))
        self.high = max(ceil(log10(max(values))), self.low + 1)
        self._first, self._last = first, last

    def at(self, value: float) -> float:
        share = (log10(value) - self.low) / (self.high - self.low)
        return self._first + share * (self._last - self._first)

    @property
    def decades(self) -> list[float]:
        return [10.0**exponent for exponent in range(self.low, self.high + 1)]


def chart(title: str, along: str, lines: Mapping[str, Line]) -> str:
    """``along`` says what the horizontal axis counts; each line is named at its end."""
    x = Axis([each for line in lines.values() for each in line], LEFT, WIDTH - RIGHT)
    values = [value for line in lines.values() for value in line.values()]
    y = Axis(values, HEIGHT - BOTTOM, TOP)
    parts = [HEAD, _text(LEFT, 24, title, size=16), *_grid(x, y)]
    parts.append(_text(LEFT, HEIGHT - 10, along))
    for colour, (name, line) in zip(COLOURS, lines.items(), strict=False):
        parts += _line(name, line, colour, x, y)
    return "\n".join([*parts, "</svg>\n"])


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    for value in y.decades:
        at = y.at(value)
        yield f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield _text(LEFT - 8, at + 4, _told(value), anchor="end")
    for value in x.decades:
        at = x.at(value)
        yield f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield _text(at, HEIGHT - BOTTOM + 18, f"{value:,.0f}", anchor="middle")


def _line(name: str, line: Line, colour: str, x: Axis, y: Axis) -> Iterator[str]:
    points = [(x.at(at), y.at(value), value) for at, value in sorted(line.items())]
    path = " ".join(f"{left:.1f},{top:.1f}" for left, top, _ in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for left, top, value in points:
        yield f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>'
        yield _text(left, top - 8, _told(value), colour=colour, anchor="middle")
    left, top, _ = points[-1]
    yield _text(left + 22, top + 4, name, colour=colour)


def _text(
    left: float,
    top: float,
    text: str,
    *,
    colour: str = "#333",
    anchor: str = "start",
    size: int = 13,
) -> str:
    where = f'x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}"'
    return f'<text {where} fill="{colour}" font-size="{size}">{escape(text)}</text>'


def _told(value: float) -> str:
    """Two digits that count."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
