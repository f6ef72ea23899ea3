"""Tables of published data sets: found, read and checked with errors that name the remedy."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glam_core.errors import ManifestError
from glam_core.terms import Laterality, ViewPosition

_NOTHING = frozenset({"", "nan", "none", "null", "n/a", "<na>"})
_LONGEST_CELL = 1 << 24


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of a table; a cell that says nothing is "".

    Attributes:
        line: Number of the line in the file, the header being 1.
    """

    cells: Mapping[str, str]
    line: int

    def __getitem__(self, column: str) -> str:
        """The cell of a column that was asked for, "" where the table lacks the column."""
        return self.cells.get(column, "")

    def whole(self, column: str) -> str:
        """A whole number as its digits ("3.0" gives "3"); other words as they are."""
        value = self[column]
        try:
            number = float(value)
        except ValueError:
            return value
        return str(int(number)) if number == int(number) else value

    def number(self, column: str) -> float | None:
        """A number; None where the cell holds none."""
        try:
            return float(self[column])
        except ValueError:
            return None


def find_table(source: Path, names: Sequence[str], *, folders: Sequence[str] = ()) -> Path:
    """The first of `names` in the data set's folder or in one of `folders` below it.

    Raises:
        ManifestError: The folder or the table is not there.
    """
    check_folder(source)
    found = table_if_there(source, names, folders=folders)
    if found is None:
        places = ", ".join(f"{folder}/" for folder in folders)
        raise ManifestError(
            f"{source}: {' or '.join(names)} is not there{f' (nor in {places})' if places else ''}"
            "; name the folder into which the data set was unpacked, with its tables."
        )
    return found


def table_if_there(
    source: Path, names: Sequence[str], *, folders: Sequence[str] = ()
) -> Path | None:
    """As `find_table`, None where there is none."""
    for folder in ("", *folders):
        for name in names:
            if (source / folder / name).is_file():
                return source / folder / name
    return None


def check_folder(source: Path) -> None:
    """See that the data set's folder is one.

    Raises:
        ManifestError: It is not there, or no folder.
    """
    if not source.is_dir():
        what = "is a file" if source.is_file() else "is not there"
        raise ManifestError(f"{source}: {what}; name the folder of the data set.")


def read_table(
    file: Path, needed: Sequence[str], wanted: Sequence[str] = ()
) -> tuple[SourceRow, ...]:
    """The rows of a table with the columns asked for, all others left unread.

    Headers agree whatever their case and whether words are joined by blanks or underscores.

    Raises:
        ManifestError: The file is unreadable, empty, or lacks a needed column.
    """
    return tuple(table_rows(file, needed, wanted))


def table_rows(
    file: Path, needed: Sequence[str], wanted: Sequence[str] = ()
) -> Iterator[SourceRow]:
    """As `read_table`, one row after another, for tables of many hundred thousand lines."""
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            separator = ";" if first.count(";") > first.count(",") else ","
            reader = csv.reader(stream, delimiter=separator)
            header = next(reader, [])
            places = _places(file, header, needed, wanted)
            for cells in reader:
                if any(cells):
                    yield SourceRow(
                        {name: _said(cells, place) for name, place in places.items()},
                        reader.line_num,
                    )
    except OSError as error:
        raise ManifestError(f"{file.name}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{file.name}: is not UTF-8 text; save it as CSV in UTF-8.") from None
    except csv.Error as error:
        raise ManifestError(f"{file.name}: is not a CSV table ({error}).") from None


def _places(
    file: Path, header: Sequence[str], needed: Sequence[str], wanted: Sequence[str]
) -> dict[str, int]:
    there: dict[str, int] = {}
    for place, name in enumerate(header):
        there.setdefault(_plain(name), place)
    missing = [name for name in needed if _plain(name) not in there]
    if missing:
        raise ManifestError(
            f"{file.name}: column {missing[0]!r} is missing; this is not the table of the "
            "published data set, or its header was changed."
        )
    return {name: there[_plain(name)] for name in (*needed, *wanted) if _plain(name) in there}


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())


def _said(cells: Sequence[str], place: int) -> str:
    value = cells[place].strip() if place < len(cells) else ""
    return "" if value.lower() in _NOTHING else value


def side_of(word: str) -> Laterality | None:
    """L, LEFT, r ... as a side."""
    return {"L": Laterality.LEFT, "R": Laterality.RIGHT}.get(word.strip().upper()[:1])


def standard_view_of(word: str) -> ViewPosition | None:
    """CC or MLO; None for every other view."""
    return {"CC": ViewPosition.CC, "MLO": ViewPosition.MLO}.get(word.strip().upper())


def density_of(word: str) -> str:
    """A to D from "DENSITY C", "c", "3" or "3.0"; "" for anything else."""
    last = word.strip().upper().split(" ")[-1].removesuffix(".0")
    letter = {"1": "A", "2": "B", "3": "C", "4": "D"}.get(last, last)
    return letter if letter in ("A", "B", "C", "D") else ""


def birads_of(word: str) -> str:
    """0 to 6 from "BI-RADS 4", "4A" or "4.0"; "" for anything else."""
    last = word.strip().upper().split(" ")[-1].removesuffix(".0").rstrip("ABC")
    return last if last in ("0", "1", "2", "3", "4", "5", "6") else ""


def most_concerning(categories: Iterable[str]) -> str:
    """The BI-RADS category that decides for a breast; "" for none. 0 asks for more pictures."""
    order = "1236045"
    return max((c for c in categories if c in order and c), key=order.index, default="")


def key_of(*words: str) -> str:
    """Words joined to a name that every file system takes."""
    kept = "_".join(word for word in words if word)
    return "".join(c if (c.isalnum() and c.isascii()) or c in "-_" else "-" for c in kept)


def files_below(source: Path) -> list[Path]:
    """All files below a folder, links to folders not followed, in a fixed order."""
    found: list[Path] = []
    for root, folders, names in os.walk(source):
        folders.sort()
        found += [Path(root) / name for name in sorted(names) if not name.startswith(".")]
    return found
