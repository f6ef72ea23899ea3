"""What a caller may ask of a synthetic exam; everything left out is drawn."""

from dataclasses import dataclass

from glam_core.phantom.identity import mark_of
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality, ViewPosition


@dataclass(frozen=True, slots=True)
class LesionRequest:
    """One finding to be put into the exam.

    Attributes:
        size_mm, shape, margin, density, morphology, distribution: As in `Lesion`; None is drawn.
            1 to 90 mm, "posterior" up to 20 mm, also after `ExamRequest.growth`.
        only_view: The finding shows in this view alone, CC or MLO.
        place_words: Where: "upper outer", "upper inner", "lower outer", "lower inner", "central",
            "axillary" or "posterior" (retroglandular; both fall out of CC); None is drawn. What
            has no room at a place that was asked for is refused.
    """

    kind: LesionKind
    laterality: Laterality
    size_mm: float | None = None
    shape: str | None = None
    margin: str | None = None
    density: str | None = None
    morphology: str | None = None
    distribution: str | None = None
    only_view: ViewPosition | None = None
    place_words: str | None = None


@dataclass(frozen=True, slots=True)
class ExamRequest:
    """Wishes for one exam.

    Attributes:
        lesions: The findings; () makes a lesion-free exam, None draws them.
        density_class: "A" to "D".
        style: Name of a scanner style (`styles.STYLES`).
        growth: Factor on the size of every lesion, on the same anatomy and place: an earlier
            visit with growth 0.5 shows the same lesions half as large; 0 shows none. Lesions of
            drawn sizes grow to 90 mm at most.
        visit: Number of the visit: another visit repeats the anatomy with new positioning, noise
            and dose.
        implants, skin_markers: Force or forbid these distractors; None draws them (rare).
    """

    lesions: tuple[LesionRequest, ...] | None = None
    density_class: str | None = None
    style: str | None = None
    growth: float = 1.0
    visit: int = 0
    implants: bool | None = None
    skin_markers: bool | None = None

    @property
    def woman_mark(self) -> str:
        """Differs where wishes make another woman of the same seed; "" where none does.

        Two visits of one woman have the same wishes but for style, growth, visit and skin markers.
        """
        wishes = (self.lesions, self.density_class, self.implants)
        return "" if wishes == (None, None, None) else mark_of(*wishes)
