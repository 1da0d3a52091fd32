"""What holds in every test: how Hypothesis searches, and that Ctrl-C is heard."""

import signal

from hypothesis import settings

settings.register_profile("bench", deadline=None, derandomize=True, database=None)
settings.load_profile("bench")  # the same examples on every machine, and no test that fails by the clock

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it sends to the background like this, and every run that a test starts would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
