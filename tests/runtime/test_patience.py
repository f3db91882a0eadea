"""The own time of a thread, of which the kernel keeps an account."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from autograder.patience import _own_seconds


def _compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell")
def test_a_forked_process_and_a_thread_are_told_their_own_time() -> None:
    _compute(0.05)
    mine = _own_seconds()
    assert mine >= 0.05
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before = _own_seconds()
            _compute(0.02)
            os.write(writing, f"{_own_seconds() - before}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert float(os.read(reading, 100)) >= 0.015
    os.close(reading)
    os.close(writing)

    found: list[float] = []

    def in_thread() -> None:
        before = _own_seconds()
        _compute(0.02)
        found.append(_own_seconds() - before)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert found[0] >= 0.015
    assert _own_seconds() >= mine
