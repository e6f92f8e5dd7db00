"""A Hugging Face Hub on loopback for tests, demos and rehearsals: `LocalHub`, or `python -m localhub`.

It answers as huggingface.co answers, unkind habits included: refusals with the Hub's own sentences and
headers, a content network on another origin with signed addresses that expire, Xet storage, rate limits,
redirects, and every way in which a network fails. Nothing here is part of the distribution or of an image.
"""

from __future__ import annotations

from localhub.hub import LocalHub
from localhub.samples import Sample, load_samples

__all__ = ["LocalHub", "Sample", "load_samples"]
