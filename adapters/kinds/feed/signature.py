"""Signed alerts (CAP 1.2, section 3.3.4.1: enveloped XML-DSig), read as the pinned certificate signed them.

The certificate is the file's; one that a document brings along is never believed. Not here: chains,
revocation: who renews the certificate writes the new one into the file.
"""

from __future__ import annotations

from adapters.kinds.feed.cap import CAP, UnfitAlert
from adapters.xml import Element

_UNSIGNED = "an alert is not signed by the certificate that the file names"


def signed_alert(root: Element, certificate: str) -> Element:
    """The alert as it was signed; whatever was not signed is not in it.

    Raises:
        UnfitAlert: no signature, another one, or one over a part of the alert.
    """
    # Imported here: most feeds are not signed.
    from cryptography.exceptions import InvalidSignature
    from lxml.etree import LxmlError
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    expected = SignatureConfiguration(location="./", expect_references=1)
    try:
        found = XMLVerifier().verify(root, x509_cert=certificate, expect_config=expected)
    except (SignXMLException, InvalidSignature, ValueError, TypeError, KeyError, LxmlError):
        raise UnfitAlert(_UNSIGNED) from None
    signed = (found[0] if isinstance(found, list) else found).signed_xml
    if signed is None or signed.tag != f"{{{CAP}}}alert":
        raise UnfitAlert(_UNSIGNED)
    return signed
