"""Before a training starts: pairs, disk, memory and GPU are looked at and said one by one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from app.services import training_checks
from app.services.training_checks import (
    ENCODERS,
    PICTURE_MIB,
    WEIGHTS_MIB,
    StartChecks,
    checks,
    needs,
)
from app.training_runs import RunChoice, Script
from glam_core.inference.matcher_names import model_folder
from tests.core.training.drawn_manifest import write_manifest


@pytest.fixture
def choice(tmp_path: Path, monkeypatch) -> RunChoice:
    monkeypatch.setattr(training_checks, "_gpu_memory", lambda: None)
    monkeypatch.setattr(training_checks, "_free_disk", lambda _: 50_000.0)
    monkeypatch.setattr(training_checks, "_free_memory", lambda: 50_000.0)
    manifest = write_manifest(tmp_path / "drawn")
    return RunChoice(Script.CORRESPONDENCE, str(manifest), str(tmp_path / "run"), "tiny")


def refusals(choice: RunChoice) -> list[str]:
    return [check.words for check in checks(choice) if not check.fits]


def test_every_check_is_one_sentence_that_says_what_there_is(choice):
    found = checks(replace(choice, preset="glam"))
    assert [check.words for check in found] == [
        "4 outlined pairs to learn from, 2 set aside to measure on.",
        "Disk: needs about 10.9 GiB, 48.8 GiB free.",
        "Memory: needs about 4.6 GiB, 48.8 GiB free.",
    ]
    assert all(check.fits for check in found)


def test_a_gpu_is_looked_at_where_it_would_compute(choice, monkeypatch):
    monkeypatch.setattr(training_checks, "_gpu_memory", lambda: 80_000.0)
    found = checks(replace(choice, preset="glam"))
    # The host then holds no weights.
    assert found[2].words == "Memory: needs about 700 MiB, 48.8 GiB free."
    assert found[3].words == "GPU memory: needs about 4.6 GiB, 78.1 GiB free."
    assert len(checks(replace(choice, device="cpu"))) == 3
    monkeypatch.setattr(training_checks, "_gpu_memory", lambda: 900.0)
    assert refusals(replace(choice, preset="glam")) == [
        "GPU memory: needs about 4.6 GiB, 900 MiB free. Close what uses the GPU, or choose a "
        "smaller preset."
    ]


def test_a_gpu_that_is_not_there_is_refused_where_it_was_asked_for(choice):
    assert refusals(replace(choice, device="cuda")) == [
        "GPU: no CUDA device is found; choose the processor."
    ]
    assert refusals(choice) == []


def test_the_free_memory_of_a_gpu_is_what_torch_says(monkeypatch):
    import torch

    from glam_core.training.memory import free_gpu_memory

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert free_gpu_memory() is None
    assert training_checks._gpu_memory() is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * 2**30, 8 * 2**30))
    assert free_gpu_memory() == (3 * 2**30, 8 * 2**30)
    assert training_checks._gpu_memory() == 3 * 1024


@pytest.mark.parametrize(
    ("what", "said"),
    [("_free_disk", "Choose another disk"), ("_free_memory", "choose a smaller preset")],
)
def test_too_small_a_disk_or_memory_is_said_with_the_remedy(what, said, choice, monkeypatch):
    monkeypatch.setattr(training_checks, what, lambda *_: 10.0)
    (refusal,) = refusals(replace(choice, preset="glam"))
    assert said in refusal


@pytest.mark.parametrize(
    ("script", "label", "said"),
    [
        (Script.PRETRAIN, "", "4 breasts to learn from, 4 of them with both views."),
        (Script.WORDS, "", "8 pictures with words to learn from, 8 of them outlined."),
        (Script.CLASSIFICATION, "mass_shape", "'mass_shape' cannot be measured"),
    ],
)
def test_each_training_counts_what_it_learns_from(script, label, said, choice):
    assert checks(replace(choice, script=script, label=label))[0].words.startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",val,", ",train,", "Add patients, or fill the column split"),
        (",1,train,", ",2,train,", "0 outlined pairs to learn from, 2 set aside"),
        ("patient_id", "patient", "patient_id"),
    ],
)
def test_a_manifest_that_holds_too_little_is_said(old, new, said, choice):
    manifest = Path(choice.manifest)
    manifest.write_text(manifest.read_text().replace(old, new))
    (refusal,) = refusals(choice)
    assert said in refusal


def test_words_of_synthetic_breasts_are_enough(choice):
    manifest = Path(choice.manifest)
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join(",".join(line.split(",")[:7]) for line in lines) + "\n")
    words = replace(choice, script=Script.WORDS)
    assert refusals(words)[0].startswith("0 pictures with words to learn from")
    assert refusals(replace(words, keys=("--synthetic=phantom:1:20",))) == []


def test_masks_that_were_mended_count_at_once(choice):
    manifest = Path(choice.manifest)
    masks = list(manifest.parent.glob("*_mask.png"))
    whole = [mask.read_bytes() for mask in masks]
    manifest.write_text(manifest.read_text().replace(",1,train,", ",,train,"))  # so they are read
    for mask in masks:
        drawn = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
        drawn[-4:, -4:] = 255  # a second lesion
        cv2.imwrite(str(mask), drawn)
    before = checks(choice)[0]
    for mask, content in zip(masks, whole, strict=True):
        mask.write_bytes(content)
    assert not before.fits
    assert checks(choice)[0].words.startswith("4 outlined pairs")


def test_a_model_to_start_from_counts_by_its_own_size(choice, tmp_path):
    (tmp_path / "weights.safetensors").write_bytes(bytes(3 * 2**20))
    started = replace(choice, first_model=str(tmp_path))
    assert needs(started)[0] == pytest.approx(14 * 3 + 13 * PICTURE_MIB["tiny"])


def test_a_preset_that_does_not_suit_the_model_is_refused(choice):
    shipped = replace(choice, first_model=str(model_folder("demo")), preset="lite")
    assert refusals(shipped) == []
    assert refusals(replace(shipped, preset="glam")) == [
        "Start from: that model has another kind of image encoder than the preset; choose the "
        "preset lite."
    ]
    assert refusals(replace(shipped, preset="glam", script=Script.WORDS)) == []


@pytest.fixture
def service(qtbot) -> Iterator[StartChecks]:
    made = StartChecks()
    yield made
    made.close()


def test_only_the_latest_question_is_answered(service, choice, qtbot):
    answered = []
    service.checked.connect(lambda asked, _: answered.append(asked))
    other = replace(choice, script=Script.PRETRAIN)
    with qtbot.waitSignal(service.checked, timeout=20_000):
        service.ask(choice)
        service.ask(other)
    assert answered == [other]


def test_the_numbers_are_those_of_the_models():
    import torch

    from glam_core.model.glam import GlamModel
    from glam_core.training.picture_file import bytes_of_picture, longest_px_for
    from glam_core.training.starts import START_NAMES, start_config

    assert WEIGHTS_MIB.keys() == PICTURE_MIB.keys() == set(START_NAMES)
    for preset, told in WEIGHTS_MIB.items():
        config = start_config(preset)
        kept = bytes_of_picture(longest_px_for(config)) / 2**20
        assert PICTURE_MIB[preset] == pytest.approx(kept, abs=0.01)
        assert ENCODERS[preset] == config.image.kind
        words = config.text.vocabulary_size or 700  # about as many as the built-in one has
        config = replace(config, text=replace(config.text, vocabulary_size=words))
        with torch.device("meta"):
            model = GlamModel(config)
        real = sum(value.numel() * 4 for value in model.parameters()) / 2**20
        assert real <= told < 2 * real + 0.2, (preset, real)
