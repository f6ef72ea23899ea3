"""What the letters of EMBED's clinical table mean, in words of the lexicon.

Source: AWS_Open_Data_Clinical_Legend.csv of the data set, whose spelling is mended here.
"""

from collections.abc import Mapping
from pathlib import Path

from glam_core.data.source_table import read_table

BIRADS = {"A": "0", "N": "1", "B": "2", "P": "3", "S": "4", "M": "5", "K": "6"}
FINDING_OF_SHAPE = {
    "G": "mass", "R": "mass", "O": "mass", "X": "mass", "N": "lymph node", "Y": "lymph node",
    "Q": "architectural distortion", "A": "architectural distortion",
    "T": "solitary dilated duct", "B": "global asymmetry", "F": "focal asymmetry",
    "S": "asymmetry", "V": "developing asymmetry",
}  # fmt: skip
SHAPES = {"R": "round", "O": "oval", "X": "irregular"}
MARGINS = {
    "D": "circumscribed", "U": "obscured", "M": "microlobulated", "I": "indistinct",
    "S": "spiculated",
}  # fmt: skip
DENSITIES = {"+": "high density", "=": "equal density", "-": "low density", "0": "fat-containing"}
CALCIFICATIONS = {
    "A": "amorphous", "9": "benign", "H": "coarse heterogeneous", "C": "coarse or popcorn-like",
    "D": "dystrophic", "E": "rim", "F": "fine linear", "B": "fine linear branching",
    "G": "", "I": "fine pleomorphic", "L": "large rod-like", "M": "milk of calcium",
    "J": "oil cyst", "K": "pleomorphic", "P": "punctate", "R": "round", "S": "skin",
    "O": "lucent-centered", "U": "suture", "V": "vascular", "Q": "coarse",
}  # fmt: skip
DISTRIBUTIONS = {
    "G": "grouped", "S": "segmental", "R": "regional", "D": "diffuse", "L": "linear",
    "C": "clustered",
}  # fmt: skip
LEGEND_NAMES = ("AWS_Open_Data_Clinical_Legend.csv", "clinical_legend.csv")
_TABLES: Mapping[str, Mapping[str, str]] = {
    "massshape": FINDING_OF_SHAPE,
    "massmargin": MARGINS,
    "massdens": DENSITIES,
    "calcfind": CALCIFICATIONS,
    "calcdistri": DISTRIBUTIONS,
}


class Legend:
    """Words for the letters; the data set's own legend adds the letters that are new to us.

    Args:
        file: The legend; None where the folder has none.

    Raises:
        ManifestError: The legend is damaged.
    """

    def __init__(self, file: Path | None) -> None:
        self._added: dict[tuple[str, str], str] = {}
        self.unknown: set[tuple[str, str]] = set()
        if file is not None:
            for row in read_table(file, ("Header in export", "Code", "Meaning")):
                key = (row["Header in export"].lower(), row["Code"])
                self._added.setdefault(key, row["Meaning"].lower())

    def words(self, column: str, code: str, table: Mapping[str, str] | None = None) -> str:
        """The words for a letter; "" for none, and for one that nobody explains."""
        known = table if table is not None else _TABLES[column]
        if not code:
            return ""
        if code in known:
            return known[code]
        if code in _TABLES[column]:
            return ""  # explained, but not by this table: an asymmetry is no mass shape
        if (column, code) not in self._added:
            self.unknown.add((column, code))
            return ""
        return self._added[column, code]
