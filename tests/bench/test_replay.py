"""The night played again: nobody is put where there is no room, and nobody is lost."""

import pytest

from bench.replay import NIGHT, Event, play, run

DOOR_TO_DOOR = 1.0  # metres


def night() -> list[Event]:
    full, roomy = Event("full", 2, 5, (44.0, -73.0)), Event("roomy", 10, 0, (44.0, -73.0))
    full.near, roomy.near = [(DOOR_TO_DOOR, 1)], [(DOOR_TO_DOOR, 0)]
    return [full, roomy]


def test_whoever_finds_no_room_is_turned_away_without_routing() -> None:
    came = play(night(), [5, 0], routing=False)
    assert (came.turned_away, came.turning_away, came.empty, came.over_capacity) == (3, 1, 1, 0)


def test_whoever_finds_no_room_comes_to_the_event_next_door_with_routing() -> None:
    came = play(night(), [5, 0], routing=True)
    assert (came.turned_away, came.turning_away, came.empty, came.routed) == (0, 0, 0, 3)


def test_routing_never_fills_beyond_the_capacity() -> None:
    came = play(night(), [5, 10], routing=True)
    assert (came.turned_away, came.full, came.over_capacity) == (3, 2, 0)


@pytest.mark.skipif(not NIGHT.exists(), reason="shared/data/july29 is not there")
def test_the_real_night_has_no_event_over_capacity_where_it_had_31() -> None:
    figures = run()
    assert figures["originally_over"] == 31
    assert all(
        figures[f"{demand}_{routing}_over_capacity"] == 0
        for demand in ("recorded", "estimated")
        for routing in ("off", "on")
    )
    assert figures["estimated_on_turned_away"] < figures["estimated_off_turned_away"] / 2
