"""Fitting finds the coefficients that rows were made of, and says how sure it is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

pytest.importorskip("scipy", reason="fitting needs the extra 'calibrate'")

from time_profile import MACHINE

from convcost.prediction.fit import coefficients, errors, fit, held_out_pairs
from convcost.prediction.model import TimeModel
from convcost.prediction.rows import Row

TRUE = {"multiply_adds": 2e-11, "bytes_memory": 1e-10, "launches": 5e-6}


def made(count: int, noise: float = 0.0, seed: int = 1, true: dict[str, float] = TRUE) -> list[Row]:
    """Make rows up: amounts over three decades, times with a factor of noise."""
    generator = random.Random(seed)  # noqa: S311
    rows = []
    for _ in range(count):
        amounts = {
            "multiply_adds": 10 ** generator.uniform(5, 8),
            "bytes_memory": 10 ** generator.uniform(4, 7),
            "launches": 1.0,
        }
        seconds = sum(true.get(name, 0) * amount for name, amount in amounts.items())
        rows.append(
            Row(
                kernel="k",
                terms=amounts,
                seconds=seconds * math.exp(generator.gauss(0, noise)),
            )
        )
    return rows


def test_without_noise_the_coefficients_come_out() -> None:
    model = fit(made(40), MACHINE).kernels["k"]
    assert {*model.coefficients} == {*TRUE}
    for name, seconds in TRUE.items():
        assert model.coefficients[name].seconds == pytest.approx(seconds, rel=1e-6)
    assert model.held_out.mean_error < 1e-6
    assert model.spread < 1e-6


def test_what_listening_takes_is_no_part_of_an_operation() -> None:
    rows = [replace(row, seconds=row.seconds + 8e-6, listening=8e-6) for row in made(40)]
    model = fit(rows, MACHINE).kernels["k"]
    for name, seconds in TRUE.items():
        assert model.coefficients[name].seconds == pytest.approx(seconds, rel=1e-6)
    assert model.held_out.mean_error < 1e-6


def test_laying_out_anew_costs_the_same_in_every_kernel() -> None:
    """The few rows of a kernel that do so, all of one size, could not say what it costs."""
    known = {"reordered_bytes": 7e-11, "reorders": 1e-5}
    rows = [replace(row, kernel=kernel) for kernel in "ab" for row in made(30)]
    for kernel, sizes in {"a": [10**n for n in range(3, 8)], "b": [1000, 1000]}.items():
        for row, size in zip(made(5, seed=2), sizes, strict=False):
            others = {"reordered_bytes": float(size), "reorders": 1.0}
            more = sum(known[name] * amount for name, amount in others.items())
            rows.append(
                replace(
                    row, kernel=kernel, terms={**row.terms, **others}, seconds=row.seconds + more
                )
            )
    for model in fit(rows, MACHINE).kernels.values():
        for name, seconds in {**TRUE, **known}.items():
            assert model.coefficients[name].seconds == pytest.approx(seconds, rel=1e-4)


def test_a_row_that_is_far_off_counts_less() -> None:
    """One in ten took twenty times as long: least squares alone would be a third too high."""
    rows = [
        replace(row, seconds=row.seconds * (20 if number % 10 == 0 else 1))
        for number, row in enumerate(made(100))
    ]
    found = dict(zip(TRUE, coefficients(rows, [*TRUE]).tolist(), strict=True))
    assert found == pytest.approx(TRUE, rel=0.1)


def test_terms_may_be_of_any_size() -> None:
    rows = [
        Row(kernel="k", terms={"multiply_adds": x * 1e17, "launches": 1}, seconds=x + 0.5)
        for x in (1.0, 2.0, 5.0, 9.0)
    ]
    found = coefficients(rows, ["multiply_adds", "launches"])
    assert found.tolist() == pytest.approx([1e-17, 0.5])


def test_with_noise_the_truth_is_within_a_few_standard_errors_and_nothing_is_biased() -> None:
    rows = made(400, noise=0.2)
    model = fit(rows, MACHINE).kernels["k"]
    for name, seconds in TRUE.items():
        found = model.coefficients[name]
        assert abs(found.seconds - seconds) < 4 * found.error
        assert found.error < seconds / 5
    # 0.2 * sqrt(2/pi) = 0.16 is the mean size of such noise.
    assert model.held_out.mean_error == pytest.approx(0.16, rel=0.15)
    assert model.held_out.bias == pytest.approx(0, abs=0.04)
    assert model.spread == pytest.approx(0.2, rel=0.15)


def test_standard_errors_are_those_of_fits_of_other_samples() -> None:
    """Fit a hundred samples of the same truth: that is what a standard error means."""
    names = list(TRUE)
    fits = [coefficients(made(100, noise=0.2, seed=seed), names) for seed in range(100)]
    model = fit(made(100, noise=0.2, seed=1000), MACHINE).kernels["k"]
    for index, name in enumerate(names):
        values = [float(each[index]) for each in fits]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        assert model.coefficients[name].error == pytest.approx(deviation, rel=0.5)


def test_no_coefficient_is_negative() -> None:
    """Time that shrinks as bytes grow is no physics: the fit leaves the term at 0."""
    rows = [
        Row(kernel="k", terms={"bytes_memory": x, "launches": 1.0}, seconds=2e-5 - x * 1e-12)
        for x in (1e5, 1e6, 5e6, 1e7)
    ]
    model = fit(rows, MACHINE).kernels["k"]
    assert model.coefficients["bytes_memory"].seconds == 0
    assert model.coefficients["launches"].seconds == pytest.approx(1.5e-5, rel=0.1)


def test_a_group_is_held_out_whole() -> None:
    """Rows that repeat one another tell nothing of each other's fold."""
    generator = random.Random(3)  # noqa: S311
    rows: list[Row] = []
    for group in range(10):
        own = math.exp(generator.gauss(0, 0.5))  # of all rows of the group
        rows += [
            Row(kernel="k", terms={"launches": 1.0, f"term{group}": 1.0}, seconds=own)
            for _ in range(20)
        ]
    apart = errors(held_out_pairs(rows)).mean_error
    grouped = [
        Row(kernel=row.kernel, terms=row.terms, seconds=row.seconds, group=str(i // 20))
        for i, row in enumerate(rows)
    ]
    together = errors(held_out_pairs(grouped)).mean_error
    assert apart < 0.01  # a term of the group's own explains it all
    assert together > 0.1


def _blocks(own: float, shared: float) -> list[Row]:
    """Make 200 blocks of 10 rows, each with noise of its own and noise that a block shares."""
    generator = random.Random(5)  # noqa: S311
    rows = made(2000, noise=own)
    factors = [math.exp(generator.gauss(0, shared)) for _ in range(200)]
    return [
        replace(row, seconds=row.seconds * factors[i // 10], group=f"block {i // 10}")
        for i, row in enumerate(rows)
    ]


def test_what_a_block_shares_is_what_networks_are_off_besides() -> None:
    shared = fit(_blocks(own=0.05, shared=0.2), MACHINE)
    assert shared.network_spread == pytest.approx(0.2, rel=0.15)
    apart = fit(_blocks(own=0.2, shared=0), MACHINE)
    assert apart.network_spread < 0.05


def test_kernels_are_fitted_apart_and_ranges_are_kept() -> None:
    other = [
        Row(kernel="other", terms={"launches": float(n)}, seconds=n * 1e-3) for n in range(1, 9)
    ]
    model = fit([*made(30), *other], MACHINE)
    assert model.rows == 38
    assert {*model.kernels} == {"k", "other"}
    launches = model.kernels["other"].coefficients["launches"]
    assert launches.seconds == pytest.approx(1e-3)
    assert (launches.lowest, launches.highest) == (1, 8)


def same(models: Sequence[TimeModel]) -> bool:
    """Whether all are the same."""
    return all(model == models[0] for model in models)


def test_a_seed_decides_everything_random() -> None:
    rows = made(50, noise=0.1)
    assert same([fit(rows, MACHINE, seed=5), fit(rows, MACHINE, seed=5)])
    assert not same([fit(rows, MACHINE, seed=5), fit(rows, MACHINE, seed=6)])
