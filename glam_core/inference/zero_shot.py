"""Zero-shot: which sentences about density and BI-RADS a study looks like, nothing learnt of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from glam_core.data.classes import BIRADS, DENSITY, class_names, prompts_of
from glam_core.errors import GlamError
from glam_core.inference.correspondence import Matcher
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.match_view import MatchView
from glam_core.inference.session import Session
from glam_core.terms import Laterality


@dataclass(frozen=True, slots=True)
class LabelShares:
    """How much a study looks like each class of a label.

    Attributes:
        label: "density" or "birads".
        laterality: The breast; None for both together.
        shares: (class, 0 to 1) in the label's order; they add up to 1 and are not calibrated.
    """

    label: str
    laterality: Laterality | None
    shares: tuple[tuple[str, float], ...]


def study_shares(link: Matcher, views: Sequence[MatchView]) -> tuple[LabelShares, ...]:
    """Density of the study, BI-RADS of each breast, right first: the mean over the views.

    Args:
        link: The matcher that was chosen; its model compares.
        views: CC and MLO views of one study.

    Raises:
        GlamError: The matcher has no model that reads words, or there are no views.
    """
    if not isinstance(link, LearnedMatcher):
        raise GlamError(
            "Geometry reads no words, so it cannot compare the study with sentences; choose a "
            "model with a text encoder."
        )
    if not link.session.reads_text:
        raise GlamError(
            f"The model {link.provenance.name} reads no words, so it cannot compare the study with "
            "sentences; choose a model with a text encoder."
        )
    if not views:
        raise GlamError("No CC or MLO view of this study is ready to be compared.")
    found = [_mean(link.session, views, DENSITY, None)]
    for side in (Laterality.RIGHT, Laterality.LEFT):
        breast = [view for view in views if view.laterality is side]
        if breast:
            found.append(_mean(link.session, breast, BIRADS, side))
    return tuple(found)


def _mean(
    session: Session, views: Sequence[MatchView], label: str, side: Laterality | None
) -> LabelShares:
    names = class_names(label)
    directions = session.directions([prompts_of(label, name) for name in names])
    shares = torch.stack([session.shares(view, directions) for view in views]).mean(dim=0)
    return LabelShares(label, side, tuple(zip(names, shares.tolist(), strict=True)))
