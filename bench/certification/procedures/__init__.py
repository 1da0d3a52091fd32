"""Procedures of type tests that do not follow a characteristic."""
