"""The languages there are. A further one is a file beside `en.py` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from entrypoint.remedies.en import ENGLISH
from entrypoint.remedies.wording import Wording
from entrypoint.remedies.zh import CHINESE

LANGUAGES: Mapping[str, Wording] = {"en": ENGLISH, "zh": CHINESE}


def wording(lang: str) -> Wording:
    """The sentences of `lang`; English where there are none: no refusal is lost for want of a language."""
    return LANGUAGES.get(lang, ENGLISH)
