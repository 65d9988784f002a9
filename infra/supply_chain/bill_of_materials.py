"""A bill of materials in CycloneDX 1.6; the same parts give the same bytes."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from infra.supply_chain.locks import LockedPackage

__all__ = ["DebianPackage", "write_bill"]

_NAMESPACE: Final = uuid.UUID("5d0b1a1e-5c1b-4c39-9a53-8a7b0d0d8a51")
"""Namespace of the serial numbers, which CycloneDX requires to be UUIDs; generated once at random."""


@dataclass(frozen=True, kw_only=True)
class DebianPackage:
    """A package of Debian."""

    name: str
    version: str
    architecture: str
    source: str
    """Source package, which Debian's security tracker refers to."""


def write_bill(
    subject: Component,
    *,
    python: Iterable[LockedPackage],
    debian: Iterable[DebianPackage] = (),
    notes: Mapping[str, str] | None = None,
) -> str:
    """Return the document.

    Parameters
    ----------
    subject
        The thing that consists of the parts.
    python
        Python packages; each is listed with the hashes of the files that its lock allows.
    debian
        Debian packages. dpkg does not keep their hashes.
    notes
        Notes for the reader, by name.
    """
    components = [*(_python_component(each) for each in python), *(_debian_component(each) for each in debian)]
    bom = Bom(
        components=components, properties=[Property(name=name, value=value) for name, value in (notes or {}).items()]
    )
    bom.metadata.component = subject
    bom.metadata.timestamp = None  # type: ignore[assignment]  # so that the same parts give the same bytes
    bom.register_dependency(subject, components)
    bom.serial_number = uuid.uuid5(_NAMESPACE, "\n".join(sorted(str(each.purl) for each in components)))
    return str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"


def _python_component(package: LockedPackage) -> Component:
    purl = PackageURL("pypi", None, package.name, package.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes]
    files = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
    return _component(package.name, package.version, purl, [files])


def _debian_component(package: DebianPackage) -> Component:
    qualifiers = {"arch": package.architecture, "distro": "trixie", "upstream": package.source}
    purl = PackageURL("deb", "debian", package.name, package.version, qualifiers)
    return _component(package.name, package.version, purl, [])


def _component(name: str, version: str, purl: PackageURL, references: Iterable[ExternalReference]) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=purl,
        bom_ref=str(purl),
        external_references=references,
    )
