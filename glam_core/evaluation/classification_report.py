"""The table of the paper: CSV, Markdown, JSON, and pictures of confusion and calibration."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from glam_core.errors import GlamError
from glam_core.evaluation.classification import ClassificationResult, Interval, Predictions

CSV_FILE, MARKDOWN_FILE, JSON_FILE = "table.csv", "table.md", "table.json"
_FIGURES = (
    ("balanced_accuracy", "balanced accuracy"),
    ("macro_auc", "AUC"),
    ("calibration_error", "ECE"),
    ("probabilistic_f1", "probabilistic F1"),
    ("specificity_at_80", "specificity at 80 % sensitivity"),
)
_BINS = 10


@dataclass(frozen=True, eq=False)
class TableRow:
    """One method on one label.

    Attributes:
        method: Such as "linear probe".
        label: Such as "density".
        measured_on: The part of the patients.
        said: What was predicted, for the pictures.
        result: The figures.
    """

    method: str
    label: str
    measured_on: str
    said: Predictions
    result: ClassificationResult


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the table lacks: a class, a whole label, or (with `method`) one way on it.

    Attributes:
        reason: One sentence.
    """

    label: str
    reason: str
    method: str = ""


def write_table(
    folder: Path,
    title: str,
    rows: Sequence[TableRow],
    notes: Sequence[str],
    left_out: Sequence[LeftOut] = (),
) -> None:
    """Write table.csv, table.md, table.json and one picture a row into `folder`.

    Raises:
        GlamError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for row in rows:
            _drawn(row).savefig(folder / _picture_name(row), dpi=110)
        _written(folder / CSV_FILE, as_csv(rows, left_out))
        _written(folder / MARKDOWN_FILE, as_markdown(title, rows, notes, left_out))
        _written(folder / JSON_FILE, as_json(title, rows, notes, left_out))
    except OSError as error:
        raise GlamError(f"{folder} cannot be written: {error.strerror}.") from error


def as_csv(rows: Sequence[TableRow], left_out: Sequence[LeftOut] = ()) -> str:
    """One line a row, every figure with the ends of its interval; then what is left out."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    header = ["label", "method", "measured_on", "patients", "pictures", "classes", "counts"]
    for name, _ in _FIGURES:
        header += [name, f"{name}_low", f"{name}_high"]
    writer.writerow([*header, "confusion", "draws", "left_out"])
    for row in rows:
        result = row.result
        cells = [
            row.label, row.method, row.measured_on, result.patients, result.pictures,
            ";".join(result.classes), ";".join(map(str, result.counts)),
        ]  # fmt: skip
        for name, _ in _FIGURES:
            figure: Interval | None = getattr(result, name)
            ends = (figure.value, figure.low, figure.high) if figure else (None, None, None)
            cells += ["" if end is None else f"{end:.4f}" for end in ends]
        confusion = "|".join(" ".join(map(str, line)) for line in result.confusion)
        writer.writerow([*cells, confusion, result.draws, ""])
    empty = [""] * len(header)  # without label and method, with confusion and draws
    for each in left_out:
        writer.writerow([each.label, each.method, *empty, each.reason])
    return stream.getvalue()


def as_json(
    title: str, rows: Sequence[TableRow], notes: Sequence[str], left_out: Sequence[LeftOut] = ()
) -> str:
    """The same figures for other programs; an interval that is not known is null."""
    told = []
    for row in rows:
        result = row.result
        figures = {
            name: asdict(figure) for name, _ in _FIGURES if (figure := getattr(result, name))
        }
        told.append(
            {
                "label": row.label,
                "method": row.method,
                "measured_on": row.measured_on,
                "patients": result.patients,
                "pictures": result.pictures,
                "classes": list(result.classes),
                "counts": result.counts.tolist(),
                **figures,
                "confusion": result.confusion.tolist(),
                "draws": result.draws,
            }
        )
    said = {
        "title": title,
        "research_use_only": True,
        "rows": told,
        "left_out": [asdict(each) for each in left_out],
        "notes": list(notes),
    }
    return json.dumps(said, indent=1) + "\n"


