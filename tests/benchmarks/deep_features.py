"""Told apart by a network that has learnt to see on photographs: harder to deceive than statistics.

Mean and deviation of each channel of EfficientNet-Lite0 over the breast, at four levels, then a
logistic regression, five-fold; no woman is in two folds.
"""

import numpy as np
import numpy.typing as npt
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from glam_core.model.config import LiteConfig
from glam_core.model.lite_encoder import LiteBackbone, load_first_weights
from glam_core.model.pyramid_encoder import standardised
from glam_core.phantom.realism_page import Heap

_FOLDS, _COMPONENTS = 5, 40


def told_apart(one: Heap, other: Heap) -> float:
    """Area under the ROC curve over held-out pictures; 0.5 where nothing tells them apart."""
    backbone = _backbone()
    found = np.array([_features(backbone, *pair) for pair in (*one.pictures, *other.pictures)])
    kinds = np.array([0] * len(one.pictures) + [1] * len(other.pictures))
    model = make_pipeline(
        StandardScaler(), PCA(_COMPONENTS, random_state=0), LogisticRegression(C=0.3, max_iter=1000)
    )
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    women = np.array([*one.women, *other.women])
    said = cross_val_predict(
        model, found, kinds, groups=women, cv=folds, method="decision_function"
    )
    return float(roc_auc_score(kinds, said))


def _backbone() -> LiteBackbone:
    backbone = LiteBackbone()
    weights = load_first_weights(LiteConfig(source="imagenet"))
    backbone.load_state_dict({name.removeprefix("backbone."): w for name, w in weights.items()})
    return backbone.eval()


@torch.no_grad()
def _features(
    backbone: LiteBackbone, picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    grey = torch.from_numpy(picture)[None, None]
    inside = torch.from_numpy(mask)[None, None].float()
    parts = []
    for level in backbone(standardised(grey, inside[:, 0])):
        weight = functional.interpolate(inside, size=level.shape[-2:], mode="area")
        weight = weight / weight.sum()
        mean = (level * weight).sum((2, 3), keepdim=True)
        spread = ((level - mean).square() * weight).sum((2, 3)).sqrt()
        parts += [mean[0, :, 0, 0], spread[0]]
    return torch.cat(parts).numpy()
