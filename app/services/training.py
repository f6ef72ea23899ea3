"""A training as a process of its own, which goes on when the window closes.

The process writes its JSON lines into the run's folder; the window follows that file. A process
that still runs when the window opens again is found by the note that was left.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from app.training_runs import Phase, RunChoice, RunProgress, Script, after, ended
from glam_core.inference.matcher_names import model_folder
from glam_core.training.interrupt import STOP_FILE

EVENTS_FILE, WORDS_FILE = "events.jsonl", "messages.log"
_LOOK_EVERY_MS = 300
# Kept for the life of the program: a run outlives the window that has started it.
_BEGUN: list[subprocess.Popen[bytes]] = []


class TrainingService(QObject):
    """Starts, follows and stops one training; knows no widget.

    Signals:
        changed: (RunProgress,).
        refused: (sentence,): nothing was started.
    """

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, note: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = RunProgress()
        self.choice: RunChoice | None = None
        self._note = note
        self._process: psutil.Process | None = None
        self._read = {EVENTS_FILE: 0, WORDS_FILE: 0}
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_EVERY_MS)
        self._look.timeout.connect(self.look)

    def start(self, choice: RunChoice, *, resume: bool = False) -> None:
        """Start a run, or go on with one; refused where something is missing or another one runs.

        Whether there is room for it is seen before (`StartChecks`).
        """
        sentence = choice.missing(resume=resume) or self._other_run()
        if sentence:
            self.refused.emit(sentence)
            return
        folder = Path(choice.folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (
                (folder / EVENTS_FILE).open("wb") as said,
                (folder / WORDS_FILE).open("wb") as told,
            ):
                begun = subprocess.Popen(
                    command(choice.arguments(resume=resume)),
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=told,
                    start_new_session=True,  # Ctrl-C at the window's terminal is not for the run
                )
        except OSError as error:
            self.refused.emit(f"The training cannot be started in {folder}: {error.strerror}.")
            return
        _BEGUN.append(begun)
        self._follow(choice, begun.pid)
        self._leave_note(choice, begun.pid)

    def stop(self) -> None:
        """Ask the run to finish its step, save and end."""
        if self.choice is None or not self.progress.phase.runs:
            return
        if self.progress.phase is Phase.READING and self._process is not None:
            self._process.terminate()  # before the first step there is nothing to save
        else:
            (Path(self.choice.folder) / STOP_FILE).touch()
        self._show(replace(self.progress, phase=Phase.STOPPING))

    def find_running(self) -> None:
        """Follow the run that an earlier window started, where it is still at work."""
        if self._note is None or self.progress.phase.runs:
            return
        try:
            said = json.loads(self._note.read_text(encoding="utf-8"))
            number = int(said.pop("process"))
            choice = RunChoice(
                **{**said, "script": Script(said["script"]), "keys": tuple(said["keys"])}
            )
            if choice.folder not in psutil.Process(number).cmdline():
                return
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return
        self._follow(choice, number)
        self.look()

    def look(self) -> None:
        """Read what the run has said since."""
        if self.choice is None:
            return
        gone = not self._is_alive()
        progress = self.progress
        for name in self._read:
            for line in self._new_lines(name, whole=gone):
                progress = after(progress, line)
        if gone:
            self._look.stop()
            progress = ended(progress)
        if progress is not self.progress:
            self._show(progress)

    def close(self) -> None:
        """Follow no longer; the run goes on."""
        self._look.stop()

    def _follow(self, choice: RunChoice, number: int) -> None:
        self.choice = choice
        try:
            self._process = psutil.Process(number)
        except psutil.NoSuchProcess:
            self._process = None  # it has ended already: what it said is read below
        self._read = dict.fromkeys(self._read, 0)
        self._show(RunProgress(phase=Phase.READING))
        self._look.start()

    def _is_alive(self) -> bool:
        for begun in _BEGUN:
            begun.poll()  # an ended one would otherwise stay as a zombie
        try:
            return (
                self._process is not None
                and self._process.is_running()
                and self._process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False

    def _new_lines(self, name: str, *, whole: bool) -> list[str]:
        """Lines that were added; a last one without an end is left until the process is gone."""
        assert self.choice is not None
        try:
            with (Path(self.choice.folder) / name).open("rb") as stream:
                stream.seek(self._read[name])
                content = stream.read()
        except OSError:
            return []
        if not whole:
            content = content[: content.rfind(b"\n") + 1]
        self._read[name] += len(content)
        return content.decode("utf-8", "replace").splitlines()

    def _other_run(self) -> str:
        return "A training is running already; stop it first." if self.progress.phase.runs else ""

    def _leave_note(self, choice: RunChoice, number: int) -> None:
        if self._note is None:
            return
        said = {**asdict(choice), "script": choice.script.value, "process": number}
        try:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(json.dumps(said), encoding="utf-8")
        except OSError as error:
            words = f"The run goes on, but the next window will not find it ({error.strerror})."
            self._show(replace(self.progress, lines=(*self.progress.lines, words)))

    def _show(self, progress: RunProgress) -> None:
        self.progress = progress
        self.changed.emit(progress)


def models_to_start_from(models: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Of the models at hand, as (what chooses it, what to call it), those with a folder."""
    found = ((model_folder(choose), words) for choose, words in models)
    return tuple((str(folder), words) for folder, words in found if folder.is_dir())


def command(words: list[str]) -> list[str]:
    """`glam` with these words, by the interpreter that runs the window or, frozen, beside it."""
    if getattr(sys, "frozen", False):
        own = Path(sys.executable)
        return [str(own.with_name(f"glam{own.suffix}")), *words]
    return [sys.executable, "-m", "glam_core.scripts.glam", *words]
