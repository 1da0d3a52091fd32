"""How Hypothesis searches in every test: the same examples on every machine, and no test that fails by the clock."""

from hypothesis import settings

settings.register_profile("bench", deadline=None, derandomize=True, database=None)
settings.load_profile("bench")
