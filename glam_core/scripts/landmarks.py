"""`glam landmarks IMAGE`: nipple, pectoral line, chest wall and AP axis of a picture (cli.md)."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from glam_core.dicom.picture import AnalysisPicture, analysis_picture
from glam_core.dicom.propose import with_proposal
from glam_core.errors import LandmarkError
from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.frames import frame_from_landmarks, posterior_nipple_line
from glam_core.geometry.landmarks import Landmarks, scale_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.scripts.one_image import only_image
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.study import MammogramImage
from glam_core.terms import Laterality, Source, ViewPosition


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """IMAGE and what the file does not say."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="DICOM, PNG, TIFF, JPEG or NPY")
    sides = [side.value for side in Laterality]
    parser.add_argument("--laterality", choices=sides, help="side; otherwise read or proposed")
    parser.add_argument("--view", choices=["CC", "MLO"], help="view; otherwise read or proposed")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Find and print; a landmark that is not found is null and told in words."""
    image = _with_side_and_view(only_image(args.image), args.laterality, args.view)
    picture = analysis_picture(image)
    content = landmarks_content(image, picture, str(args.image))
    if args.json:
        write_json(content, args.json)
    else:
        print(_as_words(content))
    return 0


def _with_side_and_view(
    image: MammogramImage, laterality: str | None, view: str | None
) -> MammogramImage:
    """The image with what the user says, else its header, else its pixels."""
    if laterality is not None:
        side = Laterality(laterality)
        image = replace(image, laterality=side, laterality_source=Source.USER)
    if view is not None:
        image = replace(image, view_position=ViewPosition(view), view_source=Source.USER)
    return with_proposal(image)


def landmarks_content(image: MammogramImage, picture: AnalysisPicture, file: str) -> dict[str, Any]:
    """The command's JSON shape, all places in stored pixels.

    Raises:
        LandmarkError: Side or view is unknown and the picture shows no breast to propose it from.
    """
    if image.laterality is None or image.view_position is None:
        raise LandmarkError(
            f"{image.file_name}: no breast is seen, so side and view cannot be proposed; "
            "give --laterality and --view."
        )
    mask = breast_mask(picture.values)
    found = find_landmarks(picture.values, view=image.view_position, mask=mask)
    found = scale_landmarks(found, picture.image_px_per_picture_px)
    spacing = image.spacing
    nipple, line = found.nipple, found.pectoral_line
    return {
        "file": file,
        "laterality": image.laterality.value,
        "laterality_source": image.laterality_source and image.laterality_source.value,
        "view": image.view_position.value,
        "view_source": image.view_source and image.view_source.value,
        "rows": image.rows,
        "cols": image.cols,
        "chest_wall": found.chest_wall.value,
        "chest_wall_confidence": round(chest_wall_of(picture.values, mask)[1], 3),
        "nipple": nipple
        and {"row": _px(nipple.row), "col": _px(nipple.col), "confidence": _px(nipple.confidence)},
        "pectoral_line": line
        and {
            "row0": _px(line.row0),
            "col0": _px(line.col0),
            "row1": _px(line.row1),
            "col1": _px(line.col1),
            "confidence": _px(line.confidence),
        },
        "ap_axis": _ap_axis(found, image),
        "pixel_spacing_mm": spacing and spacing.row_mm,
        "failures": list(found.failures),
    }


def _ap_axis(found: Landmarks, image: MammogramImage) -> dict[str, Any] | None:
    """The posterior nipple line from the nipple backwards; None where a landmark is missing."""
    if image.laterality is None or image.view_position is None:
        return None
    try:
        frame = frame_from_landmarks(
            found,
            laterality=image.laterality,
            view=image.view_position,
            spacing=image.pixel_lengths_mm,
        )
    except LandmarkError:  # told by the landmark's own failure
        return None
    end, length = posterior_nipple_line(frame, found, (image.rows, image.cols))
    return {
        "row0": _px(frame.nipple.row),
        "col0": _px(frame.nipple.col),
        "row1": _px(end.row),
        "col1": _px(end.col),
        "length": _px(length),
        "unit": frame.unit,
    }


def _px(value: float) -> float:
    return round(float(value), 2)


def _as_words(content: dict[str, Any]) -> str:
    view = f"{content['laterality']}{content['view']}"
    proposed = "proposed" in (content["laterality_source"], content["view_source"])
    lines = [f"{view}{' (proposed)' if proposed else ''}, chest wall {content['chest_wall']}"]
    nipple, line, axis = content["nipple"], content["pectoral_line"], content["ap_axis"]
    if nipple:
        lines.append(
            f"nipple: row {nipple['row']:.0f}, col {nipple['col']:.0f} "
            f"(confidence {nipple['confidence']:.2f})"
        )
    if line:
        lines.append(
            f"pectoral line: row {line['row0']:.0f}, col {line['col0']:.0f} to row "
            f"{line['row1']:.0f}, col {line['col1']:.0f} (confidence {line['confidence']:.2f})"
        )
    if axis:
        lines.append(f"posterior nipple line: {axis['length']:.0f} {axis['unit']}")
    return "\n".join([*lines, *content["failures"]])
