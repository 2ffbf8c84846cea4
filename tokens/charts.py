"""Bars as numbers for an SVG file's elements; the colours are the style sheet's."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP = 720, 140, 4


@dataclass(frozen=True)
class Piece:
    """A rectangle of one kind."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A column: what stands in it, from the bottom up."""

    x: float
    width: float
    label: str
    title: str
    url: str
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Column:
    """What a bar is made of: how many of each kind, in the order in which they are stacked."""

    label: str
    title: str
    url: str
    counts: Sequence[tuple[str, int]]


def bars(columns: Sequence[Column]) -> list[Bar]:
    """Columns side by side, the highest as high as there is room."""
    most = max((sum(count for _, count in column.counts) for column in columns), default=0)
    width = WIDTH / max(len(columns), 1)
    return [
        Bar(
            round(number * width, 2),
            round(width - GAP, 2),
            column.label,
            column.title,
            column.url,
            _stacked(column.counts, HEIGHT / most if most else 0),
        )
        for number, column in enumerate(columns)
    ]


def _stacked(counts: Sequence[tuple[str, int]], scale: float) -> list[Piece]:
    pieces, top = [], float(HEIGHT)
    for kind, count in counts:
        height = count * scale
        top -= height
        if count:
            pieces.append(Piece(kind, round(top, 2), round(height, 2)))
    return pieces
