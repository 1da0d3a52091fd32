"""What can be wrong with the interface of an inverter: names, what each does, and the value it takes."""

INTERFACE_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("drops-out", "closes its connections without an answer while the fault lasts, and goes on as it was", None),
    ("reboots", "is off and silent while the fault lasts, and comes up with the settings that it was made with", None),
    ("refuses-curves", "refuses every write to a curve of the model of the value", 712.0),
    ("forgets-settings", "answers writes to model 703, its permit apart, with success, and keeps what it had", None),
    ("forgets-configuration", "answers writes to model 702 with success, and keeps what it had", None),
    ("ignores-configuration", "keeps a smaller rating that it is configured to, and delivers as before", None),
    ("configures-active-power-alone", "obeys a smaller active power that it is configured to, no other rating", None),
    ("always-running", "says that it runs and is connected, whatever it does", None),
    ("takes-any-value", "answers writes of values that it cannot have with success", None),
    ("adopts-any-curve", "adopts curves that are none", None),
    ("adopts-nothing", "says that it has adopted a curve, and keeps its old", None),
    ("never-reverts", "keeps a command for ever whose time is over", None),
    ("keeps-the-first-time", "goes by the time that a command was given first, whatever it is given afterwards", None),
    ("reverts-when-cancelled", "ends a command whose time was taken away", None),
)
SUNSPEC_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("no-marker", "has no SunSpec marker at its base address", None),
    ("second-marker", "shows the SunSpec marker at a second base address as well", None),
    ("serial-number-missing", "states no serial number", None),
    ("states-another-unit", "states another unit address than the one that it answers at", None),
    ("chain-without-end", "has a chain of models that leads out of its registers", None),
    ("wrong-model-length", "states one register too many in its last model", None),
    ("mandatory-point-missing", "says of a mandatory point, the AC type of model 701, that it does not have it", None),
    ("scale-factor-out-of-range", "shows a scale factor of 99 in model 703", None),
    ("symbol-unknown", "shows an AC type that is none of its symbols", None),
    ("read-only-can-be-written", "takes writes to registers that are read only", None),
    ("curve-in-force-can-be-written", "takes writes to the first curve, which shows what is in force", None),
    ("wrong-exception", "refuses registers that it does not have with the code of a failure", None),
)
"""Of what only SunSpec has, or a request that only passes there."""
SHOWN_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("impossible-nameplate", "states the value times its apparent power as its rating", 0.0),
    ("rating-missing", "says of its power factor while injecting, in the nameplate, that it does not have it", None),
    ("never-alarms", "shows no alarm, whatever happens", None),
)
"""Of what is shown for a register of SunSpec's, also to DNP3; a layout of a maker's own shows what is behind it."""
MODBUS_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("drops-partial-requests", "forgets a request of which not all has come in one piece", None),
    ("loses-pipelined-requests", "answers but the first of several requests that come in one piece", None),
    ("answers-one-client", "answers the client that came first, and no other", None),
)
"""Of the connection that Modbus goes over."""
