"""How well a simple classifier tells synthetic pictures from real ones: 0.5 is a coin.

Two-sample test by classifier (Lopez-Paz and Oquab, 2017): features that know nothing of anatomy
(radial power spectrum, grey histogram, grey from the skin inwards), a logistic regression, and the
area under the ROC curve over held-out pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from glam_core.phantom.realism import lengths_to_skin

FloatArray = npt.NDArray[np.float64]
Picture = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
_PATCH_PX = 48
_RINGS = (1.5, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0, 19.0, 24.0)
_BINS = 16
RIM_PX = (1.0, 2.0, 4.0, 7.0, 11.0, 16.0, 24.0)
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class TwoSample:
    """Areas under the ROC curve over held-out pictures; 0.5 where nothing tells them apart."""

    spectrum: float
    histogram: float
    rim: float
    together: float


def two_sample(
    real: Sequence[Picture], synthetic: Sequence[Picture], women: Sequence[str] | None = None
) -> TwoSample:
    """Train to tell the two kinds apart, five-fold.

    Args:
        real, synthetic: (picture 0..1, breast mask), chest wall left, of one size in pixels.
        women: Of whom each real picture and then each synthetic one is, so that no woman is in two
            folds; without it every picture counts as of another woman.
    """
    kinds = np.array([0] * len(real) + [1] * len(synthetic))
    parts = [
        np.array([each(*pair) for pair in (*real, *synthetic)])
        for each in (spectrum_features, histogram_features, rim_features)
    ]
    return TwoSample(*(_area(features, kinds, women) for features in (*parts, np.hstack(parts))))


def spectrum_features(picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> FloatArray:
    """(rings,) log power in rings of frequency of the patch deepest inside the breast."""
    depth = ndimage.distance_transform_edt(np.pad(mask, ((1, 1), (1, 1))))[1:-1, 1:-1]
    half = _PATCH_PX // 2
    middle = np.unravel_index(int(depth.argmax()), depth.shape)
    row0, col0 = (
        int(np.clip(at - half, 0, size - _PATCH_PX))
        for at, size in zip(middle, mask.shape, strict=True)
    )
    patch = picture[row0 : row0 + _PATCH_PX, col0 : col0 + _PATCH_PX].astype(float)
    window = np.hanning(_PATCH_PX)[:, None] * np.hanning(_PATCH_PX)[None]
    power = np.abs(np.fft.fft2((patch - patch.mean()) * window)) ** 2
    frequency = np.fft.fftfreq(_PATCH_PX, 1 / _PATCH_PX)
    radius = np.hypot(frequency[:, None], frequency[None])
    rings = np.digitize(radius, _RINGS)
    means = ndimage.mean(power, rings, np.arange(1, len(_RINGS)))
    return np.asarray(np.log(np.asarray(means) + 1e-9))


def histogram_features(picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> FloatArray:
    """Shares of the grey levels in the breast."""
    counts, _ = np.histogram(picture[mask], bins=_BINS, range=(0, 1))
    return np.asarray(np.sqrt(counts / max(1, counts.sum())))


def rim_features(picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> FloatArray:
    """Median grey at lengths from the skin, over that of the whole breast."""
    inside = lengths_to_skin(mask)
    whole = float(np.median(picture[mask])) + 1e-6
    found = []
    for depth in RIM_PX:
        ring = np.abs(inside - depth) < 0.6
        found.append(float(np.median(picture[ring])) / whole if ring.any() else 1.0)
    return np.array(found)


def _area(features: FloatArray, kinds: npt.NDArray[np.int_], women: Sequence[str] | None) -> float:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))
    kind_of_folds = StratifiedKFold if women is None else StratifiedGroupKFold
    folds = kind_of_folds(_FOLDS, shuffle=True, random_state=0)
    said = cross_val_predict(
        model, features, kinds, groups=women, cv=folds, method="decision_function"
    )
    return float(roc_auc_score(kinds, said))
