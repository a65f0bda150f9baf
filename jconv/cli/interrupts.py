"""What Ctrl-C does while something is learned: the first stops it after these steps, and saves; the second at once."""

import signal
from types import TracebackType

from rich.console import Console


class Interrupts:
    """Turns the first Ctrl-C into a wish to stop after this chunk; the second stops at once."""

    def __init__(self, console: Console):
        self.console, self.seen = console, False

    def __enter__(self) -> "Interrupts":
        self.before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self.before)

    def _note(self, number: int, frame: object) -> None:
        """Take a Ctrl-C."""
        if self.seen:
            raise KeyboardInterrupt
        self.seen = True
        self.console.print("Stopping after these steps. Ctrl-C again: at once, without saving.")
