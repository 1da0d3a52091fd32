"""What suites of controls have in common: levels, moments and counts, taken at contacts."""
