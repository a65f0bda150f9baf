"""The commands' options and help. What they do is imported when they do it, so that `--help` is quick."""

from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Annotated

import typer

from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import CHOICES
from jconv.cli.app_show import show
from jconv.cli.app_train import predict, train
from jconv.cli.errors import InputError, one_line_errors
from jconv.cli.options import NAMED_FILTERS, Border, LearnOptions, Model, Optimizer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Convolution for JAX: show what a convolution is, learn an unknown picture filter, verify jconv on this "
    "device, tune it for a program, or explain which algorithms a program runs.",
)
app.command()(train)
app.command()(predict)
DEFAULT = LearnOptions()


def _print_version(wanted: bool) -> None:
    """Print the version and end, if that is wanted."""
    if wanted:
        print(f"jconv {version('jconv')} (jax {version('jax')}, Python {python_version()})")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before the command's name."""


app.command()(show)


@app.command()
def learn(
    image: Annotated[
        Path | None,
        typer.Option(
            help="The picture before the filter: PNG, JPEG or whatever Pillow reads, grey or colour. "
            "The channels of a colour picture share one kernel, as in picture editors. Of a picture larger "
            "than 1024 x 1024 the middle is used.",
            show_default="a photograph that ships with scikit-image",
        ),
    ] = DEFAULT.image,
    target: Annotated[
        str,
        typer.Option(
            metavar="NAME|PATH",
            help="The picture after the filter. A name applies a known filter, which the learner is not "
            f"told: {', '.join(NAMED_FILTERS)}. A path is a picture of the same size that any program made "
            "from the image: then the kernel says what that program did. Pixels that are pure black or "
            "white there, perhaps clipped, are left out.",
        ),
    ] = DEFAULT.target,
    out: Annotated[Path, typer.Option(help="The folder for report.png, kernel.npy and metrics.json.")] = Path(
        "runs/learn"
    ),
    kernel_size: Annotated[
        int,
        typer.Option(min=1, max=63, help="Taps along each axis of the learned kernel. Too many is no harm."),
    ] = DEFAULT.kernel_size,
    model: Annotated[
        Model,
        typer.Option(
            help="conv: one kernel and an offset. separable: a column times a row. deep: a small stack "
            "with activations, for filters that are no convolution (a median, a threshold); its kernel is "
            "the mean local one."
        ),
    ] = DEFAULT.model,
    optimizer: Annotated[
        Optimizer,
        typer.Option(
            help="From optax. Each sees the kernel in coordinates in which neighbouring pixels are not "
            "alike; without, they would need tens of thousands of steps."
        ),
    ] = DEFAULT.optimizer,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="The highest; all but lbfgs lower it to zero along a cosine.",
            show_default="adam, adamw 0.2; sgd 0.1; lbfgs 1; deep a fifth",
        ),
    ] = DEFAULT.learning_rate,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Training steps.", show_default="240; lbfgs 40; deep four times as many"),
    ] = DEFAULT.steps,
    seed: Annotated[int, typer.Option(min=0, help="For the first kernel, the batches and the noise.")] = 0,
    algorithm: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"Which of jconv's algorithms computes the convolutions: {', '.join((*CHOICES, *ALGORITHMS))}. One "
            "that cannot compute them is refused with the reason.",
        ),
    ] = DEFAULT.algorithm,
    padding_mode: Annotated[
        Border,
        typer.Option(
            help="What filter and learner take to stand beyond the picture's border. none: they use only "
            "pixels whose whole window lies inside, the safe choice where nobody knows what the program did."
        ),
    ] = DEFAULT.padding_mode,
    noise: Annotated[
        float,
        typer.Option(
            min=0.0,
            help="Standard deviation of noise added to the target, where 0 is black and 1 is white.",
        ),
    ] = DEFAULT.noise,
) -> None:
    """Learn a picture filter's kernel from one example of what it does.

    Without options it takes a photograph, filters it with a kernel that the learner is not told, learns the
    kernel back from the two pictures, and says how near it came.

    With --image before.png --target after.png it finds out what another program's filter did.
    """
    with one_line_errors("jconv learn"):
        options = LearnOptions(
            image=image,
            target=target,
            kernel_size=kernel_size,
            model=model,
            optimizer=optimizer,
            learning_rate=learning_rate,
            steps=steps,
            seed=seed,
            algorithm=algorithm,
            padding_mode=padding_mode,
            noise=noise,
        )
        from jconv.cli.learn.command import run

        raise typer.Exit(run(options, out))


