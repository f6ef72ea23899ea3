"""Synthetic breasts made when a step asks for them, by processes beside the training; none is kept.

Nothing is written, so that a series can be as long as one likes and need never come round again.
"""

from concurrent.futures.process import BrokenProcessPool

from glam_core.errors import GlamError
from glam_core.phantom.threads import start_worker
from glam_core.processes import process_pool
from glam_core.training.pair_pictures import PicturePair
from glam_core.training.synthetic import (
    BreastSeries,
    SyntheticSeries,
    generated_record,
    pair_of,
)


class FreshPairs(BreastSeries):
    """The breasts of a series, made when asked for; several threads may ask at once.

    On the processor they are those of its file. On CUDA their textures differ, and with them which
    places are drawn to gland; bodies and lesions are the same.

    Args:
        workers: Processes that make them.
        device: Where they are drawn: "cpu", or one of CUDA.

    Raises:
        GlamError: When one is asked for and a process was ended.
    """

    def __init__(self, series: SyntheticSeries, *, workers: int, device: str = "cpu") -> None:
        self.series, self._device = series, device
        self._pool = process_pool(workers, start_worker)

    def breast(self, number: int) -> PicturePair:
        """Breast `number`, made now."""
        try:
            record = self._pool.submit(
                generated_record, self.series.seed, number, self._device
            ).result()
        except BrokenProcessPool as error:
            raise GlamError(
                "A process that makes synthetic breasts was ended by the system (out of memory?); "
                "use a smaller --prepare."
            ) from error
        return pair_of(record, self.series.seed, number)

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)
