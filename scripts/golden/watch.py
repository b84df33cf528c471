"""Sees what a transform draws while it runs: its own random functions are called, and what they return is noted in order."""

from contextlib import contextmanager
from unittest import mock


def noting(name, function, log):
    def call(*args, **kwargs):
        value = function(*args, **kwargs)
        log.append((name, value))
        return value

    return call


@contextmanager
def watched(*functions):
    """The list of (name, value) that fills while the functions, each (owner, name), are called."""
    log, patches = [], []
    for owner, name in functions:
        patches.append(mock.patch.object(owner, name, noting(name, getattr(owner, name), log)))
    for patch in patches:
        patch.start()
    try:
        yield log
    finally:
        for patch in patches:
            patch.stop()


def values(log, name):
    return [value for key, value in log if key == name]
