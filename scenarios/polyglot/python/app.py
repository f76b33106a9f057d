import os
import sys
import time

import pyroscope

pyroscope.configure(
    application_name="simple.python.app",
    server_address=os.environ.get("PYROSCOPE_SERVER_ADDRESS", "http://localhost:4040"),
    tags={"env": "workshop"},
)


def work(n):
    i = 0
    while i < n:
        i += 1


def fast_function():
    with pyroscope.tag_wrapper({"function": "fast"}):
        work(200000)


def slow_function():
    with pyroscope.tag_wrapper({"function": "slow"}):
        work(800000)


end = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 60)
while time.monotonic() < end:
    fast_function()
    slow_function()
pyroscope.shutdown()
