import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local_cloud.daemon import Daemon
from local_cloud.errors import LocalCloudError
from local_cloud.paths import ROOT, LocalPaths
from tests.local_cloud.conftest import administrator_session, free_port


def test_a_second_start_keeps_the_running_process(daemon: Daemon) -> None:
    pid = daemon.pid
    assert pid is not None
    assert daemon.start() is False
    assert daemon.pid == pid


def test_the_emulator_listens_on_loopback_only(daemon: Daemon, paths: LocalPaths) -> None:
    result = subprocess.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], check=True, capture_output=True, text=True)
    listening = [line.split()[1] for line in result.stdout.splitlines() if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{paths.port:04X}")] == [
        f"0100007F:{paths.port:04X}"
    ]


def test_the_state_survives_a_graceful_stop(daemon: Daemon, client: Any) -> None:
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(Bucket="kept", Key="a/b", Body=b"content")
    assert daemon.stop() is True
    assert daemon.pid is None
    assert daemon.stop() is False
    assert daemon.start() is True
    assert client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"content"


def test_the_emulator_does_not_inherit_the_callers_environment(
    paths: LocalPaths, monkeypatch: pytest.MonkeyPatch, daemon: Daemon
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the developer")
    daemon.stop()
    daemon.start()
    environment = Path(f"/proc/{daemon.pid}/environ").read_bytes().split(b"\0")
    assert not [line for line in environment if b"of the developer" in line]


def test_a_start_succeeds_after_sigkill(daemon: Daemon) -> None:
    pid = daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert daemon.start() is True
    assert daemon.pid != pid


def test_a_port_of_another_local_cloud_is_refused_and_that_one_keeps_running(
    daemon: Daemon, paths: LocalPaths, tmp_path: Path
) -> None:
    other = Daemon(LocalPaths(folder=tmp_path, port=paths.port))
    with pytest.raises(LocalCloudError, match=f"Port {paths.port} of 127.0.0.1 is in use by another program"):
        other.start()
    assert daemon.pid is not None


def test_an_emulator_without_a_required_function_is_refused(paths: LocalPaths) -> None:
    script = (
        "import ministack.services.ecs as ecs, ministack.services.eventbridge as events\n"
        "del ecs._mark_task_stopped\n"
        "events._put_events = lambda entries: None\n"
        "from local_cloud.emulator import Emulator, EmulatorMismatchError\n"
        "try:\n"
        "    Emulator()\n"
        "except EmulatorMismatchError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [str(paths.emulator_python), "-c", script], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    assert "lacks ministack.services.ecs._mark_task_stopped(task_arn, task, reason, stop_code)" in result.stdout
    assert "ministack.services.eventbridge._put_events(data, allow_aws_source)" in result.stdout
    assert "the local cloud needs MiniStack 1.5.33" in result.stdout


def test_expired_items_are_in_the_stream_of_the_table(paths: LocalPaths) -> None:
    script = (
        "import pathlib, threading\n"
        "from local_cloud.emulator import Emulator\n"
        "from local_cloud.process_engine import ProcessEngine\n"
        "import ministack.services.dynamodb as dynamodb\n"
        f"Emulator().patch(ProcessEngine(pathlib.Path({str(paths.folder / 'other')!r}), programs={{}}, rewrite=dict))\n"
        "dynamodb._create_table({'TableName': 'jobs', 'KeySchema': [{'AttributeName': 'p', 'KeyType': 'HASH'}],\n"
        "    'AttributeDefinitions': [{'AttributeName': 'p', 'AttributeType': 'S'}], 'BillingMode': 'PAY_PER_REQUEST',\n"
        "    'StreamSpecification': {'StreamEnabled': True, 'StreamViewType': 'NEW_AND_OLD_IMAGES'}})\n"
        "for key in ('expired', 'deleted'):\n"
        "    dynamodb._put_item({'TableName': 'jobs', 'Item': {'p': {'S': key}}})\n"
        "dynamodb._delete_item({'TableName': 'jobs', 'Key': {'p': {'S': 'deleted'}}})\n"
        "table = dynamodb._tables['jobs']\n"
        "sort = next(iter(table['items']['expired']))\n"
        "reaper = threading.Thread(target=lambda: dynamodb._remove_item(table, 'expired', sort), name='dynamodb-ttl-reaper')\n"
        "reaper.start(); reaper.join()\n"
        "print([(r['eventName'], r['dynamodb']['Keys']['p']['S']) for r in dynamodb._stream_records['jobs']])\n"
    )
    result = subprocess.run(
        [str(paths.emulator_python), "-c", script], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == (
        "[('INSERT', 'expired'), ('INSERT', 'deleted'), ('REMOVE', 'deleted'), ('REMOVE', 'expired')]"
    )


def test_queues_are_reachable_after_a_change_of_the_port(tmp_path: Path) -> None:
    first, second = (LocalPaths(folder=tmp_path, port=free_port()) for _ in range(2))
    before, after = Daemon(first), Daemon(second)
    before.start()
    administrator_session(first).client("sqs", endpoint_url=first.endpoint_url).create_queue(QueueName="wake-up")
    before.stop()
    try:
        after.start()
        sqs = administrator_session(second).client("sqs", endpoint_url=second.endpoint_url)
        address = sqs.list_queues()["QueueUrls"][0]
        assert f":{second.port}/" in address
        sqs.send_message(QueueUrl=address, MessageBody="wake up")
    finally:
        after.stop()
    assert not [path for path in second.state.iterdir() if str(first.port) in path.read_text(encoding="utf-8")]
