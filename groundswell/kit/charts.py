"""Charts as plain shapes: numbers in, places on a drawing out. `kit/components/chart.html` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, FLOOR, CEILING = 640, 160, 140, 18


@dataclass(frozen=True)
class Bar:
    """One column. `named`: its label is written below it; `top`: its value is written above it; `url`: what is behind
    it."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float
    middle: float
    anchor: str
    named: bool
    top: bool
    url: str

    @property
    def over(self) -> float:
        return self.y - 4


@dataclass(frozen=True)
class Chart:
    """Columns over a line at zero."""

    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR


def columns(points: Sequence[tuple[str, int]], urls: Sequence[str] = ()) -> Chart:
    """One column for each (label, count); heights start at zero. Values stand on the highest and on the last one.
    `urls`: of each, in the table."""
    if not points:
        return Chart([])
    step = WIDTH / len(points)
    highest = max(max(value for _, value in points), 1)
    top = max(range(len(points)), key=lambda n: points[n][1])
    each = max(1, round(len(points) / 6))
    bars = []
    for n, (label, value) in enumerate(points):
        height = value / highest * (FLOOR - CEILING)
        anchor = "start" if n < len(points) * 0.08 else "end" if n > len(points) * 0.92 else "middle"
        middle = n * step + {"start": 0, "middle": step / 2, "end": step}[anchor]
        last = n == len(points) - 1
        bars.append(
            Bar(
                label=label,
                value=value,
                x=round(n * step + step * 0.1, 1),
                y=round(FLOOR - height, 1),
                width=round(step * 0.8, 1),
                height=round(height, 1),
                middle=round(middle, 1),
                anchor=anchor,
                named=last or (n % each == 0 and len(points) - 1 - n >= each * 0.7),
                top=n == top or (last and abs(n - top) * step > 60),
                url=urls[n] if urls else "",
            )
        )
    return Chart(bars)
