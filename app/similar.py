"""Other studies that a model finds alike to the open one, as the window holds them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class SimilarCase:
    """One study of another patient.

    Attributes:
        distance: 1 - cosine of the pictures' embeddings, the mean over the views of both; 0 to 2.
        views: Count of the views that both have.
        thumbnail: (rows, cols) uint8, hung as in the panes.
    """

    study_uid: str
    distance: float
    views: int
    thumbnail: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class SimilarCases:
    """What was found so far.

    Attributes:
        cases: Nearest first.
        done, total: Studies looked at.
        left_out: Studies that cannot be compared.
        refusal: Why there is nothing, in one sentence; otherwise empty.
        warning: Why the order means little, in one sentence; otherwise empty.
    """

    cases: tuple[SimilarCase, ...] = ()
    done: int = 0
    total: int = 0
    left_out: int = 0
    refusal: str = ""
    warning: str = ""

    @property
    def under_way(self) -> bool:
        """More studies will follow."""
        return self.done < self.total and not self.refusal
