"""The error of a stage that a user can mend."""


class StageError(Exception):
    """A stage cannot go on; the message says why and what to do."""
