# SPDX-License-Identifier: MIT
# ranks: 1
"""Docstrings and type stubs: all that is public has them."""

import ast
import inspect
import pathlib

import pytest

import shmwin
from shmwin import _core

STUB = pathlib.Path(shmwin.__file__).resolve().parent / "_core.pyi"


def public(names):
    return {name for name in names if not name.startswith("_")}


def stubbed():
    """Names of the stub: of the module, and of each class."""
    tree = ast.parse(STUB.read_text())
    found = {"": set()}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[""].add(node.name)
        elif isinstance(node, ast.ClassDef):
            found[""].add(node.name)
            found[node.name] = {getattr(each, "name", None) or each.target.id
                                for each in node.body}
    return found


CLASSES = ["Group", "Segment", "Levels", "AtomicValue", "PendingSave", "Checkpoint"]


def test_every_class_is_in_the_stub():
    assert set(CLASSES) <= stubbed()[""] <= public(vars(_core))


@pytest.mark.parametrize("name", CLASSES)
def test_the_stub_says_what_the_module_has(name):
    assert public(stubbed()[name]) == public(vars(getattr(_core, name)))


def documented():
    """All that a user may name, but for what Python's own classes bring."""
    for name in shmwin.__all__:
        found = getattr(shmwin, name)
        if not inspect.isclass(found):
            continue
        yield name, found
        ours = [each for each in found.__mro__ if each.__module__.startswith("shmwin")]
        for member in public(member for each in ours for member in vars(each)):
            value = inspect.getattr_static(found, member)
            if callable(value) or isinstance(value, property):
                yield f"{name}.{member}", getattr(found, member)


@pytest.mark.parametrize("name, what", documented())
def test_all_that_is_public_is_documented(name, what):
    doc = inspect.getdoc(what)
    assert doc and doc.split("\n")[0].strip(), name


@pytest.mark.parametrize("name", ["Segment.create", "Segment.fence", "Segment.freeze",
                                  "Segment.rows", "Segment.find", "Segment.full",
                                  "Levels.ago", "AtomicValue.wait", "Segment", "Checkpoint"])
def test_parameters_are_told_in_numpydocs_form(name):
    found = shmwin
    for each in name.split("."):
        found = getattr(found, each)
    assert "Parameters\n" + "-" * 10 in inspect.getdoc(found)
