"""`python -m jconv` is the command `jconv`."""

from jconv.cli import main

if __name__ == "__main__":
    main()
