"""Formulas as files: every form that ``convcost formula --as`` knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import sympy

from convcost.formulas import code
from convcost.formulas.formula import Formula
from convcost.formulas.printing import condition_text, latex, mathml, text

_MEANINGS = MappingProxyType(
    {
        "N": "images in a batch",
        "C": "channels of the input",
        "H": "height of the input",
        "W": "width of the input",
        "n_h": "height of the input",
        "n_w": "width of the input",
        "c_i": "input channels",
        "c_o": "output channels",
        "g": "groups",
        "n": "channels in the window",
        "k_h": "height of the window",
        "k_w": "width of the window",
        "s_h": "stride along the rows",
        "s_w": "stride along the columns",
        "p_h": "padding of the rows",
        "p_w": "padding of the columns",
        "d_h": "dilation of the rows",
        "d_w": "dilation of the columns",
    }
)


def as_text(formula: Formula) -> str:
    """Write the formula, and below it where it is valid."""
    arguments = ", ".join(what.name for what in formula.symbols)
    relation = ">=" if formula.remark else "="
    lines = [f"{formula.quantity}({arguments}) {relation} {formula}"]
    lines += [f"  where {condition}" for condition in formula.conditions]
    return "\n".join(lines) + "\n"


def _commented(formula: Formula, body: str, start: str, end: str = "") -> str:
    """Put what a formula is of, and where it is valid, before it as comments."""
    lines = [f"{formula.quantity} of {formula.subject}, in {formula.unit}"]
    lines += [f"where {condition}" for condition in formula.conditions]
    return "".join(f"{start} {line}{end}\n" for line in lines) + body + "\n"


def as_markdown(formula: Formula) -> str:
    """Write the formula, its symbols, its domain and a worked number."""
    lines = [f"## {formula.quantity} of {formula.subject}", "", f"$$ {formula.latex} $$", ""]
    lines += ["| symbol | meaning |", "| --- | --- |"]
    for what in formula.symbols:
        meaning = _MEANINGS.get(what.name, "a parameter of the spec")
        lines.append(f"| ${latex(what)}$ | {meaning} |")
    domain = ", ".join(f"`{condition}`" for condition in formula.conditions)
    lines += ["", f"Valid for {domain or 'all positive integers'}. Unit: {formula.unit}."]
    if not isinstance(formula.expr, sympy.Tuple):
        sizes = ", ".join(f"{name} = {value:,}" for name, value in formula.example.items())
        value = formula.evaluate(**formula.example)
        lines += ["", f"At {sizes}: {value:,}." if sizes else f"That is {value:,}."]
    if formula.source:
        lines += ["", f"Source: {formula.source}."]
    return "\n".join(lines) + "\n"


def record(formula: Formula) -> dict[str, object]:
    """Return the formula as plain data."""
    return {
        "quantity": formula.quantity,
        "subject": formula.subject,
        "source": formula.source,
        "unit": formula.unit,
        "symbols": [what.name for what in formula.symbols],
        "fixed": dict(formula.fixed),
        "remark": formula.remark,
        "domain": [condition_text(condition) for condition in formula.domain],
        "text": text(formula.expr),
        "latex": formula.latex,
        "srepr": sympy.srepr(formula.expr),
    }


FORMS: Mapping[str, Callable[[Formula], str]] = MappingProxyType(
    {
        "text": as_text,
        "latex": lambda formula: _commented(formula, formula.latex, "%"),
        "mathml": lambda formula: _commented(formula, mathml(formula.expr), "<!--", " -->"),
        "markdown": as_markdown,
        "json": lambda formula: json.dumps(record(formula), indent=2, ensure_ascii=False) + "\n",
        "srepr": lambda formula: _commented(formula, sympy.srepr(formula.expr), "#"),
        **code.EXPORTS,
    }
)


def several(formulas: Sequence[Formula], form: str) -> str:
    """Write formulas of one network: as one list, one program, or one behind the other."""
    if form == "json":
        records = [record(formula) for formula in formulas]
        return json.dumps(records, indent=2, ensure_ascii=False) + "\n"
    if form == "text":
        lines = [f"{formula.subject}: {formula}" for formula in formulas if formula.layer]
        lines += [f"{formula.quantity}: {formula}" for formula in formulas if not formula.layer]
        lines += [f"  where {condition}" for condition in formulas[0].conditions]
        return "\n".join(lines) + "\n"
    if form in code.EXPORTS:
        return code.EXPORTS[form](*formulas)
    return "\n".join(FORMS[form](formula) for formula in formulas)
