"""Maps drawn by ourselves: small, and true to where things are."""

import re

import pytest

from groundswell.kit import maps
from groundswell.kit.charts import FLOOR, columns


def test_a_country_full_of_events_stays_small():
    points = [(25 + n % 240 / 10, -124 + n % 570 / 10) for n in range(13_000)]
    drawn = maps.sketch(points)
    weight = sum(len(part.path) for part in drawn.land) + sum(len(spot.path) for spot in drawn.spots)
    assert weight < 60_000


def test_north_is_up_and_east_is_right():
    seattle, miami = (maps.sketch([at]).spots[0].path for at in ((47.6, -122.3), (25.8, -80.2)))
    (x1, y1), (x2, y2) = (map(int, re.match(r"M(\d+) (\d+)", path).groups()) for path in (seattle, miami))
    assert x1 < x2 and y1 < y2


def test_alaska_and_hawaii_are_on_the_map_of_the_country():
    assert all(maps.sketch([at]).spots[0].path for at in ((61.2, -149.9), (21.3, -157.9)))


def test_points_elsewhere_are_left_out():
    assert not any(spot.path for spot in maps.sketch([(48.9, 2.3)]).spots)


def test_rings_stand_at_round_distances_and_spots_at_theirs():
    drawn = maps.vicinity(44.0, -72.0, [(44.0 + 16.09344 / 111.19, -72.0, "Ten miles north", "/x")], 40_000)
    (spot,) = drawn.spots
    ten = next(ring for ring in drawn.rings if ring.name == "10 mi")
    assert spot.x == pytest.approx(drawn.middle, abs=1)
    assert drawn.middle - spot.y == pytest.approx(ten.radius, rel=0.01)


def test_towns_do_not_run_into_each_other():
    towns = maps.vicinity(40.7, -74.0, [], 30_000).towns
    assert 3 <= len(towns) <= 9
    assert all(abs(a.y - b.y) > 26 or abs(a.x - b.x) > 20 for a in towns for b in towns if a is not b)


def test_columns_start_at_zero():
    chart = columns([("a", 0), ("b", 5), ("c", 10)])
    assert [bar.height for bar in chart.bars] == [0, 61.0, 122.0]
    assert all(bar.y + bar.height == FLOOR for bar in chart.bars)
    assert columns([]).bars == [] and columns([("a", 0)]).bars[0].height == 0
