"""The three ports of a node, and its development listeners: which door answers where."""

from __future__ import annotations

from fastapi import FastAPI

from gateway.app.insight.explaining import dry_run
from gateway.app.insight.question import Asking
from gateway.app.listeners import Listener
from gateway.app.node import FRAME_ROOM, Node
from gateway.consent.parties import Parties
from gateway.doors.admin import admin_api
from gateway.doors.api import ClientPort, client_api
from gateway.doors.bounded import Bounded
from gateway.doors.client_port import ClientPortApp
from gateway.doors.clients import Clients
from gateway.doors.consent_desk import clerk_consent_routes, representation_routes
from gateway.doors.consents import citizen_consent_routes, citizen_representation_routes
from gateway.doors.cookies import Cookies
from gateway.doors.failures import without_traceback
from gateway.doors.govstack_consent import govstack_consent_routes
from gateway.doors.metaservices import Metaservices
from gateway.doors.people_admin import people_routes, proposal_routes, token_routes
from gateway.doors.policy_bundle import policy_bundle_routes
from gateway.doors.policy_dry_run import dry_run_routes
from gateway.doors.sign_in import recognise, sign_in_routes
from gateway.doors.source_events import SourceEventsDoor
from gateway.doors.xroad import XRoadDoor
from gateway.peers.door import PeerDoor
from gateway.trust.keys import load_certificate
from gateway.trust.tls import certificate_digest, server_context
from registry_virtual.view_file import load_views
from schemas.identifiers import SubsystemId


def listeners(node: Node) -> list[Listener]:
    """The three ports, and the development listeners."""
    settings = node.settings
    client_app = _client_app(node)
    peer_app = PeerDoor(node.answering, node.meters, settings.limits.max_body_bytes + FRAME_ROOM)
    admin_app = without_traceback(Bounded(_admin_api(node)))
    client_cas = [path.read_text(encoding="ascii") for path in settings.client_cas]
    to_clients = server_context(settings.tls.certificate, settings.tls.key, client_cas)
    client, peer, admin = settings.client, settings.peer, settings.admin
    found = [
        Listener("client port", client_app, client.host, client.port, context=to_clients),
        Listener("peer port", peer_app, peer.host, peer.port, context=node.contexts[0]),
        Listener("admin port", admin_app, admin.host, admin.port),
    ]
    for number, development in enumerate(settings.development, 1):
        found.append(
            Listener(
                f"development listener {number}",
                client_app,
                port=development.port or 0,
                socket=development.socket,
                development_client=SubsystemId.parse(development.subsystem),
            )
        )
    return found


def _admin_api(node: Node) -> FastAPI:
    settings, people = node.settings, node.people
    cookies = Cookies(settings.sign_in_url())
    asking = Asking(node.answering.hosted.services, node.answering.agreements)
    routers = (
        sign_in_routes(people, cookies),
        people_routes(people),
        token_routes(people),
        proposal_routes(people),
        citizen_consent_routes(node.desk),
        citizen_representation_routes(node.desk),
        clerk_consent_routes(node.desk),
        representation_routes(node.desk),
        policy_bundle_routes(node.policies.bundle),
        dry_run_routes(node.log, dry_run(asking, lambda: node.policies.sources)),
    )
    return admin_api(settings.gateway, node.check_parts, node.meters, recognise(people, cookies), routers)


def _client_app(node: Node) -> ClientPortApp:
    settings, limits = node.settings, node.settings.limits
    clients = Clients(
        {
            certificate_digest(load_certificate(client.certificate)): tuple(
                SubsystemId.parse(subsystem) for subsystem in client.subsystems
            )
            for client in settings.clients
        },
        node.federation,
    )
    metaservices = Metaservices(node.federation, node.asking.agreements)
    xroad = XRoadDoor(
        node.asking, clients, metaservices, node.meters, limits.max_body_bytes, limits.exchange_timeout_s
    )
    views = load_views(settings.views) if settings.views else load_views()
    port = ClientPort(
        node.asking, clients, metaservices, lambda: views, node.log.reader, node.meters, limits.max_body_bytes
    )
    desk = node.desk
    govstack = (govstack_consent_routes(desk, Parties(desk.consents, desk.hosted)),)
    events = SourceEventsDoor(node.sources.receivers, clients, node.meters, settings.gateway)
    api = without_traceback(client_api(port, govstack))
    return ClientPortApp(xroad, api, events, limits.max_body_bytes)
