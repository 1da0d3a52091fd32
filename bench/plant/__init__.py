"""The physical state that everything shares, what drives it, and where equipment meets it."""
