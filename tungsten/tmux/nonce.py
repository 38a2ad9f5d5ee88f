"""Words that nobody can guess.

From the system's own source, as `secrets` does; that module loads OpenSSL's hashes on the way,
which the app has no other use for before it is on the screen.
"""

from __future__ import annotations

import os


def nonce(size: int) -> str:
    """Give `size` random bytes as hexadecimal digits, two for each."""
    return os.urandom(size).hex()
