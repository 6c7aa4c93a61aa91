"""Profiles: written, read strictly, found by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from time_profile import profile

from convcost.errors import ProfileError
from convcost.prediction import profile as profiles
from convcost.prediction.profile import find_profile, from_json, load_profile, to_json
from convcost.prediction.rows import Row


def test_a_profile_comes_back_as_it_was() -> None:
    row = Row(kernel="conv2d", terms={"launches": 1.0, "bytes_l2": 10.0}, seconds=1e-5, group="a")
    written = replace(profile(), rows=(row,), fused=profile().unfused)
    assert from_json(to_json(written)) == written


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), 7, "version: expected 3, found 7"),
        (("name",), 3, "name: expected a text, found 3"),
        (("machine", "lanes"), "16", "machine.lanes: expected an integer, found '16'"),
        (("machine", "colour"), "red", "machine.colour: unknown"),
        (("unfused", "kernels", "dense", "spread"), None, "unfused.kernels.dense.spread: expected"),
        (("rows",), [{"kernel": "x"}], r"rows\[0\].terms: missing"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(path: tuple[str, ...], value: Any, message: str) -> None:
    content = json.loads(to_json(profile()))
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ProfileError, match=f"mine.json: {message}"):
        from_json(json.dumps(content), "mine.json")


def test_a_row_of_a_slower_machine_is_slower_in_all_that_it_took() -> None:
    row = Row(kernel="k", terms={"launches": 1.0}, seconds=1e-3, listening=1e-5, group="a")
    found = row.scaled(3)
    assert (found.seconds, found.listening) == pytest.approx((3e-3, 3e-5))
    assert (found.kernel, found.terms, found.group) == (row.kernel, row.terms, row.group)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"version": null}', "\x00"])
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(ProfileError, match="profile: "):
        from_json(text)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot read"):
        load_profile(tmp_path / "none.json")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return a user's folder and one of shipped profiles, both empty."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    monkeypatch.setattr(profiles, "user_folder", lambda: own)
    monkeypatch.setattr(profiles, "SHIPPED", shipped)
    return own, shipped


def test_the_users_own_profile_comes_before_a_shipped_one(folders: tuple[Path, Path]) -> None:
    own, shipped = folders
    with pytest.raises(ProfileError, match="convcost calibrate"):
        find_profile()
    (shipped / "a.json").write_text(to_json(profile()))
    assert find_profile() == shipped / "a.json"
    assert profiles.is_shipped(find_profile())
    (own / "b.json").write_text(to_json(profile()))
    assert find_profile() == own / "b.json"
    assert not profiles.is_shipped(find_profile())
    assert find_profile("a") == shipped / "a.json"
    (own / "a.json").write_text(to_json(profile()))
    assert find_profile("a") == own / "a.json"


def test_a_name_that_is_not_known_is_an_error(folders: tuple[Path, Path]) -> None:
    (folders[0] / "server.json").write_text(to_json(profile()))
    with pytest.raises(ProfileError, match="unknown profile 'sever'; did you mean 'server'"):
        find_profile("sever")
    assert find_profile("other.json") == Path("other.json")


def test_what_comes_with_convcost_can_be_read_and_says_whose_it_is() -> None:
    shipped = sorted(profiles.SHIPPED.glob("*.json"))
    assert shipped
    for path in shipped:
        found = load_profile(path)
        assert found.name == path.stem
        assert found.origin.note
        assert found.rows == found.fused_rows == found.training_rows == ()
        assert all(each is not None for each in (found.unfused, found.fused, found.training))
