"""How the demonstration model is made: the stages of `glam train-demo`, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

NAME = "demo"
VERSION = "2"  # changes with the recipe
PRESET = "small"
BREASTS = 3000
SEED = 1  # of the synthetic breasts
TRAINED_ON = (
    "synthetic breasts; annotated mass pairs of CBIS-DDSM (Lee et al. 2017, CC BY 3.0), which is "
    "digitised film"
)


@dataclass(frozen=True)
class Stage:
    """One training of the chain.

    Attributes:
        name: Of its folder below the run's.
        teaches: What `glam finetune` is told: "correspondence" or "words".
        after: The stage whose model it goes on from; empty starts anew.
        keys: What differs from the preset.
        breasts: Synthetic ones at most; 0 takes all.
    """

    name: str
    teaches: Literal["correspondence", "words"]
    after: str
    keys: Mapping[str, Any]
    breasts: int = 0


_ALL = {"precision": "bfloat16", "threads": 1}
_PAIRS = {**_ALL, "epochs": 32, "synthetic_share": 0.25, "evaluate_every": 8}

# "limits" is the same training as "pairs" without the patients on whom temperature and limits are
# then set; the model that ships keeps those. "words" leaves the answers to clicks as they are.
STAGES = (
    Stage(
        "synthetic",
        "correspondence",
        "",
        {**_ALL, "epochs": 4, "synthetic_share": 1.0, "evaluate_every": 2},
    ),
    Stage("pairs", "correspondence", "synthetic", _PAIRS),
    Stage("limits", "correspondence", "synthetic", {**_PAIRS, "for_limits": True}),
    Stage("words", "words", "pairs", {"threads": 1, "steps": 600}, breasts=500),
)
SHIPS, SETS_LIMITS = "words", "limits"
