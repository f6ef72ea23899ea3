"""Heavy imports, one thread at a time.

Where several threads begin to import packages that import each other in circles (scipy's do), a
thread can find a parent package gone that another one is still working on. So whoever imports the
library's heavy parts in a working thread does it inside `importing`.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def importing(*names: str) -> Iterator[None]:
    """Have the calling thread import these modules alone; those that are loaded wait for nobody."""
    if all(map(_is_loaded, names)):
        yield
        return
    with _one_at_a_time:
        yield


def _is_loaded(name: str) -> bool:
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return module is not None and not getattr(spec, "_initializing", False)
