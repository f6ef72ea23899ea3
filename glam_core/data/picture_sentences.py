"""Sentences about a whole picture, its density or its assessment, in many wordings."""

import numpy as np

from glam_core.data.classes import BIRADS, DENSITY, prompts_of
from glam_core.data.lexicon import lexicon

LABELS = (DENSITY, BIRADS)
_GROUPS = {DENSITY: "composition", BIRADS: "assessment"}
_LABEL_SHARE = 0.5  # chance of a full sentence; otherwise a form of the lexicon
_OPENINGS = {
    DENSITY: ("{}", "Breast composition: {}.", "The breast is {}.", "Density: {}.", "Tissue: {}"),
    BIRADS: ("{}", "Assessment: {}.", "Impression: {}.", "{} finding.", "Category: {}"),
}


def picture_sentence(label: str, name: str, rng: np.random.Generator) -> str:
    """One of the ways to say that a picture is of this class.

    Args:
        label: "density" or "birads".
        name: Of the class: "A" to "D", or "1" to "5".
        rng: Draws the wording.
    """
    term = lexicon().by_id.get(f"{_GROUPS[label]}.{name}")
    sentences = prompts_of(label, name)
    if term is None or (sentences and rng.random() < _LABEL_SHARE):
        return sentences[int(rng.integers(len(sentences)))]
    form = term.forms[int(rng.integers(len(term.forms)))]
    opening = _OPENINGS[label][int(rng.integers(len(_OPENINGS[label])))]
    return opening.format(form)
