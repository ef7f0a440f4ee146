"""Agreements as files: one YAML file each, in one folder (`agreement.schema.json` is their form).

Reading is all or nothing: a wrong file is named with line and cure, and on `reload` the last good
set stays in force. One client has at most one agreement about one service, so that which one counts
is never a question. A file is signed by nobody: signed agreements live in the gateway's database
(`gateway.agreements`), and files count only where the settings allow it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from policies.agreement_file import AgreementFile, read_agreement_file
from policies.yaml_lines import YamlFile
from schemas.agreement import Agreement
from schemas.errors import ConfigurationError
from schemas.identifiers import ServiceId, SubsystemId

_Key = tuple[SubsystemId, ServiceId]


class Agreements:
    """All agreements of one folder, found by client and service.

    `revision` rises by one each time `reload` brought a change: decisions cached under an older
    revision are void.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.revision = 0
        self._all: tuple[Agreement, ...] = ()
        self._by_key: dict[_Key, Agreement] = {}
        self._services: dict[SubsystemId, tuple[tuple[ServiceId, Agreement], ...]] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every `*.yaml` file of the folder.

        Raises:
            ConfigurationError: the folder is missing, or a file is wrong; names file, line and cure.
        """
        agreements = cls(folder)
        agreements.reload()
        return agreements

    def __iter__(self) -> Iterator[Agreement]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def reload(self) -> bool:
        """Read the folder again; True if anything changed.

        Raises:
            ConfigurationError: a file is wrong; the last good set stays in force.
        """
        if not self.folder.is_dir():
            raise ConfigurationError(f"{self.folder}: no such folder; create it, or correct the settings")
        files = [read_agreement_file(path) for path in sorted(self.folder.glob("*.yaml"))]
        by_key = _index(files)
        everything = tuple(file.agreement for file in files)
        if everything == self._all:
            return False
        services: dict[SubsystemId, list[tuple[ServiceId, Agreement]]] = {}
        for (client, service), agreement in by_key.items():
            services.setdefault(client, []).append((service, agreement))
        self._all, self._by_key = everything, by_key
        self._services = {client: tuple(items) for client, items in services.items()}
        self.revision += 1
        return True

    def find(self, client: SubsystemId, service: ServiceId) -> Agreement | None:
        """The agreement between this client and this service, whatever its status and validity."""
        return self._by_key.get((client, service))

    def visible_services(self, client: SubsystemId, *, at: int | None = None) -> tuple[ServiceId, ...]:
        """The services that the client may know of: those of its active agreements, sorted.

        `at` (epoch seconds) also asks that the agreement is valid at that moment.
        """
        found = (
            service
            for service, agreement in self._services.get(client, ())
            if agreement.status == "active"
            and (at is None or agreement.valid_from <= at < agreement.valid_until)
        )
        return tuple(sorted(found, key=str))


def _index(files: list[AgreementFile]) -> dict[_Key, Agreement]:
    """By client and service; two agreements about the same are refused, naming both files."""
    owners: dict[_Key, AgreementFile] = {}
    names: dict[str, YamlFile] = {}
    for item in files:
        twin = names.setdefault(item.agreement.id, item.file)
        if twin is not item.file:
            raise item.file.error(("id",), f"{twin.path} has the same id; give each agreement its own")
        for position, terms in enumerate(item.agreement.services):
            key = (item.agreement.client, terms.service)
            owner = owners.setdefault(key, item)
            if owner is not item:
                raise item.file.error(
                    ("services", position, "service"),
                    f"{owner.file.path} is already an agreement of {key[0]} about {key[1]}; keep one of them",
                )
    return {key: item.agreement for key, item in owners.items()}
