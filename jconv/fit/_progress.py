"""How far a training has come: a moving bar on a terminal, a few lines where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINES = 12  # about so many lines tell how far a training is where nobody watches
Report = Callable[[int, str], None]


@contextmanager
def progress_bar(console: Console, steps: int, chunk: int, start: int = 0, what: str = "learning") -> Iterator[Report]:
    """Give a function that shows a training's progress.

    Args:
        console: of rich.
        steps: of the whole training.
        chunk: steps between two reports.
        start: steps made before, by the training that this one resumes.
        what: a word for the bar.

    Yields:
        `report(step, words)`, to be called after each chunk.
    """
    if not console.is_terminal:
        # Every report, or every second, third ... of them: the lines are the same number of steps apart.
        apart = max(1, round(steps / chunk / LINES)) * chunk

        def line(step: int, words: str) -> None:
            if step % apart == 0 or step in (start + chunk, steps):
                console.print(f"step {step} of {steps}  {words}", soft_wrap=True)

        yield line
        return
    columns = (
        TextColumn(f"[bold]{what}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        job = bar.add_task(what, total=steps, completed=start, words="compiling")

        def move(step: int, words: str) -> None:
            bar.update(job, completed=step, words=words)

        yield move
