"""`isthmus federation`: the registrar's work, and a member's part in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.failures import CLIENT, GATEWAY, CommandFailed
from gateway.cli.commands.printing import Json, Table, answer, moment

app = typer.Typer(name="federation", help="Publish, join and see a federation.", no_args_is_help=True)

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The registrar's folder.", exists=True, file_okay=False)
]
MemberName = Annotated[str, typer.Argument(metavar="MEMBER", help="INSTANCE/CLASS/MEMBER")]
Version = Annotated[int, typer.Option(min=1, help="One more than the version in force.")]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of printing.")]


@app.command()
def create(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder to be made.")],
    instance: Annotated[str, typer.Option(help="The instance's code, such as LM.")],
    ca: Annotated[list[Path], typer.Option(help="A trusted authority's certificate, PEM. Repeatable.")],
    purposes: Annotated[Path, typer.Option(help="The national list of purposes, YAML.")],
    json: Json = False,
) -> None:
    """Found an instance: keys, an empty federation, and the root that gateways start from."""
    from gateway.app.instance import found_instance

    found_instance(folder, instance, ca, purposes)
    root = folder / "public" / "metadata" / "1.root.json"
    answer(
        {"instance": instance, "folder": str(folder), "root": str(root)},
        f"{instance} is founded in {folder}",
        f"give every gateway the root: {root}",
        f"next: isthmus federation serve {folder} --port PORT",
        json=json,
    )


@app.command()
def serve(
    folder: Folder,
    port: Annotated[int, typer.Option(help="The port to listen on.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    json: Json = False,
) -> None:
    """Publish the federation over HTTP until a signal."""
    del json  # a serving process has nothing to print
    from gateway.cli.serving import serve

    raise typer.Exit(serve(["federation", "serve", str(folder), "--host", host, "--port", str(port)]))


@app.command()
def pin(
    settings: SettingsFile,
    member: MemberName,
    name: Annotated[str, typer.Option(help="The member's name, for people.")],
    url: Annotated[str, typer.Option(help="The gateway's peer port, https://host:port.")],
    version: Version = 1,
    out: Out = None,
    json: Json = False,
) -> None:
    """Write what officers have to sign to admit a member of this gateway."""
    from gateway.app.enrolment import pin_for
    from schemas.identifiers import MemberId

    made = pin_for(settings_of(settings), MemberId.parse(member), name, url, version=version)
    made.check()
    _hand_out(made.format(), out, f"isthmus federation admit FOLDER {out}", json=json)


@app.command()
def admit(
    folder: Folder,
    pin: Annotated[
        Path, typer.Argument(metavar="PIN", help="What `pin` wrote.", exists=True, dir_okay=False)
    ],
    json: Json = False,
) -> None:
    """Sign a pin as officers, with the keys in the registrar's folder, and publish."""
    from gateway.app.instance import admit_member

    admitted = admit_member(folder, pin)
    answer(
        {"member": str(admitted.member), "version": admitted.version, "status": admitted.status},
        f"{admitted.member} is admitted, version {admitted.version}",
        f"next, at the member's gateway: isthmus federation record SETTINGS {admitted.member} --to URL",
        json=json,
    )


