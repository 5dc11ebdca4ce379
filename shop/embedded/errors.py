"""What may go wrong while servers start, told in one sentence to the person at the terminal."""


class EmbeddedError(Exception):
    """A sentence that says what is missing and what to do; never shown with a traceback."""


class PortTaken(EmbeddedError):
    """Another process listens on the port that was asked for."""
