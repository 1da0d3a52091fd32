"""What can be wrong with a battery: names, what each does, and the value it takes."""

STORAGE_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("soc-drifts", "tells a charge that goes off by the value's share of capacity an hour, until full or empty", -0.05),
    ("soc-frozen", "tells for ever the state of charge that it had when the fault began", None),
    ("overcharges", "says that it is full while the value's share of its capacity is free, and charges on", 0.05),
    ("over-discharges", "says that it is empty while the value's share of its capacity is left, and delivers on", 0.05),
    ("stops-early", "takes no more charge than the value's share of its capacity, and does not say full", 0.9),
    ("stays-full", "delivers nothing any more once it was full", None),
    ("loses-charge", "stores the value's share of what a sound one stores of the charged energy", 0.9),
    ("leaks", "loses the value's share of its capacity a day by itself", 0.03),
    ("ignores-reserve", "takes a reserve, reads it back, and delivers below it", None),
    ("charges-less", "takes the value's share of a power that it is told to charge with", 0.96),
    ("ignores-ramp-rate", "takes a ramp rate, reads it back, and goes to its set-point at once", None),
    ("ramp-rate-off", "ramps with the value times the rate that it was told", 0.5),
)
