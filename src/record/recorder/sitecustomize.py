"""Python imports this at its start, for it lies on PYTHONPATH: the recorder begins, and leaves no trace on sys.path."""

import os
import sys


def begin():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.environ.get("GILSIM_RECORDING")
    if folder:
        try:
            import _gilsim_hooks

            _gilsim_hooks.begin(folder)
        except Exception as error:  # A program is never harmed by being watched.
            try:
                with open(os.path.join(folder, "fault"), "a") as file:
                    file.write(f"{type(error).__name__}: {error}\n")
            except OSError:
                pass
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]


def import_the_users_own():
    """The `sitecustomize` that Python would have found without the recorder."""
    mine = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if mine is not None:
            sys.modules["sitecustomize"] = mine


begin()
import_the_users_own()
