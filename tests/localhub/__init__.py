"""Tests of the Hub on loopback, most of them through the real client."""
