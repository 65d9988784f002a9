import pytest

from local_cloud.addresses import endpoint_url, to_local


def test_the_host_is_loopback() -> None:
    assert endpoint_url(4599) == "http://127.0.0.1:4599"


@pytest.mark.parametrize(
    ("text", "local"),
    [
        (
            "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1/runs/o/j/1",
            "http://127.0.0.1:4599/_aws/execute-api/a1b2c3/v1/runs/o/j/1",
        ),
        (
            "https://a1b2c3.execute-api.us-east-1.amazonaws.com:443/v1",
            "http://127.0.0.1:4599/_aws/execute-api/a1b2c3/v1",
        ),
        ("http://host.docker.internal:4599/v4/x", "http://127.0.0.1:4599/v4/x"),
        ("https://bucket.s3.amazonaws.com/key", "https://bucket.s3.amazonaws.com/key"),
        ("plain", "plain"),
    ],
)
def test_addresses_of_aws_and_of_containers_become_local_ones(text: str, local: str) -> None:
    assert to_local(text, port=4599) == local
