"""What `nbjobs list`, `definitions list` and `owners list` do: fetch a page, and print it as JSON or as a table."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from jupyter_scheduler_aws.cli.options import PageOptions
from jupyter_scheduler_aws.cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["page_size", "print_list"]

_MAX_PAGE_SIZE: Final = 100


class _Item(Protocol):
    @property
    def document(self) -> Any: ...


Item = TypeVar("Item", bound=_Item)


def page_size(options: PageOptions) -> int:
    """Return how many items to request at once: one more than the limit shows whether there are more."""
    return _MAX_PAGE_SIZE if options.all_ else options.limit + 1


def print_list(
    terminal: Terminal,
    items: Iterator[Item],
    options: PageOptions,
    *,
    table: Callable[[Sequence[Item], int], "Table"],
    if_empty: str,
) -> None:
    """Print a list.

    Parameters
    ----------
    items
        All items. Only as many as the options allow are fetched.
    table
        Makes a table of items for a number of columns.
    if_empty
        What to print if there are no items.
    """
    found = list(items if options.all_ else islice(items, options.limit + 1))
    shown = found if options.all_ else found[: options.limit]
    terminal.document([item.document for item in shown])
    if not shown and not terminal.is_json:
        terminal.note(if_empty)
    elif not terminal.is_json:
        terminal.view(table(shown, terminal.out.width))
        if len(found) > len(shown):
            terminal.note("There are more. Use --limit N or --all.")
