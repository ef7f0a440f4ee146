"""MOSIP's own `mosip-auth-sdk`, run in its own environment: reads tasks from stdin, answers on stdout.

Of the package are used `CryptoUtility` on IDA's side (it opens what a partner sealed, and seals for a
partner), jwcrypto for the detached signature, and `MOSIPAuthenticator` for the form of a request.
"""

import base64
import json
import logging
import sys
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto import jwk, jws
from mosip_auth_sdk import MOSIPAuthenticator
from mosip_auth_sdk._authenticator.utils.cryptoutil import CryptoUtility
from mosip_auth_sdk.models import DemographicsModel

SILENT = logging.getLogger("silent")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def side(task, own, other):
    """The package's cryptography for one side of the line."""
    p12, password = f"{task['folder']}/{own}.p12", "test"
    encrypt = SimpleNamespace(
        encrypt_cert_path=f"{task['folder']}/{other}.pem",
        decrypt_p12_file_path=p12,
        decrypt_p12_file_password=password,
        symmetric_key_size=256,
        symmetric_nonce_size=128,
        symmetric_gcm_tag_size=128,
    )
    sign = SimpleNamespace(algorithm="RS256", sign_p12_file_path=p12, sign_p12_file_password=password)
    return encrypt, sign


def opened(task):
    """What a request holds, as IDA reads it; raises where anything is wrong."""
    crypto = CryptoUtility(*side(task, "ida", "partner"), SILENT)
    body = json.loads(task["body"])
    told = crypto.decrypt_auth_data(body["requestSessionKey"], body["request"])
    key = crypto._asymmetric_decrypt(base64.urlsafe_b64decode(body["requestSessionKey"]))
    digest = crypto._symmetric_decrypt(base64.urlsafe_b64decode(body["requestHMAC"]), key).decode()
    plain = crypto._symmetric_decrypt(base64.urlsafe_b64decode(body["request"]), key).decode()
    head, _, tail = task["signature"].split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    certificate = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    payload = base64.urlsafe_b64encode(task["body"].encode()).decode().rstrip("=")
    signed = jws.JWS()
    signed.deserialize(f"{head}.{payload}.{tail}", jwk.JWK.from_pem(public))
    thumbprint = crypto_thumbprint(task)
    return {"told": told, "digest": digest, "plain": plain, "header": header, "thumbprint": thumbprint}


def crypto_thumbprint(task):
    """How the package names IDA's certificate."""
    return CryptoUtility(*side(task, "partner", "ida"), SILENT).enc_cert_thumbprint.decode()


def sealed(task):
    """Attributes sealed for the partner."""
    text, session_key, _ = CryptoUtility(*side(task, "ida", "partner"), SILENT).encrypt_auth_data(
        task["text"]
    )
    return {"identity": text.rstrip("="), "sessionKey": session_key.rstrip("=")}


def request(task):
    """A request that the package makes itself, not sent."""
    encrypt, sign = side(task, "partner", "ida")
    config = SimpleNamespace(
        mosip_auth_server=SimpleNamespace(
            ida_auth_url="https://ida.example", ida_auth_domain_uri="https://ida.example"
        ),
        mosip_auth=SimpleNamespace(
            authorization_header_constant="Authorization",
            partner_misp_lk="misp",
            partner_id="partner",
            partner_apikey="api",
            ida_auth_version="1.0",
            ida_auth_request_demo_id="mosip.identity.auth",
            ida_auth_request_kyc_id="mosip.identity.kyc",
            ida_auth_request_otp_id="mosip.identity.otp",
            ida_auth_env="Staging",
            timestamp_format="%Y-%m-%dT%H:%M:%S",
        ),
        crypto_encrypt=encrypt,
        crypto_signature=sign,
    )
    made = {}
    authenticator = MOSIPAuthenticator(config=config, logger=SILENT)
    authenticator.auth_rest_util.post_request = lambda **sent: made.update(sent)
    told = DemographicsModel(name=[{"language": "eng", "value": "Ilva Maren Toss"}], dob="1987/03/14")
    authenticator.auth(individual_id="1000000017", individual_id_type="UIN", demographic_data=told)
    return {"path": made["path_params"], "body": json.loads(made["data"])}


TASKS = {"opened": opened, "sealed": sealed, "request": request}

for line in sys.stdin:
    task = json.loads(line)
    sys.stdout.write(json.dumps(TASKS[task["do"]](task)) + "\n")
    sys.stdout.flush()
