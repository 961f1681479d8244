"""What the journal may answer instead of "written"."""

from __future__ import annotations

import errno


class JournalUnavailable(Exception):  # noqa: N818 - the word of the house
    """The record is not on disk and will not be: the caller answers 451. The message holds an errno name only."""


class JournalBusy(Exception):  # noqa: N818
    """Another process holds this writer's lock."""


class FieldError(ValueError):
    """A record with a field its kind does not know, or a value of another shape: a bug. Names the place, never the
    value.
    """


class KeyRefused(Exception):  # noqa: N818
    """A key file that cannot be used as it stands: a start-up refusal, in French."""


def errno_name(error: OSError) -> str:
    """ENOSPC, EIO …: all that is told of a failure, for a message could hold a path."""
    return errno.errorcode.get(error.errno or 0, "EUNKNOWN")
