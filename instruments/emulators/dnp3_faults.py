"""What can be wrong with equipment on DNP3 at the wire: names, what each does, and the value it takes."""

DNP3_FAULTS: tuple[tuple[str, str, float | None], ...] = (
    ("indicates-restart", "indicates, when the fault begins, that it was restarted, until that is acknowledged", None),
    ("keeps-indicating-restart", "indicates that it was restarted, whoever has acknowledged it", None),
    ("indicates-trouble", "indicates that it is in an abnormal condition", None),
    ("local-without-panel", "indicates local control and refuses commands for it, while its panel is on remote", None),
    ("readings-flagged", "sends all that cannot be commanded with the value as its flag octet; 0 is offline", 0.0),
    ("frozen-values", "goes on telling what it held when the fault began, its settings as well", None),
    ("refuses-commands", "answers every command with the value as its status; 6 is a failure of hardware", 6.0),
    ("selects-and-refuses", "takes that an output is selected, and refuses to operate it with the value's status", 2.0),
    ("answers-success-alone", "answers every command with success, and does nothing", None),
    ("echoes-another-command", "carries commands out, and answers with another than it was sent", None),
    (
        "indicates-an-error",
        "answers reads with the value's bit of its errors alone: 0 function, 1 object, 2 range",
        1.0,
    ),
    ("answers-too-short", "leaves the last octets out of its answers, in frames that are sound", None),
    ("broken-crc", "sends answers of which the last CRC is wrong", None),
    ("wrong-sequence-number", "answers under the number of another request", None),
    ("answers-as-another", "answers from a link address that is the value higher than its own", 1.0),
    ("leaves-unanswered", "does not answer the value's number of requests, and then goes on", 3.0),
)
