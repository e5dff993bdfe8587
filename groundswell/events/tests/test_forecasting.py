"""Forecasts of attendance hold on events they have not seen: simulated, in the sizes of the real night."""

import math
import random

import pytest

from groundswell.events import forecasting
from groundswell.events.forecasting import Past, beyond, chance_over, chances, fitted, learned, spread

TYPES = {"house_party": 0.75, "phone_bank": 0.5, "rally": 0.62}
LEAD_DROPS = (0.08, 0.0, -0.1)  # who said so early forgets more
STRENGTH = 12.0
SIZES = (4, 8, 10, 15, 20, 20, 25, 35, 50, 70, 205)  # places taken, as that night


def simulated(count, seed, hosts=60):
    chance = random.Random(seed)
    leaning = {host: chance.gauss(0, 0.06) for host in range(hosts)}
    past = []
    for number in range(count):
        type, host, places = chance.choice(list(TYPES)), chance.randrange(hosts), chance.choice(SIZES)
        mean = TYPES[type] + leaning[host]
        share = chance.betavariate(mean * STRENGTH, (1 - mean) * STRENGTH)
        for lead, drop in enumerate(LEAD_DROPS):
            taken = places // 3 + (lead == 0) * (places % 3)
            came = sum(chance.random() < share + drop for _ in range(taken))
            past.append(Past((seed, number), type, lead, host, taken, came))
    return past


def whole_events(past):
    events = {}
    for one in past:
        events.setdefault(one.event, []).append(one)
    return events.values()


def share_of(rates, parts):
    return rates.share(parts[0].type, parts[0].host, {part.lead: part.places for part in parts})


def test_the_chances_of_all_numbers_add_up_and_have_the_mean():
    for places, mean, strength in ((1, 0.5, 2), (20, 0.7, 12), (300, 0.62, 40), (0, 0.5, 3)):
        all_ = chances(places, mean, strength)
        assert math.fsum(all_) == pytest.approx(1)
        assert math.fsum(k * p for k, p in enumerate(all_)) == pytest.approx(places * mean)


def test_a_uniform_share_makes_every_number_equally_likely():
    """The known case: Beta(1, 1)."""
    assert chances(9, 0.5, 2) == pytest.approx([0.1] * 10)


def test_the_strength_is_found_again():
    chance = random.Random(3)
    sizes = []
    for _ in range(3_000):
        places, share = chance.choice(SIZES), chance.betavariate(0.65 * STRENGTH, 0.35 * STRENGTH)
        sizes.append((places, sum(chance.random() < share for _ in range(places)), 0.65))
    assert fitted(sizes) == pytest.approx(STRENGTH, rel=0.25)


def test_without_enough_events_nothing_is_known():
    rates = learned(simulated(forecasting.LEAST_EVENTS - 1, 1))
    assert not rates.known and (rates.mean, rates.strength) == forecasting.UNKNOWN


def test_a_single_event_of_a_host_hardly_moves_their_forecast():
    past = simulated(400, 5)
    host = 10_000
    before = learned(past).share("house_party", host, {0: 20})
    after = learned([*past, Past(-1, "house_party", 0, host, 20, 0)]).share("house_party", host, {0: 20})
    assert before - 0.4 < after < before


def brier(forecasts):
    return sum((p - y) ** 2 for p, y in forecasts) / len(forecasts)


def shown_up(past, share):
    """One pair for each place: the forecast that its person comes, and whether they did."""
    return [
        (share(parts), y)
        for parts in whole_events(past)
        for part in parts
        for y in [1] * part.came + [0] * (part.places - part.came)
    ]


def test_forecasts_of_held_out_events_beat_the_base_rate():
    train, held_out = simulated(1_200, 7), simulated(400, 8)
    held_out = [one._replace(host=None) for one in held_out]
    rates = learned(train)
    score = brier(shown_up(held_out, lambda parts: share_of(rates, parts)))
    base = brier(shown_up(held_out, lambda parts: rates.mean))
    assert score < base - 0.003


def test_forecasts_of_held_out_events_are_reliable_in_every_bin():
    rates = learned(simulated(1_200, 7))
    bins = {}
    for p, y in shown_up([one._replace(host=None) for one in simulated(800, 9)], lambda parts: share_of(rates, parts)):
        bins.setdefault(int(p * 10), []).append((p, y))
    assert len(bins) >= 3
    for pairs in bins.values():
        if len(pairs) > 500:
            said, was = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
            assert said == pytest.approx(was, abs=0.05)


def test_the_interval_holds_what_it_says_on_held_out_events():
    rates = learned(simulated(1_200, 7))
    held = total = 0
    for parts in whole_events([one._replace(host=None) for one in simulated(800, 10)]):
        places, came = sum(p.places for p in parts), sum(p.came for p in parts)
        if places >= 20:  # with few, whole numbers make an interval hold far more
            around = spread(places, share_of(rates, parts), rates.strength)
            held += around.low <= came <= around.high
            total += 1
    assert held / total == pytest.approx(0.83, abs=0.06)


@pytest.mark.parametrize("bound", [0.01, 0.05, 0.1])
def test_overbooked_events_overflow_no_more_often_than_the_host_allowed(bound):
    """Real-shaped: the share of each new event is drawn anew, and its places are as many as were offered."""
    rates = learned(simulated(2_000, 7))
    chance, over, total = random.Random(11), 0, 3_000
    for _ in range(total):
        capacity = chance.choice((10, 20, 30, 60))
        type = chance.choice(list(TYPES))
        mean = rates.share(type, None, {1: capacity})
        offered = capacity + beyond(capacity, mean, rates.strength, bound)
        share = chance.betavariate(TYPES[type] * STRENGTH, (1 - TYPES[type]) * STRENGTH)
        over += sum(chance.random() < share for _ in range(offered)) > capacity
    assert over / total <= bound + 0.02


def test_as_though_all_events_were_alike_they_would_overflow_far_more_often():
    """The control: without the spread between events the same bound is broken."""
    chance, over, total = random.Random(11), 0, 2_000
    offered = 30 + beyond(30, 0.62, forecasting.STRONGEST, 0.05)
    for _ in range(total):
        share = chance.betavariate(0.62 * STRENGTH, 0.38 * STRENGTH)
        over += sum(chance.random() < share for _ in range(offered)) > 30
    assert over / total > 0.1


def test_no_bound_and_no_risk_offer_nothing_extra():
    assert beyond(30, 0.6, 12, 0) == 0
    assert beyond(30, 0.999, 500, 0.01) == 0
    assert beyond(forecasting.LARGEST + 1, 0.1, 500, 0.1) == 0


def test_one_place_more_would_break_the_bound():
    more = beyond(30, 0.6, 12, 0.05)
    assert chance_over(30 + more, 30, 0.6, 12) <= 0.05 < chance_over(31 + more, 30, 0.6, 12)
