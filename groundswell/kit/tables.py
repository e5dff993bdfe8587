"""CSV files in and out. In: whatever people's programs write. Out: nothing a spreadsheet would run as a formula."""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_DELIMITERS = ",;\t|"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
# What a spreadsheet takes for the beginning of a formula, also behind spaces, and full-width for East Asian ones.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-][0-9][0-9 ().,-]*(?:[eE][+-]?[0-9]+)?\Z")  # -5.2, +18025550123, +1 (802) 555-0123


class BadFile(ValueError):
    """Not a table; the message is for the person who chose the file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row: its first line in the file (the heading is line 1), the column, the reason."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its first line in the file, and its cells by column, as they stand there."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file as read. `problems` grows while `rows` is consumed: a bad row goes there and never stops a good one."""

    columns: list[str]
    rows: Iterator[Row]
    problems: list[Problem]


def read(source: Path | str | BinaryIO) -> Table:
    """Read a CSV file of any usual encoding (UTF-8, UTF-16, Windows) and delimiter (comma, semicolon, tab, bar).

    Raises BadFile when it is empty, is not text or has no heading, and OSError when it cannot be opened.
    """
    data = Path(source).read_bytes() if isinstance(source, str | Path) else source.read()
    lines = _LINE.findall(_decoded(data))
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise BadFile(_("The file is empty."))
    if match := re.match(r"sep=(.)\s*$", lines[start]):  # a line that Excel writes for itself
        delimiter, start = match[1], start + 1
    else:
        delimiter = max(_DELIMITERS, key=lambda sign: _cells(lines[start], sign))
    records = _records(lines, start, delimiter)
    columns, problems = _heading(next(records, None)), list[Problem]()
    return Table(columns, _rows(records, columns, problems), problems)


def write(file: "SupportsWrite[str]", columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a heading and rows; open the file with `newline=""`. Returns the number of rows.

    A cell that a spreadsheet would run gets an apostrophe in front, which `read` takes off again. Numbers and phone
    numbers stay as they are. None is an empty cell.
    """
    writer, count = csv.writer(file), 0
    writer.writerow([inert(column) for column in columns])
    for row in rows:
        writer.writerow([inert("" if cell is None else str(cell)) for cell in row])
        count += 1
    return count


def inert(cell: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would run it."""
    cell = cell.replace("\0", "")
    return f"'{cell}" if _runs(cell.lstrip("'")) else cell


def _runs(cell: str) -> bool:
    return bool(_FORMULA.match(cell)) and not _NUMBER.match(cell)


def _plain(cell: str) -> str:
    """What `inert` was given."""
    return cell[1:] if cell.startswith("'") and _runs(cell.lstrip("'")) else cell


def _decoded(data: bytes) -> str:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadFile(_("This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” and choose that file."))
    encoding = _encoding(data)
    text = data.decode(encoding, errors="replace").rstrip("\ufffd") if encoding else ""
    if encoding is None or "\0" in text or len(re.findall("[\x01-\x08\x0e-\x1a\x1c-\x1f]", text)) > len(text) / 100:
        raise BadFile(_("The file is not text. Choose a CSV file."))
    return text.removeprefix("\ufeff")


def _encoding(data: bytes) -> str | None:
    """The encoding, None where nothing fits."""
    if data.startswith(BOM_UTF8):
        return "utf-8"
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    sample = data[:4000]
    for half, name in ((sample[1::2], "utf-16-le"), (sample[::2], "utf-16-be")):  # without its mark
        if half.count(0) > len(half) * 0.8:
            return name
    if b"\0" in data:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace").rstrip("\ufffd")  # it may be cut within its last letter
        strays = text.count("\ufffd")
        if sum(c > "\x7f" for c in text) > 10 * strays:  # a few foreign bytes in a file that otherwise is UTF-8
            return "utf-8"
    else:
        return "utf-8"
    from charset_normalizer import from_bytes

    guess = from_bytes(data).best()
    # Of encodings that differ in a few letters only, short files give no sign: Windows' Western one is the likely one.
    western = {"cp1252", "latin_1", "cp1250", "iso8859_15", "cp1254", "cp1257", "cp1258", "cp437", "cp850", "cp858"}
    if guess is None or guess.encoding in western or len(data) < 500:
        return "cp1252" if _fits(data, "cp1252") else "latin_1"
    return guess.encoding


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _records(lines: list[str], at: int, delimiter: str) -> Iterator[tuple[int, list[str]] | Problem]:
    """(first line, cells) of each record. After a quotation mark gone wrong, reading goes on at the next line."""
    while at < len(lines):
        reader = csv.reader((lines[n] for n in range(at, len(lines))), delimiter=delimiter, strict=True)
        start = at
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield start + 1, cells
                start = at + reader.line_num
            return
        except csv.Error:
            yield Problem(start + 1, "", _("A quotation mark in this row is opened but not closed, or stands alone."))
            at = start + 1


def _cells(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter)))
    except csv.Error:
        return 0


def _heading(record: tuple[int, list[str]] | Problem | None) -> list[str]:
    if record is None or isinstance(record, Problem):
        raise BadFile(_("The first line should name the columns. It could not be read."))
    columns: list[str] = []
    for n, cell in enumerate(record[1], 1):
        name = " ".join(_plain(cell).split()) or _("column %(n)d") % {"n": n}
        while name in columns:
            name += "'"
        columns.append(name)
    return columns


def _rows(
    records: Iterator[tuple[int, list[str]] | Problem], columns: list[str], problems: list[Problem]
) -> Iterator[Row]:
    for record in records:
        if isinstance(record, Problem):
            problems.append(record)
            continue
        line, cells = record
        while len(cells) > len(columns) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(columns):
            yield Row(line, {name: _plain(cell) for name, cell in zip(columns, cells, strict=True)})
            continue
        missing = columns[len(cells)] if len(cells) < len(columns) else ""
        words = ngettext("This row has %(n)d cell", "This row has %(n)d cells", len(cells)) % {"n": len(cells)}
        but = _("but the first line names %(n)d columns.") % {"n": len(columns)}
        problems.append(Problem(line, missing, f"{words}, {but}"))
