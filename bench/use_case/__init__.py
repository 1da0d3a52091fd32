"""The use case as data: its step tables, the order they ask for, and whether the features encode them."""
