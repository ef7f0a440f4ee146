"""Namespaces and URIs of SOAP 1.1 and 1.2, WSDL 1.1 and WS-Security, under their usual prefixes."""

from __future__ import annotations

from typing import Final, Literal

Version = Literal["1.1", "1.2"]

ENVELOPE: Final[dict[str, str]] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
"""The namespace of the envelope, by version."""

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP: Final[dict[str, str]] = {
    "1.1": "http://schemas.xmlsoap.org/wsdl/soap/",
    "1.2": "http://schemas.xmlsoap.org/wsdl/soap12/",
}
XSD: Final = "http://www.w3.org/2001/XMLSchema"

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_USERNAME: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
PASSWORD_TEXT: Final = f"{_USERNAME}#PasswordText"
PASSWORD_DIGEST: Final = f"{_USERNAME}#PasswordDigest"
BASE64: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)
X509V3: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
