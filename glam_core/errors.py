"""What can go wrong, each said in one sentence that a user can act on."""

from pathlib import Path


class GlamError(Exception):
    """The root of all errors of this package; its text is one sentence for the user."""


class UnreadableFileError(GlamError):
    """A file cannot be read as a picture or a study.

    Args:
        file: The file, as the user knows it.
        reason: What is wrong and, where there is one, the remedy; no full stop at the end.
    """

    def __init__(self, file: Path | str, reason: str) -> None:
        self.file = str(file)
        self.reason = reason
        super().__init__(f"{Path(self.file).name}: {reason}.")


class LandmarkError(GlamError):
    """A landmark that a step needs is neither found nor placed by hand."""


class CheckpointError(GlamError):
    """A model folder or a checkpoint cannot be used."""


class MemoryShortError(CheckpointError):
    """A model is larger than the memory that is free on its device."""


class ManifestError(GlamError):
    """A manifest lacks columns, files or sense."""


class AnswersError(GlamError):
    """A file of answers is broken or does not fit the questions.

    Args:
        file: The file of answers.
        line: Line number in it, the first being 1.
        what: What is wrong and, where there is one, the remedy; no full stop at the end.
    """

    def __init__(self, file: Path, line: int, what: str) -> None:
        super().__init__(f"{file.name}, line {line}: {what}.")


class CancelledError(GlamError):
    """The user stopped the work."""
