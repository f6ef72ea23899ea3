"""What each correction buys, in a toy world of view pairs, beside the paper's own configuration.

Run alone: python -m tests.benchmarks.model_ablation [--steps N] [--only NAME ...]. About 20 minutes
on one thread of an idle CPU; each row is said on stderr as it is done, so that what is done stays.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from glam_core.loss.shuffled_control import shuffled_control
from glam_core.loss.total import TotalLoss
from glam_core.model.build import build_model
from glam_core.model.config import (
    Corrections,
    CrossViewConfig,
    DinoConfig,
    GlamConfig,
    LossConfig,
    MatchConfig,
    PoolingConfig,
    ProjectionConfig,
    TextConfig,
)
from glam_core.model.glam import GlamModel
from glam_core.model.matching import asked_at, embed, match_scores
from glam_core.model.parameter_groups import parameter_groups
from glam_core.model.presets import ALL_CORRECTIONS
from glam_core.model.vocabulary import tokenise
from tests.benchmarks.toy_pairs import GRID, PATCH_PX, SIDE_PX, ToyPairs, draw_pairs

STEPS = 300
BATCH = 16
HELD_OUT = 64
HIT_PATCH = 2.0


@dataclass(frozen=True)
class Trial:
    """One line of the table."""

    name: str
    config: GlamConfig
    related: bool = True


@dataclass(frozen=True)
class Outcome:
    """What one trial ended with, on pairs never seen."""

    true_loss: float
    shuffled_loss: float
    chance: float
    own_partner: float
    hit: float
    hit_no_depth: float
    second_to_text: float


def small(config_corrections: Corrections, *, paper: bool = False) -> GlamConfig:
    """A tiny ViT with position embeddings, the same for all trials."""
    neighbourhood = config_corrections.local_pooling
    soft = config_corrections.soft_depth_attention
    return GlamConfig(
        image=DinoConfig(
            side_px=SIDE_PX, width=48, layers=2, heads=2, patch_px=PATCH_PX, registers=1,
            mlp_ratio=2, position_grid=GRID, grey_mean=0.3, grey_std=0.3,
        ),
        text=TextConfig(
            vocabulary="built_in", width=48, layers=1, heads=4, intermediate=96,
            vocabulary_size=0, position_count=48, max_tokens=48, dropout=0.0,
        ),
        pooling=PoolingConfig(
            kind="neighbourhood" if neighbourhood else "attention", grid=(9, 9), heads=4,
            margin_patch=1, shared=not paper,
        ),
        cross_view=CrossViewConfig(
            kind="soft_depth" if soft else "columns", local_width=0 if paper else 48
        ),
        match=MatchConfig(),
        projection=ProjectionConfig(width=48, view_norm="batch" if paper else "layer"),
        corrections=config_corrections,
        loss=LossConfig() if paper else LossConfig(
            image_text=1.0, cross_patient=1.0, report_to_patch=1.0
        ),
    )  # fmt: skip


def trials() -> list[Trial]:
    """The paper and ours on true and on unrelated pairs; ours with one correction off at a time."""
    everything = small(ALL_CORRECTIONS)

    def without(**switches: bool) -> GlamConfig:
        return small(replace(ALL_CORRECTIONS, **dict.fromkeys(switches, False)))

    paper = small(Corrections(), paper=True)
    return [
        Trial("paper", paper),
        Trial("paper, unrelated partners", paper, related=False),
        Trial("glam", everything),
        Trial("glam, unrelated partners", everything, related=False),
        Trial(
            "glam without 1",
            without(
                local_pooling=True, background_left_out=True, partner_contrast=True,
                cross_patient_negatives=True,
            ),
        ),
        Trial(
            "glam without 1, unrelated partners",
            without(
                local_pooling=True, background_left_out=True, partner_contrast=True,
                cross_patient_negatives=True,
            ),
            related=False,
        ),
        Trial("glam without 2", without(soft_depth_attention=True)),
        Trial("glam without 3", without(nipple_depth=True)),
        Trial("glam without 4", without(keep_aspect=True)),
        Trial("glam without 5", without(both_views_meet_report=True)),
    ]  # fmt: skip


def train(trial: Trial, *, seed: int = 0, steps: int = STEPS) -> GlamModel:
    """A short training on freshly drawn pairs: nothing can be learnt by heart."""
    model = build_model(trial.config, seed=seed).train()
    loss = TotalLoss(trial.config)
    optimiser = torch.optim.AdamW(parameter_groups(model, 0.05), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        pairs = _draw(trial, BATCH, rng)
        texts = tokenise(model.tokenizer, pairs.reports, 48)
        terms = loss(model, model(pairs.first, pairs.second, texts))
        optimiser.zero_grad()
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return model.eval()


def measure(trial: Trial, model: GlamModel) -> Outcome:
    """The shuffled-partner control and the answers to clicks on blobs, both directions."""
    rng = np.random.default_rng(10_000)
    pairs = _draw(trial, HELD_OUT, rng)
    control = shuffled_control(model, pairs.first, pairs.second)
    related = draw_pairs(HELD_OUT, rng, keep_aspect=trial.config.corrections.keep_aspect)
    return Outcome(
        true_loss=control.true.in_image,
        shuffled_loss=control.shuffled.in_image,
        chance=control.chance,
        own_partner=control.true.own_partner,
        hit=_hit_rate(model, related, use_depth=True),
        hit_no_depth=_hit_rate(model, related, use_depth=False),
        second_to_text=_second_to_text(model, related),
    )


def _draw(trial: Trial, count: int, rng: np.random.Generator) -> ToyPairs:
    keep_aspect = trial.config.corrections.keep_aspect
    return draw_pairs(count, rng, keep_aspect=keep_aspect, related=trial.related)


def _hit_rate(model: GlamModel, pairs: ToyPairs, *, use_depth: bool) -> float:
    """Share of clicks on blobs whose best answer lies within two patches of the same blob."""
    views = [embed(model, pairs.first, slot=0), embed(model, pairs.second, slot=1)]
    if not use_depth:
        views = [replace(view, depth_mm=torch.full_like(view.depth_mm, math.nan)) for view in views]
    hits = []
    for asking in (0, 1):
        for row in range(len(pairs.places)):
            asked = asked_at(views[asking], row, pairs.places[row, :, asking])
            with torch.inference_mode():
                best = match_scores(model, asked, views[1 - asking], row, slot=asking).argmax(-1)
            found = torch.stack([best // GRID, best % GRID], dim=1).float()
            gap = (found - pairs.places[row, :, 1 - asking]).norm(dim=1)
            hits.append((gap <= HIT_PATCH).float().mean())
    return float(torch.stack(hits).mean())


def _second_to_text(model: GlamModel, pairs: ToyPairs) -> float:
    """Share of MLO views that find their own report among all."""
    with torch.inference_mode():
        texts = model.encode_text(tokenise(model.tokenizer, pairs.reports, 48)).embedding
        images = model.encode_view(pairs.second, 1, places=False).embedding
    found = (functional.normalize(images, dim=-1) @ texts.T).argmax(dim=-1)
    same = [pairs.reports[int(index)] == report
            for index, report in zip(found, pairs.reports, strict=True)]  # fmt: skip
    return float(np.mean(same))


def geometry_table(count: int = 256) -> str:
    """What 2, 3 and 4 buy before anything is learnt: where depth alone puts the partner blob.

    Share of blobs whose partner lies in the same of nine columns (and in it or a neighbour), and
    the mean probability that the depth bias alone gives to the places within two patches of it. A
    stretched patch covers fewer mm: compare within one scale.
    """
    lines = [
        "| depth from | scale | same column of nine | or a neighbour | mass on the partner |",
        "| --- | --- | --- | --- | --- |",
    ]
    for keep_aspect in (True, False):
        pairs = draw_pairs(count, np.random.default_rng(1), keep_aspect=keep_aspect)
        columns = (pairs.places[..., 1] + 0.5) / GRID * 9
        apart = (columns[..., 0].floor() - columns[..., 1].floor()).abs()
        for nipple in (True, False):
            config = small(replace(ALL_CORRECTIONS, nipple_depth=nipple, keep_aspect=keep_aspect))
            mass = _mass_by_depth(build_model(config, seed=0).eval(), pairs)
            lines.append(
                f"| {'nipple' if nipple else 'chest-wall edge'} "
                f"| {'one' if keep_aspect else 'stretched'} | {(apart == 0).float().mean():.2f} "
                f"| {(apart <= 1).float().mean():.2f} | {mass:.3f} |"
            )
    return "\n".join(lines)


def _mass_by_depth(model: GlamModel, pairs: ToyPairs) -> float:
    """Mean probability near the partner blob where every place looks alike, CC to MLO."""
    views = [embed(model, pairs.first, slot=0), embed(model, pairs.second, slot=1)]
    blank = [replace(view, asked=torch.ones_like(view.asked)) for view in views]
    partner = replace(blank[1], answering=torch.ones_like(views[1].answering))
    place = torch.stack(torch.meshgrid(*[torch.arange(GRID)] * 2, indexing="ij"), dim=-1)
    masses = []
    for row in range(len(pairs.places)):
        asked = asked_at(blank[0], row, pairs.places[row, :, 0])
        shares = match_scores(model, asked, partner, row, slot=0).softmax(dim=-1)
        gap = (place.reshape(1, -1, 2) - pairs.places[row, :, None, 1]).norm(dim=-1)
        masses.append((shares * (gap <= HIT_PATCH)).sum(dim=-1).mean())
    return float(torch.stack(masses).mean())


def run(steps: int = STEPS, only: Sequence[str] = ()) -> str:
    """Both tables.

    Args:
        steps: Of each training.
        only: Names of the trials to run; all where there are none.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    lines = [
        "| trial | in-image loss, its own pairing | wrong partners | chance "
        "| own partner preferred | hit | hit, likeness alone | MLO finds its report |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    try:
        for trial in trials():
            if only and trial.name not in only:
                continue
            got = measure(trial, train(trial, steps=steps))
            lines.append(
                f"| {trial.name} | {got.true_loss:.2f} | {got.shuffled_loss:.2f} "
                f"| {got.chance:.2f} | {got.own_partner:.2f} | {got.hit:.2f} "
                f"| {got.hit_no_depth:.2f} | {got.second_to_text:.2f} |"
            )
            print(lines[-1], file=sys.stderr, flush=True)
    finally:
        torch.set_num_threads(threads)
    return geometry_table() + "\n\n" + "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    asked = parser.parse_args()
    print(run(asked.steps, asked.only))
