import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit import tables


def read(data):
    table = tables.read(io.BytesIO(data))
    return [list(row.values.values()) for row in table.rows], [(p.line, p.field) for p in table.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_way_of_writing_a_table_is_read(encoding, end, delimiter):
    text = end.join(delimiter.join(cells) for cells in [("name", "city"), ("Zoë", "Cañon City"), ("José", "“Here”")])
    table = tables.read(io.BytesIO(text.encode(encoding)))
    assert table.columns == ["name", "city"]
    assert [row.values for row in table.rows] == [
        {"name": "Zoë", "city": "Cañon City"},
        {"name": "José", "city": "“Here”"},
    ]
    assert table.problems == []


def test_a_cyrillic_file_from_windows_is_read():
    line = "Встреча соседей в парке, приходите все; Москва\n"
    rows, _ = read(("событие;город\n" + line * 30).encode("cp1251"))
    assert rows[0] == ["Встреча соседей в парке, приходите все", " Москва"]


def test_a_few_foreign_bytes_do_not_spoil_the_rest():
    good = "naïve café,São Paulo\n" * 20
    rows, problems = read(b"a,b\n" + good.encode() + b"caf\xe9,x\n")
    assert rows[0] == ["naïve café", "São Paulo"]
    assert (rows[-1], problems) == (["caf\ufffd", "x"], [])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not text"),
        (b"a,b\n1,\0\n", "not text"),
        (bytes(range(256)) * 10, "not text"),
        (b"\x01\x02\x03\x04" * 100, "not text"),
        (b"PK\x03\x04\x14\0\x06\0", "spreadsheet"),
        (b'"a,b\n1,2\n', "first line"),
        (b"x" * 200_000 + b"\n1\n", "first line"),
    ],
)
def test_what_is_no_table_is_refused_in_the_persons_words(data, words):
    with pytest.raises(tables.BadFile, match=words):
        tables.read(io.BytesIO(data))


def test_bad_rows_are_named_by_their_line_and_good_ones_stay():
    data = b'a,b\n1,"two\nlines"\n3\n4,5,6\n7,"open\n8,9\n"10"x,11\n\n,\n12,13,,\n14'
    rows, problems = read(data)
    assert rows == [["1", "two\nlines"], ["8", "9"], ["12", "13"]]
    assert problems == [(4, "b"), (5, ""), (6, ""), (8, ""), (12, "b")]


def test_fifty_two_drifting_columns_are_each_a_named_row():
    lines = [b",".join([b"x"] * n) for n in range(1, 53)]
    rows, problems = read(b",".join(b"c%d" % n for n in range(26)) + b"\n" + b"\n".join(lines))
    assert len(rows) == 1
    assert [line for line, _ in problems] == [n + 1 for n in range(1, 53) if n != 26]


def test_a_file_cut_within_a_letter_loses_its_last_row_only():
    data = "a,b\n1,2\n3,ë".encode()[:-1]
    rows, _ = read(data)
    assert rows[0] == ["1", "2"]


def test_columns_without_or_with_the_same_name_are_told_apart():
    assert tables.read(io.BytesIO(b" a ,a,\n1,2,3\n")).columns == ["a", "a'", "column 3"]


def test_excels_own_first_line_names_the_delimiter():
    assert read(b"sep=;\na;b,c\n1;2\n") == ([["1", "2"]], [])


LIVE = ["=1+1", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1",
        "＠a", "\u00a0=1", "+1|2", "'=1"]  # fmt: skip


@pytest.mark.parametrize("cell", LIVE)
def test_a_cell_that_a_spreadsheet_would_run_is_made_inert_and_comes_back(cell):
    assert tables.inert(cell).startswith("'")
    file = io.StringIO(newline="")
    tables.write(file, ["a", "b"], [[cell, "x"]])
    assert read(file.getvalue().encode()) == ([[cell, "x"]], [])


@pytest.mark.parametrize(
    "cell", ["+18025550123", "+1 (802) 555-0123", "+44 20 7946 0958", "-5", "-5.25", "-1e-7", "+3", "it's", "'tis", "5"]
)
def test_numbers_and_phone_numbers_are_unharmed(cell):
    assert tables.inert(cell) == cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2, max_size=2)))
def test_what_is_written_is_read_back(rows):
    file = io.StringIO(newline="")
    tables.write(file, ["a", "b"], rows)
    assert read(file.getvalue().encode())[0] == [row for row in rows if any(cell.strip() for cell in row)]


@given(st.binary())
def test_no_file_breaks_the_reader(data):
    try:
        table = tables.read(io.BytesIO(data))
    except tables.BadFile:
        return
    for row in table.rows:
        assert [*row.values] == table.columns
