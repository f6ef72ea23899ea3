"""What a training on these pictures should know beforehand, in sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence

from glam_core.data.split import TEST, TRAIN, VALIDATION

LABELS = ("birads", "breast_density", "cancer")
_NAMES = {"birads": "BI-RADS", "breast_density": "density", "cancer": "cancer"}


def warnings_about(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Empty splits, labels of one class, and lengths that are partly unknown."""
    said = []
    patients = {split: {r["patient_id"] for r in rows if r["split"] == split} for split in
                (TRAIN, VALIDATION, TEST)}  # fmt: skip
    for split in (TRAIN, VALIDATION):
        if not patients[split]:
            said.append(
                f"No patient falls to {split}: a training will refuse this manifest. Add patients, "
                "or fill the column 'split' by hand, each patient on one side."
            )
    for label in LABELS:
        classes = {r[label] for r in rows if r["split"] == TRAIN and r.get(label)}
        if len(classes) == 1:
            said.append(
                f"All training pictures have the same {_NAMES[label]} ({classes.pop()}): nothing "
                "can be learnt about it from them."
            )
    without = sum(not r["pixel_spacing_mm"] for r in rows)
    if 0 < without < len(rows):
        said.append(
            f"{without} of {len(rows)} pictures have no pixel spacing: commands that measure "
            "lengths will ask for one unit; leave them out with --only-calibrated."
        )
    one_view = _breasts_with_one_view(rows)
    if rows and not one_view[1]:
        said.append("No breast has both its CC and its MLO view: nothing can be matched.")
    return tuple(said)


def summary_of(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Counts by split, of labels and of landmarks, a line each."""
    lines = []
    for split in (TRAIN, VALIDATION, TEST):
        here = [row for row in rows if row["split"] == split]
        patients = {row["patient_id"] for row in here}
        lines.append(f"{split}: {len(here)} pictures of {len(patients)} patients")
    for label in LABELS:
        counted = Counter(row[label] for row in rows if row.get(label))
        if counted:
            told = ", ".join(f"{name} {counted[name]}" for name in sorted(counted))
            lines.append(f"{_NAMES[label]}: {told}")
    single, both = _breasts_with_one_view(rows)
    lines.append(f"breasts with both views: {both}, with one: {single}")
    missing = sum(not row["nipple_x"] for row in rows)
    lineless = sum(row["view"] == "MLO" and not row["pectoral_x0"] for row in rows)
    lines.append(f"nipple not found: {missing}; pectoral line not found: {lineless}")
    marked = sum(bool(row["mask"] or row["boxes"]) for row in rows)
    lines.append(f"pictures with annotated regions: {marked}")
    return tuple(lines)


def _breasts_with_one_view(rows: Sequence[Mapping[str, str]]) -> tuple[int, int]:
    views: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        breast = (row["patient_id"], row["study_id"], row["laterality"])
        views.setdefault(breast, set()).add(row["view"])
    both = sum(len(seen) > 1 for seen in views.values())
    return len(views) - both, both
