"""Whether what a scenario presupposes holds on a bench: checked before it begins, by configuration or measurement."""
