"""The crypto floor: two ES256 signatures and two verifications with the bare library.

300 bytes of input, keys loaded, hashing included, no JWS. A process of its own, on the gateways'
core: each line on its input is one measurement, its output is CPU microseconds for the four.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

MEASURE_S: Final = 0.5


def measure(seconds: float) -> float:
    """CPU microseconds of two signatures and two verifications."""
    key = ec.generate_private_key(ec.SECP256R1())
    public, algorithm, message = key.public_key(), ec.ECDSA(SHA256()), b"x" * 300
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for _ in range(20):
            public.verify(key.sign(message, algorithm), message, algorithm)
        done += 20
    return (time.process_time() - started) / done * 2 * 1e6


if __name__ == "__main__":
    for _ in sys.stdin:
        print(f"{measure(MEASURE_S):.2f}", flush=True)
