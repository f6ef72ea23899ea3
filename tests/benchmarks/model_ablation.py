"""What each correction buys, in a toy world of view pairs, beside the paper's own configuration.

Run alone: python -m tests.benchmarks.model_ablation [--steps N] [--seeds N] [--only NAME ...].
About 10 minutes of one processor core a seed; with --keep FILE an interrupted run goes on.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
from tests.benchmarks.ablation_table import Outcome, gains_table, read_outcomes, trials_table
from tests.benchmarks.toy_pairs import GRID, PATCH_PX, SIDE_PX, ToyPairs, draw_pairs

STEPS = 150
SEEDS = 1
BATCH = 16
HELD_OUT = 64
HIT_MM = 16.0


@dataclass(frozen=True)
class Trial:
    """One line of the table."""

    name: str
    config: GlamConfig
    related: bool = True


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


def measure(trial: Trial, model: GlamModel, seed: int) -> Outcome:
    """The shuffled-partner control and the answers to clicks on blobs, both directions.

    The held-out pairs are the same for every trial and seed of training.
    """
    rng = np.random.default_rng(10_000)
    pairs = _draw(trial, HELD_OUT, rng)
    control = shuffled_control(model, pairs.first, pairs.second)
    related = draw_pairs(
        HELD_OUT,
        np.random.default_rng(20_000),
        keep_aspect=trial.config.corrections.keep_aspect,
    )
    return Outcome(
        trial=trial.name,
        seed=seed,
        true_loss=control.true.in_image,
        shuffled_loss=control.shuffled.in_image,
        chance=control.chance,
        own_partner=control.true.own_partner,
        hit=_hits(model, related, use_depth=True),
        hit_no_depth=_hits(model, related, use_depth=False),
        second_to_text=_second_to_text(model, related),
    )


def _draw(trial: Trial, count: int, rng: np.random.Generator) -> ToyPairs:
    keep_aspect = trial.config.corrections.keep_aspect
    return draw_pairs(count, rng, keep_aspect=keep_aspect, related=trial.related)


def _hits(model: GlamModel, pairs: ToyPairs, *, use_depth: bool) -> list[float]:
    """Of each pair, the share of clicks answered within HIT_MM of the same blob."""
    views = [embed(model, pairs.first, slot=0), embed(model, pairs.second, slot=1)]
    if not use_depth:
        views = [replace(view, depth_mm=torch.full_like(view.depth_mm, math.nan)) for view in views]
    hits = torch.zeros(len(pairs.places), 2)
    for asking in (0, 1):
        for row in range(len(pairs.places)):
            asked = asked_at(views[asking], row, pairs.places[row, :, asking])
            with torch.inference_mode():
                best = match_scores(model, asked, views[1 - asking], row, slot=asking).argmax(-1)
            found = torch.stack([best // GRID, best % GRID], dim=1).float()
            gap_mm = (found - pairs.places[row, :, 1 - asking]) * pairs.patch_mm[row, 1 - asking]
            hits[row, asking] = (gap_mm.norm(dim=1) <= HIT_MM).float().mean()
    return hits.mean(dim=1).tolist()


def _second_to_text(model: GlamModel, pairs: ToyPairs) -> list[float]:
    """Of each MLO view, 1 where it finds its own report among all."""
    with torch.inference_mode():
        texts = model.encode_text(tokenise(model.tokenizer, pairs.reports, 48)).embedding
        images = model.encode_view(pairs.second, 1, places=False).embedding
    found = (functional.normalize(images, dim=-1) @ texts.T).argmax(dim=-1)
    return [float(pairs.reports[int(index)] == report)
            for index, report in zip(found, pairs.reports, strict=True)]  # fmt: skip


def geometry_table(count: int = 256) -> str:
    """What 2, 3 and 4 buy before anything is learnt: where depth alone puts the partner blob.

    Share of blobs whose partner lies in the same of nine columns (and in it or a neighbour), and
    the mean probability that the depth bias alone gives to the places within 16 mm of it.
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
        gap = place.reshape(1, -1, 2) - pairs.places[row, :, None, 1]
        near = (gap * pairs.patch_mm[row, 1]).norm(dim=-1) <= HIT_MM
        masses.append((shares * near).sum(dim=-1).mean())
    return float(torch.stack(masses).mean())


def run(
    steps: int = STEPS, seeds: int = SEEDS, only: Sequence[str] = (), keep: Path | None = None
) -> str:
    """All tables.

    Args:
        steps: Of each training.
        seeds: Trainings of each trial.
        only: Names of the trials to run; all where there are none.
        keep: Outcomes are added to this file as they come, and those in it are not made again.
    """
    asked = [trial for trial in trials() if not only or trial.name in only]
    outcomes = read_outcomes(keep) if keep is not None and keep.exists() else []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for seed in range(seeds):
            for trial in asked:
                if any((made.trial, made.seed) == (trial.name, seed) for made in outcomes):
                    continue
                outcomes.append(measure(trial, train(trial, seed=seed, steps=steps), seed))
                print(outcomes[-1].line(), file=sys.stderr, flush=True)
                if keep is not None:
                    with keep.open("a", encoding="utf-8") as file:
                        file.write(outcomes[-1].json() + "\n")
    finally:
        torch.set_num_threads(threads)
    named = [trial.name for trial in asked]
    return "\n\n".join(
        (geometry_table(), trials_table(outcomes, named), gains_table(outcomes, named))
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="go on from these outcomes")
    asked = parser.parse_args()
    print(run(asked.steps, asked.seeds, asked.only, asked.keep))
