"""What every test run needs before anything of Qt is imported."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples in every run: a run that fails fails again, and one that passes passes again.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")
