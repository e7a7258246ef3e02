"""What went wrong with TLS, in words that say what to do about it: OpenSSL's reasons and verification results.

Two tables for what either side found, and one each for what means something else to a server and to a client.
"""

import ssl
from collections.abc import Mapping

#: Result of verifying the peer's certificate (X509_V_ERR_...) -> what is wrong with it.
_VERIFICATION: Mapping[int, str] = {
    3: "there is no revocation list of the CA of its certificate; add that CA's CRL to the file of CRLs",
    9: "its certificate is not valid yet; check the clocks here and there",
    10: "its certificate has expired; it needs a new one",
    11: "the revocation list of its CA is not valid yet; check the clock here",
    12: "the revocation list of its CA is out of date; put the new one in its place",
    18: "its certificate is signed by itself and not trusted here; name its file as CA if you trust it",
    19: "its certificate comes from a CA that is not trusted here; name that CA's file as CA if you trust it",
    20: "its certificate comes from a CA that is not trusted here; name that CA's file as CA if you trust it",
    21: "its certificate comes from a CA that is not trusted here; name that CA's file as CA if you trust it",
    23: "its certificate was revoked; it needs a new one",
    26: "its certificate is not made for this use (extended key usage); it needs one that is",
    62: "its certificate is for another host; call it by a name in its certificate, or say which name to expect",
    64: "its certificate is for another host; call it by a name in its certificate, or say which name to expect",
}

_REFUSED = "it refuses the certificate that it was shown; "
#: OpenSSL's reason -> what it means on either side.
_REASONS: Mapping[str, str] = {
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _REFUSED + "that has expired: make a new one",
    "TLSV1_ALERT_UNKNOWN_CA": _REFUSED + "it does not trust the CA: add the CA's certificate there",
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSED + "the host name in it may be another one: its log may say more",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _REFUSED + "its log may say why",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _REFUSED + "that was revoked: make a new one",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _REFUSED + "that is not made for this use: make another one",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants to be shown a certificate; give one with its key",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate, and one is required here (tls_client_certificates)",
    "NO_SHARED_CIPHER": "it has no cipher suite that is allowed here (tls_profile)",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it refuses; it may want to be shown a certificate, or other cipher suites",
    "UNSUPPORTED_PROTOCOL": "it offers no TLS 1.2 or 1.3, and nothing older is taken",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it does not take TLS 1.2 or 1.3, and nothing older is offered",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "what it sent was damaged on the way",
}
_PLAIN_CLIENT = "it does not speak TLS, and this port does: it must turn TLS on, or call the plain port"
_PLAIN_SERVER = "it does not speak TLS on this port: check the port, or call without TLS"
_PLAIN = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST",
                    "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "BAD_RECORD_TYPE"})  # fmt: skip


def explain(error: OSError, *, server: bool) -> str:
    """Return what an error of TLS says about the peer, and what to do; ``server``: we are the one that was called."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATION.get(error.verify_code, f"its certificate is not accepted: {error.verify_message}")
    if isinstance(error, TimeoutError):
        return f"{error}; {'the caller' if server else 'the port'} may not speak TLS"
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    if reason in _PLAIN:
        return _PLAIN_CLIENT if server else _PLAIN_SERVER
    if isinstance(error, ssl.SSLEOFError | ConnectionError) or not reason:
        return f"it closed the connection amid the TLS handshake; {'the caller' if server else 'its log'} may say why"
    return _REASONS.get(reason, f"TLS failed ({reason})")
