"""Who a synthetic exam claims to be: names, dates and UIDs that follow from what it is made of."""

import datetime
import hashlib
import random
import uuid
from dataclasses import dataclass

from glam_core.phantom.presets import GENERATOR

_UID_ROOT = uuid.UUID("6d2b5f0e-3c1c-4b3e-9a55-0c8f2f7f41da")
_FIRST_DAY = datetime.date(2023, 1, 2)
_DAYS = 3 * 365
_OLDEST, _YOUNGEST = 74, 40


def synthetic_uid(*parts: str | int) -> str:
    """A UID below the UUID-derived root 2.25 that is always the same for the same `parts`.

    Source: DICOM PS3.5, clause B.2 (UUID-derived UID).
    """
    return f"2.25.{uuid.uuid5(_UID_ROOT, '/'.join(map(str, parts))).int}"


def mark_of(*parts: object) -> str:
    """Eight letters and digits that differ where `parts` differ in what `repr` tells of them."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class SyntheticIdentity:
    """Patient and study of one exam; the words SYNTHETIC and SYN say what they are.

    Attributes:
        patient_id: One woman: the generator's number, the seed and the exam's index, for example
            "SYN-G5-7-0003", with a mark at the end where wishes made her another.
        study_id: The patient and the study's place in time: "-C" at the end of the current one,
            "-P2" at that of two years before.
        picture_mark: Tells pictures of one study apart that were made otherwise.
        age_years: Age on the study's date.
    """

    patient_id: str
    patient_name: str
    birth_date: datetime.date
    study_id: str
    study_date: datetime.date
    study_time: datetime.time
    picture_mark: str = ""

    @property
    def age_years(self) -> int:
        """Whole years between birth and study."""
        before_birthday = (self.study_date.month, self.study_date.day) < (
            self.birth_date.month,
            self.birth_date.day,
        )
        return self.study_date.year - self.birth_date.year - int(before_birthday)

    def uid(self, *parts: str | int) -> str:
        """A UID that belongs to this study and to pictures made as these are."""
        return synthetic_uid(self.study_id, self.picture_mark, *parts)


def identity_of(
    seed: int,
    index: int,
    *,
    years_back: int = 0,
    patient_words: str | None = None,
    woman_mark: str = "",
    picture_mark: str = "",
) -> SyntheticIdentity:
    """The identity of exam `index` of the series `seed`; the dates follow from these two alone.

    Args:
        years_back: 0 for the current study; earlier studies of the same patient count the years.
        patient_words: Stand after SYNTHETIC in the patient's name; None: the seed and the index.
        woman_mark, picture_mark: As in `PhantomExam`.
    """
    draw = random.Random(f"identity/{seed}/{index}")
    study_date = _FIRST_DAY + datetime.timedelta(days=draw.randrange(_DAYS))
    age_days = round(draw.uniform(_YOUNGEST, _OLDEST) * 365.25)
    clock = datetime.time(draw.randrange(8, 17), draw.randrange(60), draw.randrange(60))
    birth_date = study_date - datetime.timedelta(days=age_days)
    patient_id = f"SYN-G{GENERATOR}-{seed}-{index:04d}" + (woman_mark and f"-{woman_mark}")
    if years_back:
        study_date -= datetime.timedelta(days=365 * years_back + draw.randrange(-20, 60))
    return SyntheticIdentity(
        patient_id=patient_id,
        patient_name=f"SYNTHETIC^{patient_words or f'PHANTOM {seed}-{index:04d}'}",
        birth_date=birth_date,
        study_id=f"{patient_id}-{'P' + str(years_back) if years_back else 'C'}",
        study_date=study_date,
        study_time=clock,
        picture_mark=picture_mark,
    )
