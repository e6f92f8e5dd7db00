"""Real models in miniature, made on the spot for tests and the demo: no network, and nobody's terms."""
