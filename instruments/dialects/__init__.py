"""SCPI dialects as data: how instruments are spoken to, a YAML file each, in a folder named for their role."""
