"""Manifests: what is read, and the one sentence that names file, line and column."""

import pytest

from glam_core.data.manifest import Box, read_manifest
from glam_core.errors import ManifestError
from glam_core.terms import Laterality, PointPx, ViewPosition

HEAD = "image,patient_id,laterality,view"


def write(tmp_path, text, *, encoding="utf-8"):
    (tmp_path / "a.png").write_bytes(b"")
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_full_row_is_read(tmp_path):
    columns = (
        "boxes,report,pixel_spacing_mm,nipple_x,nipple_y,"
        "pectoral_x0,pectoral_y0,pectoral_x1,pectoral_y1,n_blobs,colour"
    )
    row = 'a.png,P1,L,MLO,"[[1, 2, 3, 4]]",Mass.,0.1,7,8,5,60,40,0,2,red'
    found = read_manifest(write(tmp_path, f"{HEAD},{columns}\n{row}\n")).rows[0]
    assert found.image == tmp_path / "a.png"
    assert (found.laterality, found.view_position) == (Laterality.LEFT, ViewPosition.MLO)
    assert found.boxes == (Box(2, 1, 4, 3),)
    assert found.boxes[0].centre == PointPx(3, 2)
    assert found.pixel_spacing_mm == (0.1, 0.1)
    assert found.nipple == PointPx(8, 7)
    assert found.pectoral_line == (PointPx(0, 40), PointPx(60, 5))
    assert found.n_blobs == 2
    assert found.other == {"colour": "red"}
    assert found.line == 2


def test_what_is_empty_is_unknown_and_a_byte_order_mark_is_no_harm(tmp_path):
    text = f"{HEAD},mask,report,pixel_spacing_mm,n_blobs\na.png,P1,R,CC,,,,\n"
    found = read_manifest(write(tmp_path, text, encoding="utf-8-sig")).rows[0]
    assert found.mask is None
    assert found.report is None
    assert found.pixel_spacing_mm is None
    assert found.n_blobs is None
    assert found.boxes == ()


def test_spacing_may_be_written_as_in_dicom(tmp_path):
    text = f"{HEAD},pixel_spacing_mm\na.png,P1,R,CC,0.1\\0.2\n"
    assert read_manifest(write(tmp_path, text)).rows[0].pixel_spacing_mm == (0.1, 0.2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("image,patient_id,view\n", "'laterality' is missing"),
        (f"{HEAD},view\n", "'view' stands twice"),
        (f"{HEAD}\n", "no rows"),
        (f"{HEAD}\na.png,P1,R\n", "line 2: has fewer cells"),
        (f"{HEAD}\na.png,P1,R,CC,x\n", "line 2: has more cells"),
        (f"{HEAD}\na.png,P1,R,CC\nb.png,P1,R,CC\n", "line 3, column 'image': there is no file"),
        (f"{HEAD}\na.png,,R,CC\n", "line 2, column 'patient_id': is empty"),
        (f"{HEAD}\na.png,P1,X,CC\n", "line 2, column 'laterality': 'X' is not L or R"),
        (f"{HEAD}\na.png,P1,R,ML\n", "column 'view': 'ML' is not CC or MLO"),
        (f"{HEAD},mask\na.png,P1,R,CC,m.png\n", "column 'mask': there is no file 'm.png'"),
        (f"{HEAD},pixel_spacing_mm\na.png,P1,R,CC,-1\n", "not a positive length"),
        (f"{HEAD},pixel_spacing_mm\na.png,P1,R,CC,nan\n", "not a finite number"),
        (f"{HEAD},n_blobs\na.png,P1,R,CC,1.5\n", "not a count"),
        (f"{HEAD},boxes\na.png,P1,R,CC,oops\n", "column 'boxes': is not a JSON list"),
        (f'{HEAD},boxes\na.png,P1,R,CC,"[[1,2,3]]"\n', "column 'boxes': is not a JSON list"),
        (f'{HEAD},boxes\na.png,P1,R,CC,"[[3,2,1,4]]"\n', "ends before it begins"),
        (f"{HEAD},nipple_x,nipple_y\na.png,P1,R,CC,3,\n", "go together"),
    ],
)
def test_faults_are_said_in_one_sentence(tmp_path, text, said):
    with pytest.raises(ManifestError) as raised:
        read_manifest(write(tmp_path, text))
    message = str(raised.value)
    assert said in message
    assert message.startswith("list.csv")
    assert message.endswith(".")
    assert "\n" not in message


def test_a_missing_file_and_one_that_is_no_text(tmp_path):
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(tmp_path / "none.csv")
    binary = tmp_path / "picture.csv"
    binary.write_bytes(b"\xff\xfe\x00\x80" * 9)
    with pytest.raises(ManifestError, match="not UTF-8"):
        read_manifest(binary)
