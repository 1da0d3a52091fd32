"""What actors tell each other: names, typed payloads, and how occurrences of an event are told apart."""
