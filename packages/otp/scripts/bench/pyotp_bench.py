"""pyotp at the same work as the other candidates; see liboath.c for the arguments."""

import sys
import time

import pyotp

secret, now, right, wrong, seconds, mode = sys.argv[1:7]
now, seconds = int(now), float(seconds)
kept = pyotp.TOTP(secret)


def totp():
    return kept if mode == "reused" else pyotp.TOTP(secret)


for work in (
    lambda: totp().at(now),
    lambda: totp().verify(right, for_time=now, valid_window=1),
    lambda: totp().verify(wrong, for_time=now, valid_window=1),
):
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        for _ in range(50):
            work()
        done += 50
    print(round(done / (time.process_time() - start)))
