"""How the demonstration model is made: the stages of `glam train-demo`, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

NAME = "demo"
VERSION = "4"  # changes with the recipe and the generator
PRESET = "lite"
BREASTS = 3000
SEED = 1  # of the synthetic breasts
TRAINED_ON = (
    "photographs (first weights: EfficientNet-Lite0 of ImageNet); synthetic breasts; masses of "
    "CBIS-DDSM (Lee et al. 2017, CC BY 3.0), which is digitised film"
)


@dataclass(frozen=True)
class Stage:
    """One training of the chain.

    Attributes:
        name: Of its folder below the run's.
        script: Which training: "pretrain", or what `glam finetune` is told.
        after: The stage whose model it goes on from; empty starts anew.
        keys: What differs from the preset.
        breasts: Synthetic ones at most; 0 takes all. Pretraining takes none.
    """

    name: str
    script: Literal["pretrain", "correspondence", "words"]
    after: str
    keys: Mapping[str, Any]
    breasts: int = 0


_ALL = {"threads": 1}
_PAIRS = {**_ALL, "epochs": 8, "synthetic_share": 0.25, "evaluate_every": 2}

# "reports" is the GLAM objective: texts, both views, places across them. "limits" is the same
# training as "pairs" without the patients on whom temperature and limits are then set (nor has
# "reports" seen them); the model that ships keeps those. "words" leaves the answers to clicks as
# they are.
STAGES = (
    Stage(
        "reports", "pretrain", "", {**_ALL, "epochs": 4, "evaluate_every": 2, "for_limits": True}
    ),
    Stage(
        "synthetic",
        "correspondence",
        "reports",
        {**_ALL, "steps": 500, "synthetic_share": 1.0, "evaluate_every": 1},
    ),
    Stage("pairs", "correspondence", "synthetic", _PAIRS),
    Stage("limits", "correspondence", "synthetic", {**_PAIRS, "for_limits": True}),
    Stage("words", "words", "pairs", {**_ALL, "steps": 600}, breasts=500),
)
SHIPS, SETS_LIMITS = "words", "limits"