def as_markdown(
    title: str, rows: Sequence[TableRow], notes: Sequence[str], left_out: Sequence[LeftOut] = ()
) -> str:
    """The table, what it rests on, and a confusion matrix for each row."""
    names = [name for key, name in _FIGURES if any(getattr(r.result, key) for r in rows)]
    keys = [key for key, _ in _FIGURES if any(getattr(r.result, key) for r in rows)]
    lines = [f"# {title}", "", "Research use only, never for diagnosis.", ""]
    lines += [f"| label | method | pictures (patients) | {' | '.join(names)} |"]
    lines += [f"|{'---|' * (len(names) + 3)}"]
    for row in rows:
        cells = [_shown(getattr(row.result, key)) for key in keys]
        cells[0] += f"; chance {1 / len(row.result.classes):.2f}"  # of the balanced accuracy
        size = f"{row.result.pictures} ({row.result.patients})"
        lines.append(f"| {row.label} | {row.method} | {size} | {' | '.join(cells)} |")
    for each in left_out:
        lines += [
            "",
            f"Left out of {' of '.join(filter(None, (each.method, each.label)))}: {each.reason}",
        ]
    lines += ["", "In brackets: 95 % bootstrap intervals over patients."]
    lines += [
        "AUC is the mean of one class against the rest, of two classes that of the second; "
        "chance is 0.5."
    ]
    lines += ["", *(f"- {note}" for note in notes)]
    for row in rows:
        lines += ["", f"## {row.label}, {row.method}", "", *_confusion_lines(row.result)]
        lines += ["", f"![confusion and calibration]({_picture_name(row)})"]
    return "\n".join(lines) + "\n"


def _confusion_lines(result: ClassificationResult) -> list[str]:
    lines = [f"| true \\ chosen | {' | '.join(result.classes)} | pictures |"]
    lines.append(f"|{'---|' * (len(result.classes) + 2)}")
    for name, counts, total in zip(result.classes, result.confusion, result.counts, strict=True):
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {total} |")
    return lines


def _shown(figure: Interval | None) -> str:
    if figure is None:
        return "-"
    if figure.low is None:
        return f"{figure.value:.3f} (too few patients for an interval)"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _picture_name(row: TableRow) -> str:
    return f"{row.label}-{row.method.replace(' ', '-')}.png"


def _drawn(row: TableRow) -> Figure:
    """Confusion, as shares of the true class, beside the reliability of the stated probability."""
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    result = row.result
    shares = result.confusion / np.maximum(result.confusion.sum(axis=1, keepdims=True), 1)
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(result.confusion):
        colour = "white" if shares[i, j] > 0.5 else "black"
        left.text(j, i, f"{count}\n{shares[i, j]:.0%}", ha="center", va="center", color=colour)
    places = range(len(result.classes))
    left.set_xticks(places, result.classes)
    left.set_yticks(
        places, [f"{n} ({c})" for n, c in zip(result.classes, result.counts, strict=True)]
    )
    left.set(xlabel="chosen", ylabel="true (pictures)", title="Confusion, share of the true class")
    _draw_reliability(right, row)
    figure.suptitle(f"{row.label}, {row.method}: {result.pictures} pictures, {row.measured_on}")
    return figure


def _draw_reliability(axes: Axes, row: TableRow) -> None:
    said = row.said
    confidence = said.probability.max(axis=1)
    right = said.probability.argmax(axis=1) == said.truth
    place = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(place, minlength=_BINS)
    used = counts > 0
    mean = np.bincount(place, weights=confidence, minlength=_BINS)[used] / counts[used]
    share = np.bincount(place, weights=right, minlength=_BINS)[used] / counts[used]
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    axes.plot(mean, share, color="tab:blue", linewidth=1)
    axes.scatter(mean, share, s=15 + 200 * counts[used] / counts.sum(), color="tab:blue")
    axes.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="stated probability of the likeliest class",
        ylabel="share that is right", aspect="equal",
        title=f"Calibration, ECE {row.result.calibration_error.value:.3f}",
    )  # fmt: skip


def _written(file: Path, text: str) -> None:
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
