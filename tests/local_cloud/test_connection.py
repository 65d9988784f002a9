import json
import os
import subprocess
from pathlib import Path

from local_cloud.connection import write_connection
from local_cloud.places import Places

API_URL = "http://127.0.0.1:4599/_aws/execute-api/a1/v1"


def test_programs_read_three_facts(tmp_path: Path) -> None:
    places = Places(folder=tmp_path, port=4599)
    write_connection(places, api_url=API_URL)
    assert json.loads((tmp_path / "connection.json").read_text(encoding="utf-8")) == {
        "api_url": API_URL,
        "region": "us-east-1",
        "endpoint_url": "http://127.0.0.1:4599",
    }


def test_a_shell_that_sources_it_forgets_the_other_account(tmp_path: Path) -> None:
    write_connection(Places(folder=tmp_path, port=4599), api_url=API_URL)
    before = {
        "PATH": os.defpath,
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "of work",
        "AWS_REGION": "eu-west-1",
        "NO_PROXY": "intra",
    }
    result = subprocess.run(
        ["/bin/sh", "-eu", "-c", f". {tmp_path}/env; env"],
        env=before,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    after = dict(line.split("=", 1) for line in result.stdout.splitlines())
    assert {name: value for name, value in after.items() if name.startswith(("AWS_", "JUPYTER_", "NO_"))} == {
        "JUPYTER_SCHEDULER_AWS_URL": API_URL,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,intra",
    }
