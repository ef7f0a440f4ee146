"""Naming an unexpected failure without its message: a message may quote what a stranger wrote."""

from __future__ import annotations


def describe(error: BaseException) -> str:
    """The error's class and where it arose: `KeyError at asking.py:123`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
