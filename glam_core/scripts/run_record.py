"""What a run learns from, kept beside its config: a run is only gone on with on the same."""

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from glam_core.errors import CheckpointError, ManifestError
from glam_core.inference.matcher_names import ships
from glam_core.training.files import write_text
from glam_core.training.starts import START_NAMES

RECORD_FILE = "learns_from.json"


@dataclass(frozen=True)
class RunRecord:
    """Command and data of a run.

    Attributes:
        command: Such as "pretrain".
        manifest: The name of its file.
        digest: SHA-256 of that file.
        synthetic: As `--synthetic` has it; "" for none.
        synthetic_folder: As `--synthetic-folder` has it; "" for the run's own.
        label: Of a classification; "" for other runs.
        first_weights: A model folder, one that ships, or a preset: what the run started from; ""
            where it was begun before this was kept.
    """

    command: str
    manifest: str
    digest: str
    synthetic: str = ""
    synthetic_folder: str = ""
    label: str = ""
    first_weights: str = ""

    def keep(self, folder: Path) -> None:
        """Write it into the run's folder."""
        write_text(folder / RECORD_FILE, json.dumps(asdict(self), indent=1) + "\n")


def record_of(args: argparse.Namespace, command: str) -> RunRecord:
    """What this command learns from; of a resumed run, as it was begun.

    Synthetic breasts that the command to resume does not name again are taken from the record, and
    put into `args`.

    Raises:
        ManifestError: The manifest cannot be read.
        CheckpointError: The run to resume was begun with something else.
    """
    before = kept_record(args.out) if args.resume else None
    if before is not None and hasattr(args, "synthetic"):
        args.synthetic = args.synthetic or before.synthetic or None
        if args.synthetic_folder is None and before.synthetic_folder:
            args.synthetic_folder = Path(before.synthetic_folder)
    folder = getattr(args, "synthetic_folder", None)
    now = RunRecord(
        command=command,
        manifest=args.manifest.name,
        digest=digest_of(args.manifest),
        synthetic=getattr(args, "synthetic", None) or "",
        synthetic_folder=str(folder.resolve()) if folder else "",
        label=getattr(args, "label", None) or "",
        first_weights=_first_weights(args) if before is None else before.first_weights,
    )
    if before is not None:
        _check_same(args.out, before, now)
    return now


def _check_same(folder: Path, before: RunRecord, now: RunRecord) -> None:
    if before.command != now.command:
        raise CheckpointError(
            f"{folder} holds a run of `glam {before.command}`: go on with that command, or choose "
            "another --out."
        )
    if before.digest != now.digest:
        changed = "has changed since" if before.manifest == now.manifest else "is another one"
        raise CheckpointError(
            f"The run in {folder} learns from {before.manifest}, and the manifest given {changed}: "
            "go on with the one as it was, or start a new run (--init takes this one's model)."
        )
    for name in ("synthetic", "label"):
        if getattr(before, name) != getattr(now, name):
            raise CheckpointError(
                f"--{name} is {getattr(before, name) or 'not given'} in the run to resume; leave "
                "it so, or start a new run."
            )


def _first_weights(args: argparse.Namespace) -> str:
    """As it is found again from any folder."""
    if args.resume:
        return ""  # of a run from before this was kept
    first = str(getattr(args, "model", None) or getattr(args, "init", None) or args.preset)
    is_folder = first not in START_NAMES and not ships(first)
    return str(Path(first).resolve()) if is_folder else first


def kept_record(folder: Path) -> RunRecord | None:
    """The record of the run in `folder`; None where it was begun before there were such records.

    Raises:
        CheckpointError: It is there and cannot be read.
    """
    file = folder / RECORD_FILE
    if not file.exists():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        names = {entry.name for entry in fields(RunRecord)}
        return RunRecord(**{name: str(value) for name, value in told.items() if name in names})
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CheckpointError(
            f"{file} cannot be read, so what the run learns from is not known: copy it again, or "
            "start a new run (--init takes this one's model)."
        ) from error


def digest_of(file: Path) -> str:
    """SHA-256 of a manifest.

    Raises:
        ManifestError: It cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ManifestError(f"{file.name}: cannot be read ({error.strerror}).") from None
