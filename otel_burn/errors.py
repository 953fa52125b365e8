"""What does a user read when something of theirs is wrong?"""


class BurnError(Exception):
    """A user's mistake or a missing piece: what was wrong, what we got, and what to do."""
