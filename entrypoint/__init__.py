"""model-entrypoint: from a refused model to a served one."""

__version__ = "0.1.0"
