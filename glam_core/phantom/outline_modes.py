"""How outlines of real breasts vary: their mean and the modes about it, of both views at once.

Principal components of the logarithms of lengths on masks of CBIS-DDSM (Lee et al., Sci Data
4:170177, CC BY 3.0), patients of odd number. A length is a share of that from the nipple to the
picture's chest wall edge.
"""

import numpy as np

# CC: length of the ray from the chest wall edge at the nipple's row, by degrees upwards.
CC_DEG = np.array(
    [-88, -84, -78, -70, -60, -45, -30, -20, -10, 0, 10, 20, 30, 45, 60, 70, 78, 84, 88],
    dtype=np.float64,
)
# MLO above the nipple: width of the breast at rows counted down from the nipple's.
MLO_ROWS = np.array([-1.65, -1.4, -1.15, -0.9, -0.7, -0.5, -0.3, -0.15])
# MLO below the nipple: length of the ray from the chest wall edge, by degrees downwards.
MLO_DEG = np.array([0, 10, 20, 30, 40, 50, 60, 70, 78, 84, 88], dtype=np.float64)

_THOUSANDTHS = """
    -24 -30 -62 -77 -80 -66 -42 -26 -6 16 -12 -46 -68 -86 -76 -47 -7 41 51 -564 -527 -434 -247
    -104 -13 26 32 13 -99 -221 -358 -531 -699 -819 -878 -867 -866 -871
    228 221 207 184 144 84 34 15 5 3 6 14 30 62 101 127 145 160 169 97 136 168 119 58 19 1 0 3 3
    29 92 198 303 368 402 415 435 435
    -30 -29 -26 -22 -16 -10 -10 -7 -3 0 -4 -2 -6 -13 -25 -35 -41 -44 -47 -245 -218 -179 -104 -57
    -30 -13 -5 -1 6 21 36 52 62 68 63 54 57 57
    -146 -140 -128 -111 -86 -52 -25 -11 -2 -1 1 8 10 13 14 18 21 21 23 79 23 17 11 5 5 4 2 -1 6
    12 20 34 43 44 37 37 35 34
    -4 -3 -2 -4 -8 -13 -12 -9 -3 1 4 12 25 42 63 78 88 100 107 -85 -43 1 24 16 7 0 -2 0 -5 -16
    -18 -21 -20 -21 -23 -20 -15 -15
    -13 -11 -1 7 16 18 12 7 1 0 -2 1 2 5 5 -2 -11 -21 -24 -66 -3 71 75 51 29 16 6 -1 9 23 42 73
    83 61 11 -53 -67 -67
    -5 -4 -9 -13 -15 -17 -10 -8 -3 0 -5 -8 -6 -6 -6 -13 -18 -26 -28 -63 -1 59 54 38 26 16 6 -1
    -1 -10 -19 -39 -48 -29 9 34 34 34
    -4 -3 -3 1 8 17 21 16 7 0 10 26 29 29 21 11 -1 -13 -15 -1 12 -24 1 15 17 13 7 -1 14 26 27 9
    -15 -22 -10 7 8 8
    12 11 -5 -13 -12 -6 -2 -1 -1 0 -5 -11 -13 -13 -9 -4 2 9 12 -13 13 17 -11 -12 -9 -4 -1 0 9 22
    31 26 -5 -20 -18 0 7 7
    -16 -15 -4 7 19 25 20 14 4 0 -3 -7 -12 -15 -12 -6 3 11 12 -2 -4 3 2 1 0 -3 0 1 0 8 9 -12 -13
    0 12 0 0 0
    0 1 2 2 0 1 -1 -1 -2 0 -5 -9 -9 -7 -5 -3 -1 3 4 14 -18 -17 22 16 7 3 -1 -1 -2 -1 0 9 9 -8
    -21 1 8 7
"""  # the mean, then a row for each mode, as many values as the three lists above
_TABLE = np.array(_THOUSANDTHS.split(), dtype=np.float64) / 1000.0
_TABLE = _TABLE.reshape(-1, len(CC_DEG) + len(MLO_ROWS) + len(MLO_DEG))
MEAN, MODES = _TABLE[0], _TABLE[1:]
