"""The two-sample test: a coin where two heaps are alike, certain where they differ."""

import numpy as np

from glam_core.phantom.two_sample import two_sample


def heap(seed: int, *, grain: float) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:96, :96]
    pictures = []
    for _ in range(30):
        radius = rng.uniform(35, 44)
        mask = (rows - 48) ** 2 + cols**2 < radius**2
        values = rng.uniform(0.4, 0.6) + rng.normal(0, grain, mask.shape)
        pictures.append((np.where(mask, values, 0).clip(0, 1).astype(np.float32), mask))
    return pictures


def test_like_heaps_are_not_told_apart():
    found = two_sample(heap(1, grain=0.05), heap(2, grain=0.05))
    assert 0.2 < found.together < 0.75


def test_another_grain_is_seen_in_spectrum_and_histogram():
    found = two_sample(heap(1, grain=0.05), heap(2, grain=0.12))
    assert found.spectrum > 0.95
    assert found.together > 0.95


def test_pictures_of_one_woman_do_not_betray_each_other():
    real, synthetic = (4 * heap(seed, grain=0.05) for seed in (1, 2))
    women = [f"{kind} {number % 30}" for kind in "rs" for number in range(120)]
    each_alone = two_sample(real, synthetic).together
    assert two_sample(real, synthetic, women).together < each_alone - 0.1
