"""Where PrivateGPT looks for models."""

from __future__ import annotations

from pathlib import Path

models_path = Path(__file__).parents[1] / "models"
models_cache_path = models_path / "cache"
