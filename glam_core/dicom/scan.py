"""What lies at the places a user names: mammograms by patient and study, and all the rest."""

import contextlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from glam_core.dicom.found import Found, NotAMammogramError, look_at
from glam_core.dicom.listing import list_places
from glam_core.dicom.place import Place, opened
from glam_core.errors import CancelledError, UnreadableFileError
from glam_core.study import MammogramImage, SkippedFile, Study, StudyScan
from glam_core.terms import Laterality, Source, ViewKey

_SIDE_ORDER = {Laterality.RIGHT: 0, Laterality.LEFT: 1, None: 2}


def scan(
    paths: Sequence[Path],
    *,
    report: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    corrections: Mapping[str, ViewKey] | None = None,
) -> StudyScan:
    """Find the mammograms at `paths`; only headers are read.

    Args:
        paths: Folders (with all below), files, zips, DICOMDIR files.
        report: Told the number of files looked at and of all files, from (0, n) to (n, n).
        cancelled: Asked before every file and before returning.
        corrections: Side and view that the user gave to a SOP Instance UID before.

    Returns:
        Studies by patient and date, images in the order RCC, LCC, RMLO, LMLO, others; everything
        that is no mammogram or cannot be read with its reason, in the order of the files.

    Raises:
        CancelledError: If `cancelled` says so.
    """

    def poll() -> None:
        if cancelled is not None and cancelled():
            raise CancelledError("The search for mammograms was stopped.")

    poll()
    listing = list_places(paths, poll)
    collected = _Collected(skipped=list(listing.skipped))
    with _Archives() as archives:
        for done, place in enumerate(listing.places):
            poll()
            if report is not None:
                report(done, len(listing.places))
            collected.take(place, archives.of(place))
    poll()
    if report is not None:
        report(len(listing.places), len(listing.places))
    studies = collected.studies(corrections or {})
    poll()
    return StudyScan(studies, tuple(collected.skipped), tuple(collected.all_notices()))


class _Archives(contextlib.AbstractContextManager["_Archives"]):
    """Keeps the zip of the last place open, since a zip's members come one after another."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._archive: zipfile.ZipFile | None = None

    def of(self, place: Place) -> zipfile.ZipFile | None:
        if place.member is None:
            return None
        if place.path != self._path:
            self._close()
            with contextlib.suppress(OSError, zipfile.BadZipFile):
                self._archive = zipfile.ZipFile(place.path)
                self._path = place.path
        return self._archive

    def _close(self) -> None:
        if self._archive is not None:
            self._archive.close()
        self._archive, self._path = None, None

    def __exit__(self, *_: object) -> None:
        self._close()


@dataclass
class _Collected:
    """Found mammograms, each SOP instance once."""

    skipped: list[SkippedFile]
    found: list[Found] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _first_names: dict[str, str] = field(default_factory=dict)

    def take(self, place: Place, archive: zipfile.ZipFile | None) -> None:
        shown = place.full_name
        try:
            with opened(place, archive) as stream:
                found = look_at(stream, place)
        except UnreadableFileError as error:
            self.skipped.append(SkippedFile(shown, error.reason))
            return
        except NotAMammogramError as other:
            self.skipped.append(SkippedFile(shown, str(other)))
            return
        uid = found.image.sop_instance_uid
        if uid in self._first_names:
            reason = f"the same picture as {self._first_names[uid]}"
            self.skipped.append(SkippedFile(shown, reason))
            return
        self._first_names[uid] = place.name
        self.found.append(found)
        self.notices.extend(found.notices)

    def studies(self, corrections: Mapping[str, ViewKey]) -> tuple[Study, ...]:
        groups: dict[tuple[str, str], list[Found]] = {}
        for found in self.found:
            groups.setdefault((found.patient_key, found.study_uid), []).append(found)
        studies = [_study(group, corrections) for group in groups.values()]
        studies.sort(key=lambda s: (s.patient_key, s.date or "9999", s.study_uid))
        return tuple(studies)

    def all_notices(self) -> Iterator[str]:
        yield from dict.fromkeys(self.notices)
        names: dict[str, set[str]] = {}
        for found in self.found:
            if found.patient_id and found.patient_name:
                plain = "".join(filter(str.isalnum, found.patient_name)).casefold()
                names.setdefault(found.patient_key, set()).add(plain)
        if any(len(different) > 1 for different in names.values()):
            yield "One patient ID stands under different names; check whose pictures these are."


def _study(group: Sequence[Found], corrections: Mapping[str, ViewKey]) -> Study:
    first = group[0]
    numbers = {found.image.sop_instance_uid: found.number for found in group}
    images = [_corrected(found.image, corrections) for found in group]
    images.sort(key=lambda image: _hanging_order(image, numbers))
    return Study(
        study_uid=first.study_uid,
        patient_key=first.patient_key,
        patient_name=first.patient_name,
        patient_id=first.patient_id,
        date=min((found.date for found in group if found.date), default=None),
        images=tuple(images),
    )


def _corrected(image: MammogramImage, corrections: Mapping[str, ViewKey]) -> MammogramImage:
    key = corrections.get(image.sop_instance_uid)
    if key is None:
        return image
    return replace(
        image,
        laterality=key.laterality,
        laterality_source=Source.USER,
        view_position=key.view_position,
        view_source=Source.USER,
    )


def _hanging_order(
    image: MammogramImage, numbers: Mapping[str, int]
) -> tuple[int, str, int, str, int, str]:
    views = ("CC", "MLO")
    view = image.view_position.value if image.view_position else "~"
    rank = views.index(view) if view in views and image.is_standard_view else len(views)
    return (
        rank, view if rank == len(views) else "", _SIDE_ORDER[image.laterality],
        image.acquired or "", numbers[image.sop_instance_uid], image.file_name,
    )  # fmt: skip
