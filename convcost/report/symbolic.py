"""A network's cost with formulas in place of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.formulas import Formula, SymbolicNetwork
from convcost.report.markdown import table as markdown_table

QUANTITIES = ("output", "parameters", "multiplies", "adds", "activation_bytes")
_HEADS = ("layer", "output", "parameters", "multiplies", "adds", "activation bytes")


class SymbolicAnalysis:
    """The table of ``convcost analyze``, of formulas."""

    def __init__(self, network: SymbolicNetwork) -> None:
        """Show all layers of a network, and its totals."""
        self._network = network
        self._total = [network.formula(quantity) for quantity in QUANTITIES[1:]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a table whose cells are folded, and the totals below it."""
        del console, options
        table = Table(box=box.SIMPLE_HEAD, title=self._total[0].subject, show_lines=False)
        for head in _HEADS:
            table.add_column(head, overflow="fold")
        for name, formulas in self._rows():
            table.add_row(name, *(Text(str(formula)) for formula in formulas))
        yield table
        for formula in self._total:
            yield Text.assemble((f"{formula.quantity} = ", "bold"), str(formula))
        for condition in self._total[0].conditions:
            yield Text(f"where {condition}", style="dim")

    def markdown(self) -> str:
        """Write the table and the totals as Markdown with LaTeX in it."""
        body = [
            [f"`{name}`", *(f"${formula.latex}$" for formula in formulas)]
            for name, formulas in self._rows()
        ]
        lines = [f"# {self._total[0].subject}", "", *markdown_table(_HEADS, body, left=6), ""]
        for formula in self._total:
            lines += [f"**{formula.quantity}**", "", f"$$ {formula.latex} $$", ""]
        lines += [f"Valid for {self._domain()}."]
        return "\n".join(lines) + "\n"

    def latex(self) -> str:
        """Write the table as a longtable and the totals as equations."""
        lines = [r"\begin{longtable}{llllll}", " & ".join(_HEADS) + r" \\ \hline"]
        for name, formulas in self._rows():
            cells = [rf"\verb|{name}|", *(f"${formula.latex}$" for formula in formulas)]
            lines.append(" & ".join(cells) + r" \\")
        lines.append(r"\end{longtable}")
        for formula in self._total:
            quantity = formula.quantity.replace("_", r"\_")
            lines += [r"\[", rf"\mathrm{{{quantity}}} = {formula.latex}", r"\]"]
        conditions = [rf"\verb|{condition}|" for condition in self._total[0].conditions]
        lines.append(f"Valid for {', '.join(conditions) or 'all positive integers'}.")
        return "\n".join(lines) + "\n"

    def _rows(self) -> Iterator[tuple[str, Sequence[Formula]]]:
        columns = [self._network.per_layer(quantity) for quantity in QUANTITIES]
        for layer, *formulas in zip(self._network.cost.layers, *columns, strict=True):
            yield layer.name, formulas

    def _domain(self) -> str:
        conditions = [f"`{condition}`" for condition in self._total[0].conditions]
        return ", ".join(conditions) or "all positive integers"
