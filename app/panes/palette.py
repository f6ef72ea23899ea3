"""Colours of the overlays: told apart by colour-blind eyes, calm on dark and on bright tissue.

The hues are those of Okabe and Ito (2008), lightened where they must stand on black.
"""

from PySide6.QtGui import QColor

BACKGROUND = QColor(0, 0, 0)
HALO = QColor(0, 0, 0, 150)
TEXT = QColor(214, 219, 224)
TEXT_DIM = QColor(150, 158, 166)
CHIP = QColor(18, 22, 27, 205)
CHIP_EDGE = QColor(92, 104, 116)

ACTIVE = QColor(86, 180, 233)  # sky blue
BAND = QColor(86, 180, 233)
BAND_FILL = QColor(86, 180, 233, 11)
LANDMARK = QColor(45, 190, 145)  # bluish green
PROPOSED = QColor(230, 159, 0)  # orange
CANDIDATE = QColor(255, 214, 92)  # yellow
REGION = QColor(255, 186, 110)
QUERY = QColor(255, 255, 255)
TRUTH = QColor(219, 137, 182)  # reddish purple
MEASURE = QColor(158, 208, 255)
ERROR = QColor(240, 140, 80)

HEAT_STOPS = ((0.0, (150, 60, 20)), (0.5, (230, 120, 20)), (1.0, (255, 226, 110)))  # dark to light
HEAT_OPACITY = 0.5

FINDINGS = (
    QColor(110, 193, 240),  # sky blue
    QColor(232, 150, 200),  # pink
    QColor(242, 226, 90),  # yellow
    QColor(245, 140, 96),  # vermilion
    QColor(70, 208, 166),  # bluish green
    QColor(190, 172, 255),  # lavender
)


def finding_colour(number: int) -> QColor:
    """The colour of the finding with this number, from 1; after six they come again."""
    return FINDINGS[(number - 1) % len(FINDINGS)]
