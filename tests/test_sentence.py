"""A sentence is its English text, and knows what it was made of."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

from entrypoint.sentence import Joined, Sentence, join, say


def test_a_sentence_is_the_text_with_its_facts_put_in() -> None:
    said = say("{name} names {path}, which does not exist.", name="SSL_CERT_FILE", path="/a")

    assert said == "SSL_CERT_FILE names /a, which does not exist."
    assert f"{said}" == str(said) == said
    assert json.loads(json.dumps(said)) == said
    assert said in {"SSL_CERT_FILE names /a, which does not exist."}
    assert (said.template, said.facts) == (
        "{name} names {path}, which does not exist.",
        {"name": "SSL_CERT_FILE", "path": "/a"},
    )


def test_braces_in_a_fact_stay_what_they_are() -> None:
    assert say("{value} is odd", value="${HF_TOKEN} {path} {{}}") == "${HF_TOKEN} {path} {{}} is odd"


def test_facts_are_formatted_as_the_template_says() -> None:
    assert say("{value!r} after {seconds:g} s", value="a b", seconds=2.0) == "'a b' after 2 s"


def test_parts_are_joined_and_remembered() -> None:
    joined = join(" and ", (part for part in ("a", "b")))

    assert joined == "a and b"
    assert (joined.separator, joined.parts) == (" and ", ("a", "b"))
    assert not join(", ", ())


def test_a_copy_still_knows_its_facts() -> None:
    said = copy.deepcopy(say("{parts}.", parts=join(", ", ["a", "b"])))

    assert (type(said), said, said.template) == (Sentence, "a, b.", "{parts}.")
    parts = said.facts["parts"]
    assert isinstance(parts, Joined)
    assert parts.parts == ("a", "b")


def test_it_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import entrypoint.sentence; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert set(loaded) - {"__future__"} == {"entrypoint", "entrypoint.sentence"}