@app.command()
def record(
    settings: SettingsFile,
    member: MemberName,
    version: Version = 1,
    to: Annotated[str | None, typer.Option(metavar="URL", help="Send it to this registrar.")] = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Sign the member's record: its certificates, subsystems and services."""
    from gateway.app.enrolment import signed_record
    from gateway.app.hosting import load_sources
    from schemas.identifiers import MemberId

    loaded = settings_of(settings)
    document = signed_record(loaded, MemberId.parse(member), load_sources(loaded), version=version)
    if to is None:
        _hand_out(document, out, f"isthmus federation record {settings} {member} --to URL", json=json)
        return
    from gateway.app.calls import send_record

    called = send_record(to, document)
    if called.status == 422:
        step = "look at the version (--version), the pin and the certificates"
        detail = str(called.document.get("detail", ""))
        raise CommandFailed(CLIENT, "The registrar did not take the record", detail, step)
    if called.status != 204:
        raise CommandFailed(GATEWAY, "The registrar did not take the record", f"it answered {called.status}")
    answer(
        {"member": member, "version": version, "registrar": to},
        f"the registrar took version {version} of the record of {member}",
        json=json,
    )


@app.command()
def revoke(
    folder: Folder,
    member: Annotated[list[str] | None, typer.Option(help="A member. Repeatable.")] = None,
    certificate: Annotated[
        list[str] | None, typer.Option(help="A certificate, PEM file or thumbprint. Repeatable.")
    ] = None,
    key: Annotated[list[str] | None, typer.Option(help="A key's thumbprint. Repeatable.")] = None,
    json: Json = False,
) -> None:
    """Revoke members, certificates or keys, and publish at once."""
    from gateway.app.instance import revoke as revoke_now

    if not (member or certificate or key):
        raise typer.BadParameter("name what to revoke: --member, --certificate or --key")
    seq = revoke_now(folder, members=member or (), certificates=certificate or (), keys=key or ())
    answer({"seq": seq}, f"revoked and published; the list has number {seq}", json=json)


@app.command("consent-issuers")
def consent_issuers(
    folder: Folder,
    add: Annotated[list[str] | None, typer.Option(help="A member to list. Repeatable.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A member to strike off. Repeatable.")] = None,
    json: Json = False,
) -> None:
    """Say whose consents count in the country; a change is published at once."""
    from gateway.app.instance import change_consent_issuers

    issuers = change_consent_issuers(folder, add=add or (), remove=remove or ())
    lines = issuers or ("no member issues consents here: list one with --add MEMBER",)
    answer({"consent_issuers": list(issuers)}, *lines, json=json)


@app.command("national-policy")
def national_policy(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help="The country's policy data, YAML or JSON.", exists=True)],
    json: Json = False,
) -> None:
    """Publish the country's policy data: every gateway decides by them within a poll."""
    from gateway.app.instance import publish_national_policy

    version = publish_national_policy(folder, file)
    answer({"snapshot": version}, f"published; the snapshot has version {version}", json=json)


@app.command()
def publish(folder: Folder, json: Json = False) -> None:
    """Publish the federation anew, signing whatever is due."""
    from gateway.app.instance import publish as publish_now

    version = publish_now(folder)
    answer({"snapshot": version}, f"published; the snapshot has version {version}", json=json)


@app.command()
def show(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="The registrar's folder.", exists=True, file_okay=False),
    ] = None,
    url: Annotated[list[str] | None, typer.Option(help="A registrar or mirror. Repeatable.")] = None,
    root: Annotated[Path | None, typer.Option(help="The root to trust, with --url.")] = None,
    json: Json = False,
) -> None:
    """Show members, gateways and services with their versions and ages."""
    from gateway.app.federation_copy import read_folder, read_published

    if folder is not None and not url:
        document = read_folder(folder).as_json()
    elif folder is None and url and root is not None:
        document = read_published(url, root).as_json()
    else:
        raise typer.BadParameter("give the registrar's FOLDER, or --url URL with --root root.json")
    members = [
        (one["id"], one["name"], "active" if one["active"] else "not active", one["pin"], one["record"])
        for one in document["members"]
    ]
    age = "" if document["age_s"] is None else f", read {document['age_s']} s ago"
    answer(
        document,
        f"{document['instance']}, snapshot {document['snapshot']}{age}, "
        f"timestamp {document['timestamp']} valid until {moment(document['timestamp_expires'])} UTC",
        Table(("member", "name", "standing", "pin", "record"), members),
        Table(("gateway", "URL"), [(one["id"], one["url"]) for one in document["gateways"]]),
        Table(
            ("service", "title", "form"),
            [(one["id"], one["title"], one["form"]) for one in document["services"]],
        ),
        json=json,
    )


def _hand_out(document: bytes, out: Path | None, next_step: str, *, json: bool) -> None:
    """Print a document as it is, or write it and say what comes next."""
    if out is None:
        sys.stdout.write(document.decode("ascii") + "\n")
        return
    out.write_bytes(document)
    answer({"file": str(out), "next": next_step}, f"written to {out}", f"next: {next_step}", json=json)
