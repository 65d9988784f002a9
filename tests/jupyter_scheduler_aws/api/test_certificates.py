from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jupyter_scheduler_aws import Client, RetryPolicy
from jupyter_scheduler_aws.errors import ConfigurationError, UnreachableError
from tests.jupyter_scheduler_aws.fake_api import FakeApi


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Create a self-signed certificate for this machine, with its key in the same folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    path.with_name("key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls_api(certificate: Path) -> Iterator[FakeApi]:
    api = FakeApi()
    api.use_tls(certificate, certificate.with_name("key.pem"))
    api.start()
    yield api
    api.stop()


def test_certificate_bundle_of_the_operator_is_trusted(
    tls_api: FakeApi, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with Client(tls_api.url) as client:
        assert client.health().version == "0.1.0"


def test_untrusted_certificate_is_explained(tls_api: FakeApi, retry_policy: RetryPolicy) -> None:
    with (
        Client(tls_api.url, retry_policy=retry_policy) as client,
        pytest.raises(UnreachableError, match="set AWS_CA_BUNDLE"),
    ):
        client.health()
    assert tls_api.requests == []


def test_missing_certificate_bundle_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file")
    with pytest.raises(ConfigurationError, match="/no/such/file"):
        Client("https://jobs.example.org/v1")


def test_presigned_urls_are_verified_even_if_the_api_has_no_tls(
    api: FakeApi, tls_api: FakeApi, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(api.url) as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        client.transport.http.get(tls_api.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with Client(api.url) as client:
        assert client.health().version == "0.1.0"
        assert client.transport.http.get(tls_api.url).status_code
    assert client.transport.http.is_closed
