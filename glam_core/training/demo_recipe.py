"""How the demonstration model is made."""

from collections.abc import Mapping
from typing import Any

NAME = "demo"
START = "small"
TRAINED_ON = "CBIS-DDSM mass training pairs (CC BY 3.0)"
KEYS: Mapping[str, Any] = {
    "epochs": 24,
    "precision": "bfloat16",
    "threads": 1,
    "evaluate_every": 6,
}
