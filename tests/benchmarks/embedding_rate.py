"""Embedding a pair beside the plain transformers forward, and the answer to a click."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from glam_core.model.batch import ViewBatch
from glam_core.model.build import build_model
from glam_core.model.config import GlamConfig, NoTextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.matching import asked_at, embed, match_scores
from glam_core.model.presets import glam, glam_small

ROUNDS = 3
CLICKS = 200


def run() -> str:
    """The table: medians of interleaved rounds."""
    lines = [
        "| what | time | peer | its time | ratio |",
        "| --- | --- | --- | --- | --- |",
    ]
    big = _model(glam())
    first, second = (_view(big, seed) for seed in (0, 1))
    backbone = big.image_encoder.backbone
    pictures = [view.pictures.expand(-1, 3, -1, -1).contiguous() for view in (first, second)]

    def ours() -> None:
        for slot, view in enumerate((first, second)):
            embed(big, view, slot=slot)

    def plain() -> None:
        with torch.inference_mode():
            for picture in pictures:
                backbone(pixel_values=picture)

    own, peer = _interleaved(ours, plain)
    lines.append(
        f"| embed a pair, ViT-B/14, 518 px | {own:.2f} s | transformers forward of the same "
        f"pictures | {peer:.2f} s | {own / peer:.3f} |"
    )
    little = _model(glam_small())
    pair = [_view(little, seed) for seed in (0, 1)]
    seconds = statistics.median(
        _seconds(lambda: [embed(little, view, slot=slot) for slot, view in enumerate(pair)])
        for _ in range(ROUNDS)
    )
    lines.append(f"| embed a pair, glam_small, 256 px | {1000 * seconds:.0f} ms | - | - | - |")
    for name, model, views in (("ViT-B/14", big, (first, second)), ("glam_small", little, pair)):
        grid = model.patch_grid
        lines.append(
            f"| a click with ready embeddings, {name}, {grid[0]}x{grid[1]} places, 95th percentile "
            f"of {CLICKS} | {_click(model, views[0], views[1])} | wanted | 5 ms | - |"
        )
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lines.append(
        f"\n{torch.get_num_threads()} thread(s), float32; {os.cpu_count()} processors, "
        f"load {busy:.1f}."
    )
    return "\n".join(lines)


def _model(config: GlamConfig) -> GlamModel:
    return build_model(replace(config, text=NoTextConfig()), seed=0).eval()


def _view(model: GlamModel, seed: int) -> ViewBatch:
    """A random picture with known depth and offset."""
    side, grid = model.config.image.side_px, model.patch_grid
    generator = torch.Generator().manual_seed(seed)
    place = torch.stack(torch.meshgrid(*map(torch.arange, grid), indexing="ij")).float()
    return ViewBatch(
        pictures=torch.rand(1, 1, side, side, generator=generator),
        tissue=torch.ones(1, *grid, dtype=torch.bool),
        depth_mm=place[1:] * 5,
        offset_mm=place[:1] * 5,
    )


def _click(model: GlamModel, first: ViewBatch, second: ViewBatch) -> str:
    """95th percentile of one point's probability map: by the clock, and of the processor's time."""
    views = [embed(model, view, slot=slot) for slot, view in enumerate((first, second))]
    grid = torch.tensor(model.patch_grid)
    points = torch.rand(CLICKS, 1, 2, generator=torch.Generator().manual_seed(0)) * grid

    def locate(point: torch.Tensor) -> None:
        asked = asked_at(views[0], 0, point)
        match_scores(model, asked, views[1], 0, slot=0).softmax(dim=-1)

    clock, processor = [], []
    for point in points:
        before = time.perf_counter(), time.thread_time()
        locate(point)
        clock.append(time.perf_counter() - before[0])
        processor.append(time.thread_time() - before[1])
    at = int(0.95 * CLICKS)
    return f"{1000 * sorted(clock)[at]:.2f} ms (processor {1000 * sorted(processor)[at]:.2f} ms)"


def _interleaved(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of either, in turns, so that a busy machine hurts both alike."""
    ours(), peer()
    both = [(_seconds(ours), _seconds(peer)) for _ in range(ROUNDS)]
    return statistics.median(own for own, _ in both), statistics.median(each for _, each in both)


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(run())
