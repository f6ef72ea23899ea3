"""All places at the paths a user names: folders, files, zips and DICOM directories."""

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glam_core.dicom.header import HEADER_ERRORS, Header, read_header
from glam_core.dicom.place import Place, first_bytes, said
from glam_core.study import SkippedFile

_MOST_MEMBERS = 100_000
_DIRECTORY_NAME = "DICOMDIR"


@dataclass
class Listing:
    """What is to be looked at, in order and each once; and what cannot be."""

    places: list[Place] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def add(self, place: Place) -> None:
        """Add a place unless it is there already."""
        key = f"{os.path.realpath(place.path)}!{place.member}"
        if key not in self._seen:
            self._seen.add(key)
            self.places.append(place)

    def skip(self, name: str | Path, reason: str) -> None:
        """Say why something is left out."""
        self.skipped.append(SkippedFile(str(name), reason))


def list_places(paths: Sequence[Path], poll: Callable[[], None]) -> Listing:
    """List all files below `paths`.

    Args:
        paths: Folders, files, zips, DICOMDIR files.
        poll: Called before each folder and file; may raise to stop the work.
    """
    listing = Listing()
    for path in paths:
        poll()
        try:
            if path.is_dir():
                _list_folder(path, listing, poll)
            else:
                _list_file(path, listing, poll)
        except OSError as error:
            listing.skip(path, said(error))
        except ValueError:  # a zero byte within the name
            listing.skip(repr(str(path)), "no name that a file can have")
    return listing


def _list_folder(folder: Path, listing: Listing, poll: Callable[[], None]) -> None:
    def unreadable(error: OSError) -> None:
        listing.skip(error.filename or folder, f"this folder {said(error)}")

    for root, folders, names in os.walk(folder, onerror=unreadable):
        poll()
        folders.sort()
        for name in list(folders):
            if (Path(root) / name).is_symlink():
                listing.skip(Path(root) / name, "a link to a folder; open it by itself")
        for name in sorted(names):
            poll()
            path = Path(root) / name
            if not path.is_file():
                listing.skip(path, "neither a file nor a folder")
                continue
            _list_file(path, listing, poll)


def _list_file(path: Path, listing: Listing, poll: Callable[[], None]) -> None:
    if not path.exists():
        listing.skip(path, "there is no such file or folder")
        return
    try:
        with path.open("rb") as stream:
            start = first_bytes(stream)
    except OSError as error:
        listing.skip(path, said(error))
        return
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _list_zip(path, listing, poll)
    elif path.name.upper() == _DIRECTORY_NAME and start[128:132] == b"DICM":
        _list_directory(path, listing)
    else:
        listing.add(Place(path))


def _list_zip(path: Path, listing: Listing, poll: Callable[[], None]) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        del error
        listing.skip(path, "a damaged or incomplete zip archive; copy it again")
        return
    except OSError as error:
        listing.skip(path, said(error))
        return
    if len(members) > _MOST_MEMBERS:
        listing.skip(path, f"a zip archive of {len(members):,} files; unpack it first")
        return
    for info in sorted(members, key=lambda info: info.filename):
        poll()
        if Path(info.filename).name.upper() == _DIRECTORY_NAME:
            continue  # its files are members themselves
        listing.add(Place(path, info.filename))


def _list_directory(path: Path, listing: Listing) -> None:
    """The files that a DICOMDIR names (PS3.3, annex F); they lie below its folder."""
    try:
        with path.open("rb") as stream:
            header = read_header(stream, ("DirectoryRecordSequence",))
    except HEADER_ERRORS:
        listing.skip(path, "a damaged DICOM directory; open its folder instead")
        return
    records = header.items("DirectoryRecordSequence")
    if not records:
        listing.skip(path, "a DICOM directory that names no files; open its folder instead")
        return
    for parts in _file_ids(records):
        found = _below(path.parent, parts)
        if found is None:
            listing.skip("/".join(parts), "named by the DICOM directory but not there")
        else:
            listing.add(Place(found))


def _file_ids(records: Sequence[Header]) -> Iterator[list[str]]:
    for record in records:
        parts = [part for part in record.texts("ReferencedFileID") if part]
        if parts:
            yield parts


def _below(folder: Path, parts: Sequence[str]) -> Path | None:
    """The file, upper or lower case (ISO 9660 on other systems); never outside of the folder."""
    if any(part in (".", "..") or "/" in part or "\\" in part for part in parts):
        return None
    for change in (str, str.lower, str.upper):
        path = folder.joinpath(*(change(part) for part in parts))
        if path.is_file():
            return path
    return None
