"""What all tests share: in continuous integration, examples are drawn alike in every run."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("alike", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("alike")
