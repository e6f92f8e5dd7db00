"""Tests of entrypoint/needs."""

from hypothesis import HealthCheck, settings

# A busy machine is no defect of the code: the first text that is drawn builds tables of all Unicode.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
