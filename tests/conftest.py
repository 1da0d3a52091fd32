"""What holds in every test: how Hypothesis searches, and that whoever asks to stop is heard."""

import signal

from hypothesis import settings

settings.register_profile("bench", deadline=None, derandomize=True, database=None)
settings.load_profile("bench")  # the same examples on every machine, and no test that fails by the clock

for number, heard in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    # A shell starts what it sends to the background without ears for these, and what a test starts would inherit it.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, heard)
