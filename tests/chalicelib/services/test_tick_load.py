"""Many definitions that are due at the same time."""

import random

from chalicelib.domain.identifiers import live_shard
from tests.support.definitions import Definitions
from tests.support.http_api import Api
from tests.support.scheduler import LocalScheduler


def test_two_hundred_definitions_due_at_once_make_two_hundred_jobs(local: LocalScheduler) -> None:
    made, chance = Definitions(local), random.Random(7)
    owners = [Api(f"arn:aws:iam::123456789012:user/u{i}") for i in range(4)]
    ids = _copies(made, owners, 200)
    due = made.at("13:00")
    made.set_clock("13:00", seconds=2)
    ticks = [
        {"owner_id": owner, "definition_id": definition_id, "revision": 1, "due": f"{due:%Y-%m-%dT%H:%M:%SZ}"}
        for owner, definition_id in ids
    ]
    late = chance.sample(ticks, 20)
    delivered = [tick for tick in ticks if tick not in late] + chance.sample(ticks, 50)
    chance.shuffle(delivered)
    for start in range(0, len(delivered), 10):
        assert made.deliver(*delivered[start : start + 10]) == []
    local.clock.forward(minutes=2)
    made.sweep()
    assert made.deliver(*late[:10]) == []
    jobs = made.jobs()
    assert sorted(job["job_definition_id"] for job in jobs) == sorted(job for _, job in ids)
    assert len({job["job_id"] for job in jobs}) == 200
    assert made.asked() == []


def _copies(made: Definitions, owners: list[Api], count: int) -> list[tuple[str, str]]:
    """Store copies of a definition for several owners."""
    local, found = made.local, []
    for owner in owners:
        first = made.create(api=owner)
        stored = local.factory._definition_table.get(local.owner_id(owner), first)
        assert stored is not None
        found.append((stored.owner_id, first))
        (source,) = local.objects(f"definitions/{stored.owner_id}/{first}/")
        (item,) = [item for item in local.items("definitions") if item["definition_id"]["S"] == first]
        for i in range(count // len(owners) - 1):
            copy = f"{first[:-12]}{i:012x}"
            row = {**item, "definition_id": {"S": copy}, "due_shard": {"S": live_shard(copy)}}
            row["due_key"] = {"S": item["due_key"]["S"].replace(first, copy)}
            local.client("dynamodb").put_item(TableName="definitions", Item=row)
            key = source.replace(first, copy)
            local.client("s3").copy_object(
                Bucket=local.bucket, Key=key, CopySource={"Bucket": local.bucket, "Key": source}
            )
            found.append((stored.owner_id, copy))
    return found
