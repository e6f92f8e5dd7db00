"""The languages there are. A further one is a file beside `en.py` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.wording import Wording
from entrypoint.doctor.zh import CHINESE

LANGUAGES: Mapping[str, Wording] = {"en": ENGLISH, "zh": CHINESE}
