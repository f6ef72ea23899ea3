"""Whether the window has come to rest: everything read, found, prepared and answered."""

from app.state import ShownImage, ViewerState


def is_complete(state: ViewerState) -> bool:
    """Nothing more will come without the user."""
    study = state.study
    if study is None or state.scan is not None:
        return False
    if state.matcher is None or state.matcher_loading or state.awaits_answer:
        return False
    if state.findings.busy or state.description.awaited or state.overview.awaited:
        return False
    answer = state.answer
    if answer is not None and answer.stands_in and not state.refusal:
        return False
    return all(_rests(shown) for shown in state.images.values())


def _rests(shown: ShownImage) -> bool:
    if shown.failure:
        return True
    if not (shown.is_sharp and shown.analysed):
        return False
    key = shown.image.view_key
    if key is None or key.view_position.partner is None or shown.landmarks is None:
        return True
    return shown.prepared or bool(shown.unprepared_because)