@app.command()
def verify(
    full: Annotated[
        bool,
        typer.Option(
            "--full/--quick", help="All cases and dtypes for every algorithm, or what finds most in a minute."
        ),
    ] = False,
    platform: Annotated[
        str | None,
        typer.Option(metavar="cpu|gpu|tpu", help="The device to verify.", show_default="the one jax uses"),
    ] = None,
    algorithm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this one; may be given several times.", show_default="all"),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="A file for the results.", show_default=False)] = None,
    compile_only: Annotated[
        bool,
        typer.Option(
            "--compile-only",
            help="With --platform tpu: compile everything for a TPU that need not be there, and run nothing.",
        ),
    ] = False,
    topology: Annotated[
        str | None,
        typer.Option(
            metavar="NAME:GRID",
            help="The TPU that --compile-only compiles for: v5e:2x2, v5p:2x2x1, v6e:2x2, ...",
            show_default="v5e:2x2",
        ),
    ] = None,
) -> None:
    """Hold every algorithm to the truth on this device.

    Values, all derivatives and vmap of every algorithm, on cases where implementations go wrong, against
    float64 in NumPy. Prints the worst error in units of its bound: over 1 is a failure, and ends with code 1.
    """
    with one_line_errors("jconv verify"):
        if compile_only:
            from jconv.cli.verify_compile import run as compile_all

            words = {"platform": platform, "topology": topology or "v5e:2x2", "json_path": json}
            raise typer.Exit(compile_all(full=full, algorithms=algorithm, **words))
        if topology is not None:
            raise InputError(f"--topology {topology}: it is for --compile-only; give both, with --platform tpu.")
        from jconv.cli.verify import run

        raise typer.Exit(run(full=full, platform=platform, algorithms=algorithm, json_path=json))


@app.command()
def tune(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:NAME|MODULE:NAME",
            help="A function without arguments whose convolutions are to be fast: a call of your model or of a "
            "training step on an input of the real shape. It is traced, not run.",
        ),
    ],
    seconds: Annotated[
        float, typer.Option(min=0.001, help="For each algorithm on each problem, compilation apart.")
    ] = 0.2,
    budget: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds in all.", show_default="as long as it takes")
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(help="The file of the tuned table.", show_default="JCONV_TUNED, else one in the user's cache"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be measured.")] = False,
) -> None:
    """Measure the algorithms on your program's convolutions, and choose by that from now on.

    Each convolution of the function, jconv's own and those of jax.lax, is measured in all three directions with
    every algorithm that can compute it. `jconv.install()` lets a program of others use what was found.
    """
    with one_line_errors("jconv tune"):
        from jconv.cli.tune import run

        raise typer.Exit(run(target, seconds=seconds, budget=budget, path=path, dry_run=dry_run))


@app.command()
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:NAME|MODULE:NAME",
            help="A function without arguments: a call of your model or of a training step on an input of the real "
            "shape. It is traced, not run.",
        ),
    ],
    platform: Annotated[
        str | None,
        typer.Option(metavar="cpu|gpu|tpu", help="The device to explain for.", show_default="the one jax uses"),
    ] = None,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="Print every algorithm with its cost, or why it cannot.")
    ] = False,
) -> None:
    """Say which algorithm computes each convolution of your program, in each direction, and why."""
    with one_line_errors("jconv explain"):
        from jconv.cli.explain import run

        raise typer.Exit(run(target, platform=platform, candidates=candidates))


@app.command()
def cost(
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:NAME|MODULE:NAME",
            help="A function without arguments: a call of your model or of a training step on an input of the real "
            "shape. It is traced, not run. Arrays that it finds outside of itself count as parameters.",
        ),
    ],
) -> None:
    """Count the multiply-adds, parameters and bytes of your program, operation by operation."""
    with one_line_errors("jconv cost"):
        from jconv.cli.cost import run

        raise typer.Exit(run(target))
