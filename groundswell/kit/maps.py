"""Maps drawn by ourselves, without tiles: the land as dots and what happens on it as points.

`kit/components/map.html` draws a `Sketch`. Everything is rounded and joined into few paths, so that a country full of
events weighs a few kilobytes.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from groundswell.kit import geo

WIDTH = 960
CELL = 7  # the side of the squares that points are gathered in, in pixels


@dataclass(frozen=True)
class Box:
    """A piece of the earth and where it is drawn: its north-west corner at (x, y), `scale` pixels a degree north."""

    south: float
    west: float
    north: float
    east: float
    x: float
    y: float
    scale: float

    def holds(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        shrink = math.cos(math.radians((self.south + self.north) / 2))
        return self.x + (longitude - self.west) * shrink * self.scale, self.y + (self.north - latitude) * self.scale

    @property
    def width(self) -> float:
        return self.place(self.south, self.east)[0] - self.x

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.scale


@dataclass(frozen=True)
class Land:
    """Dots of land: one line for each row of them, drawn with a dash of nothing and a gap of `step`."""

    path: str
    step: float
    size: float


@dataclass(frozen=True)
class Spots:
    """Points drawn alike."""

    path: str
    size: float


@dataclass(frozen=True)
class Sketch:
    """A drawing of `width` by `height`: land below, then points from few to many."""

    width: int
    height: int
    land: list[Land]
    spots: list[Spots]


def sketch(points: Iterable[tuple[float, float]], country: str = "US") -> Sketch:
    """Draw (latitude, longitude) points on the country's land. Points elsewhere are left out."""
    boxes = _boxes(country)
    cells: Counter[tuple[int, int]] = Counter()
    for latitude, longitude in points:
        box = next((box for box in boxes if box.holds(latitude, longitude)), None)
        if box:
            x, y = box.place(latitude, longitude)
            cells[int(x // CELL), int(y // CELL)] += 1
    spots = []
    for size, low, high in ((4.5, 1, 1), (6.5, 2, 5), (9.5, 6, 10**9)):
        path = "".join(
            f"M{x * CELL + CELL // 2} {y * CELL + CELL // 2}h0"
            for (x, y), n in sorted(cells.items())
            if low <= n <= high
        )
        spots.append(Spots(path, size))
    return Sketch(WIDTH, math.ceil(boxes[0].height), list(_land(country)), spots)


@lru_cache(maxsize=4)
def _boxes(country: str) -> tuple[Box, ...]:
    """The mainland; for the United States Alaska and Hawaii beside it."""
    if country == "US":
        south, west, north, east = 24.3, -125.2, 49.6, -66.6
    else:
        dots = geo.land_dots(country)
        south, north = min(a for a, _ in dots) - 1, max(a for a, _ in dots) + 1
        west, east = min(b for _, b in dots) - 1, max(b for _, b in dots) + 1
    scale = WIDTH / ((east - west) * math.cos(math.radians((south + north) / 2)))
    main = Box(south, west, north, east, 0, 0, scale)
    if country != "US":
        return (main,)
    return (
        main,
        Box(51.0, -170.0, 71.5, -129.0, 4, main.height - scale * 6.4, scale * 0.31),
        Box(18.6, -160.8, 22.6, -154.4, 205, main.height - scale * 4.6, scale),
    )


@lru_cache(maxsize=4)
def _land(country: str) -> tuple[Land, ...]:
    """The dots of each box, row by row; dots next to each other make one line."""
    found = []
    for box in _boxes(country):
        rows: dict[float, list[float]] = {}
        for latitude, longitude in geo.land_dots(country):
            if box.holds(latitude, longitude):
                rows.setdefault(latitude, []).append(longitude)
        gaps = [round(b - a, 4) for row in rows.values() for a, b in zip(sorted(row), sorted(row)[1:], strict=False)]
        if not gaps:
            continue
        gap = Counter(gaps).most_common(1)[0][0]
        origin = box.place(box.north, box.west)[0]
        step = box.place(box.north, box.west + gap)[0] - origin
        lines = []
        for latitude, row in sorted(rows.items()):
            start = last = None
            for longitude in [*sorted(row), math.inf]:
                if last is not None and start is not None and longitude - last > gap * 1.5:
                    x, y = box.place(latitude, start)
                    length = (last - start) / gap * step
                    lines.append(f"M{x:.1f} {y:.1f}h{length + 0.1:.1f}")
                    start = longitude
                start, last = (longitude if start is None else start), longitude
        found.append(Land("".join(lines), round(step, 3), round(step * 0.52, 1)))
    return tuple(found)
